"""Finds the files of a lake that count, for each day: it follows from their names alone.

    usage/day=2026-07-31/<spool>-<first id>-<last id>.parquet    rows as they were collected
    hourly/day=2026-07-31/<digest of their names>.parquet        their sums by hour
    hourly/day=2026-07-31/<the same digest>.names                those names, once the rows may go

From when its names are written down an hourly file stands for what it was made from: those files
count no more, be they there or gone; and rows of that day that come later are summed with it.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from sobriety.core.errors import SobrietyError
from sobriety.core.units import NS_PER_HOUR, NS_PER_S, S_PER_DAY
from sobriety.core.usage import COLUMN_NAMES
from sobriety.files.durable import publish

from .folder import Folder

Grain = Literal["raw", "hour", "finest"]
"""As collected; by hour; as collected and, where only sums by hour are left, these."""

_NS_PER_DAY = S_PER_DAY * NS_PER_S
_EPOCH_NS = date(1970, 1, 1).toordinal() * _NS_PER_DAY
_RAW_NAME = re.compile(r"[0-9a-f]{16}-\d{12}-\d{12}\.parquet")
_HOURLY_NAME = re.compile(r"[0-9a-f]{16}\.parquet")
_NAMES = ".names"
_ROLL_UP_VERSION = "1"


class Files:
    """The files of one lake. What was read of a file is remembered, for files never change."""

    def __init__(self, place: Folder) -> None:
        self._place = place
        self._names_in: dict[Path, frozenset[str]] = {}

    def of(self, grain: Grain, period: TimeSpan) -> tuple[list[Path], list[Path]]:
        """Hourly ones that are read as they are, and those that are read row by row."""
        days = self.days(period)
        if grain == "raw":
            return [], [f for found in days.values() for f in found.raw]
        if grain == "finest":
            return [], [f for found in days.values() for f in found.finest]
        hourly: list[Path] = []
        rest: list[Path] = []
        for day, found in days.items():
            rolled_up = self.hourly_file(day, found)
            if not found.raw:
                hourly += found.kept
            elif rolled_up in found.hourly and not period.cuts(day):
                hourly.append(rolled_up)
            else:
                rest += found.finest
        return hourly, rest

    def days(self, period: TimeSpan | None = None) -> dict[date, Day]:
        """What counts of each day that a period touches, or of all."""
        raw, hourly = self._raw_by_day(), self.hourly_by_day()
        period = period or TimeSpan(None, None)
        gone, standing = self._let_go_names(period)
        found: dict[date, Day] = {}
        for day in filter(period.touches, sorted({*raw, *hourly})):
            rows = [f for f in raw.get(day, ()) if f.name not in gone[day]]
            sums = hourly.get(day, [])
            sums = [f for f in sums if f.name not in gone[day]]
            kept = [f for f in sums if f.stem in standing[day]]
            if not rows and not kept and sums:  # somebody else took the rows away
                kept = [max(sums, key=self._place.made_ns)]
            found[day] = Day(rows, kept, sums)
        return found

    def _let_go_names(self, period: TimeSpan) -> tuple[dict[date, set[str]], dict[date, set[str]]]:
        """Of each day the names that count no more, and the digests of those that stand for
        them."""
        gone: dict[date, set[str]] = defaultdict(set)
        standing: dict[date, set[str]] = defaultdict(set)
        for file in self._place.found(f"hourly/*/*{_NAMES}"):
            day = day_of(file)
            if not period.touches(day):
                continue
            if file not in self._names_in:  # which never changes
                self._names_in[file] = frozenset(self._place.text(file).split())
            gone[day] |= self._names_in[file]
            standing[day].add(file.stem)
        return gone, standing

    def leftovers(self) -> list[Path]:
        """Those that count no more and are still there."""
        gone, _ = self._let_go_names(TimeSpan(None, None))
        there = (self._place.path / kind / f"day={day}" / name for day, names in gone.items()
                 for name in names for kind in ("usage", "hourly"))  # fmt: skip
        return [file for file in there if file.exists()]

    def let_go(self, hourly: Path, found: Day) -> None:
        """From now on an hourly file stands for what it was made from."""
        names = {f.name for f in found.finest}
        for file in found.kept:
            before = file.with_suffix(_NAMES)
            names |= {before.name, *(self._place.text(before).split() if before.exists() else ())}
        file = hourly.with_suffix(_NAMES)
        part_of(file).write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")
        publish(part_of(file), file)

    def has(self, day: date, file: Path) -> bool:
        """Whether the lake took in this file, be it there or summed by hour since."""
        return file.exists() or file.name in self._let_go_names(TimeSpan.of(day))[0][day]

    def _raw_by_day(self) -> dict[date, list[Path]]:
        return self._by_day("usage", _RAW_NAME)

    def hourly_by_day(self) -> dict[date, list[Path]]:
        return self._by_day("hourly", _HOURLY_NAME)

    def _by_day(self, kind: str, pattern: re.Pattern[str]) -> dict[date, list[Path]]:
        by_day: dict[date, list[Path]] = {}
        for file in self._place.found(f"{kind}/*/*.parquet"):
            try:
                if pattern.fullmatch(file.name) is None:
                    raise ValueError
                day = day_of(file)
            except ValueError:
                raise SobrietyError(
                    f"{file} is no file of the lake: such a name is not ours",
                    hint="move it out of the lake",
                ) from None
            by_day.setdefault(day, []).append(file)
        return by_day

    def last_id(self, spool_id: str) -> int:
        """The highest number that was ever taken in of a spool; 0 for none."""
        names = {f.name for files in self._raw_by_day().values() for f in files}
        names.update(*self._let_go_names(TimeSpan(None, None))[0].values())
        return max((int(n[30:42]) for n in names if n.startswith(spool_id)), default=0)

    def raw_file(self, day: date, spool_id: str, first: int, last: int) -> Path:
        name = f"{spool_id}-{first:012d}-{last:012d}.parquet"
        return self._place.path / "usage" / f"day={day}" / name

    def hourly_file(self, day: date, found: Day) -> Path:
        """Its name says what it was made from: another set of files has another name."""
        names = (f.name for f in found.finest)
        digest = digest_of([_ROLL_UP_VERSION, *COLUMN_NAMES, *names])
        return self._place.path / "hourly" / f"day={day}" / f"{digest}.parquet"


class Day(NamedTuple):
    """Files of a day that count: rows as they were collected, sums by hour of rows that are gone,
    and all sums by hour that are there."""

    raw: list[Path]
    kept: list[Path]
    hourly: list[Path]

    @property
    def finest(self) -> list[Path]:
        """Every row once."""
        return [*self.kept, *self.raw]


class TimeSpan(NamedTuple):
    """From an instant to another; None is no bound."""

    start_ns: int | None
    end_ns: int | None

    @classmethod
    def of(cls, day: date) -> TimeSpan:
        first_ns = day.toordinal() * _NS_PER_DAY - _EPOCH_NS
        return cls(first_ns, first_ns + _NS_PER_DAY)

    def touches(self, day: date) -> bool:
        first_ns = day.toordinal() * _NS_PER_DAY - _EPOCH_NS
        return (self.end_ns is None or first_ns < self.end_ns) and (
            self.start_ns is None or first_ns + _NS_PER_DAY > self.start_ns
        )

    def cuts(self, day: date) -> bool:
        """Whether it begins or ends within an hour of that day."""
        return any(
            bound is not None and bound % NS_PER_HOUR and day_at(bound) == day for bound in self
        )

    def where(self) -> str:
        """SQL. The bounds are integers of ours."""
        bounds = [f"start_ns >= {self.start_ns:d}"] if self.start_ns is not None else []
        bounds += [f"start_ns < {self.end_ns:d}"] if self.end_ns is not None else []
        return f" WHERE {' AND '.join(bounds)}" if bounds else ""


def day_of(file: Path) -> date:
    return date.fromisoformat(file.parent.name.removeprefix("day="))


def day_at(start_ns: int) -> date:
    return date.fromordinal((start_ns + _EPOCH_NS) // _NS_PER_DAY)


def part_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.part")


def digest_of(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
