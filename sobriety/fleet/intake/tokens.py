"""Access tokens, `sob_<id>_<secret>`; only the SHA-256 of a secret is kept.

A write token writes for one host: the one it was made for, or the first that uses it; for others
too where an operator allows it, since a machine may get another name. A secret has 256 random bits,
so that a slow hash would protect nothing more.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from collections.abc import Sequence
from typing import Literal, NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.spool.file import transaction

TokenKind = Literal["write", "read"]
_FORM = re.compile(r"sob_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_NOBODY = hashlib.sha256(b"").hexdigest()


class Token(NamedTuple):
    """`hosts` are those that it writes for; none yet for one that nobody used, and for reading."""

    id: str
    kind: TokenKind
    created_ns: int
    revoked_ns: int | None = None
    hosts: tuple[str, ...] = ()


def create(db: sqlite3.Connection, kind: TokenKind, hosts: Sequence[str] = ()) -> tuple[Token, str]:
    """A new one, and its text, which nobody can see again."""
    token = Token(secrets.token_hex(4), kind, time.time_ns(), None, tuple(hosts))
    secret = secrets.token_urlsafe(32)
    with transaction(db):
        db.execute(
            "INSERT INTO token VALUES (?, ?, ?, ?, NULL)",
            (token.id, kind, _hash(secret), token.created_ns),
        )
        for host in hosts:
            bind(db, token.id, host)
    return token, f"sob_{token.id}_{secret}"


def find(db: sqlite3.Connection, text: str) -> Token | None:
    """The token of this text, if it is one and was not revoked. Takes as long where it is not."""
    form = _FORM.fullmatch(text)
    id_, secret = form.groups() if form else ("", "")
    found = db.execute(f"{_SELECT}, sha256 FROM token WHERE id = ?", (id_,)).fetchone()
    same = hmac.compare_digest(_hash(secret), found[-1] if found else _NOBODY)
    if not form or not found or not same:
        return None
    token = Token(*found[:-1])
    return None if token.revoked_ns is not None else token


def hosts_of(db: sqlite3.Connection, id_: str) -> frozenset[str]:
    """Those that the token writes for by now."""
    found = db.execute("SELECT host FROM token_host WHERE token = ?", (id_,)).fetchall()
    return frozenset(host for (host,) in found)


def is_revoked(db: sqlite3.Connection, id_: str) -> bool:
    """Whether nobody comes in with it any more."""
    found = db.execute("SELECT revoked_ns FROM token WHERE id = ?", (id_,)).fetchone()
    return found is None or found[0] is not None


def bind(db: sqlite3.Connection, id_: str, host: str) -> None:
    """From now on the token writes for this host; within a transaction of the caller's."""
    db.execute("INSERT OR IGNORE INTO token_host VALUES (?, ?)", (id_, host))


def allow(db: sqlite3.Connection, id_: str, hosts: Sequence[str]) -> None:
    """Let a token write for other hosts too. Raises ConfigError."""
    if not any(t.id == id_ and t.kind == "write" and not t.revoked_ns for t in all_tokens(db)):
        raise ConfigError(
            f"no write token {id_!r} that is not revoked",
            hint="see them with: sobriety token list",
        )
    with transaction(db):
        for host in hosts:
            bind(db, id_, host)


def all_tokens(db: sqlite3.Connection) -> list[Token]:
    """Also those that were revoked, oldest first."""
    found = db.execute(f"{_SELECT} FROM token ORDER BY created_ns, id").fetchall()
    return [
        Token(id_, kind, created_ns, revoked_ns, tuple(sorted(hosts_of(db, id_))))
        for id_, kind, created_ns, revoked_ns in found
    ]


def revoke(db: sqlite3.Connection, id_: str) -> None:
    """From now on nobody comes in with it. Raises ConfigError."""
    with transaction(db):
        done = revoke_within(db, id_)
    if not done:
        raise ConfigError(
            f"no token {id_!r} that is not revoked", hint="see them with: sobriety token list"
        )


def revoke_within(db: sqlite3.Connection, id_: str) -> bool:
    """Within a transaction of the caller's; whether there was one to revoke."""
    done = db.execute(
        "UPDATE token SET revoked_ns = ? WHERE id = ? AND revoked_ns IS NULL",
        (time.time_ns(), id_),
    )
    return done.rowcount > 0


_SELECT = "SELECT id, kind, created_ns, revoked_ns"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
