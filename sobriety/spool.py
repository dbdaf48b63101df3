"""The spool: usage rows of this machine, in SQLite.

One writer, many readers. Rows are numbered in the order of writing and a number is never used
again, so that whoever forwards them needs to remember one number only.
Long because the writer and the reader of one file belong together.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.host import Instant
from sobriety.core.machine import Machine
from sobriety.core.usage import DURATIONS, KEY_NAMES, MEASURE_NAMES, State, Usage
from sobriety.durable import Busy, lock, make_folder, primary_code, sync_folder
from sobriety.gaps import Seen
from sobriety.retention import FOREVER, Keep, Retention
from sobriety.spool_file import (
    APPLICATION_ID,
    DAMAGED,
    FULL_OR_HELD,
    HOME_HINT,
    REFUSED,
    Unfit,
    columns,
    explained,
    insert,
    is_blank,
    open_database,
    pragma,
    refusal,
    refuse_newer,
    transaction,
)

_COLUMN_NAMES = KEY_NAMES + MEASURE_NAMES
_INSERT = (
    f"INSERT INTO usage ({', '.join(_COLUMN_NAMES)}) VALUES ({', '.join('?' * len(_COLUMN_NAMES))})"
)
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_INSERT_MACHINE = "INSERT INTO machine (host, at_ns, facts) VALUES (?, ?, ?)"
_FACT_NAMES = frozenset(f.name for f in fields(Machine)) - {"host"}


class Facts(NamedTuple):
    """What was known of a machine from an instant on; unknown facts are absent."""

    host: str
    at_ns: int
    facts: dict[str, Any]

    def machine(self) -> Machine:
        """Facts that this version does not know are left out."""
        known = self.facts.keys() & _FACT_NAMES
        return Machine(host=self.host, **{name: self.facts[name] for name in known})


def facts_of(machine: Machine) -> dict[str, Any]:
    """What is known of a machine, by name, without its host."""
    return {
        name: value for name in sorted(_FACT_NAMES) if (value := getattr(machine, name)) is not None
    }


class Spool:
    """The writer.

    `notes` says what had to be set aside or dropped, in sentences for the user. While the disk is
    full, `append` raises and changes nothing: the same rows can be appended later.
    """

    def __init__(self, path: Path, held: sqlite3.Connection, keep: Keep) -> None:
        self.path = path
        self.notes: list[str] = []
        self._retention = Retention(path, keep, self.notes.append)
        self._held = held
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._machines: dict[str, tuple[str, int, str]] = {}

    @classmethod
    def open(cls, path: str | Path, keep: Keep = FOREVER) -> Spool:
        """Open the file, or begin it. One that is damaged or not ours is set aside. Rows that are
        older than `keep`, or do not fit, are dropped now and then.

        Raises ConfigError for a folder in its place; SobrietyError when another collector writes
        here, when the disk refuses, or when a newer sobriety wrote the file.
        """
        path = Path(path).absolute()
        if path.is_dir():
            raise ConfigError(f"{path} is a folder", hint="name a file for the spool")
        try:
            make_folder(path.parent)
            held = lock(path.with_name(path.name + ".lock"), wait_s=0.5)  # `status` asks briefly
        except Busy:
            raise SobrietyError(
                f"another collector is writing {path}", hint=f"stop it, or {HOME_HINT}"
            ) from None
        except OSError as error:
            raise refusal(path, error.strerror or str(error)) from None
        except sqlite3.Error as error:
            raise refusal(path, str(error)) from None
        with ExitStack() as undo:
            spool = cls(path, held, keep)
            undo.callback(spool.close)
            with explained(path):
                spool._database()
            spool._tidy(0)
            undo.pop_all()
        return spool

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, rows: Sequence[Usage], seen: Seen | None = None) -> None:
        """Write rows and up to when their host was `seen`, all or none; they are on the disk when
        this returns. Raises SobrietyError.
        """
        values = [row.as_row() for row in rows]

        def add(db: sqlite3.Connection) -> None:
            if not values:
                return
            with transaction(db):
                db.executemany(_INSERT, values)
                if seen is not None:
                    db.execute(_SET, (f"seen {seen.host}", json.dumps(seen.at)))

        self._do(add)
        self._tidy(len(values))

    def seen(self, host: str) -> Seen | None:
        """Up to when a host was seen; None where that is not known. Raises SobrietyError."""
        found = self.recall(f"seen {host}")
        return None if found is None else Seen(host, Instant(*found))

    def remember(self, key: str, value: Any) -> None:
        """Keep what a later run needs, as JSON. Raises SobrietyError."""
        self._do(lambda db: insert(db, _SET, [(key, json.dumps(value))]))

    def recall(self, key: str) -> Any:
        """What an earlier run kept; None for nothing. Raises SobrietyError."""
        found: list[tuple[str]] = []
        ask = "SELECT value FROM meta WHERE key = ?"
        self._do(lambda db: found.extend(db.execute(ask, (key,))))
        return json.loads(found[0][0]) if found else None

    def record_machine(self, machine: Machine, at_ns: int) -> None:
        """Write a machine's facts, unless they are the last ones written. Raises SobrietyError."""
        row = (machine.host, at_ns, json.dumps(facts_of(machine), ensure_ascii=False))

        def record(db: sqlite3.Connection) -> None:
            last = "SELECT facts FROM machine WHERE host = ? ORDER BY id DESC LIMIT 1"
            if db.execute(last, row[:1]).fetchone() != row[2:]:
                insert(db, _INSERT_MACHINE, [row])

        self._do(record)
        self._machines[machine.host] = row

    def close(self) -> None:
        """Close the file and let another writer in. Harmless when called twice."""
        self._forget_database()
        self._held.close()

    def _do(self, action: Callable[[sqlite3.Connection], None]) -> None:
        """Do it, on a fresh file where the present one proves to be damaged."""
        with explained(self.path):
            try:
                action(self._database())
            except sqlite3.DatabaseError as error:
                code = primary_code(error)
                if code in (*DAMAGED, *REFUSED):
                    self._forget_database()  # next time its files are opened anew
                if code not in DAMAGED:
                    raise
                self._set_aside(str(error))
                action(self._database())

    def _tidy(self, new_rows: int) -> None:
        """Drop old rows when it is time to. The new ones are on the disk by now: whatever fails
        here must not make them be written again."""
        if self._db is None or not self._retention.due(new_rows):
            return
        try:
            self._retention.check(self._db, time.time_ns())
        except OSError:
            return  # tried again with the next check
        except sqlite3.DatabaseError as error:
            code = primary_code(error)
            if code not in (*DAMAGED, *REFUSED, *FULL_OR_HELD):
                raise
            if code in (*DAMAGED, *REFUSED):
                self._forget_database()  # opened anew, and checked, with the next rows

    def _database(self) -> sqlite3.Connection:
        """The open file; opened anew after a failure, or when somebody removed it from under us."""
        if self._db is not None and _inode(self.path) != self._inode:
            self._forget_database()
            self.notes.append(f"{self.path} was removed by somebody; a new one is begun")
        if self._db is None:
            self._db = self._open_or_set_aside()
            self._inode = _inode(self.path)
            self._retention.prepare(self._db)
            if self._machines and is_blank(self._db, "machine"):
                insert(self._db, _INSERT_MACHINE, list(self._machines.values()))
        return self._db

    def _open_or_set_aside(self) -> sqlite3.Connection:
        empty = not self.path.exists() or self.path.stat().st_size == 0
        if empty and self.path.with_name(self.path.name + "-wal").exists():
            self._set_aside("its database is gone")  # SQLite would delete the orphan
        try:
            return open_database(self.path)
        except Unfit as unfit:
            self._set_aside(str(unfit))
        except sqlite3.DatabaseError as error:
            if primary_code(error) not in DAMAGED:
                raise
            self._set_aside(str(error))
        return open_database(self.path)

    def _set_aside(self, reason: str) -> None:
        """Rename the file and its companions. The write-ahead log goes first: left alone beside a
        fresh file, SQLite would take it for that file's own."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        base = aside = self.path.with_name(f"{self.path.name}.set-aside-{stamp}")
        count = 1
        while any(aside.with_name(aside.name + end).exists() for end in ("", "-wal", "-shm")):
            count += 1
            aside = base.with_name(f"{base.name}-{count}")
        for end in ("-wal", "-shm", ""):
            companion = self.path.with_name(self.path.name + end)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + end))
        sync_folder(self.path.parent)
        self.notes.append(
            f"{self.path} was set aside as {aside.name}: {reason}; a new one is begun"
        )

    def _forget_database(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


class SpoolReader:
    """Reads a spool, also while a writer writes it.

    Raises ConfigError for a file that is missing or not a spool; SobrietyError for a damaged one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        if not self.path.is_file():
            raise ConfigError(f"no spool at {self.path}", hint="write one with: sobriety collect")
        with self._explained():
            uri = f"{self.path.as_uri()}?mode=ro"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
            with ExitStack() as undo:
                undo.callback(self._db.close)
                self._check()
                undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go. Harmless when called twice."""
        self._db.close()

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All answers to a question. Raises SobrietyError for a file that is damaged."""
        with self._explained():
            return self._db.execute(query, values).fetchall()

    @property
    def spool_id(self) -> str:
        """Sixteen hexadecimal digits, drawn when the file was begun."""
        with self._explained():
            (value,) = self._db.execute("SELECT value FROM meta WHERE key = 'spool_id'").fetchone()
        return str(value)

    @contextmanager
    def snapshot(self) -> Generator[sqlite3.Connection]:
        """Ask in SQL what all belongs to one moment."""
        with self._explained():
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.execute("COMMIT")

    @property
    def first_id(self) -> int:
        """The number of the oldest row that is there; of the next one where there is none."""
        with self._explained():
            (found,) = self._db.execute("SELECT min(id) FROM usage").fetchone()
        return self.last_id + 1 if found is None else int(found)

    @property
    def last_id(self) -> int:
        """The highest number given to a row, also when the row is no longer there; 0 for none."""
        with self._explained():
            found = self._db.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'usage'"
            ).fetchone()
        return int(found[0]) if found else 0

    def numbered(self, after_id: int = 0) -> Iterator[tuple[Any, ...]]:
        """The rows after a number, in its order: id, KEY_NAMES, MEASURE_NAMES; None is unknown."""
        with self._explained():
            found = self._db.execute(
                f"SELECT {self._select} FROM usage WHERE id > ? ORDER BY id", (after_id,)
            )
            # Not `yield from`: that would close a cursor whose file may be closed already.
            for row in found:  # noqa: UP028
                yield row

    def rows(self, after_id: int = 0) -> Iterator[Usage]:
        """The rows after a number, in the order of writing."""
        return map(_usage, self.numbered(after_id))

    def last_row(self, host: str) -> Usage | None:
        """The row of the host itself that was written last."""
        with self._explained():
            found = self._db.execute(
                f"SELECT {self._select} FROM usage WHERE host = ? AND kind = 'host'"
                " ORDER BY id DESC LIMIT 1",
                (host,),
            ).fetchone()
        return None if found is None else _usage(found)

    def machines(self) -> dict[str, Machine]:
        """The last known facts of every host."""
        return {known.host: known.machine() for known in self.machine_history()}

    def machine_history(self) -> list[Facts]:
        """Every change of facts, oldest first."""
        with self._explained():
            found = self._db.execute(
                "SELECT host, at_ns, facts FROM machine ORDER BY id"
            ).fetchall()
        return [Facts(host, at_ns, json.loads(facts)) for host, at_ns, facts in found]

    def _check(self) -> None:
        if pragma(self._db, "application_id") != APPLICATION_ID:
            raise ConfigError(f"{self.path} is not a spool of sobriety", hint="check the path")
        refuse_newer(self._db, self.path)
        there = self.column_names = columns(self._db)
        self._select = ", ".join(
            ("id", *(n if n in there else f"NULL AS {n}" for n in _COLUMN_NAMES))
        )

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if primary_code(error) not in (*DAMAGED, *REFUSED):
                raise
            raise SobrietyError(
                f"{self.path} cannot be read: {error}",
                hint="run sobriety collect, which sets a damaged spool aside and begins a new one",
            ) from error


def _usage(row: tuple[Any, ...]) -> Usage:
    host, kind, name, state, observed, start_ns, duration_s, covered_s, *values = row[1:]
    measures = {
        column: value
        for column, value in zip(MEASURE_NAMES[len(DURATIONS) :], values, strict=True)
        if value is not None
    }
    return Usage(
        host, start_ns, duration_s, covered_s, measures,
        tuple(observed.split()), cast(State, state), kind, name,
    )  # fmt: skip


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return -1
