"""Recognizes and checks files of grid factors, cell by cell.

Every wrong cell is told at once. A file with one wrong cell gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import ConfigError, FactorNotFound
from sobriety.core.text import Text
from sobriety.estimators import MIX_RATIO, resolve_zone
from sobriety.files.faults import Fault, cell_fault, in_both, refuse
from sobriety.files.tables import Row, Sheet, cells, folded_names

NEEDED = ("zone", "year", "kind", "basis", "value_g_per_kwh", "source", "licence", "retrieved")
COLUMNS = (*NEEDED[:5], "low_g_per_kwh", "high_g_per_kwh", "status", *NEEDED[5:], "note")
"""Of a file that is kept, in this order."""

ASSUMED = f"the interval is assumed, ±{MIX_RATIO:.0%}"
MOST_G_PER_KWH = 3000.0
ODBL = "ODbL 1.0"
IMPORT = Text(
    en="correct them and import the file again", fr="corrigez-les et importez le fichier de nouveau"
)


class TakenRows(NamedTuple):
    """Rows to keep, under the names of `columns`, and what to say of them."""

    columns: tuple[str, ...]
    rows: list[Row]
    notes: tuple[str, ...] = ()


class FactorForm(NamedTuple):
    """A kind of file. `place` is its folder below `factors/`; empty for yearly grid factors.

    `recognises` looks at the header, and at rows where two kinds share one. `take` is given the
    file, its sheet and the month, as in 2026-11, and raises ConfigError with every wrong cell.
    """

    name: str
    place: str
    recognises: Callable[[Sheet], bool]
    take: Callable[[Path, Sheet, str], TakenRows]


def recognised(path: Path, sheet: Sheet, forms: Sequence[FactorForm]) -> FactorForm:
    """The first form that takes the sheet. Raises ConfigError where none does."""
    form = next((f for f in forms if f.recognises(sheet)), None)
    if form is None:
        raise ConfigError(
            f"{path} is no file that is known here; its columns are {', '.join(sheet.names)[:200]}",
            hint=f"known are {' and '.join(f.name for f in forms)}: see docs/methods.md",
        )
    return form


def is_grid(sheet: Sheet) -> bool:
    """Whether it is in our own columns, or means to be."""
    return {"zone", "value_g_per_kwh"} <= set(sheet.names)


def take_grid(path: Path, sheet: Sheet, month: str) -> TakenRows:
    """Yearly factors in our own columns."""
    names = sheet.names
    missing = [repr(name) for name in NEEDED if name not in names]
    if missing:
        raise ConfigError(
            f"{path} has no column {', '.join(missing)}",
            hint=f"its columns are {', '.join(NEEDED)}",
        )
    unknown = [repr(name) for name in names if name not in COLUMNS]
    if unknown:
        raise ConfigError(
            f"{path} has the column {', '.join(unknown)[:200]}, which nobody reads",
            hint=f"leave it out; optional are {', '.join(c for c in COLUMNS if c not in NEEDED)}",
        )
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, ...], int] = {}
    for (number, row), raw in zip(cells(sheet, names), sheet.rows, strict=True):
        long = len(raw) > len(names)
        said: dict[str, Text] = {"zone": _MORE_CELLS} if long else {}
        said |= _checked(row, month, decimal_comma=sheet.separator != ",")
        faults += [cell_fault(number, name, row.get(name, ""), why) for name, why in said.items()]
        key = tuple(row[n] for n in ("zone", "year", "kind", "basis", "source", "retrieved"))
        first = seen.setdefault(key, number)
        if first != number and not said:
            faults.append(
                cell_fault(
                    number,
                    "zone",
                    row["zone"],
                    Text(
                        en=f"row {first} says the same factor",
                        fr=f"la ligne {first} donne le même facteur",
                    ),
                )
            )
        rows.append(row)
    refuse(path, faults, IMPORT)
    if not rows:
        raise ConfigError(f"{path} has a header and no row", hint="write a row a factor")
    return TakenRows(COLUMNS, rows)


def _checked(row: Row, month: str, *, decimal_comma: bool) -> dict[str, Text]:
    """What is wrong, by column. The row's cells are then as they are kept."""
    said: dict[str, Text] = {}
    try:
        row["zone"] = _zone(row["zone"])
    except FactorNotFound as error:
        said["zone"] = in_both(error.hint or error.message)
    if not re.fullmatch(r"(19[5-9]|20\d)\d", row["year"]):
        said["year"] = Text(
            en="expected a year, as in 2024", fr="attendu\xa0: une année, comme 2024"
        )
    for name, allowed in _CHOICES.items():
        row[name] = row.get(name) or ("final" if name == "status" else "")
        if row[name] not in allowed:
            said[name] = Text(
                en=f"expected {' or '.join(allowed)}", fr=f"attendu\xa0: {' ou '.join(allowed)}"
            )
    said |= _interval(row, decimal_comma=decimal_comma)
    for name in ("source", "licence"):
        if not row[name] or not row[name].isprintable():
            said[name] = _SOURCE if name == "source" else _LICENCE
    if not row.get("note", "").isprintable():
        said["note"] = Text(
            en="expected printable characters", fr="attendu\xa0: des caractères imprimables"
        )
    row["retrieved"] = re.sub(r"^(\d{4}-\d\d)-\d\d$", r"\1", row["retrieved"])
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", row["retrieved"]):
        said["retrieved"] = Text(
            en="expected a month, as in 2026-06", fr="attendu\xa0: un mois, comme 2026-06"
        )
    elif row["retrieved"] > month:
        said["retrieved"] = Text(
            en=f"is after this month, {month}", fr=f"vient après ce mois-ci, {month}"
        )
    return said


_MORE_CELLS = Text(
    en="the row has more cells than the header",
    fr="la ligne a plus de cellules que l’en-tête",
)
_SOURCE = Text(en="expected its source", fr="attendu\xa0: sa source")
_LICENCE = Text(en="expected its licence", fr="attendu\xa0: sa licence")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": ("direct", "life-cycle"),
    "basis": ("consumption", "production"),
    "status": ("final", "preliminary"),
}


def _zone(text: str) -> str:
    """Its code: a zone that we know, or one that its owner names in our way, as in CH-GE."""
    try:
        return resolve_zone(text)
    except FactorNotFound:
        if re.fullmatch(r"[A-Z]{2,5}(-[A-Z0-9]{1,6}){1,2}", text):
            return text
        raise


def _interval(row: Row, *, decimal_comma: bool) -> dict[str, Text]:
    """What is wrong in the three numbers. Bounds that nobody gave are then assumed, and said so."""
    said: dict[str, Text] = {}
    found: dict[str, float] = {}
    for bound in ("value", "low", "high"):
        name = f"{bound}_g_per_kwh"
        text = row.get(name, "")
        if not text and bound != "value":
            continue
        try:
            number = float(text.replace(",", ".") if decimal_comma else text)
        except ValueError:
            number = -1.0
        if not 0 <= number <= MOST_G_PER_KWH:
            said[name] = Text(
                en=f"expected grams a kilowatt-hour, from 0 to {MOST_G_PER_KWH:g}",
                fr=f"attendu\xa0: des grammes par kilowattheure, de 0 à {MOST_G_PER_KWH:g}",
            )
        found[bound] = number
    if said:
        return said
    value = found["value"]
    low = found.get("low", value * (1 - MIX_RATIO))
    high = found.get("high", value * (1 + MIX_RATIO))
    if low > value:
        said["low_g_per_kwh"] = Text(
            en=f"is above the value, {value:g}", fr=f"dépasse la valeur, {value:g}"
        )
    if high < value:
        said["high_g_per_kwh"] = Text(
            en=f"is below the value, {value:g}", fr=f"est sous la valeur, {value:g}"
        )
    if len(found) < 3 and ASSUMED not in row.get("note", ""):
        row["note"] = "; ".join(filter(None, (row.get("note", ""), ASSUMED)))
    row |= {
        f"{n}_g_per_kwh": f"{x:.10g}" for n, x in (("value", value), ("low", low), ("high", high))
    }
    return said


_INTENSITY = "carbon intensity gco2eq kwh"
_KIND_OF = {"direct": "direct", "life cycle": "life-cycle", "lca": "life-cycle"}


def is_electricity_maps(sheet: Sheet) -> bool:
    """Whether it is a CSV from Electricity Maps: of any step of time, their header is the same.

    Source: https://www.electricitymaps.com/data-portal
    """
    names = folded_names(sheet)
    return {"datetime utc", "zone id"} <= set(names) and any(
        n.startswith(_INTENSITY) for n in names
    )


def take_electricity_maps(path: Path, sheet: Sheet, month: str) -> TakenRows:
    """Their yearly edition: both kinds, by consumption, with imports traced."""
    names = folded_names(sheet)
    kinds = {n: _KIND_OF.get(n.removeprefix(_INTENSITY).strip()) for n in names}
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in cells(sheet, names):
        day = re.match(r"(\d{4})-01-01\b", row["datetime utc"])
        year = row["datetime utc"][:4]
        first = seen.setdefault((row["zone id"], year), number)
        if first != number:
            raise ConfigError(
                f"{path}: rows {first} and {number} are both of {row['zone id']} in {year}, so it"
                " is not the yearly edition",
                hint="download the yearly one",
            )
        if day is None:
            said = Text(
                en="expected the first of January, as in 2024-01-01 00:00:00",
                fr="attendu\xa0: le premier janvier, comme 2024-01-01 00:00:00",
            )
            faults.append(cell_fault(number, "Datetime (UTC)", row["datetime utc"], said))
        for name, kind in kinds.items():
            if kind is None or not row[name]:
                continue
            ours = _as_ours(row, row[name], kind, year, month)
            said_of = _checked(ours, month, decimal_comma=sheet.separator != ",")
            column = {"zone": "Zone id", "value_g_per_kwh": sheet.header[names.index(name)]}
            faults += [
                cell_fault(number, column[n], row["zone id"] if n == "zone" else row[name], why)
                for n, why in said_of.items()
                if n in column
            ]
            rows.append(ours)
    refuse(path, faults, IMPORT)
    if not rows:
        raise ConfigError(f"{path} has no figure", hint="download the yearly edition again")
    return TakenRows(COLUMNS, rows, (f"Electricity Maps publish under {ODBL}: name them", ASSUMED))


def _as_ours(row: Row, value: str, kind: str, year: str, month: str) -> Row:
    origin = row.get("data source", "")
    return {
        "zone": row["zone id"],
        "year": year,
        "kind": kind,
        "basis": "consumption",
        "value_g_per_kwh": value,
        # Their figure of a year that has not ended is of the months that there were.
        "status": "preliminary" if year >= month[:4] else "final",
        "source": "Electricity Maps, yearly"
        + (f", from {origin}" if origin.isprintable() and origin else ""),
        "licence": ODBL,
        "retrieved": month,
        "note": "partly estimated" if row.get("data estimated", "").lower() == "true" else "",
    }
