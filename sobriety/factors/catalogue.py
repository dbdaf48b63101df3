"""Makers' declared footprints of products that a user brings: how a file is taken, and a match.

A product is matched by its maker and by every word of its name; one of a similar name is another
product and is not taken.

Source: https://github.com/Boavizta/environmental-footprint-data (ODbL 1.0) for that form
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.core.text import Text
from sobriety.estimators import plain_maker, plain_words
from sobriety.files.faults import Fault, cell_fault, refuse
from sobriety.files.tables import Row, Sheet, cells, read_sheet

from .forms import IMPORT, FactorForm, TakenRows, recognised

PLACE = "products"
COLUMNS = ("manufacturer", "name", "embodied_kg", "low_kg", "high_kg", "lifetime_years", "source")
"""Of a file that is kept, in this order."""

ERROR_RATIO = 0.2
"""Of a declaration that states none: what makers of computers state."""

NAMED = MethodKind("catalogue", "catalogue: {name}")
SEVERAL = MethodKind("catalogue-several", "catalogue: {count:number} products named {name}")

MOST_KG = 1_000_000.0
_NOTHING = Text(en="nothing there", fr="rien n’y est")
BOAVIZTA = ("manufacturer", "name", "gwp_total", "gwp_use_ratio")


class Product(NamedTuple):
    """What somebody declares of everything but a product's use."""

    maker: str
    words: frozenset[str]
    name: str
    value_kg: float
    low_kg: float
    high_kg: float
    source: str


class Catalogue:
    """Products by maker."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._by_maker: dict[str, list[Product]] = {}
        for product in products:
            self._by_maker.setdefault(product.maker, []).append(product)

    def embodied(self, manufacturer: str | None, name: str | None) -> Estimate | None:
        """Of the product of this name; None where none has it, or where only a part of it does.

        Of several (the same notebook with other disks), the median and the bounds of all.
        """
        maker, words = plain_maker(manufacturer), frozenset(plain_words(name))
        named = [p for p in self._by_maker.get(maker or "", ()) if _is(p, words)]
        longest = max((len(p.words) for p in named), default=0)
        same = [p for p in named if len(p.words) == longest]
        if not same:
            return None
        name = _shortest(same)
        method = NAMED(name=name) if len(same) == 1 else SEVERAL(count=len(same), name=name)
        return Estimate(
            "embodied_kg",
            statistics.median(p.value_kg for p in same),
            min(p.low_kg for p in same),
            max(p.high_kg for p in same),
            "declared",
            method,
            tuple(dict.fromkeys(p.source for p in same)),
        )


def _is(product: Product, words: frozenset[str]) -> bool:
    """All of its words are in the device's name; fewer than all of them only with a number."""
    if product.words == words:
        return True
    return product.words < words and any(re.search(r"\d", word) for word in product.words)


def _shortest(products: Sequence[Product]) -> str:
    return min((p.name for p in products), key=len)


def catalogue_of(paths: Sequence[Path]) -> Catalogue:
    """Of files of either form. Raises ConfigError with every fault."""
    found: list[Product] = []
    for path in paths:
        sheet = read_sheet(path, needs=None)
        form = recognised(path, sheet, FORMS)
        found += [_product(row) for row in form.take(path, sheet, "").rows]
    return Catalogue(found)


def _product(row: Row) -> Product:
    return Product(
        plain_maker(row["manufacturer"]) or "",
        frozenset(plain_words(row["name"])),
        row["name"],
        float(row["embodied_kg"]),
        float(row["low_kg"]),
        float(row["high_kg"]),
        row["source"],
    )


def take_boavizta(path: Path, sheet: Sheet, month: str) -> TakenRows:
    """Boavizta's table: total less the share of use. Rows without either are left out, and said."""
    del month
    rows: list[Row] = []
    faults: list[Fault] = []
    lacking = 0
    for number, row in cells(sheet, sheet.names):
        numbers, bad = _numbers(row, ("gwp_total", "gwp_use_ratio", "gwp_error_ratio", "lifetime"),
                                decimal_comma=sheet.separator != ",")  # fmt: skip
        faults += [cell_fault(number, column, row[column], said) for column, said in bad.items()]
        total, use = numbers.get("gwp_total"), numbers.get("gwp_use_ratio")
        if total is None or use is None or not row["name"]:
            lacking += 1
            continue
        if not 0 <= use < 1:
            faults.append(
                cell_fault(
                    number,
                    "gwp_use_ratio",
                    row["gwp_use_ratio"],
                    Text(en="not within 0 to 1", fr="hors de 0 à 1"),
                )
            )
            continue
        kg = total * (1 - use)
        # 0 stands for a maker that states none.
        error = min(numbers.get("gwp_error_ratio") or ERROR_RATIO, 1.0)
        rows.append(
            _kept(row, kg, kg * (1 - error), kg * (1 + error), numbers.get("lifetime"),
                  row.get("sources") or f"{row['manufacturer']}, by Boavizta")
        )  # fmt: skip
    refuse(path, faults, IMPORT)
    left_out = "1 row has" if lacking == 1 else f"{lacking} rows have"
    notes = (f"{left_out} no footprint or no share of use: left out",) if lacking else ()
    return TakenRows(COLUMNS, rows, (*notes, *_if_empty(path, rows)))


def take_products(path: Path, sheet: Sheet, month: str) -> TakenRows:
    """Our own columns."""
    del month
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, row in cells(sheet, sheet.names):
        columns = [c for c in COLUMNS[2:6] if c in row]
        numbers, bad = _numbers(row, columns, decimal_comma=sheet.separator != ",")
        faults += [cell_fault(number, column, row[column], said) for column, said in bad.items()]
        faults += [cell_fault(number, c, row[c], _NOTHING) for c in COLUMNS[:3] if not row[c]]
        kg = numbers.get("embodied_kg")
        if kg is None:
            continue
        low = numbers.get("low_kg", kg * (1 - ERROR_RATIO))
        high = numbers.get("high_kg", kg * (1 + ERROR_RATIO))
        if not low <= kg <= high:
            said = Text(en=f"not within {low:g} to {high:g}", fr=f"hors de {low:g} à {high:g}")
            faults.append(cell_fault(number, "embodied_kg", row["embodied_kg"], said))
        rows.append(_kept(row, kg, low, high, numbers.get("lifetime_years"),
                          row.get("source") or path.name))  # fmt: skip
    refuse(path, faults, IMPORT)
    return TakenRows(COLUMNS, rows, _if_empty(path, rows))


def _if_empty(path: Path, rows: list[Row]) -> tuple[str, ...]:
    if not rows:
        raise ConfigError(f"{path} has no product", hint="a row is a product and what it weighs")
    return ()


def _kept(row: Row, kg: float, low: float, high: float, lifetime: float | None, source: str) -> Row:
    return {
        "manufacturer": row["manufacturer"],
        "name": row["name"],
        "embodied_kg": f"{kg:.6g}",
        "low_kg": f"{low:.6g}",
        "high_kg": f"{high:.6g}",
        "lifetime_years": f"{lifetime:g}" if lifetime else "",
        "source": source,
    }


def _numbers(
    row: Mapping[str, str], columns: Iterable[str], *, decimal_comma: bool
) -> tuple[dict[str, float], dict[str, Text]]:
    """Those that are there, and what is wrong with the others."""
    found: dict[str, float] = {}
    bad: dict[str, Text] = {}
    for column in columns:
        text = row.get(column, "")
        if not text:
            continue
        try:
            value = float(text.replace(",", ".") if decimal_comma else text.removesuffix("%"))
        except ValueError:
            bad[column] = Text(en="no number", fr="aucun nombre")
            continue
        value = value / 100 if text.endswith("%") else value
        if not math.isfinite(value) or not 0 <= value <= MOST_KG:
            bad[column] = Text(en=f"not within 0 to {MOST_KG:g}", fr=f"hors de 0 à {MOST_KG:g}")
        else:
            found[column] = value
    return found, bad


def is_boavizta(sheet: Sheet) -> bool:
    return set(BOAVIZTA) <= set(sheet.names)


def is_products(sheet: Sheet) -> bool:
    return set(COLUMNS[:3]) <= set(sheet.names)


FORMS = (
    FactorForm("products' footprints by Boavizta", PLACE, is_boavizta, take_boavizta),
    FactorForm("products' footprints", PLACE, is_products, take_products),
)
