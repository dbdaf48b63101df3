"""Commits batches of many agents together: fifty that wait cost one fsync.

A batch is answered when its rows are on the disk. Numbers of a spool that were received before are
left out, whoever sends them again and however the batches are cut.
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

from sobriety.core.errors import SobrietyError
from sobriety.spool.file import transaction

from .rows import HostRows, Runs, count, joined, missing, numbers_of, pack, runs_of, unpack
from .state import explained, meta, open_state, savepoint
from .tokens import Token, bind, hosts_of, is_revoked
from .wire import Batch, Refused, Taken, known_facts

MOST_WAITING = 1_000
MOST_TOGETHER = 100
MOST_RUNS = 1_000
"""Stretches of a spool between which numbers are missing: who makes up more is refused."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch that kept all rules, and who is to be told."""

    token: Token
    batch: Batch
    parts: Sequence[HostRows]
    done: Future[Taken] = field(default_factory=Future[Taken])


class Intake:
    """Writes what is put to it, in a thread of its own. `broken` says why the disk takes nothing.

    Raises SobrietyError when the state cannot be opened.
    """

    def __init__(self, lake: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self._lake = lake
        self._say = say
        self._db: sqlite3.Connection | None = open_state(lake)
        self._queue: queue.Queue[Waiting | None] = queue.Queue(MOST_WAITING)
        self._ended = threading.Event()
        self.broken: str | None = None
        self.rows = self.batches = self.known_rows = self.commits = 0
        self._begin()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def put(self, waiting: Waiting) -> Future[Taken]:
        """Raises Refused (503) where too many wait already."""
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise Refused(
                503, f"{MOST_WAITING} batches wait already", "try again later", retry_s=30.0
            ) from None
        return waiting.done

    def close(self) -> None:
        """Write what waits, and let the file go."""
        self._queue.put(None)
        self._ended.wait()
        if self._db is not None:
            self._db.close()

    def _begin(self) -> None:
        threading.Thread(target=self._run, name="intake", daemon=True).start()

    def _run(self) -> None:
        closed = False
        try:
            while not closed:
                together, closed = self._next()
                # Nobody waits any more for those that were cancelled, and the others can't be now.
                together = [one for one in together if one.done.set_running_or_notify_cancel()]
                if together:
                    self._write(together)
        finally:
            if closed:
                self._ended.set()
            else:  # a bug, whose traceback is told: other batches are not its victims
                self._begin()

    def _next(self) -> tuple[list[Waiting], bool]:
        """What waits, at least one; and whether it is the end."""
        together: list[Waiting] = []
        one = self._queue.get()
        while one is not None:
            together.append(one)
            if len(together) == MOST_TOGETHER or self._queue.empty():
                return together, False
            one = self._queue.get_nowait()
        return together, True

    def _write(self, together: Sequence[Waiting]) -> None:
        answers: Sequence[Taken | Refused] = [_bug() for _ in together]
        failed = True
        try:
            with explained(self._lake):
                answers = self._commit(together)
            failed = False
            if self.broken is not None:
                self._say("the disk takes rows again")
            self.broken = None
        except SobrietyError as error:
            answers = [_no_disk() for _ in together]
            if self.broken is None:
                self._say(f"nothing can be taken: {error.message}")
            self.broken = error.message
        finally:
            if failed:
                self._reopen()
            for one, answer in zip(together, answers, strict=True):
                if isinstance(answer, Refused):
                    one.done.set_exception(answer)
                else:
                    one.done.set_result(answer)

    def _reopen(self) -> None:
        """The disk may be another one by the next batch."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _commit(self, together: Sequence[Waiting]) -> list[Taken | Refused]:
        if self._db is None:
            self._db = open_state(self._lake)
        db = self._db
        answers: list[Taken | Refused] = []
        rows = known = 0
        with transaction(db):
            number = int(meta(db, "next") or 1)
            before = number
            for one in together:
                try:
                    with savepoint(db):
                        answer, number = _take(db, one, number)
                    rows += answer.new_rows
                    known += sum(count(part.runs) for part in one.parts) - answer.new_rows
                except Refused as refused:
                    answers.append(refused)
                else:
                    answers.append(answer)
            if number != before:
                db.execute("UPDATE meta SET value = ? WHERE key = 'next'", (str(number),))
        self.commits += 1
        self.batches += len(together)
        self.rows += rows
        self.known_rows += known
        return answers


def _take(db: sqlite3.Connection, one: Waiting, number: int) -> tuple[Taken, int]:
    """Write its new rows from `number` on. Raises Refused."""
    spool = one.batch.spool
    _check_hosts(db, one)
    new = [_new(db, part, spool) for part in one.parts]
    new_rows = 0
    for part, (runs, packed, all_runs) in zip(one.parts, new, strict=True):
        if runs:
            rows = count(runs)
            batch = number, number + rows - 1, part.host, packed
            db.execute("INSERT INTO batch VALUES (?, ?, ?, ?)", batch)
            _write_runs(db, part.host, spool, all_runs)
            number += rows
            new_rows += rows
        _hear(db, one, part)
    for machine in one.batch.machines:
        # Its clock may have been ahead when they were written down; the next ones must count.
        at_ns = min(machine.at_ns, time.time_ns())
        db.execute(
            "INSERT INTO machine VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE SET"
            " at_ns = excluded.at_ns, facts = excluded.facts WHERE excluded.at_ns >= at_ns",
            (machine.host, at_ns, json.dumps(known_facts(machine), ensure_ascii=False)),
        )
    return Taken(spool, last_id(db, one.token, spool), new_rows), number


def _new(db: sqlite3.Connection, part: HostRows, spool: str) -> tuple[Runs, bytes, Runs]:
    """Those of its numbers that are new, mostly all; their rows; and all numbers that there will
    be of its host's spool. Raises Refused."""
    known = _runs_of(db, part.host, spool)
    runs, packed = part.runs, part.packed
    if known and known[-1][1] >= runs[0][0]:
        numbers = list(numbers_of(runs))
        new = missing(known, numbers)
        runs, packed = runs_of(compress(numbers, new)), pack(list(compress(unpack(packed), new)))
    there = joined(sorted([*known, *runs]))
    if runs and len(there) > MOST_RUNS:
        raise Refused(
            422, f"more than {MOST_RUNS} stretches of {spool} are missing",
            "send rows in the order of their numbers", row=runs[0][0], column="id",
        )  # fmt: skip
    return runs, packed, there


def _check_hosts(db: sqlite3.Connection, one: Waiting) -> None:
    """All of the batch is of hosts that the token writes for: of the first, if it had none. Raises
    Refused (401, 403)."""
    if is_revoked(db, one.token.id):  # since the batch came in
        raise Refused(401, "the token was revoked", "ask who runs the gateway for one")
    first = {part.host: part.runs[0][0] for part in one.parts}
    hosts = {m.host for m in one.batch.machines} | set(first)
    own = hosts_of(db, one.token.id)
    if not own and len(hosts) == 1:
        bind(db, one.token.id, min(hosts))
        return
    others = sorted(hosts - own)
    if others:
        names = " and ".join(repr(h) for h in sorted(own)) or "one host"
        raise Refused(
            403, f"this token writes for {names}, and not for {others[0]!r}",
            f"allow it on the gateway: sobriety token allow {one.token.id} HOST",
            row=first.get(others[0]), column="host",
        )  # fmt: skip


def _hear(db: sqlite3.Connection, one: Waiting, part: HostRows) -> None:
    db.execute(
        "INSERT INTO host VALUES (?, ?, ?, ?, ?) ON CONFLICT (host) DO UPDATE SET"
        " spool = excluded.spool, token = excluded.token,"
        " end_ns = max(end_ns, excluded.end_ns), heard_ns = excluded.heard_ns",
        (part.host, one.batch.spool, one.token.id, part.end_ns, time.time_ns()),
    )


def _runs_of(db: sqlite3.Connection, host: str, spool: str) -> Runs:
    return db.execute(
        "SELECT first_id, last_id FROM received WHERE host = ? AND spool = ? ORDER BY first_id",
        (host, spool),
    ).fetchall()


def last_id(db: sqlite3.Connection, token: Token, spool: str) -> int:
    """The highest number received of a spool, of the hosts that the token writes for; 0 for
    none."""
    last = (_runs_of(db, host, spool)[-1:] for host in hosts_of(db, token.id))
    return max((run[1] for runs in last for run in runs), default=0)


def _write_runs(db: sqlite3.Connection, host: str, spool: str, runs: Runs) -> None:
    values: list[tuple[Any, ...]] = [(host, spool, *run) for run in runs]
    db.execute("DELETE FROM received WHERE host = ? AND spool = ?", (host, spool))
    db.executemany("INSERT INTO received VALUES (?, ?, ?, ?)", values)


def _no_disk() -> Refused:
    return Refused(503, "the gateway's disk takes nothing now", "try again later", retry_s=60)


def _bug() -> Refused:
    return Refused(500, "the gateway failed at this batch", "its log says where")
