"""Functional units of a service: what one is, and how many there were in which months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text
from sobriety.files.faults import Unexpected, expectation, quoted
from sobriety.files.tables import cells, read_sheet
from sobriety.files.toml_form import Entry

from . import values
from .periods import Months, months_of, name_of

_MOST = 10**15


@dataclass(frozen=True, slots=True)
class FunctionalUnit:
    """What a service gives, one of it: a loan, a page, a reservation."""

    id: str
    text: Text


@dataclass(frozen=True, slots=True)
class Units:
    """A count of functional units, and who says so."""

    count: int
    source: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A count that nobody knows, which is not 0; and why."""

    why: str


def sum_of(units: Mapping[str, int], months: Months) -> int | str:
    """The sum over the longest counts that fit; else the first month that none tells."""
    found, at = 0, 0
    while at < len(months):
        for length in (12, 3, 1):
            part = months[at : at + length]
            name = name_of(part) if len(part) == length else None
            if name is not None and name in units:
                found += units[name]
                at += length
                break
        else:
            return months[at]
    return found


def unit_of_entry(entry: Entry) -> FunctionalUnit:
    called = entry.must("id", values.identifier, "?")
    french, english = entry.take("fr", values.text), entry.take("en", values.text)
    entry.close()
    return FunctionalUnit(called, Text(french or english or called, english or french or called))


def units_of(entry: Entry) -> dict[str, int]:
    found: dict[str, int] = {}
    for label in entry.data:
        count = entry.take(label, values.count(0, _MOST))
        try:
            name = cast("str", name_of(months_of(label)))
        except ValueError as error:
            entry.wrong(label, expectation(error))
            continue
        if name in found:
            entry.wrong(
                label,
                Text(
                    en=f"{name} is there twice",
                    fr=f"{name} y est deux fois",
                ),
            )
        if count is not None:
            found[name] = count
    return found


def check_sums(entry: Entry, units: Mapping[str, int]) -> None:
    """A longer period's count is that of its parts, where all of them are told."""
    for label, count in units.items():
        months = months_of(label)
        parts = sum_of({k: v for k, v in units.items() if len(months_of(k)) < len(months)}, months)
        if len(months) > 1 and isinstance(parts, int) and parts != count:
            entry.wrong(
                "units",
                Text(
                    en=f"{label} has {count}, and its parts add up to {parts}",
                    fr=f"{label} a {count}, et ses parties font {parts}",
                ),
            )


def units_file_of(entry: Entry) -> dict[str, int] | None:
    """Columns period and count; service where several services share the file."""
    name = entry.take("units_file", values.text)
    if name is None:
        return None
    path = entry.form.path.parent / name
    try:
        sheet = read_sheet(path, "period")
    except ConfigError as error:
        entry.wrong("units_file", Text(en=error.message, fr=error.message_in("fr")))
        return None
    if "count" not in sheet.names:
        entry.wrong(
            "units_file",
            Text(
                en=f"{path} has no column 'count'",
                fr=f"{path} n’a pas de colonne 'count'",
            ),
        )
        return None
    found: dict[str, int] = {}
    for row, cell in cells(sheet, sheet.names):
        if "service" in cell and cell["service"] != entry.data.get("id"):
            continue
        try:
            label = cast("str", name_of(months_of(cell["period"])))
            text = cell["count"]
            if not (text.isascii() and text.isdecimal() and len(text) < 16):
                raise Unexpected(
                    en=f"{quoted(text)} is no whole number from 0",
                    fr=f"{quoted(text)} n’est pas un nombre entier à partir de 0",
                )
            if label in found:
                raise Unexpected(
                    en=f"{label} is there twice",
                    fr=f"{label} y est deux fois",
                )
            found[label] = int(text)
        except ValueError as error:
            wanted, period = expectation(error), quoted(cell["period"])
            entry.wrong(
                "units_file",
                Text(
                    en=f"{path}, row {row}: {period}; {wanted.en}",
                    fr=f"{path}, ligne {row}\xa0: {period}\xa0; {wanted.fr}",
                ),
            )
    return found
