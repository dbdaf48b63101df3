"""Writes files that appear whole or not at all, and locks that end with their holder."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from pathlib import Path

from sobriety.core.errors import ConfigError


class Busy(Exception):
    """Another process holds the lock."""


def lock(path: Path, *, wait_s: float = 0.0, shared: bool = False) -> sqlite3.Connection:
    """Hold `path` until the connection is closed or this process ends, however it ends; alone, or
    `shared` with others who share.

    It is SQLite's own lock on an empty file: right on every system that SQLite runs on, and freed
    by the kernel. A file with a process id outlives kill -9 and lies.

    Raises Busy, OSError, sqlite3.Error.
    """
    make_private(path)
    connection = sqlite3.connect(
        path, timeout=wait_s, isolation_level=None, check_same_thread=False
    )
    try:
        _take(connection, path, shared)
    except sqlite3.Error as error:
        connection.close()
        if primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Busy from None
        raise
    return connection


def _take(connection: sqlite3.Connection, path: Path, shared: bool) -> None:
    begin = "BEGIN; SELECT 1 FROM sqlite_master" if shared else "BEGIN EXCLUSIVE"
    begin = f"PRAGMA journal_mode = MEMORY; {begin}"  # no third file
    try:
        connection.executescript(begin)
    except sqlite3.DatabaseError as error:
        if primary_code(error) != sqlite3.SQLITE_NOTADB:
            raise
        os.truncate(path, 0)  # somebody wrote into it; a lock has no content
        connection.executescript(f"ROLLBACK; {begin}" if connection.in_transaction else begin)


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without the detail in its upper bits; 0 where there is none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def make_folder(path: Path) -> None:
    """Make a folder that only its owner can open, unless it is there. Raises OSError."""
    if path.is_dir():
        return
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in reversed(missing) if _is_root() else ():
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _give(descriptor, folder)
        finally:
            os.close(descriptor)
    for folder in missing:  # a name is on the disk when the folder that it is in is
        sync_folder(folder.parent)


def make_private(path: Path) -> None:
    """Make an empty file that only its owner can read, unless it is there. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        return
    try:
        if _is_root():
            _give(descriptor, path)
    finally:
        os.close(descriptor)


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _give(descriptor: int, path: Path) -> None:
    """What root makes in the folder of another is that one's, as SQLite does with its own files:
    `sudo sobriety report` must not leave what the service cannot change. By the descriptor of what
    was just made: a name may be somebody else's file by now."""
    owner = path.parent.stat()
    if owner.st_uid != 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def publish(temporary: Path, final: Path) -> None:
    """Give a finished file its name, so that a crash leaves the whole of it or nothing."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(final)
    sync_folder(final.parent)


def write_whole(path: Path, text: str | bytes) -> None:
    """Write a file that a user named: all of it, or nothing. A pipe or a device (/dev/stdout) is
    written to, and never replaced by a file. Raises ConfigError.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder", hint="name a file")
    data = text if isinstance(text, bytes) else text.encode(errors="surrogateescape")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        part.write_bytes(data)
        publish(part, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        if part.is_file():
            part.unlink()


def sync_folder(path: Path) -> None:
    """Bring a folder's names to the disk. Windows does so by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems cannot, and need not
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
