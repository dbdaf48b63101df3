"""Reads lists of devices: rows of cells into devices, and every fault of their cells.

A value that many rows have is read once. The form of a column's dates is known at its end.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text
from sobriety.estimators import says_virtual
from sobriety.files.faults import Fault, cell_fault, expectation, refuse
from sobriety.files.tables import (
    Row,
    column_twice,
    empty,
    lines_of,
    no_column,
    separator_of,
    text_of,
)

from .category_words import category_of_word, narrower_category, unknown_category
from .columns import COLUMNS, COLUMNS_BY_NAME, DeviceColumn, known_columns, plain_name
from .dates import Dates
from .devices import NO_HARDWARE, Device, Hardware, Inventory
from .hardware import is_virtual, see_hardware

_BY_OWN_NAME = {column.name: column for column in COLUMNS}
_DEVICE = tuple(column.name for column in COLUMNS if not column.hardware)
_HARDWARE = tuple(column.name for column in COLUMNS if column.hardware)
_MOST_KNOWN = 10_000
"""Texts of a column whose values are kept: beyond that they hardly come again."""
HINT = Text(
    en="correct them and read it again; docs/declared.md has the form",
    fr="corrigez-les et relisez-le\xa0; docs/declared.md en donne la forme",
)


def read_devices(path: Path, today: date | None = None) -> Inventory:
    """The devices of a CSV in UTF-8. Raises ConfigError with every fault."""
    header, rows = table_of(path)
    columns = _columns(path, header)
    names = [column and column.name for column in columns]
    titles = {
        column.name: title.strip() for column, title in zip(columns, header, strict=True) if column
    }

    def row_of(cells: list[str]) -> Row:
        named = zip(names, map(str.strip, cells), strict=False)
        return {name: cell for name, cell in named if name and cell}

    numbered = ((number, row_of(cells)) for number, cells in rows)
    devices = devices_of(path, numbered, today, titles)
    with path.open("rb") as file:
        return Inventory(devices, path, hashlib.file_digest(file, "sha256").hexdigest())


def table_of(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header of a CSV, and its rows one after the other. Raises ConfigError."""
    text = text_of(path)
    rows = lines_of(path, text, separator_of(text))
    nothing: tuple[int, list[str]] = (0, [])
    _, header = next(rows, nothing)
    if not header:
        raise empty(path)
    return header, rows


def devices_of(
    path: Path,
    rows: Iterable[tuple[int, Row]],
    today: date | None = None,
    titles: dict[str, str] | None = None,
) -> tuple[Device, ...]:
    """Devices of numbered rows with our names. Raises ConfigError with every fault.

    `titles` are the file's own names of our columns.
    """
    reader = DeviceReader(today or date.today(), titles)
    for number, row in rows:
        reader.take(number, row)
    devices = reader.finish()
    refuse(path, reader.faults, HINT)
    if not devices:
        raise ConfigError(
            Text(en=f"{path} has no device", fr=f"{path} n’a aucun appareil"),
            hint=Text(
                en="write one a line below the columns",
                fr="écrivez-en un par ligne sous les colonnes",
            ),
        )
    return devices


def _columns(path: Path, header: list[str]) -> list[DeviceColumn | None]:
    """Those that we know, by place. Columns that begin with x_ are left out."""
    columns = known_columns(header)
    unknown: list[tuple[str, str]] = []
    for name, column in zip(header, columns, strict=True):
        plain = plain_name(name)
        if column is None and plain and not plain.startswith("x "):
            near = difflib.get_close_matches(plain, COLUMNS_BY_NAME, n=1)
            unknown.append((name, near[0] if near else ""))
    if unknown:
        raise _unknown_columns(path, unknown)
    names = [c.name for c in columns if c]
    twice = sorted({n for n in names if names.count(n) > 1})
    missing = [n for n in ("id", "category") if n not in names]
    if twice:
        raise column_twice(path, twice[0])
    if missing:
        raise no_column(path, missing[0], header)
    return columns


def _unknown_columns(path: Path, unknown: list[tuple[str, str]]) -> ConfigError:
    english, french = (
        ", ".join(
            f"{name!r}" + (f" ({ask} {near!r}{mark})" if near else "") for name, near in unknown
        )
        for ask, mark in (("did you mean", "?"), ("vouliez-vous dire", "\xa0?"))
    )
    return ConfigError(
        Text(
            en=f"{path} has unknown columns: {english}",
            fr=f"{path} a des colonnes inconnues\xa0: {french}",
        ),
        hint=Text(
            en="rename them as in docs/declared.md, or begin them with x_ to leave them out",
            fr="renommez-les comme dans docs/declared.md, ou faites-les commencer par x_ pour les"
            " ignorer",
        ),
    )


class DeviceReader:
    """Reads rows into devices, and collects the faults of their cells.

    A device of a list that is to be refused has an id of its own; `needs_id` is False for a list
    of which each row stands for itself. `notes` are remarks by row: they are no faults.
    """

    def __init__(
        self, today: date, titles: dict[str, str] | None = None, *, needs_id: bool = True
    ) -> None:
        self.faults: list[Fault] = []
        self.notes: dict[int, list[Text]] = {}
        self._today, self._titles, self._needs_id = today, titles or {}, needs_id
        self._dates = {c.name: Dates(self._title(c.name)) for c in COLUMNS if c.kind == "date"}
        self._read: dict[str, dict[str, object]] = {column.name: {} for column in COLUMNS}
        self._hardware: dict[Hardware, Hardware] = {NO_HARDWARE: NO_HARDWARE}
        self._rows: list[tuple[int, tuple[object, ...], Hardware]] = []
        self._ids: dict[str, int] = {}

    def take(self, number: int, row: Row, titles: dict[str, str] | None = None) -> None:
        """Read a row's cells; those of dates are kept as they are written.

        `titles` are this row's, where several columns of the file are one of ours.
        """
        if titles is not None:
            self._titles = titles
        values: dict[str, object] = {}
        for name, text in row.items():
            if name in self._dates:
                values[name] = self._dates[name].take(number, text)
            elif name != "category":
                values[name] = self._value(number, name, text)
        if self._needs_id:
            self._see_id(number, row)
        category = values["category"] = self._category(number, row)
        hardware = NO_HARDWARE
        if category is not None:
            hardware = self._hardware_of(number, str(category), row, values)
        self._rows.append((number, tuple(map(values.get, _DEVICE)), hardware))

    def finish(self) -> tuple[Device, ...]:
        """The devices whose category is known; what is wrong with them is in `faults`."""
        days = {name: dates.read(self.faults) for name, dates in self._dates.items()}
        devices: list[Device] = []
        self._ids.clear()
        self._rows.reverse()
        while self._rows:  # each goes as its device comes, so that there are never two of all
            number, cells, hardware = self._rows.pop()
            values: dict[str, Any] = dict(zip(_DEVICE, cells, strict=True))
            for name, by_text in days.items():
                values[name] = by_text.get(values[name])
            values["id"] = values["id"] or ""
            values["quantity"] = values["quantity"] or 1
            device = Device(**values, hardware=hardware, row=number)
            self._see_days(device)
            if device.category:
                devices.append(device)
        return tuple(devices)

    def _title(self, name: str) -> str:
        return self._titles.get(name, name)

    def fault(self, number: int, name: str, value: str, expected: Text) -> None:
        self.faults.append(cell_fault(number, self._title(name), value, expected))

    def _value(self, number: int, name: str, text: str) -> object:
        known = self._read[name]
        if text in known:
            return known[text]
        try:
            value = _BY_OWN_NAME[name].read(text)
        except ValueError as error:
            self.fault(number, name, text, expectation(error))
            return None
        if name != "id" and len(known) < _MOST_KNOWN:
            known[text] = value
        return value

    def _hardware_of(
        self, number: int, category: str, row: Row, values: dict[str, object]
    ) -> Hardware:
        given: dict[str, Any] = {n: values[n] for n in _HARDWARE if values.get(n) is not None}
        if category == "server" and "virtual" not in given:
            known, note = is_virtual(row.get("category", ""), values, self._title)
            if known:
                given["virtual"] = True
            if note:
                self.notes.setdefault(number, []).append(note)
        if not given:
            return NO_HARDWARE
        hardware = Hardware(**given)
        faults = see_hardware(hardware, category)
        if faults:
            for fault in faults:
                self.fault(number, fault.column, row.get(fault.column, ""), fault.expected)
            left_out = {name for fault in faults for name in fault.left_out}
            hardware = Hardware(**{k: v for k, v in given.items() if k not in left_out})
        return self._hardware.setdefault(hardware, hardware)

    def _see_id(self, number: int, row: Row) -> None:
        called = row.get("id", "")
        if not called:
            self.fault(
                number, "id", "", Text(en="every device has one", fr="chaque appareil en a un")
            )
        elif called in self._ids:
            first = self._ids[called]
            same = Text(en=f"row {first} has the same one", fr=f"la ligne {first} a le même")
            self.fault(number, "id", called, same)
        else:
            self._ids[called] = number

    def _category(self, number: int, row: Row) -> str | None:
        text = row.get("category", "")
        known = "server" if says_virtual(text) else category_of_word(text)
        if known is None:
            narrower = None if self._needs_id else narrower_category(row.get("subcategory", ""))
            self.fault(
                number, "category", text, unknown_category(text, narrower and row["subcategory"])
            )
            return narrower
        return known

    def _see_days(self, device: Device) -> None:
        acquired, retired = device.acquired, device.retired
        if acquired and retired and retired < acquired:
            later = Text(
                en=f"it was acquired later, on {acquired}",
                fr=f"il a été acquis plus tard, le {acquired}",
            )
            self.fault(device.row, "retired", str(retired), later)
        if acquired and acquired > self._today:
            to_come = Text(en="this day is to come", fr="ce jour est à venir")
            self.fault(device.row, "acquired", str(acquired), to_come)
