"""The desk estimate: a list of devices in, the same rows with their figures out.

A cell that cannot be right is left out of the estimate and named in `warnings`: one typing error
costs a row its precision, and never the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text, Tongue
from sobriety.estimators import STATES
from sobriety.files.faults import Fault
from sobriety.files.tables import Row, Sheet, no_column, read_sheet, write_sheet

from .columns import known_columns
from .devices import Device
from .estimate_cells import BOUNDS, estimate_cells
from .figures import Products, figure_key
from .reading import DeviceReader

FILLED = ("yearly_kwh", "embodied_kg")
"""Columns that a list may have: an estimate fills their empty cells."""


@dataclass(frozen=True, slots=True)
class EstimatedRows:
    """Rows that were there, and those that got a figure."""

    rows: int
    estimated: int


def estimate_file(
    path: Path,
    out: Path,
    at: Sequence[int],
    products: Products | None = None,
    tongue: Tongue = "en",
) -> EstimatedRows:
    """Write `out`: the columns of `path`, then figures with _low and _high, basis, method,
    matched_cpu and warnings, row by row in the same order.

    Servers have power_w_at_<load> for the whole percents `at`; terminals off_w, sleep_w,
    long_idle_w, short_idle_w; all mean_w, yearly_kwh and embodied_kg. Figures are of one piece.
    `out` appears whole or not at all. Raises ConfigError where the file cannot be used.
    """
    if out.exists() and path.exists() and out.samefile(path):
        raise ConfigError(
            Text(en=f"{out} is the inventory itself", fr=f"{out} est l’inventaire même"),
            hint=Text(en="name another file with -o", fr="nommez un autre fichier avec -o"),
        )
    sheet = read_sheet(path, needs=None)
    if not any(column and column.name == "category" for column in known_columns(sheet.header)):
        raise no_column(path, "category", sheet.names)
    added = _added(at)
    _refuse_estimates(path, sheet, added)
    fresh = [name for name in added if name not in sheet.names]
    places = {name: sheet.names.index(name) for name in FILLED if name in sheet.names}
    devices, warnings = _devices(sheet, tongue)
    lines: list[list[str]] = [[*sheet.header, *fresh]]
    known: dict[tuple[object, ...], dict[str, str]] = {}
    width, estimated = len(sheet.header), 0
    for number, cells in zip(sheet.numbers, sheet.rows, strict=True):
        device = devices.get(number)
        figures: dict[str, str] = {}
        if device is not None:
            key = figure_key(device)
            if key not in known:
                known[key] = estimate_cells(device, at, products, tongue)
            figures = dict(known[key])
        estimated += bool(figures.get("basis"))
        of_row = [*warnings.get(number, ()), *filter(None, [figures.get("warnings")])]
        figures["warnings"] = "; ".join(of_row)
        kept = [*cells, *[""] * (width - len(cells))][:width]
        for name, place in places.items():
            kept[place] = kept[place] if kept[place].strip() else figures.get(name, "")
        lines.append([*kept, *(figures.get(name, "") for name in fresh)])
    write_sheet(out, sheet.separator, lines)
    return EstimatedRows(len(sheet.rows), estimated)


def _added(at: Sequence[int]) -> list[str]:
    figures = [*(f"power_w_at_{load}" for load in at), *(f"{s}_w" for s in STATES),
               "mean_w", *FILLED]  # fmt: skip
    bounded = [f"{name}{bound}" for name in dict.fromkeys(figures) for bound in BOUNDS]
    return [*bounded, "basis", "method", "matched_cpu", "warnings"]


def _refuse_estimates(path: Path, sheet: Sheet, added: Sequence[str]) -> None:
    twice = [name for name in sheet.names if name in added and name not in FILLED]
    if twice:
        raise ConfigError(
            Text(
                en=f"{path} has the column {twice[0]!r}, which an estimate adds",
                fr=f"{path} a la colonne {twice[0]!r}, qu’une estimation ajoute",
            ),
            hint=Text(
                en="take the inventory and not an estimate of it",
                fr="prenez l’inventaire et non son estimation",
            ),
        )


def _devices(sheet: Sheet, tongue: Tongue) -> tuple[dict[int, Device], dict[int, list[str]]]:
    """Devices and warnings by the number of their row."""
    reader = DeviceReader(date.max, needs_id=False)
    columns = known_columns(sheet.header)
    decimal_comma = sheet.separator != ","
    warnings: dict[int, list[str]] = {}
    for number, cells in zip(sheet.numbers, sheet.rows, strict=True):
        row: Row = {}
        titles: dict[str, str] = {}
        for name, column, cell in zip(sheet.names, columns, cells, strict=False):
            text = cell.strip()
            if column is None or not text:
                continue
            if column.name in row:
                again = _again(name, text, titles[column.name]).of(tongue)
                warnings.setdefault(number, []).append(again)
                continue
            if column.kind == "number" and not decimal_comma and "," in text and _is_number(text):
                warnings.setdefault(number, []).append(_comma(name, text).of(tongue))
                continue
            row[column.name], titles[column.name] = text, name
        if len(cells) > len(columns):
            more = _more_cells(len(cells) - len(columns)).of(tongue)
            warnings.setdefault(number, []).append(more)
        reader.take(number, row, titles)
    devices = {device.row: device for device in reader.finish()}
    for fault in reader.faults:
        warnings.setdefault(fault.place.line, []).append(_warning(fault, tongue))
    for number, notes in reader.notes.items():
        warnings.setdefault(number, []).extend(note.of(tongue) for note in notes)
    return devices, warnings


def _warning(fault: Fault, tongue: Tongue) -> str:
    """`ghz 'fast': expected gigahertz, from 0.1 to 10`."""
    value = fault.value[1:-1]
    try:
        float(value)
    except ValueError:
        value = fault.value
    colon = ":" if tongue == "en" else "\xa0:"
    if value in ("", "''"):
        return fault.expected.of(tongue)
    return f"{fault.place.key} {value}{colon} {fault.expected.of(tongue)}"


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text.replace(",", ".")))
    except ValueError:
        return False


def _comma(name: str, text: str) -> Text:
    return Text(
        en=f"{name} {text[:40]!r}: a decimal comma in a table that commas separate: left out",
        fr=f"{name} {text[:40]!r}\xa0: une virgule décimale dans un tableau séparé par des"
        " virgules\xa0: laissé de côté",
    )


def _again(name: str, text: str, first: str) -> Text:
    return Text(
        en=f"{name} {text[:40]!r}: {first} says it already: left out",
        fr=f"{name} {text[:40]!r}\xa0: {first} le dit déjà\xa0: laissé de côté",
    )


def _more_cells(count: int) -> Text:
    return Text(
        en=f"{count} cells more than columns: left out",
        fr=f"{count} cellules de plus que de colonnes\xa0: laissées de côté",
    )
