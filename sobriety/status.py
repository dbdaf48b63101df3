"""What the spool holds of this machine, and whether somebody is writing it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sobriety import retention, set_aside, tally
from sobriety.core.errors import NotPermitted
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import GROUPS, State
from sobriety.durable import Busy, lock, primary_code
from sobriety.spool import SpoolReader
from sobriety.spool_file import REFUSED, UNSEEN

LAST_GAPS = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a host was not seen; rows that follow one another are one."""

    host: str
    state: State
    start_ns: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Status:
    """Everything unknown is None; a state or a kind without rows is absent."""

    path: Path
    running: bool | None
    size_b: int = 0
    rows_by_kind: Mapping[str, int] = field(default_factory=dict[str, int])
    first_ns: int | None = None
    last_ns: int | None = None
    observed: tuple[str, ...] = ()
    """Groups in the last row of a host."""
    ever_observed: tuple[str, ...] = ()
    by_state_s: Mapping[State, float] = field(default_factory=dict[State, float])
    gaps: tuple[Gap, ...] = ()
    """The last ones, newest first."""
    agent_share_ratio: float | None = None
    """Processor time of the collector over the time that it looked: 0.01 is 1 % of one core."""
    dropped: retention.Counts = field(default_factory=lambda: retention.Counts({}))
    set_aside_files: int = 0
    set_aside_b: int = 0

    @property
    def rows(self) -> int:
        """Rows of hosts."""
        return self.rows_by_kind.get("host", 0)


def status(path: Path) -> Status:
    """Ask a spool. Raises SobrietyError for one that is damaged; NotPermitted for one that only
    another user may read."""
    try:
        running = is_written(path)
        aside = set_aside.found(path)
        if not path.is_file():
            return Status(path, running)
        with path.open("rb"):
            pass  # SQLite would not say that it is a matter of permission
    except PermissionError:
        raise NotPermitted(f"{path} may not be read by you", hint=_as_its_owner(path)) from None
    with SpoolReader(path) as reader, reader.snapshot() as db:
        sums = tally.whole(db).sums
        first_ns, last_ns, observed = _edges(db)
        dropped, gaps = retention.read(db), _last_gaps(db)
    rows_by_kind: dict[str, int] = {}
    by_state_s: dict[State, float] = {}
    looked_s = agent_cpu_s = 0.0
    ever: set[str] = set()
    for (kind, state, groups), sum_ in sums.items():
        rows_by_kind[kind] = rows_by_kind.get(kind, 0) + sum_.rows
        if kind == "host":
            by_state_s[state] = by_state_s.get(state, 0.0) + sum_.duration_s
            looked_s, agent_cpu_s = looked_s + sum_.looked_s, agent_cpu_s + sum_.agent_cpu_s
            ever.update(groups.split())
    files = (path, path.with_name(path.name + "-wal"))
    return Status(
        path,
        running,
        size_b=sum(f.stat().st_size for f in files if f.exists()),
        rows_by_kind=rows_by_kind,
        first_ns=first_ns,
        last_ns=last_ns,
        observed=observed,
        ever_observed=tuple(g.name for g in GROUPS if g.name in ever),
        by_state_s=by_state_s,
        gaps=gaps,
        agent_share_ratio=agent_cpu_s / looked_s if looked_s else None,
        dropped=dropped,
        set_aside_files=len(aside),
        set_aside_b=sum(a.size_b for a in aside),
    )


def is_written(path: Path) -> bool | None:
    """Whether a collector holds the spool's lock now; None where it is not ours to ask.

    Raises PermissionError for a folder that may not be entered.
    """
    held = path.with_name(path.name + ".lock")
    if not held.exists():
        return False
    try:
        lock(held, shared=True).close()
    except Busy:
        return True
    except OSError:
        return None
    except sqlite3.OperationalError as error:
        if primary_code(error) not in REFUSED:
            raise
        return None
    return False


def _edges(db: sqlite3.Connection) -> tuple[int | None, int | None, tuple[str, ...]]:
    ask = "SELECT start_ns, duration_s, observed FROM usage WHERE kind = 'host' ORDER BY id"
    first = db.execute(f"{ask} LIMIT 1").fetchone()
    if first is None:
        return None, None, ()
    start_ns, duration_s, observed = db.execute(f"{ask} DESC LIMIT 1").fetchone()
    return first[0], start_ns + int(duration_s * NS_PER_S), tuple(observed.split())


def _last_gaps(db: sqlite3.Connection) -> tuple[Gap, ...]:
    """The daemon writes a long gap as a row an hour."""
    found: list[Gap] = []
    for host, state, start_ns, duration_s in db.execute(
        f"SELECT host, state, start_ns, duration_s FROM usage WHERE {UNSEEN} ORDER BY id DESC"
    ):
        gap = Gap(host, state, start_ns, duration_s)
        if found and _follows(found[-1], gap):
            found[-1] = Gap(host, state, start_ns, duration_s + found[-1].duration_s)
        elif len(found) == LAST_GAPS:
            break
        else:
            found.append(gap)
    return tuple(found)


def _follows(later: Gap, gap: Gap) -> bool:
    between_ns = later.start_ns - gap.start_ns - gap.duration_s * NS_PER_S
    return (later.host, later.state) == (gap.host, gap.state) and abs(between_ns) < NS_PER_S


def _as_its_owner(path: Path) -> str:
    owner = "root"
    if sys.platform != "win32":
        for place in (path, *path.parents):
            try:
                owner = place.owner()
                break
            except (OSError, KeyError):  # not to be seen, or a user without a name
                continue
    return f"ask as its owner: sudo -u {owner} env SOBRIETY_HOME={path.parent} sobriety status"
