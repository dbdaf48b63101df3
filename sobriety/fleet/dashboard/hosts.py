"""Which hosts were heard of, and when: live, from the gateway's own state.

When a machine that somebody uses was heard of last is when its user was there. So only machines
that nobody sits at are named; the others are counted, those of which the kind is unknown too.
"""

from __future__ import annotations

import sqlite3
import time
from typing import NamedTuple

from sobriety.core.units import NS_PER_S
from sobriety.estimators import categories, is_nobodys

from ..intake.gateway import STALE_S

PAGE = 50
"""With names of any length and alphabet, a page of so many is less than 60 kB."""
_NAMED = "coalesce(json_extract(facts, '$.category'), '') IN ({})".format(
    ", ".join(f"'{name}'" for name in sorted(filter(is_nobodys, categories())))
)
_FROM = "FROM host LEFT JOIN machine USING (host)"


class HeardHost(NamedTuple):
    """A machine that nobody sits at. `end_ns` is where its last row ends."""

    name: str
    category: str
    model: str
    heard_ns: int
    end_ns: int
    is_stale: bool


class Heard(NamedTuple):
    """All that were ever heard of. `stale` are those not for a day; of those that are not named,
    None where they are too few to tell. `last_ns` is when the last one was heard of."""

    named: int
    named_stale: int
    others: int
    others_stale: int | None
    last_ns: int | None

    @property
    def hosts(self) -> int:
        return self.named + self.others

    @property
    def stale(self) -> int:
        return self.named_stale + (self.others_stale or 0)


def heard(db: sqlite3.Connection, k_anonymity: int) -> Heard:
    """Raises what SQLite raises."""
    stale_ns = time.time_ns() - STALE_S * NS_PER_S
    named, named_stale, others, others_stale, last_ns = db.execute(
        f"SELECT coalesce(sum(named), 0), coalesce(sum(named AND stale), 0),"
        f" coalesce(sum(NOT named), 0), coalesce(sum(NOT named AND stale), 0), max(heard_ns)"
        f" FROM (SELECT {_NAMED} AS named, heard_ns < ? AS stale, heard_ns {_FROM})",
        (stale_ns,),
    ).fetchone()
    told = others_stale if others >= k_anonymity else None
    return Heard(named, named_stale, others, told, last_ns)


def hosts(db: sqlite3.Connection, first: int, most: int) -> list[HeardHost]:
    """Those that are named, from the `first` on, the one not heard of for longest first. Raises
    what SQLite raises."""
    stale_ns = time.time_ns() - STALE_S * NS_PER_S
    found = db.execute(
        f"SELECT host, json_extract(facts, '$.category'),"
        f" trim(coalesce(json_extract(facts, '$.manufacturer'), '') || ' '"
        f" || coalesce(json_extract(facts, '$.model'), '')), heard_ns, end_ns, heard_ns < ?"
        f" {_FROM} WHERE {_NAMED} ORDER BY heard_ns, host LIMIT ? OFFSET ?",
        (stale_ns, most, first),
    ).fetchall()
    return [
        HeardHost(name, category, model, heard_ns, end_ns, bool(is_stale))
        for name, category, model, heard_ns, end_ns, is_stale in found
    ]
