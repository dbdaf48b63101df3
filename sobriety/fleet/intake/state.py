"""The gateway's journal: rows received and not in the lake yet, and tokens.

    batch      rows as they were received, numbered anew by the gateway
    received   the runs of numbers that it has of each host's spool: what makes receiving
               idempotent, and lets no host take another's numbers
    machine    facts of machines
    host       when each host was last heard of
    token      who may write or read; of secrets the SHA-256 alone

SQLite in WAL mode with synchronous = FULL: a commit that returned is on the disk. Several gateways
of one machine share it. Below `<lake>/gateway`, open to its owner alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.files.durable import make_folder, make_private, primary_code
from sobriety.spool.file import DAMAGED, FULL_OR_HELD, REFUSED, pragma, transaction

FOLDER = "gateway"
FILE = "gateway.sqlite3"
LOCK = "drain.lock"
"""Held by who writes to the lake."""
APPLICATION_ID = 0x534F4247  # "SOBG"
SCHEMA_VERSION = 1
WAIT_S = 10.0
"""For another process's commit."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE batch (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, host TEXT NOT NULL, rows BLOB NOT NULL);
CREATE TABLE received (
    host TEXT NOT NULL, spool TEXT NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL,
    PRIMARY KEY (host, spool, first_id)) WITHOUT ROWID;
CREATE TABLE machine (host TEXT PRIMARY KEY, at_ns INTEGER NOT NULL, facts TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE host (
    host TEXT PRIMARY KEY, spool TEXT NOT NULL, token TEXT NOT NULL, end_ns INTEGER NOT NULL,
    heard_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE token (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, sha256 TEXT NOT NULL, created_ns INTEGER NOT NULL,
    revoked_ns INTEGER) WITHOUT ROWID;
CREATE TABLE token_host (
    token TEXT NOT NULL, host TEXT NOT NULL, PRIMARY KEY (token, host)) WITHOUT ROWID;
"""


def folder_of(lake: Path) -> Path:
    """Where the gateways of a lake keep what is theirs."""
    return lake / FOLDER


def open_state(lake: Path) -> sqlite3.Connection:
    """Open the state of a lake's gateway, or begin it. Raises SobrietyError."""
    path = folder_of(lake) / FILE
    with explained(path):
        make_folder(path.parent)
        if not path.exists():  # closing it again would take the locks of this process's others
            make_private(path)
        db = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        with ExitStack() as undo:
            undo.callback(db.close)
            _prepare(db, path)
            undo.pop_all()
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA fullfsync = ON")  # macOS: down to the platter
    db.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone from the file
    if pragma(db, "application_id") == 0:
        with transaction(db):
            # Another process may have been faster.
            if pragma(db, "application_id") == 0 and not _tables(db):
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('id', lower(hex(randomblob(8)))), ('next', 1)")
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    if pragma(db, "application_id") != APPLICATION_ID:
        raise ConfigError(f"{path} is not a gateway's", hint="move it away")
    _try_to_write(db)
    if pragma(db, "user_version") > SCHEMA_VERSION:
        raise SobrietyError(
            f"{path} was written by a newer sobriety", hint="upgrade: pip install -U sobriety"
        )


def _try_to_write(db: sqlite3.Connection) -> None:
    """A disk that can only be read says so now. SQLite would go on reading, and could not write
    through any of the process's connections when the disk can be written again."""
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("UPDATE meta SET value = value WHERE key = 'id'")
    finally:
        db.execute("ROLLBACK")


def _tables(db: sqlite3.Connection) -> int:
    (count,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(count)


def meta(db: sqlite3.Connection, key: str) -> str | None:
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else str(found[0])


@contextmanager
def savepoint(db: sqlite3.Connection) -> Generator[None]:
    """All of it or nothing, within a transaction that goes on."""
    db.execute("SAVEPOINT one")
    done = False
    try:
        yield
        done = True
    finally:
        if db.in_transaction:  # a full disk may have rolled back all of it
            db.execute("RELEASE one" if done else "ROLLBACK TO one")


@contextmanager
def explained(path: Path) -> Generator[None]:
    """What the disk says, in a line and a hint. Whatever it does not say is a bug and goes on."""
    try:
        yield
    except OSError as error:
        raise SobrietyError(
            f"{path} cannot be used: {(error.strerror or str(error)).lower()}",
            hint="see who owns the lake's folder, and that its disk has room",
        ) from error
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in (*REFUSED, *DAMAGED, *FULL_OR_HELD):
            raise
        raise SobrietyError(
            f"{path} cannot be used: {error}",
            hint="see that the lake's disk has room and may be written",
        ) from error
