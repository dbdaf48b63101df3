"""Writes a lake: takes rows in, sums them by hour, lets them go, forgets a host.

A file is never changed once it has its name, and names say what was taken in. So a crash at any
instant loses nothing and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import SobrietyError
from sobriety.core.usage import Usage, start_ns_of
from sobriety.files.durable import make_folder, publish
from sobriety.spool import SpoolReader

from . import parquet
from .files import Day, Files, day_at, day_of, digest_of, part_of
from .folder import Folder
from .machines import Machines
from .rows import NumberedRow, by_workload

if TYPE_CHECKING:
    import duckdb

_MAX_ROWS_PER_FILE = 50_000  # as Python objects on their way through, about 50 MB


class Writer:
    """The writing half of a lake. Whoever calls it holds the writer's lock (`Folder.writing`).

    check   names a file that is damaged: raises SobrietyError
    """

    def __init__(
        self,
        place: Folder,
        files: Files,
        machines: Machines,
        connection: Callable[[], duckdb.DuckDBPyConnection],
        check: Callable[[Sequence[Path]], object],
    ) -> None:
        self._place, self._files, self._machines = place, files, machines
        self._connection, self._check = connection, check

    def absorb(self, spool: SpoolReader) -> tuple[int, int]:
        """Take in what a spool has and the lake has not: rows written, and rows that the spool
        dropped before. Raises SobrietyError for a spool that is older than the lake."""
        last_id = self._files.last_id(spool.spool_id)
        if last_id > spool.last_id:
            raise SobrietyError(
                f"{spool.path} is older than what the lake has of it: its last row is"
                f" {spool.last_id}, the lake's {last_id}",
                hint="move the restored spool away, so that sobriety collect begins a new one",
            )
        missed = max(0, spool.first_id - 1 - last_id)
        self._machines.write(spool.spool_id, spool.machine_history())
        numbered = (NumberedRow(row[0], row[1:]) for row in spool.numbered(after_id=last_id))
        return self._write_runs(spool.spool_id, numbered), missed

    def append(self, rows: Sequence[Usage]) -> int:
        """Take in rows that come from no spool; the number of rows."""
        values = [row.as_row() for row in rows]
        numbered = (NumberedRow(number, row) for number, row in enumerate(values, start=1))
        return self._write_runs(digest_of(map(repr, values)), numbered)

    def take(self, keeper_id: str, first: int, last: int, rows: Sequence[tuple[Any, ...]]) -> int:
        """Take in a range of a keeper's rows: a file for each UTC day, named for the whole range.
        The number of new rows."""
        by_day: dict[date, list[tuple[Any, ...]]] = {}
        for row in rows:
            by_day.setdefault(day_at(start_ns_of(row)), []).append(row)
        written = 0
        for day, of_day in by_day.items():
            file = self._files.raw_file(day, keeper_id, first, last)
            if not self._files.has(day, file):
                self._write_raw(file, sorted(of_day, key=by_workload))
                written += len(of_day)
        return written

    def roll_up(self, before: date | None) -> int:
        """Sum the days that changed by hour, those before a day where one is given; the number of
        days."""
        done = 0
        superseded: list[Path] = []
        for day, found in self._files.days().items():
            if not found.raw or (before is not None and day >= before):
                continue
            hourly = self._files.hourly_file(day, found)
            done += self._write_hours(hourly, found)
            if found.kept:  # a day of which the rows are gone stays one
                self._files.let_go(hourly, found)
            superseded += [f for f in hourly.parent.glob("*.parquet")
                           if f != hourly and f not in found.kept]  # fmt: skip
        self._place.remove([*superseded, *self._files.leftovers()])
        return done

    def drop_rows(self, before: date) -> int:
        """Let rows go of days before a day, where exactly they are summed by hour; the number of
        days."""
        done = 0
        for day, found in self._files.days().items():
            hourly = self._files.hourly_file(day, found)
            if day < before and found.raw and hourly.exists():
                self._files.let_go(hourly, found)
                done += 1
        self._place.remove(self._files.leftovers())
        return done

    def forget(self, host: str) -> int:
        """Remove every row and every fact of a host; the number of rows.

        Files keep their names, so that no spool is taken in again. Sums by hour go before the rows
        that they were made from: whatever a crash leaves, none of them counts what is gone.
        """
        for leftover in self._files.leftovers():
            leftover.unlink()
        rest = {day: found.finest for day, found in self._files.days().items()}
        for file in self.rows_of_host(host, self._files.hourly_by_day()):
            if file not in rest[day_of(file)]:
                file.unlink()
        counts = self.rows_of_host(host, rest)
        for file in counts:
            self._write_without(file, host)
        self._machines.forget(host)
        return sum(counts.values())

    def rows_of_host(self, host: str, by_day: Mapping[date, Sequence[Path]]) -> dict[Path, int]:
        """Rows of a host in each file that has some."""
        files = {str(file): file for files in by_day.values() for file in files}
        self._check([*files.values()])
        counts = parquet.rows_of_host(self._connection(), [*files], host)
        return {files[name]: count for name, count in sorted(counts.items())}

    def _write_hours(self, hourly: Path, found: Day) -> bool:
        if hourly.exists():
            return False
        make_folder(hourly.parent)
        parquet.write_hours(self._connection(), found.finest, part_of(hourly))
        publish(part_of(hourly), hourly)
        return True

    def _write_runs(self, spool_id: str, numbered: Iterable[NumberedRow]) -> int:
        """Write runs in the order of their numbers, each of one UTC day: so the highest number in
        the names says where to go on, also after a crash."""
        written = 0
        for day, run in _runs(numbered):
            file = self._files.raw_file(day, spool_id, run[0].number, run[-1].number)
            if not self._files.has(day, file):
                self._write_raw(file, (row.values for row in run))
                written += len(run)
        return written

    def _write_raw(self, file: Path, rows: Iterable[tuple[Any, ...]]) -> None:
        make_folder(file.parent)
        parquet.write_rows(self._connection(), rows, part_of(file))
        publish(part_of(file), file)

    def _write_without(self, file: Path, host: str) -> None:
        parquet.write_without(self._connection(), file, host, part_of(file))
        publish(part_of(file), file)


def _runs(numbered: Iterable[NumberedRow]) -> Iterator[tuple[date, list[NumberedRow]]]:
    """Neighbours of one UTC day, in the order they come, cut where there are too many."""
    for day, rows in groupby(numbered, key=lambda row: day_at(start_ns_of(row.values))):
        while run := list(islice(rows, _MAX_ROWS_PER_FILE)):
            yield day, run
