"""The spool's file: its identity, schema and migrations, and errors in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from sobriety.core.errors import SobrietyError
from sobriety.core.usage import KEYS, MEASURE_NAMES, MEASURES
from sobriety.files.durable import make_folder, make_private, primary_code, sync_folder

APPLICATION_ID = 0x534F4252  # "SOBR", in the file's header: how we know our own
SCHEMA_VERSION = 1
"""Goes up when the meaning of what is stored changes. A new measure does not need it: the column
is added when the file is opened, and an older program leaves it NULL."""

UNSEEN = "kind = 'host' AND state <> 'on'"
"""SQL: rows of hosts that were not seen. Written so, SQLite finds them by their own index."""
_INDEX = "usage_unseen"

HOME_HINT = "choose another folder with SOBRIETY_HOME"
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
REFUSED = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_IOERR,
)
FULL_OR_HELD = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Unfit(Exception):
    """The file cannot be our spool; it is to be set aside."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open a spool for writing, or begin one.

    Raises Unfit, OSError, sqlite3.Error; SobrietyError for a newer one.
    """
    make_folder(path.parent)
    make_private(path)
    sync_folder(path.parent)
    db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    with ExitStack() as undo:
        undo.callback(db.close)
        _recognise(db, path)
        # Both say something only to a file that is just begun. A commit touches a few pages: with
        # 1024 bytes a page two fifths less go to the disk than with 4096 (docs/benchmarks.md).
        db.execute("PRAGMA page_size = 1024")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -256")  # kB: who only appends needs few pages again
        db.execute("PRAGMA fullfsync = ON")  # macOS: down to the platter
        _create(db)
        undo.pop_all()
    return db


def _recognise(db: sqlite3.Connection, path: Path) -> None:
    """Look without writing: the file may be somebody else's."""
    owner = pragma(db, "application_id")
    if owner == 0 and is_blank(db, "sqlite_master"):
        return
    if owner != APPLICATION_ID:
        raise Unfit("it is another program's database")
    refuse_newer(db, path)
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Unfit(str(verdict).replace("\n", " "))


def refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    """Raises SobrietyError: setting it aside would hide rows that the other version needs."""
    version = pragma(db, "user_version")
    if version > SCHEMA_VERSION:
        raise SobrietyError(
            f"{path} was written by a newer sobriety: its schema is {version},"
            f" this one knows {SCHEMA_VERSION}",
            hint="upgrade: pip install -U sobriety",
        )


def _create(db: sqlite3.Connection) -> None:
    """Make what is missing: everything in a new file, new columns in an old one."""
    there = columns(db)
    if there.issuperset(MEASURE_NAMES) and _has_index(db):
        return
    missing = [name for name in MEASURE_NAMES if name not in there] if there else []
    sql_type = {"text": "TEXT", "integer": "INTEGER"}
    keys = ", ".join(f"{k.name} {sql_type[k.type]} NOT NULL" for k in KEYS)
    measures = ", ".join(f"{c.name} REAL" for c in MEASURES)
    with transaction(db):
        for name in missing:
            db.execute(f"ALTER TABLE usage ADD COLUMN {name} REAL")
        # AUTOINCREMENT: a number is not given twice, even when the highest rows are gone.
        db.execute(
            "CREATE TABLE IF NOT EXISTS usage"
            f" (id INTEGER PRIMARY KEY AUTOINCREMENT, {keys}, {measures})"
        )
        db.execute(
            "CREATE TABLE IF NOT EXISTS machine (id INTEGER PRIMARY KEY,"
            " host TEXT NOT NULL, at_ns INTEGER NOT NULL, facts TEXT NOT NULL)"
        )
        db.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        # Of the few rows that say a host was not seen: `status` asks for the last ones.
        db.execute(f"CREATE INDEX IF NOT EXISTS {_INDEX} ON usage (id) WHERE {UNSEEN}")
        db.execute("INSERT OR IGNORE INTO meta VALUES ('spool_id', ?)", (os.urandom(8).hex(),))
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def insert(db: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """All rows or none."""
    if rows:
        with transaction(db):
            db.executemany(statement, rows)


@contextmanager
def transaction(db: sqlite3.Connection) -> Generator[None]:
    """All of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:  # it failed; a full disk may have rolled back by itself
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")


def columns(db: sqlite3.Connection) -> set[str]:
    """The names in the table `usage`; empty where there is none."""
    found = db.execute("SELECT name FROM pragma_table_info('usage')").fetchall()
    return {name for (name,) in found}


def _has_index(db: sqlite3.Connection) -> bool:
    return (
        db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_INDEX,)).fetchone() is not None
    )


def is_blank(db: sqlite3.Connection, table: str) -> bool:
    """Whether a table has no rows."""
    return db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None


def pragma(db: sqlite3.Connection, name: str) -> int:
    """A number in the file's header."""
    (value,) = db.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def refusal(path: Path, reason: str) -> SobrietyError:
    """What to tell when the disk says no."""
    return SobrietyError(f"{path} cannot be written: {reason.lower()}", hint=HOME_HINT)


@contextmanager
def explained(path: Path) -> Generator[None]:
    """What the disk says, in a line and a hint. Whatever it does not say is a bug and goes on."""
    try:
        yield
    except OSError as error:
        raise refusal(path, error.strerror or str(error)) from error
    except sqlite3.DatabaseError as error:
        code = primary_code(error)
        if code == sqlite3.SQLITE_FULL:
            raise SobrietyError(
                f"no space left on the disk of {path}",
                hint="free some space; rows wait in memory and are written then",
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise SobrietyError(
                f"{path} is locked by another program", hint="close the program that has it open"
            ) from error
        if code in (*REFUSED, *DAMAGED):
            raise refusal(path, str(error)) from error
        raise
