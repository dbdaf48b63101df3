"""Requests by month, from a web server's access log: the count of a service's functional units.

Reads:  files in the common or combined log format, also .gz
Gives:  counts by month, on the log's own clock
Doubt:  what a cache or a balancer answered is not in it; bots that do not say so are
Never kept: addresses, users, what was asked for. A line is counted and forgotten.
"""

from __future__ import annotations

import glob
import gzip
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from sobriety.core.errors import ConfigError

BOTS = ("bot", "crawl", "spider", "slurp", "monitor", "uptime", "check_http", "kube-probe")
"""Parts of user agents that say that nobody reads the answer, without case."""

# Possessive (*+): a line that is not of the format fails at once, however long it is.
_LINE = re.compile(
    rb"\S++ \S++ [^\[]*+\[(\d\d/[A-Z][a-z]{2}/\d{4}):\d\d:\d\d:\d\d [+-]\d{4}\] "
    rb'"(?:[A-Z]++ )?([^ "\\]*+(?:\\.[^ "\\]*+)*+)[^"\\]*+(?:\\.[^"\\]*+)*+" (\d{3}) (?:\d++|-)'
    rb'(?: "[^"\\]*+(?:\\.[^"\\]*+)*+" "([^"\\]*+(?:\\.[^"\\]*+)*+)")?'
)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_PIECE_B = 1 << 20


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What counts. status: first digits. bots: parts of user agents, none to count them all."""

    path_prefix: str = ""
    statuses: tuple[int, ...] = (2, 3)
    bots: tuple[str, ...] = BOTS


@dataclass(slots=True)
class Requests:
    """What a log holds.

    by_month   requests that count
    lines      read; those that are not of the format are `broken`, those filtered out `left_out`
    days       on which anything was asked, whether it counts or not
    unread     files that could not be read to their end, and why
    duration_s of reading
    """

    by_month: Counter[str] = field(default_factory=Counter[str])
    lines: int = 0
    broken: int = 0
    left_out: int = 0
    files: int = 0
    days: set[date] = field(default_factory=set[date])
    unread: list[str] = field(default_factory=list[str])
    duration_s: float = 0.0

    @property
    def lines_per_s(self) -> float:
        return self.lines / self.duration_s if self.duration_s else 0.0

    def why_not_whole(self, month: str) -> str | None:
        """Why a month's count is less than what there was; None when nothing says so."""
        if self.unread:
            return f"{len(self.unread)} of its files cannot be read whole: {self.unread[0]}"
        if self.lines and self.broken * 20 > self.lines:
            return f"{self.broken} of its {self.lines} lines are broken"
        first = date.fromisoformat(f"{month}-01")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if not self.days or min(self.days) > first or max(self.days) < last:
            return f"the log does not hold all of {month}"
        length = (last - first).days + 1
        silent = sum((first + timedelta(days=n)) not in self.days for n in range(length))
        if silent:
            return f"the log has nothing of {silent} days of {month}"
        return None


def count_requests(pattern: str, wanted: LogFilter = LogFilter()) -> Requests:
    """Count the requests in every file that a path or pattern names.

    A line that is not of the format is counted as broken, and nothing of it is kept or told.
    Raises ConfigError when there is no such file.
    """
    paths = sorted(Path(name) for name in glob.glob(pattern))  # noqa: PTH207  # absolute too
    if not paths:
        raise ConfigError(f"no access log {pattern}", hint="name a file, or a pattern in quotes")
    found = Requests()
    began = time.perf_counter()
    for path in paths:
        found.files += 1
        if path.suffix == ".gz" and path.with_suffix("") in paths:
            found.unread.append(f"{path} is there packed and unpacked, which would count twice")
            continue
        try:
            with closing(_opened(path)) as file:
                _count(_lines(file), wanted, found)
        except (OSError, EOFError, zlib.error) as error:
            found.unread.append(f"{path}: {getattr(error, 'strerror', None) or error}")
    found.duration_s = time.perf_counter() - began
    return found


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines, none of which holds more than two pieces: a log can be one endless line."""
    rest = b""
    while piece := file.read(_PIECE_B):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > _PIECE_B:
            rest = rest[:1]  # it is broken, whatever it says
    if rest:
        yield rest


def _count(lines: Iterable[bytes], wanted: LogFilter, found: Requests) -> None:
    months: dict[bytes, str | None] = {}
    prefix = wanted.path_prefix.encode()
    statuses = {str(digit).encode() for digit in wanted.statuses}
    bots = re.compile(b"|".join(re.escape(b.lower().encode()) for b in wanted.bots) or b"(?!)")
    read = broken = left_out = 0
    by_month: Counter[str] = Counter()
    match = _LINE.match
    try:
        for line in lines:
            read += 1
            parts = match(line)
            if parts is None:
                broken += 1
                continue
            day, path, status, agent = parts.groups()
            if day not in months:
                months[day] = _month(day, found.days)
            month = months[day]
            if month is None:
                broken += 1
            elif (
                status[:1] not in statuses
                or (prefix and not path.startswith(prefix))
                or (agent and bots.search(agent.lower()))
            ):
                left_out += 1
            else:
                by_month[month] += 1
    finally:  # what was read before a file broke is told too
        found.lines += read
        found.broken += broken
        found.left_out += left_out
        found.by_month.update(by_month)


def _month(day: bytes, days: set[date]) -> str | None:
    """`10/Oct/2026` is `2026-10`, and a day seen; None for a day that there is not."""
    number, name, year = day.decode().split("/")
    try:
        seen = date(int(year), _MONTHS.get(name, 0), int(number))
    except ValueError:
        return None
    days.add(seen)
    return f"{seen:%Y-%m}"
