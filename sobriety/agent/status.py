"""Reads the state of this machine's spool and of its writer.

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
from sobriety.files.durable import Busy, lock
from sobriety.spool import SpoolReader
from sobriety.spool.retention import Counts
from sobriety.spool.sums import HostSum, SpoolSums

NOTE = "pushed.json"
_LAST_GAPS = 5
_GAP_STATES = ("unobserved", "asleep")


class StatusGap(NamedTuple):
    """A stretch in which nobody looked, or the machine slept."""

    start_ns: int
    duration_s: float
    state: State


@dataclass(frozen=True, slots=True)
class PushStatus:
    """What a gateway has of the spool, by the note of who pushed last.

    last_ns        of the last success; None where there was none
    waiting_rows   that it has not
    left_out_rows  that it never takes
    error          of the last attempt; None where it succeeded
    """

    url: str
    last_ns: int | None
    waiting_rows: int
    left_out_rows: int
    error: str | None


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """Everything unknown is None; a state without rows is absent from `by_state_s`.

    running          None where this user may not ask
    rows             of the host itself
    workload_rows    of who worked
    energy           at the plug, of all that was recorded
    agent_share_ratio  processor time of the collector over the time that it looked: 0.01 is 1 % of
                     one core
    gaps             the last few, the newest first
    dropped          rows that were too old or did not fit, and files set aside that were deleted
    push             None where nothing is pushed
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
    gaps: tuple[StatusGap, ...]
    dropped: Counts
    push: PushStatus | None = None


def status(
    path: Path,
    overrides: Mapping[str, Mapping[str, object]] | None = None,
    push_url: str | None = None,
) -> AgentStatus:
    """Add a spool up. `overrides`: facts that a host's owner states, over those recorded.
    `push_url`: the gateway of the settings, where there is one.

    Raises SobrietyError for one that is damaged or may not be read.
    """
    running = is_written(path)
    if not path.is_file():
        pushed = push_of(path, push_url)
        return AgentStatus(
            path, running, 0, 0, 0, None, None, (), {}, None, None, (), Counts({}), pushed
        )
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
        gaps = [StatusGap(*g) for g in reader.last_of_states(_GAP_STATES, _LAST_GAPS)]
        return AgentStatus(
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
            push_of(path, push_url),
        )


def push_of(path: Path, push_url: str | None) -> PushStatus | None:
    """Of a spool; by the note beside it, and the gateway of the settings where there is one."""
    if push_url is None and not path.with_name(NOTE).exists():
        return None
    from sobriety.push.pusher import Pushed  # and TLS, which others need not load

    noted = Pushed.read(path.parent)
    url = (push_url or noted.url).rstrip("/")
    if not url:
        return None
    is_its = noted.url == url
    waiting = 0
    if path.is_file():
        with SpoolReader(path) as spool:
            is_known = is_its and noted.spool == spool.spool_id
            gone_id = spool.first_id - 1  # by retention
            waiting = max(0, spool.last_id - max(noted.last_id if is_known else 0, gone_id))
    return PushStatus(
        url,
        (noted.at_ns or None) if is_its else None,
        waiting,
        noted.left_out if is_its else 0,
        noted.error if is_its or not noted.url else None,
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


def _joined(newest_first: Sequence[StatusGap]) -> tuple[StatusGap, ...]:
    """Rows of one gap, which end at every hour, as one."""
    found: list[StatusGap] = []
    for gap in newest_first:
        end_ns = gap.start_ns + gap.duration_s * NS_PER_S
        if found and found[-1].state == gap.state and abs(found[-1].start_ns - end_ns) < NS_PER_S:
            later = found.pop()
            gap = StatusGap(gap.start_ns, gap.duration_s + later.duration_s, gap.state)
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
