"""What the spool holds of this machine, and whether somebody is writing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sobriety.core.units import NS_PER_S
from sobriety.core.usage import State
from sobriety.durable import Busy, lock
from sobriety.spool import SpoolReader


@dataclass(frozen=True, slots=True)
class Status:
    """Everything unknown is None; a state without rows is absent from `by_state_s`."""

    path: Path
    running: bool
    rows: int
    size_b: int
    first_ns: int | None
    last_ns: int | None
    observed: tuple[str, ...]
    by_state_s: dict[State, float]
    agent_share_ratio: float | None
    """Processor time of the collector over the time that it looked: 0.01 is 1 % of one core."""


def status(path: Path) -> Status:
    """Read a spool through. Raises SobrietyError for one that is damaged."""
    running = is_written(path)
    if not path.is_file():
        return Status(path, running, 0, 0, None, None, (), {}, None)
    rows, agent_cpu_s, looked_s = 0, 0.0, 0.0
    first_ns: int | None = None
    last_ns: int | None = None
    observed: tuple[str, ...] = ()
    by_state_s: dict[State, float] = {}
    with SpoolReader(path) as reader:
        for row in reader.rows():
            if row.kind != "host":
                continue
            rows += 1
            end_ns = row.start_ns + int(row.duration_s * NS_PER_S)
            first_ns = row.start_ns if first_ns is None else min(first_ns, row.start_ns)
            if last_ns is None or end_ns >= last_ns:
                last_ns, observed = end_ns, row.observed
            by_state_s[row.state] = by_state_s.get(row.state, 0.0) + row.duration_s
            if "agent_cpu_s" in row.measures:
                agent_cpu_s += row.measures["agent_cpu_s"]
                looked_s += row.duration_s
    size_b = sum(p.stat().st_size for p in (path, path.with_name(path.name + "-wal")) if p.exists())
    share_ratio = agent_cpu_s / looked_s if looked_s else None
    return Status(
        path, running, rows, size_b, first_ns, last_ns, observed, by_state_s, share_ratio
    )  # fmt: skip


def is_written(path: Path) -> bool:
    """Whether a collector holds the spool's lock now. Raises OSError where it may not be asked."""
    held = path.with_name(path.name + ".lock")
    if not held.exists():
        return False
    try:
        lock(held, shared=True).close()
    except Busy:
        return True
    return False
