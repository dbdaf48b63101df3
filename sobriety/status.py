"""What the spool holds of this machine, and whether somebody is writing it.

SQLite adds up; here the few sums are priced. So a year of minutes is told in a moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sobriety.core.estimate import Estimate, total
from sobriety.core.machine import Machine
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import State
from sobriety.durable import Busy, lock
from sobriety.spool.retention import Counts
from sobriety.spool.sums import HostSum, SpoolSums

_LAST_GAPS = 5
_GAP_STATES = ("unobserved", "asleep")


class Gap(NamedTuple):
    """A stretch in which nobody looked, or the machine slept."""

    start_ns: int
    duration_s: float
    state: State


@dataclass(frozen=True, slots=True)
class Status:
    """Everything unknown is None; a state without rows is absent from `by_state_s`.

    running          None where this user may not ask
    rows             of the host itself
    workload_rows    of who worked
    energy           at the plug, of all that was recorded
    agent_share_ratio  processor time of the collector over the time that it looked: 0.01 is 1 % of
                     one core
    gaps             the last few, the newest first
    dropped          rows that were too old or did not fit, and files set aside that were deleted
    """

    path: Path
    running: bool | None
    rows: int
    workload_rows: int
    size_b: int
    first_ns: int | None
    last_ns: int | None
    observed: tuple[str, ...]
    by_state_s: Mapping[State, float]
    energy: Estimate | None
    agent_share_ratio: float | None
    gaps: tuple[Gap, ...]
    dropped: Counts


def status(path: Path, overrides: Mapping[str, Mapping[str, object]] | None = None) -> Status:
    """Add a spool up. `overrides`: facts that a host's owner states, over those recorded.

    Raises SobrietyError for one that is damaged or may not be read.
    """
    running = is_written(path)
    if not path.is_file():
        return Status(path, running, 0, 0, 0, None, None, (), {}, None, None, (), Counts({}))
    with SpoolSums(path) as reader:
        first_ns, last_ns = reader.extent()
        last = reader.newest()
        by_state_s: dict[State, float] = {}
        rows, agent_cpu_s, looked_s = 0, 0.0, 0.0
        sums = reader.sums()
        for part in sums:
            rows += part.rows
            by_state_s[part.state] = by_state_s.get(part.state, 0.0) + part.measures["duration_s"]
            if "agent_cpu_s" in part.measures:
                agent_cpu_s += part.measures["agent_cpu_s"]
                looked_s += part.measures["duration_s"]
        gaps = [Gap(*g) for g in reader.last_of_states(_GAP_STATES, _LAST_GAPS)]
        return Status(
            path,
            running,
            rows,
            reader.count_workload_rows(),
            _size_b(path),
            first_ns,
            last_ns,
            last.observed if last is not None else (),
            by_state_s,
            _energy(_stated(reader.machines(), overrides or {}), sums),
            agent_cpu_s / looked_s if looked_s else None,
            _joined(gaps),
            reader.dropped(),
        )


def _stated(
    machines: Mapping[str, Machine], overrides: Mapping[str, Mapping[str, Any]]
) -> dict[str, Machine]:
    return {host: replace(m, **overrides.get(host, {})) for host, m in machines.items()}


def _energy(machines: Mapping[str, Machine], sums: Sequence[HostSum]) -> Estimate | None:
    """The host's, by the plans that a report uses; None where nothing can be said."""
    from sobriety.estimators import energy, plan

    parts: list[Estimate] = []
    for part in sums:
        machine = machines.get(part.host)
        found = None if machine is None else plan(machine, part.observed, part.state)
        if found is not None:
            parts.append(energy(found, part.measures))
    return total("energy_j", parts, shared_error=True) if parts else None


def _joined(newest_first: Sequence[Gap]) -> tuple[Gap, ...]:
    """Rows of one gap, which end at every hour, as one."""
    found: list[Gap] = []
    for gap in newest_first:
        end_ns = gap.start_ns + gap.duration_s * NS_PER_S
        if found and found[-1].state == gap.state and abs(found[-1].start_ns - end_ns) < NS_PER_S:
            later = found.pop()
            gap = Gap(gap.start_ns, gap.duration_s + later.duration_s, gap.state)
        found.append(gap)
    return tuple(found)


def _size_b(path: Path) -> int:
    return sum(p.stat().st_size for p in (path, path.with_name(path.name + "-wal")) if p.exists())


def is_written(path: Path) -> bool | None:
    """Whether a collector holds the spool's lock now; None where this user may not ask."""
    held = path.with_name(path.name + ".lock")
    try:
        if not held.exists():
            return False
        lock(held, shared=True).close()
    except Busy:
        return True
    except (PermissionError, sqlite3.OperationalError):
        return None
    return False
