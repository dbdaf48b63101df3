"""Hourly grams a kilowatt-hour from a file: one's own, Electricity Maps', EIA's, ENTSO-E's.

Hours are UTC inside. Every wrong cell is told at once, with its row and column: an hour that is
quietly left out would be carbon that nobody sees.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sobriety.core.errors import ConfigError, FactorNotFound
from sobriety.core.text import Text
from sobriety.core.units import NS_PER_S
from sobriety.estimators import FactorBasis, Grams, generation_sources, resolve_zone
from sobriety.files.faults import Fault, cell_fault, refuse

from .hour_formats import HourLayout, NoSuchKind, layout_of
from .hour_rows import Cells

HOURLY_RATIO = 0.2
"""Interval of an hour whose file tells none: sources for one zone and year differ by this much."""

_HINT = Text(en="correct the rows, or leave them out", fr="corrigez les lignes, ou retirez-les")


@dataclass(frozen=True, slots=True)
class Hours:
    """A zone's intensities of one kind by the hour, in nanoseconds of UTC.

    basis     whether imports are in it; a file that does not say is taken to have them
    missing   hours between the first and the last that the file lacks, or holds in part
    """

    zone: str
    kind: str
    by_hour: Mapping[int, Grams]
    sources: tuple[str, ...]
    basis: FactorBasis = "consumption"
    missing: int = 0


def read_hours(path: Path, zone: str, kind: str) -> Hours:
    """A zone's hours of a file, `.csv` or `.csv.gz`. Rows of other zones are passed over.

    Raises ConfigError: not such a file, no such kind or zone in it, or wrong cells, all at once.
    """
    code = zone_code(zone)
    with _opened(path) as text:
        lines = csv.reader(text, delimiter=_separator(path, text), strict=True)
        try:
            nothing: list[str] = []
            layout = layout_of(path, next(lines, nothing), kind)
            by_hour, missing = _hours(path, layout, lines, code)
        except csv.Error as error:
            raise ConfigError(
                f"{path}, line {lines.line_num}: {error}", hint="see that every quote is closed"
            ) from None
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"{path}: byte 0x{error.object[error.start]:02x} is not UTF-8",
                hint="save it as CSV UTF-8",
            ) from None
    named = f"{path.name}, {layout.origin}"
    sources = (named, *(generation_sources(kind) if layout.generation else ()))
    basis: FactorBasis = "production" if layout.generation else "consumption"
    return Hours(code, kind, by_hour, sources, basis, missing)


def read_files(paths: Sequence[Path], zone: str, kind: str) -> tuple[Hours, ...]:
    """Several files' hours of this kind, and of the other where a file has both.

    Raises ConfigError also where two files tell the same hour.
    """
    other = "life-cycle" if kind == "direct" else "direct"
    found: list[Hours] = []
    for path in paths:
        found.append(read_hours(path, zone, kind))
    first: dict[int, Path] = {}
    for path, hours in zip(paths, found, strict=True):
        for hour_ns in hours.by_hour:
            if hour_ns in first:
                raise ConfigError(
                    f"{first[hour_ns]} and {path} both tell the hour {_told(hour_ns)}",
                    hint="keep each hour in one file",
                )
            first[hour_ns] = path
    for path in paths:
        try:
            found.append(read_hours(path, zone, other))
        except NoSuchKind:
            continue
    return tuple(found)


def zone_code(zone: str) -> str:
    """The code of a zone; as it is written, in capitals, for one that only such files know."""
    try:
        return resolve_zone(zone)
    except FactorNotFound:
        return zone.strip().upper()


def _hours(
    path: Path, layout: HourLayout, lines: Iterator[list[str]], code: str
) -> tuple[dict[int, Grams], int]:
    """The hours, and how many are missing among them."""
    faults: list[Fault] = []
    same = _Zones(code)
    cells = Cells(layout)
    for number, row in enumerate(lines, start=2):
        if not any(row):
            continue
        if len(row) < layout.width:
            faults.append(_short_row(row, number, layout))
        elif same(layout.zone_of(row)) and not layout.other_kind(row):
            faults += cells.take(row, number)
    refuse(path, faults, _HINT)
    if not cells.steps and same.any:
        raise NoSuchKind(
            f"{path} has no {layout.kind} emissions of {code}",
            hint="choose the other kind",
        )
    if not cells.steps:
        others = ", ".join(sorted(same.others)[:8]) or "none at all"
        raise ConfigError(
            f"{path} has no row of {code}, but of {others}",
            hint="name another zone or another file",
        )
    return cells.by_hour(HOURLY_RATIO)


def _short_row(row: list[str], number: int, layout: HourLayout) -> Fault:
    return cell_fault(
        number,
        layout.names[0].strip(),
        row[0],
        Text(
            en=f"{len(row)} cells, where the header has {layout.width}",
            fr=f"{len(row)} cellules, et l’en-tête en a {layout.width}",
        ),
    )


class _Zones:
    """Whether a row's zone is the one that is wanted; a million rows name a few."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._known: dict[str, bool] = {}
        self.others: set[str] = set()
        self.any = False

    def __call__(self, name: str) -> bool:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = zone_code(name) == self._code
            self.any = self.any or found
            if not found:
                self.others.add(name.strip() or "an empty name")
        return found


@contextmanager
def _opened(path: Path) -> Generator[TextIO]:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder", hint="name a CSV file")
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as text:
            yield text
    except (OSError, EOFError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigError(
            f"{path} cannot be read: {why.lower()}", hint="name a CSV file, or one in gzip"
        ) from None


def _separator(path: Path, text: TextIO) -> str:
    try:
        first = text.readline()
        text.seek(0)
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8", hint="save it as CSV UTF-8") from None
    return max(",;\t", key=first.count)


def _told(hour_ns: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(hour_ns // NS_PER_S, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
