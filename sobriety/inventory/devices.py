"""An inventory: what an organisation owns, a line for each device or for many that are alike."""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from sobriety.core.errors import ConfigError
from sobriety.estimators import OTHER, categories, is_personal, known_category
from sobriety.files.faults import Fault, cell_fault, refuse
from sobriety.files.tables import Row, lines_of, separator_of, text_of

from .columns import BY_NAME, COLUMNS, Column
from .dates import Dates

CATEGORIES = (*categories(), OTHER)
WORKSTATIONS = frozenset(filter(is_personal, CATEGORIES))
"""What one person uses: their hours are hers or his."""
PASSED_ON = frozenset(("reused", "donated"))
_known_category = lru_cache(10_000)(known_category)
_NAMES = tuple(column.name for column in COLUMNS)
"""Also the fields of Device."""
_MOST_KNOWN = 10_000
"""Texts of a column whose values are kept: beyond that they hardly come again."""


@dataclass(frozen=True, slots=True)
class Device:
    """A line of an inventory; None is what nobody declared.

    category       one of CATEGORIES
    host           the name under which its agent reports; its id where nothing is written
    quantity       pieces; yearly_kwh, power_w and embodied_kg are of one
    use_ratio      the share of the year that it draws power_w
    end            what became of it: reused, donated, recycled, scrapped
    row            in its file
    """

    id: str
    category: str
    manufacturer: str | None = None
    model: str | None = None
    quantity: int = 1
    site: str | None = None
    department: str | None = None
    service: str | None = None
    host: str | None = None
    acquired: date | None = None
    retired: date | None = None
    lifetime_years: float | None = None
    refurbished: bool | None = None
    cpu: str | None = None
    memory_gb: float | None = None
    screen_in: float | None = None
    yearly_kwh: float | None = None
    power_w: float | None = None
    use_ratio: float | None = None
    embodied_kg: float | None = None
    end: str | None = None
    row: int = 0

    @property
    def host_name(self) -> str:
        return self.host or self.id


@dataclass(frozen=True, slots=True)
class Inventory:
    """The devices of a file, and its digest: a report says what it was made from."""

    devices: tuple[Device, ...]
    path: Path
    sha256: str


def read_devices(path: Path, today: date | None = None) -> Inventory:
    """The devices of a CSV in UTF-8. Raises ConfigError that tells every wrong cell."""
    header, rows = table_of(path)
    columns = _columns(path, header)
    names = [column and column.name for column in columns]

    def row_of(cells: list[str]) -> Row:
        told = zip(names, map(str.strip, cells), strict=False)
        return {name: cell for name, cell in told if name and cell}

    devices = devices_of(path, ((number, row_of(cells)) for number, cells in rows), today)
    with path.open("rb") as file:
        return Inventory(devices, path, hashlib.file_digest(file, "sha256").hexdigest())


def table_of(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header of a CSV, and its rows one after the other. Raises ConfigError."""
    text = text_of(path)
    rows = lines_of(path, text, separator_of(text))
    nothing: tuple[int, list[str]] = (0, [])
    _, header = next(rows, nothing)
    if not header:
        raise ConfigError(f"{path} is empty", hint="its first line names the columns")
    return header, rows


def devices_of(
    path: Path, rows: Iterable[tuple[int, Row]], today: date | None = None
) -> tuple[Device, ...]:
    """Devices of numbered rows with our names. Raises ConfigError that tells every wrong cell."""
    reader = _Reader(today or date.today(), [c for c in COLUMNS if c.kind == "date"])
    for number, row in rows:
        reader.take(number, row)
    devices = reader.finish()
    refuse(path, reader.wrong, hint="correct them and read it again; docs/declared.md has the form")
    if not devices:
        raise ConfigError(f"{path} has no device", hint="write one a line below the columns")
    return devices


def written(devices: Iterable[Device]) -> list[list[str]]:
    """Lines that read_devices reads as these devices, the header first."""
    lines = [[column.name for column in COLUMNS]]
    for device in devices:
        lines.append([_text(getattr(device, column.name)) for column in COLUMNS])
    return lines


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)


def _columns(path: Path, header: list[str]) -> list[Column | None]:
    """Those that we know, by place. Columns that begin with x_ are nobody's business."""
    found: list[Column | None] = []
    unknown: list[str] = []
    for name in header:
        plain = folded(name)
        column = BY_NAME.get(plain)
        if column is None and plain and not plain.startswith("x "):
            near = difflib.get_close_matches(plain, BY_NAME, n=1)
            unknown.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
        found.append(column)
    if unknown:
        raise ConfigError(
            f"{path} has unknown columns: {', '.join(unknown)[:500]}",
            hint="rename them as in docs/declared.md, or begin them with x_ to leave them out",
        )
    names = [c.name for c in found if c]
    twice = sorted({n for n in names if names.count(n) > 1})
    missing = [n for n in ("id", "category") if n not in names]
    if twice:
        raise ConfigError(f"{path} has the column {twice[0]!r} twice", hint="rename one of them")
    if missing:
        raise ConfigError(
            f"{path} has no column {missing[0]!r}, but {', '.join(header)[:200]}",
            hint=f"name one column {missing[0]}",
        )
    return found


def folded(name: str) -> str:
    """`Date d’achat ` is `date d achat`."""
    plain = unicodedata.normalize("NFKD", name.lower())
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", kept).strip()


class _Reader:
    """Rows into devices. A column's way to write dates is known at its end.

    A large inventory says the same few things a million times: each is read once.
    """

    def __init__(self, today: date, dates: list[Column]) -> None:
        self.wrong: list[Fault] = []
        self._today = today
        self._dates = {column.name: Dates(column.name) for column in dates}
        self._read: dict[str, dict[str, object]] = {column.name: {} for column in COLUMNS}
        self._rows: list[tuple[int, tuple[object, ...]]] = []
        self._ids: dict[str, int] = {}

    def take(self, number: int, row: Row) -> None:
        """A row's cells; those of dates as they are written."""
        values: dict[str, object] = {}
        for name, text in row.items():
            if name in self._dates:
                values[name] = self._dates[name].take(number, text)
            else:
                values[name] = self._value(number, name, text)
        self._see_id(number, row)
        values["category"] = self._category(number, row)
        self._rows.append((number, tuple(map(values.get, _NAMES))))

    def finish(self) -> tuple[Device, ...]:
        """The devices. What is wrong with them is in `wrong`."""
        days = {name: dates.read(self.wrong) for name, dates in self._dates.items()}
        found: list[Device] = []
        self._ids.clear()
        self._rows.reverse()
        while self._rows:  # each goes as its device comes, so that there are never two of all
            number, values = self._rows.pop()
            told: dict[str, Any] = dict(zip(_NAMES, values, strict=True))
            for name, by_text in days.items():
                told[name] = by_text.get(told[name])
            told["quantity"] = told["quantity"] or 1
            device = Device(**told, row=number)
            self._see_days(device)
            if not self.wrong:
                found.append(device)
        return tuple(found)

    def _value(self, number: int, name: str, text: str) -> object:
        known = self._read[name]
        if text in known:
            return known[text]
        try:
            value = BY_NAME[folded(name)].read(text)
        except ValueError as error:
            self.wrong.append(cell_fault(number, name, text, str(error)))
            return None
        if name != "id" and len(known) < _MOST_KNOWN:
            known[text] = value
        return value

    def _see_id(self, number: int, row: Row) -> None:
        called = row.get("id", "")
        if not called:
            self.wrong.append(cell_fault(number, "id", "", "every device has one"))
        elif called in self._ids:
            first = self._ids[called]
            self.wrong.append(cell_fault(number, "id", called, f"row {first} has the same one"))
        else:
            self._ids[called] = number

    def _category(self, number: int, row: Row) -> str | None:
        text = row.get("category", "")
        known = _known_category(text)
        if known is None:
            near = difflib.get_close_matches(text.lower(), (*CATEGORIES, "laptop"), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(CATEGORIES)}"
            self.wrong.append(cell_fault(number, "category", text, hint))
        return known

    def _see_days(self, device: Device) -> None:
        acquired, retired = device.acquired, device.retired
        if acquired and retired and retired < acquired:
            said = f"it was acquired later, on {acquired}"
            self.wrong.append(cell_fault(device.row, "retired", str(retired), said))
        if acquired and acquired > self._today:
            self.wrong.append(
                cell_fault(device.row, "acquired", str(acquired), "this day is to come")
            )
