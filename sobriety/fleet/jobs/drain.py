"""Drains the gateway's journal into the lake: rows become files that never change.

A range of numbers is chosen and committed as being drained; its files are named for it; then its
batches are deleted, in one transaction with the range. After a crash the same range is drained
again: files that have their name are kept, the others are written. So nothing is lost or doubled.

A process of its own, which the gateway starts now and then: its memory and its processor time are
not the gateway's, and with its end they are free.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sobriety.files.durable import Busy, lock
from sobriety.lake import Lake
from sobriety.spool import Facts
from sobriety.spool.file import transaction

from ..intake.rows import unpack
from ..intake.state import LOCK, explained, folder_of, meta, open_state
from . import subprocess as aside

MOST_ROWS = 100_000
"""Of a file: as Python objects on their way through, about 100 MB."""
WAIT_S = 300.0
"""That the last drain of a gateway waits for one that runs already."""


def drain(lake: Path, wait_s: float = 0.0) -> int:
    """Bring all that was received until now into the lake; the number of rows. What comes in
    meanwhile waits for the next time: it would be a file a second. Harmless when another process
    does it already: after `wait_s` it does nothing. Raises SobrietyError."""
    done = 0
    with explained(lake), closing(open_state(lake)) as db:
        try:
            held = lock(folder_of(lake) / LOCK, wait_s=wait_s)
        except Busy:
            return 0
        with closing(held), Lake(lake) as there:
            there.know_machines(journal_id(db), _machines(db))
            (until,) = db.execute("SELECT max(first) FROM batch").fetchone()
            while (span := _chosen(db, until or 0)) is not None:
                done += _move(db, there, *span)
    return done


def roll_up(lake: Path, today: date | None = None) -> int:
    """Sum days that are over by hour; the number of days. Raises SobrietyError."""
    with Lake(lake) as there:
        return there.roll_up(before=today or datetime.now(UTC).date())


def drop_rows(lake: Path, keep_s: float, today: date | None = None) -> int:
    """Let rows go of days that are older, where they are summed by hour; the number of days.
    Raises SobrietyError."""
    before = (today or datetime.now(UTC).date()) - timedelta(seconds=keep_s)
    with Lake(lake) as there:
        return there.drop_rows(before)


def journal_id(db: sqlite3.Connection) -> str:
    """Sixteen hexadecimal digits, by which the lake's files name this gateway."""
    found = meta(db, "id")
    assert found is not None
    return found


def _machines(db: sqlite3.Connection) -> list[Facts]:
    found = db.execute("SELECT host, at_ns, facts FROM machine ORDER BY host").fetchall()
    return [Facts(host, at_ns, json.loads(facts)) for host, at_ns, facts in found]


def _chosen(db: sqlite3.Connection, until: int) -> tuple[int, int] | None:
    """The range that is being drained, now or since before a crash, of batches that begin with
    `until` at most; None when nothing is left."""
    chosen = meta(db, "draining")
    if chosen is not None:
        first, last = map(int, chosen.split())
        return first, last
    rows, first, last = 0, 0, 0
    asked = "SELECT first, last FROM batch WHERE first <= ? ORDER BY first"
    # Closed, for a query left in its midst holds on to how the file was: once a gateway has
    # committed since, SQLite lets it write no more.
    with closing(db.execute(asked, (until,))) as found:
        for a, b in found:
            if rows and rows + b - a + 1 > MOST_ROWS:
                break
            first, last, rows = first or a, b, rows + b - a + 1
    if not rows:
        return None
    with transaction(db):
        db.execute("INSERT INTO meta VALUES ('draining', ?)", (f"{first} {last}",))
    return first, last


def _move(db: sqlite3.Connection, lake: Lake, first: int, last: int) -> int:
    rows: list[tuple[Any, ...]] = []
    for (packed,) in db.execute(
        "SELECT rows FROM batch WHERE first BETWEEN ? AND ?", (first, last)
    ):
        rows += unpack(packed)
    lake.take(journal_id(db), first, last, rows)
    with transaction(db):
        db.execute("DELETE FROM batch WHERE first BETWEEN ? AND ?", (first, last))
        db.execute("DELETE FROM meta WHERE key = 'draining'")
    return len(rows)


def main(arguments: Sequence[str]) -> int:
    """Run `python -m sobriety.fleet.jobs.drain LAKE [--wait] [--roll-up] [--keep SECONDS]`, as the
    gateway starts it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lake", type=Path)
    parser.add_argument("--wait", action="store_true", help="for one that runs already")
    parser.add_argument("--roll-up", action="store_true", help="days that are over, by hour")
    parser.add_argument("--keep", type=float, metavar="SECONDS", help="let older rows go")
    asked = parser.parse_args(arguments)

    def work() -> None:
        drain(asked.lake, WAIT_S if asked.wait else 0.0)
        if asked.roll_up:
            roll_up(asked.lake)
        if asked.keep is not None:
            drop_rows(asked.lake, asked.keep)

    return aside.do(work, nice=5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
