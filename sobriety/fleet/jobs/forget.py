"""Deletes what was received from a host: its rows, its facts, its tokens."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import SobrietyError
from sobriety.files.durable import Busy, lock
from sobriety.lake import Lake
from sobriety.spool.file import transaction

from ..intake.state import LOCK, explained, folder_of, open_state
from ..intake.tokens import all_tokens, revoke_within

WAIT_S = 60.0


class Forgotten(NamedTuple):
    """What is gone: rows of the lake, those that had not reached it yet, and tokens' ids."""

    rows: int
    waiting_rows: int
    tokens: tuple[str, ...]


def known(lake: Path, host: str) -> Forgotten:
    """What would go. Raises SobrietyError."""
    with Lake(lake) as there:
        rows = there.count(host)
    if not folder_of(lake).is_dir():
        return Forgotten(rows, 0, ())
    with explained(lake), closing(open_state(lake)) as db:
        return Forgotten(rows, _waiting(db, host), tuple(_tokens(db, host)))


def forget(lake: Path, host: str) -> Forgotten:
    """Remove a host from a lake and from its gateway, which may run. Its tokens are revoked first,
    so that nothing of it comes in behind. Can be repeated after a crash. Raises SobrietyError.
    """
    with ExitStack() as held, explained(lake):
        waiting: int = 0
        tokens: tuple[str, ...] = ()
        if folder_of(lake).is_dir():
            try:
                held.enter_context(closing(lock(folder_of(lake) / LOCK, wait_s=WAIT_S)))
            except Busy:
                raise SobrietyError(
                    f"a gateway has been writing to {lake} for a minute",
                    hint="try again when it is done",
                ) from None
            db = held.enter_context(closing(open_state(lake)))
            waiting, tokens = _waiting(db, host), tuple(_tokens(db, host))
            _forget_state(db, host, tokens)
        with Lake(lake) as there:
            return Forgotten(there.forget(host), waiting, tokens)


def _waiting(db: sqlite3.Connection, host: str) -> int:
    (rows,) = db.execute(
        "SELECT coalesce(sum(last - first + 1), 0) FROM batch WHERE host = ?", (host,)
    ).fetchone()
    return int(rows)


def _tokens(db: sqlite3.Connection, host: str) -> list[str]:
    """Those that write for this host alone."""
    return [t.id for t in all_tokens(db) if t.hosts == (host,) and t.revoked_ns is None]


def _forget_state(db: sqlite3.Connection, host: str, tokens: tuple[str, ...]) -> None:
    with transaction(db):
        for id_ in tokens:
            revoke_within(db, id_)
        for table in ("token_host", "batch", "received", "machine", "host"):
            db.execute(f"DELETE FROM {table} WHERE host = ?", (host,))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log had them too
