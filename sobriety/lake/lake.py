"""The lake: usage of many machines as Parquet files by day that anything can read.

    usage/day=2026-07-31/<spool>-<first id>-<last id>.parquet    rows as they were collected
    hourly/day=2026-07-31/<digest of the raw names>.parquet      their sums by hour
    hourly/day=2026-07-31/<the same digest>.names                those names, once the rows may go
    machines/<spool>.jsonl                                       what the machines are

A file is never changed once it has its name, and what is in the lake follows from names alone
(`lake_files`). So a crash at any instant loses nothing and doubles nothing, and reading needs no
lock.
Long because what makes that true is best read in one place.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.machine import Machine
from sobriety.core.usage import DURATIONS, KEY_NAMES, MEASURE_NAMES, Usage
from sobriety.files.durable import Busy, lock, make_folder, publish
from sobriety.spool import Facts, SpoolReader, facts_of

from . import parquet
from .engines import DuckDB, Engine
from .files import Files, Grain, Place, Span, day_at, day_of, digest_of, part_of

if TYPE_CHECKING:
    import duckdb
    import narwhals as nw

_START = 1 + KEY_NAMES.index("start_ns")  # behind the number
_MAX_ROWS_PER_FILE = 50_000  # as Python objects on their way through, about 50 MB
_ALWAYS = frozenset(c.name for c in DURATIONS)
_LOCK_WAIT_S = 60.0


class Lake:
    """A folder of usage. Missing ones are made when something is written.

    `engine` computes on its frames, and stays open when the lake is closed; DuckDB where None.
    `notes` says what was no longer there to be taken in, in sentences for the user.
    """

    def __init__(self, path: str | Path, engine: Engine | None = None) -> None:
        self.path = Path(path).absolute()
        if self.path.exists() and not self.path.is_dir():
            raise ConfigError(f"{self.path} is not a folder", hint="name a folder for the lake")
        self._db: duckdb.DuckDBPyConnection | None = None
        self._pinned: sqlite3.Connection | None = None
        self._known_in: dict[tuple[Path, ...], frozenset[str]] = {}
        self._facts: dict[Path, tuple[int, list[Facts]]] = {}
        self._engine = engine
        self.notes: list[str] = []
        self.place = Place(self.path)
        self._files = Files(self.place)

    def __enter__(self) -> Lake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let files and memory go; frames in its DuckDB cannot be collected any more."""
        if self._db is not None:
            self._db.close()
        if self._pinned is not None:
            self._pinned.close()
        self._db = self._pinned = None
        if isinstance(self._engine, DuckDB):
            self._engine = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB that writes files, and in which frames live where no other engine is named."""
        if self._db is None:
            self._db = parquet.connect()
        return self._db

    @property
    def engine(self) -> Engine:
        """What computes on the frames of this lake."""
        if self._engine is None:
            self._engine = DuckDB(self.connection)
        return self._engine

    # Writing

    def absorb(self, spool_path: str | Path) -> int:
        """Take in what a spool has and the lake has not; the number of rows. Can be repeated.

        Runs of rows are written in the order of their numbers, each of one UTC day. So the highest
        number in the names says where to go on, also after a crash. What the spool dropped before
        (`retention_days`, `spool_max_mb`) is missing, and told in `notes`.
        """
        with SpoolReader(spool_path) as spool, self._writing():
            last_id = self._files.last_id(spool.spool_id)
            if last_id > spool.last_id:
                raise SobrietyError(
                    f"{spool.path} is older than what the lake has of it: its last row is"
                    f" {spool.last_id}, the lake's {last_id}",
                    hint="move the restored spool away, so that sobriety collect begins a new one",
                )
            missed = spool.first_id - 1 - last_id
            if missed > 0:
                self.notes.append(
                    f"{missed} rows of {spool.path} were dropped there before this lake took them"
                )
            self._write_machines(spool.spool_id, spool.machine_history())
            return self._write_runs(spool.spool_id, spool.numbered(after_id=last_id))

    def append(self, rows: Sequence[Usage]) -> int:
        """Take in rows that come from no spool; the number of rows. The same sequence of rows is
        not taken twice."""
        values = [row.as_row() for row in rows]
        with self._writing():
            return self._write_runs(digest_of(map(repr, values)), _numbered(values))

    def record_machine(self, machine: Machine, at_ns: int) -> None:
        """Note the facts of a machine that comes from no spool, unless they are known."""
        with self._writing():
            name, facts = digest_of([machine.host]), facts_of(machine)
            history = self._read_machines(name)
            if not history or history[-1].facts != facts:
                self._write_machines(name, [*history, Facts(machine.host, at_ns, facts)])

    def take(self, keeper_id: str, first: int, last: int, rows: Sequence[tuple[Any, ...]]) -> int:
        """Take in a range of numbered rows of many machines, values as in `Usage.as_row`, whose
        keeper forgets them afterwards: a file for each UTC day, named for the whole range. The
        number of new rows; can be repeated."""
        by_day: dict[date, list[tuple[Any, ...]]] = {}
        for row in rows:
            by_day.setdefault(day_at(row[_START - 1]), []).append(row)
        written = 0
        with self._writing():
            for day, of_day in by_day.items():
                file = self._files.raw_file(day, keeper_id, first, last)
                if not self._files.has(day, file):
                    self._write_raw(file, sorted(of_day, key=_by_host))
                    written += len(of_day)
        return written

    def know_machines(self, keeper_id: str, known: Sequence[Facts]) -> None:
        """Note the facts of a keeper's machines, in place of those that it told before."""
        with self._writing():
            self._write_machines(keeper_id, known)

    def roll_up(self, before: date | None = None) -> int:
        """Sum the days that changed by hour, those `before` a day where one is given; the number of
        days.

        It makes reading fast and changes no figure: `open` sums what is not rolled up yet.
        """
        done = 0
        superseded: list[Path] = []
        with self._writing():
            days = self._files.days()
            for day, found in days.items():
                if not found.raw or (before is not None and day >= before):
                    continue
                hourly = self._files.hourly_file(day, found)
                if not hourly.exists():
                    make_folder(hourly.parent)
                    temporary = part_of(hourly)
                    parquet.write_hours(self.connection, found.finest, temporary)
                    publish(temporary, hourly)
                    done += 1
                if found.kept:  # a day of which the rows are gone stays one
                    self._files.let_go(hourly, found)
                superseded += [f for f in hourly.parent.glob("*.parquet")
                               if f != hourly and f not in found.kept]  # fmt: skip
            superseded += self._files.leftovers()
            self._remove(superseded)
        return done

    def drop_rows(self, before: date) -> int:
        """Let rows go of days before a day, where exactly they are summed by hour; the number of
        days. No figure by the hour changes. Can be repeated."""
        done = 0
        with self._writing():
            for day, found in self._files.days().items():
                hourly = self._files.hourly_file(day, found)
                if day < before and found.raw and hourly.exists():
                    self._files.let_go(hourly, found)
                    done += 1
            self._remove(self._files.leftovers())
        return done

    def forget(self, host: str) -> int:
        """Remove every row and every fact of a host; the number of rows. Can be repeated.

        Files keep their names, so that no spool is taken in again. Sums by hour go before the rows
        that they were made from: whatever a crash leaves, none of them counts what is gone.
        """
        with self._writing(), self._alone():
            for leftover in self._files.leftovers():
                leftover.unlink()
            days = self._files.days()
            rest = {day: found.finest for day, found in days.items()}
            for file in self._rows_of_host(host, self._files.hourly_by_day()):
                if file not in rest[day_of(file)]:
                    file.unlink()
            counts = self._rows_of_host(host, rest)
            for file in counts:
                self._write_without(file, host)
            for file in self.place.found("machines/*.jsonl"):
                known = self._facts_in(file)
                if any(facts.host == host for facts in known):
                    self._replace_machines(file, [f for f in known if f.host != host])
            return sum(counts.values())

    def count(self, host: str) -> int:
        """Rows of a host: as they were collected, or by hour where only that is left. Raises
        SobrietyError."""
        rest = {day: found.finest for day, found in self._files.days().items()}
        return sum(self._rows_of_host(host, rest).values())

    # Reading

    def open(
        self, grain: Grain = "hour", start_ns: int | None = None, end_ns: int | None = None
    ) -> nw.LazyFrame[Any]:
        """The rows that start within [start_ns, end_ns) as one lazy frame.

        Columns are KEY_NAMES and MEASURE_NAMES. By hour, `start_ns` is the hour's start. Days
        outside are not read. A day that is not rolled up, or whose hour is cut by the period, is
        summed from its raw rows.

        Raises SobrietyError naming a file that is damaged or foreign.
        """
        self._pin()
        period = Span(start_ns, end_ns)
        hourly, rest = self._files.of(grain, period)
        if grain != "hour":
            return self.engine.frame(self._select(rest, period))
        by_hour = self._select(hourly, period)
        if rest:
            by_day = parquet.hours_of(self._select(rest, period), self._known(rest))
            by_hour = f"{by_hour} UNION ALL {by_day}"
        return self.engine.frame(by_hour)

    def measures(
        self, grain: Grain = "hour", start_ns: int | None = None, end_ns: int | None = None
    ) -> tuple[str, ...]:
        """Those of MEASURE_NAMES that `open` may have a value of; the others are null in all rows.

        Raises SobrietyError naming a file that is damaged or foreign.
        """
        period = Span(start_ns, end_ns)
        hourly, rest = self._files.of(grain, period)
        known = self._known(hourly) | self._known(rest)
        return tuple(n for n in MEASURE_NAMES if n in known or n in _ALWAYS)

    def _known(self, files: Sequence[Path]) -> frozenset[str]:
        """Measures with a value in files. Files never change, so they are asked once."""
        key = tuple(files)
        if key not in self._known_in:
            self._select(files, Span(None, None))  # names a file that is damaged
            names = [self.place.address(file) for file in files]
            found = parquet.known_measures(self.connection, names) if names else frozenset[str]()
            self._known_in[key] = found
        return self._known_in[key]

    def files(self, start_ns: int, end_ns: int) -> dict[str, Path]:
        """What a period is read from, by its name in the lake: the raw rows of its days, their
        sums where the raw rows are gone, and the facts of machines."""
        _, found = self._files.of("finest", Span(start_ns, end_ns))
        found += self.place.found("machines/*.jsonl")
        return {str(f.relative_to(self.path)): f for f in found}

    def table(self, columns: Mapping[str, Sequence[Any]]) -> nw.LazyFrame[Any]:
        """Plain columns as a frame that can be joined with those of `open`. None is NULL."""
        return self.engine.table(columns)

    @property
    def has_machines(self) -> bool:
        """Whether anything was ever taken in, without reading what."""
        return any((self.path / "machines").glob("*.jsonl"))

    def machines(self) -> dict[str, Machine]:
        """The last known facts of every machine."""
        latest: dict[str, Facts] = {}
        for file in self.place.found("machines/*.jsonl"):
            made_ns = self.place.made_ns(file)
            if self._facts.get(file, (0,))[0] != made_ns:  # a report asks for every period
                self._facts[file] = (made_ns, self._facts_in(file))
            for known in self._facts[file][1]:
                if known.host not in latest or latest[known.host].at_ns <= known.at_ns:
                    latest[known.host] = known
        return {host: known.machine() for host, known in latest.items()}

    # Below the door

    def _write_runs(self, spool_id: str, numbered: Iterable[tuple[Any, ...]]) -> int:
        written = 0
        for day, run in _runs(numbered):
            file = self._files.raw_file(day, spool_id, run[0][0], run[-1][0])
            if not self._files.has(day, file):
                self._write_raw(file, (row[1:] for row in run))
                written += len(run)
        return written

    def _write_raw(self, file: Path, rows: Iterable[tuple[Any, ...]]) -> None:
        make_folder(file.parent)
        parquet.write_rows(self.connection, rows, part_of(file))
        publish(part_of(file), file)

    def _rows_of_host(self, host: str, by_day: Mapping[date, Sequence[Path]]) -> dict[Path, int]:
        files = {str(file): file for files in by_day.values() for file in files}
        self._select([*files.values()], Span(None, None))  # names a file that is damaged
        found = parquet.rows_of_host(self.connection, [*files], host)
        return {files[name]: count for name, count in sorted(found.items())}

    def _write_without(self, file: Path, host: str) -> None:
        parquet.write_without(self.connection, file, host, part_of(file))
        publish(part_of(file), file)

    def _select(self, files: Sequence[Path], period: Span) -> str:
        if not files:
            return parquet.nothing()
        return self.engine.select([self.place.address(file) for file in files]) + period.where()

    def _read_machines(self, name: str) -> list[Facts]:
        file = self.path / "machines" / f"{name}.jsonl"
        return self._facts_in(file) if file.exists() else []

    def _facts_in(self, file: Path) -> list[Facts]:
        known: list[Facts] = []
        for number, line in enumerate(self.place.text(file).splitlines(), start=1):
            try:
                facts = json.loads(line)
                known.append(Facts(facts.pop("host"), facts.pop("at_ns"), facts))
            except (ValueError, KeyError, AttributeError, TypeError):
                raise SobrietyError(
                    f"{file}, line {number}: not the facts of a machine",
                    hint="remove the line, and absorb its spool again",
                ) from None
        return known

    def _write_machines(self, name: str, history: Sequence[Facts]) -> None:
        if history and self._read_machines(name) != history:
            self._replace_machines(self.path / "machines" / f"{name}.jsonl", history)

    def _replace_machines(self, file: Path, history: Sequence[Facts]) -> None:
        make_folder(file.parent)
        lines = ({"host": f.host, "at_ns": f.at_ns, **f.facts} for f in history)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        part_of(file).write_text(text, encoding="utf-8")
        publish(part_of(file), file)

    @contextlib.contextmanager
    def _writing(self) -> Generator[None]:
        """One writer at a time; what a crash left half written is removed first."""
        try:
            make_folder(self.path)
            with contextlib.closing(lock(self.path / ".lock", wait_s=_LOCK_WAIT_S)):
                for leftover in self.path.glob("*/day=*/.*.part"):
                    leftover.unlink()
                yield
        except Busy:
            raise SobrietyError(
                f"{self.path} is being written by another process", hint="try again when it is done"
            ) from None
        except OSError as error:
            raise SobrietyError(
                f"{self.path} cannot be written: {(error.strerror or str(error)).lower()}",
                hint="free some space there, or choose another folder with SOBRIETY_HOME",
            ) from error

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        """While nobody reads: a file may be replaced."""
        try:
            with contextlib.closing(lock(self.path / ".readers", wait_s=_LOCK_WAIT_S)):
                yield
        except Busy:
            raise SobrietyError(
                f"{self.path} is being read by another process", hint="try again when it is done"
            ) from None

    def _pin(self) -> None:
        """While this lake is open nobody removes the hourly files that its frames read."""
        if self._pinned is None:
            with contextlib.suppress(OSError, sqlite3.Error, Busy):  # a lake we may only read
                self._pinned = lock(self.path / ".readers", wait_s=1.0, shared=True)

    def _remove(self, superseded: Sequence[Path]) -> None:
        """At once, so that whoever reads the folder without us sees an hour once; but not from
        under a reader of ours: then the next roll-up does it."""
        if superseded:
            with (
                contextlib.suppress(Busy, PermissionError),  # Windows: somebody has it open
                contextlib.closing(lock(self.path / ".readers")),
            ):
                for file in superseded:
                    file.unlink(missing_ok=True)


def _by_host(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A workload's rows together compress well, and a reader of one host skips the others."""
    return row[0], row[1], row[2], row[_START - 1]


def _runs(numbered: Iterable[tuple[Any, ...]]) -> Iterator[tuple[date, list[tuple[Any, ...]]]]:
    """Neighbours of one UTC day, in the order they come, cut where there are too many."""
    for day, rows in groupby(numbered, key=lambda row: day_at(row[_START])):
        while run := list(islice(rows, _MAX_ROWS_PER_FILE)):
            yield day, run


def _numbered(values: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return ((number, *row) for number, row in enumerate(values, start=1))
