"""The spool's one writer: rows and what a later run needs, all or none, on the disk."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.host import Instant
from sobriety.core.machine import Machine
from sobriety.core.usage import COLUMN_NAMES, Usage
from sobriety.files.durable import Busy, lock, make_folder, primary_code, sync_folder

from .facts import facts_of
from .file import (
    DAMAGED,
    FULL_OR_HELD,
    HOME_HINT,
    REFUSED,
    Unfit,
    explained,
    insert,
    is_blank,
    open_database,
    refusal,
    transaction,
)
from .gaps import Seen
from .retention import FOREVER, Keep, Retention, Sent

_INSERT = (
    f"INSERT INTO usage ({', '.join(COLUMN_NAMES)}) VALUES ({', '.join('?' * len(COLUMN_NAMES))})"
)
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_INSERT_MACHINE = "INSERT INTO machine (host, at_ns, facts) VALUES (?, ?, ?)"


class Spool:
    """The writer.

    `notes` says what had to be set aside or dropped, in sentences for the user. While the disk is
    full, `append` raises and changes nothing: the same rows can be appended later.
    """

    def __init__(self, path: Path, held: sqlite3.Connection, keep: Keep, sent: Sent | None) -> None:
        self.path = path
        self.notes: list[str] = []
        self._retention = Retention(path, keep, self.notes.append, sent)
        self._held = held
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._machines: dict[str, tuple[str, int, str]] = {}

    @classmethod
    def open(
        cls, path: str | Path, keep: Keep = FOREVER, sent: Callable[[str], int] | None = None
    ) -> Spool:
        """Open the file, or begin it. One that is damaged or not ours is set aside. Rows that are
        older than `keep`, or do not fit, are dropped now and then; with a gateway, none for its age
        that was not `sent`: it says the highest number that the gateway has of a spool, by its id.

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
            spool = cls(path, held, keep, sent)
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


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return -1
