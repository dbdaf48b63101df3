"""Every figure of the report as a line of CSV: `totals.energy_j`, value, low, high, unit, sources.

The names are the paths in the JSON. Nothing is rounded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, cast

from sobriety.core.text import Tongue

from ..model.report import Report
from .json import as_json

COLUMNS = ("figure", "value", "low", "high", "unit", "basis", "method", "sources", "missing")
_NAMES = ("name", "id", "goal", "kind", "currency")
"""What an element of a list is called by, in this order."""
_FORMULA = tuple("=+-@\t\r")


def as_csv(report: Report, language: Tongue | None = None) -> str:
    """With a header. What is not known has no value and says why."""
    told = as_json(report, language or report.language)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for figure, found in figures_of(told):
        if "missing" in found:
            writer.writerow([figure, *[""] * 7, found["missing"]])
        else:
            cells = [found[name] for name in COLUMNS[1:6]]
            texts = [safe(found["method"]), safe("; ".join(found["sources"]))]
            writer.writerow([safe(figure), *cells, *texts, ""])
    return out.getvalue()


def figures_of(told: object, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every figure of a report's JSON, also those that are missing, by its path."""
    if isinstance(told, Mapping):
        found = cast("Mapping[str, Any]", told)
        if {"value", "low", "high", "basis"} <= found.keys() or {"missing", "why"} <= found.keys():
            yield path, found
            return
        for key, value in found.items():
            yield from figures_of(value, f"{path}.{key}" if path else key)
    elif isinstance(told, list):
        for i, value in enumerate(cast("list[object]", told)):
            yield from figures_of(value, f"{path}.{_name(value, i)}")


def _name(value: object, place: int) -> str:
    if isinstance(value, Mapping):
        found = cast("Mapping[str, Any]", value)
        if {"zone", "year"} <= found.keys():
            return f"{found['zone']}-{found['year']}-{found['kind']}-{place}"
        for key in _NAMES:
            if key in found:
                return str(found[key]) or "-"
    return str(place)


def safe(text: str) -> str:
    """A spreadsheet computes what begins like a formula: not what somebody named a machine."""
    return f"'{text}" if text.startswith(_FORMULA) else text
