"""The lake: usage of many machines as Parquet files by day that anything can read.

    usage/day=2026-07-31/<spool>-<first id>-<last id>.parquet    rows as they were collected
    hourly/day=2026-07-31/<digest of the raw names>.parquet      their sums by hour
    hourly/day=2026-07-31/<the same digest>.names                those names, once the rows may go
    machines/<spool>.jsonl                                       what the machines are

A file is never changed once it has its name, and what is in the lake follows from names alone
(`files`). So a crash at any instant loses nothing and doubles nothing, and reading needs no lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sobriety.core.machine import Machine
from sobriety.core.usage import DURATIONS, MEASURE_NAMES, Usage
from sobriety.spool import Facts, SpoolReader

from . import parquet
from .engines import DuckDB, Engine
from .files import Files, Grain, TimeSpan
from .folder import Folder
from .machines import Machines
from .writer import Writer

if TYPE_CHECKING:
    import duckdb
    import narwhals as nw

_ALL = TimeSpan(None, None)
_ALWAYS = frozenset(c.name for c in DURATIONS)


class Lake:
    """A folder of usage. Missing ones are made when something is written.

    `engine` computes on its frames, and stays open when the lake is closed; DuckDB where None.
    `notes` says what was no longer there to be taken in, in sentences for the user.
    Raises ConfigError for a path that is no folder.
    """

    def __init__(self, path: str | Path | Folder, engine: Engine | None = None) -> None:
        self.place = path if isinstance(path, Folder) else Folder(Path(path).absolute())
        self.place.check()
        self.path = self.place.path
        self.notes: list[str] = []
        self._db: duckdb.DuckDBPyConnection | None = None
        self._engine = engine
        self._known_in: dict[tuple[Path, ...], frozenset[str]] = {}
        self._files, self._machines = Files(self.place), Machines(self.place)
        self._writer = Writer(
            self.place, self._files, self._machines, lambda: self.connection, self._select
        )

    def __enter__(self) -> Lake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let files and memory go; frames in its DuckDB cannot be collected any more."""
        if self._db is not None:
            self._db.close()
        self._db = None
        self.place.close()
        if isinstance(self._engine, DuckDB):
            self._engine = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB that writes files, and in which frames live where no other engine is named."""
        if self._db is None:
            self._db = parquet.connect()
            self.place.prepare(self._db)
        return self._db

    @property
    def engine(self) -> Engine:
        """What computes on the frames of this lake."""
        if self._engine is None:
            self._engine = DuckDB(self.connection)
        return self._engine

    def absorb(self, spool_path: str | Path) -> int:
        """Take in what a spool has and the lake has not; the number of rows. Can be repeated.

        What the spool dropped before (`retention_days`, `spool.max_mb`) is missing, and in `notes`.
        """
        with SpoolReader(spool_path) as spool, self.place.writing():
            written, missed = self._writer.absorb(spool)
        if missed:
            self.notes.append(
                f"{missed} rows of {spool.path} were dropped there before this lake took them"
            )
        return written

    def append(self, rows: Sequence[Usage]) -> int:
        """Take in rows that come from no spool; the number of rows. The same sequence of rows is
        not taken twice."""
        with self.place.writing():
            return self._writer.append(rows)

    def take(self, keeper_id: str, first: int, last: int, rows: Sequence[tuple[Any, ...]]) -> int:
        """Take in a range of numbered rows of many machines, values as in `Usage.as_row`, whose
        keeper forgets them afterwards. The number of new rows; can be repeated."""
        with self.place.writing():
            return self._writer.take(keeper_id, first, last, rows)

    def record_machine(self, machine: Machine, at_ns: int) -> None:
        """Note the facts of a machine that comes from no spool, unless they are known."""
        with self.place.writing():
            self._machines.record(machine, at_ns)

    def know_machines(self, keeper_id: str, known: Sequence[Facts]) -> None:
        """Note the facts of a keeper's machines, in place of those that it sent before."""
        with self.place.writing():
            self._machines.write(keeper_id, known)

    def roll_up(self, before: date | None = None) -> int:
        """Sum the days that changed by hour, those before a day where one is given; the number of
        days. It makes reading fast and changes no figure: `open` sums what is not rolled up yet."""
        with self.place.writing():
            return self._writer.roll_up(before)

    def drop_rows(self, before: date) -> int:
        """Let rows go of days before a day, where exactly they are summed by hour; the number of
        days. No figure by the hour changes. Can be repeated."""
        with self.place.writing():
            return self._writer.drop_rows(before)

    def forget(self, host: str) -> int:
        """Remove every row and every fact of a host; the number of rows. Can be repeated."""
        with self.place.writing(), self.place.without_readers():
            return self._writer.forget(host)

    def count(self, host: str) -> int:
        """Rows of a host: as they were collected, or by hour where only that is left. Raises
        SobrietyError."""
        rest = {day: found.finest for day, found in self._files.days().items()}
        return sum(self._writer.rows_of_host(host, rest).values())

    def open(
        self, grain: Grain = "hour", start_ns: int | None = None, end_ns: int | None = None
    ) -> nw.LazyFrame[Any]:
        """The rows that start within [start_ns, end_ns) as one lazy frame.

        Columns are KEY_NAMES and MEASURE_NAMES. By hour, `start_ns` is the hour's start. Days
        outside are not read. A day that is not rolled up, or whose hour is cut by the period, is
        summed from its raw rows.

        Raises SobrietyError naming a file that is damaged or foreign.
        """
        self.place.pin()
        period = TimeSpan(start_ns, end_ns)
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
        period = TimeSpan(start_ns, end_ns)
        hourly, rest = self._files.of(grain, period)
        known = self._known(hourly) | self._known(rest)
        return tuple(n for n in MEASURE_NAMES if n in known or n in _ALWAYS)

    def _known(self, files: Sequence[Path]) -> frozenset[str]:
        """Measures with a value in files. Files never change, so they are asked once."""
        key = tuple(files)
        if key not in self._known_in:
            self._select(files)  # names a file that is damaged
            names = [self.place.address(file) for file in files]
            found = parquet.known_measures(self.connection, names) if names else frozenset[str]()
            self._known_in[key] = found
        return self._known_in[key]

    def files(self, start_ns: int, end_ns: int) -> dict[str, Path]:
        """What a period is read from, by its name in the lake: the raw rows of its days, their
        sums where the raw rows are gone, and the facts of machines."""
        _, found = self._files.of("finest", TimeSpan(start_ns, end_ns))
        return {str(f.relative_to(self.path)): f for f in (*found, *self._machines.files())}

    def table(self, columns: Mapping[str, Sequence[Any]]) -> nw.LazyFrame[Any]:
        """Plain columns as a frame that can be joined with those of `open`. None is NULL."""
        return self.engine.table(columns)

    @property
    def has_machines(self) -> bool:
        """Whether anything was ever taken in, without reading what."""
        return self._machines.exist

    def machines(self) -> dict[str, Machine]:
        """The last known facts of every machine."""
        return self._machines.latest()

    def _select(self, files: Sequence[Path], period: TimeSpan = _ALL) -> str:
        if not files:
            return parquet.nothing()
        return self.engine.select([self.place.address(file) for file in files]) + period.where()
