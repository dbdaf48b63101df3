"""Drops the oldest rows by age and by size, and counts them.

Rows go in the order of writing, in small transactions that also count them, so that a crash loses
no other row and miscounts none. Numbers are never used again. What is set aside is older than
every row in the file, so it goes before them; a file that is not known as ours is never deleted.

Where rows are sent to a gateway, those that it does not have stay however old they are. The room
is kept all the same, and what it costs them is counted apart.

Space that rows leave is used for new ones. Only a file above its cap is made shorter, as moving
pages costs writes; one begun before 2026-11 cannot be made shorter (SQLite's auto_vacuum is chosen
when a file is begun) and keeps within its length.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sobriety.core.units import NS_PER_S, S_PER_DAY
from sobriety.spool import set_aside
from sobriety.spool.file import pragma, transaction

KEY = "dropped"
CHECK_ROWS = 240
"""Between two checks: about an hour of minutes and 200 workloads, 70 kB."""
TIME_S = 0.2
"""That one check may take; the next goes on."""

_BATCH_ROWS = 500
_KEPT_ROWS = 100  # however small the cap
_AGE_ROWS = 5_000  # a clock that is years ahead for an hour costs no more
_VACUUM_PAGES = 64
_SLACK_B = 128 * 1024
_LOG_B = 1024 * 1024
_EDGES = "SELECT (SELECT min(id) FROM usage), (SELECT max(id) FROM usage)"


class Keep(NamedTuple):
    """How old rows may become, and how much room spool, log and what was set aside may take.
    Everything is kept unless somebody says otherwise, as the settings of `collect` do."""

    age_s: float = math.inf
    size_b: float = math.inf

    @property
    def log_b(self) -> int:
        """How long the write-ahead log may become before it is begun again."""
        return int(min(_LOG_B, self.size_b / 4))


FOREVER = Keep()
Sent = Callable[[str], int]
"""Of the spool with an id, the highest number that its gateway is known to have."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Rows that were dropped for one reason: how many, and what time they were of."""

    rows: int
    first_ns: int
    last_ns: int


class Retention:
    """Keeps one spool within `keep`. `sent` is None where no gateway is named."""

    def __init__(
        self, path: Path, keep: Keep, say: Callable[[str], None], sent: Sent | None = None
    ) -> None:
        self._path = path
        self._keep = keep
        self._say = say
        self._sent = sent
        self._rows_since = CHECK_ROWS
        self._unsaid: dict[str, Dropped] = {}
        self._said_s = float("-inf")

    def prepare(self, db: sqlite3.Connection) -> None:
        """Keep the write-ahead log short."""
        pages = max(self._keep.log_b // pragma(db, "page_size"), 1)
        db.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        db.execute(f"PRAGMA journal_size_limit = {self._keep.log_b}")

    def due(self, new_rows: int) -> bool:
        """Whether it is time to look again."""
        self._rows_since += new_rows
        return self._rows_since >= CHECK_ROWS

    def check(self, db: sqlite3.Connection, now_ns: int) -> None:
        """Drop what is too old and what does not fit. Raises OSError, sqlite3.Error: some of it
        may be done by then, and no other row is lost."""
        self._rows_since = 0
        until_s = time.monotonic() + TIME_S
        sent_id = math.inf if self._sent is None else self._sent(_spool_id(db))
        self._drop_old(db, now_ns, sent_id, until_s)
        self._drop_excess(db, sent_id, until_s)
        if time.monotonic() >= until_s:
            self._rows_since = CHECK_ROWS
        self._tell()

    def _drop_old(
        self, db: sqlite3.Connection, now_ns: int, sent_id: float, until_s: float
    ) -> None:
        before_ns = now_ns - self._keep.age_s * NS_PER_S
        for _ in range(_AGE_ROWS // _BATCH_ROWS):
            last_id = 0
            for id_, start_ns in db.execute(
                "SELECT id, start_ns FROM usage ORDER BY id LIMIT ?", (_BATCH_ROWS,)
            ):
                if start_ns >= before_ns or id_ > sent_id:
                    break
                last_id = id_
            if not last_id or time.monotonic() >= until_s:
                return
            self._drop(db, last_id, "age")

    def _drop_excess(self, db: sqlite3.Connection, sent_id: float, until_s: float) -> None:
        log = self._path.with_name(self._path.name + "-wal")
        log_b = max(log.stat().st_size if log.exists() else 0, self._keep.log_b)
        page_b = pragma(db, "page_size")
        aside = set_aside.ours(self._path)
        while aside and _file_b(db, page_b) + log_b + sum(a.size_b for a in aside) > (
            self._keep.size_b
        ):
            self._delete(db, aside.pop(0))
        room_b = self._keep.size_b - log_b - sum(a.size_b for a in aside)
        slack_b = min(_SLACK_B, max(room_b, 0) / 8)
        if log_b >= 2 * self._keep.log_b and not _emptied(db):
            return  # somebody reads for long: dropping rows would only make the log longer
        if _used_b(db, page_b) > room_b - slack_b:
            while _used_b(db, page_b) > room_b - 2 * slack_b and time.monotonic() < until_s:
                first_id, last_id = db.execute(_EDGES).fetchone()
                to_id = min((first_id or 0) + _BATCH_ROWS - 1, (last_id or 0) - _KEPT_ROWS)
                if first_id is None or to_id < first_id:
                    break
                reason = "size" if first_id <= sent_id else "unsent"
                if reason == "size":
                    to_id = int(min(to_id, sent_id))  # those behind it are counted apart
                dropped = self._drop(db, to_id, reason)
                self._unsaid[reason] = _joined(self._unsaid.get(reason), dropped)
        self._shorten(db, page_b, room_b, until_s)

    def _shorten(self, db: sqlite3.Connection, page_b: int, room_b: float, until_s: float) -> None:
        before_b = _file_b(db, page_b)
        while (
            (now_b := _file_b(db, page_b)) > room_b
            and pragma(db, "freelist_count")
            and time.monotonic() < until_s
        ):
            pages = min(int((now_b - room_b) // page_b) + 1, _VACUUM_PAGES)
            # One step of the statement frees one page.
            db.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
            if _file_b(db, page_b) == now_b:
                break
        if _file_b(db, page_b) < before_b:
            _emptied(db)  # only then the file is cut

    def _drop(self, db: sqlite3.Connection, to_id: int, reason: str) -> Dropped:
        span = (
            "SELECT count(*), min(start_ns), max(start_ns + CAST(duration_s * 1e9 AS INTEGER))"
            " FROM usage WHERE id <= ?"
        )
        with transaction(db):
            found = Dropped(*db.execute(span, (to_id,)).fetchone())
            db.execute("DELETE FROM usage WHERE id <= ?", (to_id,))
            counts = read(db)
            counts.by_reason[reason] = _joined(counts.by_reason.get(reason), found)
            counts.write(db)
        return found

    def _delete(self, db: sqlite3.Connection, aside: set_aside.Aside) -> None:
        aside.delete()
        with transaction(db):
            counts = read(db)
            counts.files += 1
            counts.files_b += aside.size_b
            counts.write(db)
        self._say(
            f"{aside.name}, which was set aside, was deleted: {self._path} may take"
            f" {self._keep.size_b / 1e6:g} MB (spool_max_mb)"
        )

    def _tell(self) -> None:
        """Once a day at most: at its cap a spool drops some rows every hour, for ever."""
        now_s = time.monotonic()
        if not self._unsaid or now_s - self._said_s < S_PER_DAY:
            return
        unsent = self._unsaid.get("unsent")
        fate = "taken by a lake or not"
        if self._sent is not None:
            fate = f"{unsent.rows if unsent else 'none'} of them before the gateway had them"
        self._say(
            f"{self._path} is full at {self._keep.size_b / 1e6:g} MB (spool_max_mb): its oldest"
            f" {sum(d.rows for d in self._unsaid.values())} rows, up to"
            f" {_date(max(d.last_ns for d in self._unsaid.values()))}, were dropped, {fate}"
        )
        self._unsaid, self._said_s = {}, now_s


@dataclass(slots=True)
class Counts:
    """Everything that was ever dropped of a spool.

    by_reason   age; size: for lack of room; unsent: the same, and a gateway did not have them yet
    """

    by_reason: dict[str, Dropped]
    files: int = 0
    """That were set aside, and deleted."""
    files_b: int = 0

    def write(self, db: sqlite3.Connection) -> None:
        value = {
            **{r: [d.rows, d.first_ns, d.last_ns] for r, d in self.by_reason.items()},
            "files": [self.files, self.files_b],
        }
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (KEY, json.dumps(value)))


def read(db: sqlite3.Connection) -> Counts:
    """What was dropped until now."""
    found = db.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchone()
    value = json.loads(found[0]) if found else {"files": [0, 0]}
    files = value.pop("files")
    return Counts({reason: Dropped(*numbers) for reason, numbers in value.items()}, *files)


def _joined(one: Dropped | None, other: Dropped) -> Dropped:
    if one is None:
        return other
    return Dropped(
        one.rows + other.rows,
        min(one.first_ns, other.first_ns),
        max(one.last_ns, other.last_ns),
    )


def _spool_id(db: sqlite3.Connection) -> str:
    (value,) = db.execute("SELECT value FROM meta WHERE key = 'spool_id'").fetchone()
    return str(value)


def _file_b(db: sqlite3.Connection, page_b: int) -> int:
    return pragma(db, "page_count") * page_b


def _used_b(db: sqlite3.Connection, page_b: int) -> int:
    return (pragma(db, "page_count") - pragma(db, "freelist_count")) * page_b


def _emptied(db: sqlite3.Connection) -> bool:
    """Bring the log into the file, without waiting for readers; whether all of it could be."""
    _, in_log, moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return bool(in_log == moved)


def _date(at_ns: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at_ns // NS_PER_S))
