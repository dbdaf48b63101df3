"""What a spool's rows add up to, so that nobody reads a year of minutes to know it.

The writer sums up the rows of every few hours into one line of the spool's `meta`, and takes away
what it drops. A reader adds the rows that came since. Where the line does not fit the rows (there
is none yet, or somebody else removed rows) all of them are summed.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field

from sobriety.core.usage import State

KEY = "tally"

_SUMS = (
    "SELECT kind, state, observed, count(*), sum(duration_s),"
    " total(CASE WHEN agent_cpu_s IS NOT NULL THEN duration_s END), total(agent_cpu_s)"
    " FROM usage WHERE id > ? AND id <= ? GROUP BY kind, state, observed"
)
_EDGES = "SELECT (SELECT min(id) FROM usage), (SELECT max(id) FROM usage)"


@dataclass(slots=True)
class Sums:
    """Of the rows of one kind, one state and the same groups observed."""

    rows: int = 0
    duration_s: float = 0.0
    looked_s: float = 0.0
    """The time in which the collector's own consumption is known."""
    agent_cpu_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """The sums of the rows numbered `first_id` to `last_id`; of none where last is before first."""

    first_id: int = 1
    last_id: int = 0
    sums: dict[tuple[str, State, str], Sums] = field(
        default_factory=dict[tuple[str, State, str], Sums]
    )

    def advance(self, db: sqlite3.Connection, to_id: int) -> None:
        """Add the rows up to a number."""
        if to_id > self.last_id:
            self._add(db, self.last_id, to_id, 1)
            self.last_id = to_id

    def drop(self, db: sqlite3.Connection, to_id: int) -> None:
        """Take away the first rows, before they are deleted."""
        self._add(db, self.first_id - 1, to_id, -1)
        self.first_id = to_id + 1

    def write(self, db: sqlite3.Connection) -> None:
        sums = [
            [*key, s.rows, s.duration_s, s.looked_s, s.agent_cpu_s] for key, s in self.sums.items()
        ]
        value = {"first_id": self.first_id, "last_id": self.last_id, "sums": sums}
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (KEY, json.dumps(value)))

    def _add(self, db: sqlite3.Connection, after_id: int, to_id: int, sign: int) -> None:
        for kind, state, observed, rows, *seconds in db.execute(_SUMS, (after_id, to_id)):
            sums = self.sums.setdefault((kind, state, observed), Sums())
            sums.rows += sign * rows
            sums.duration_s += sign * seconds[0]
            sums.looked_s += sign * seconds[1]
            sums.agent_cpu_s += sign * seconds[2]
        for key in [key for key, sums in self.sums.items() if not sums.rows]:
            del self.sums[key]


def edges(db: sqlite3.Connection) -> tuple[int, int]:
    """The first and the last number of the rows that are there; the last before the first for none."""
    first_id, last_id = db.execute(_EDGES).fetchone()
    return (1, 0) if first_id is None else (first_id, last_id)


def read(db: sqlite3.Connection) -> Tally:
    """What the writer summed up last, if it still fits the rows; else a tally of none of them."""
    first_id, last_id = edges(db)
    found = db.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchone()
    if found:
        known = json.loads(found[0])
        if known["first_id"] == first_id and known["last_id"] <= last_id:
            sums = {(k, s, o): Sums(*numbers) for k, s, o, *numbers in known["sums"]}
            return Tally(first_id, known["last_id"], sums)
    return Tally(first_id, first_id - 1)


def whole(db: sqlite3.Connection) -> Tally:
    """The sums of all rows that are there."""
    tally = read(db)
    tally.advance(db, edges(db)[1])
    return tally
