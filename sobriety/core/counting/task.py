"""A task: a process, or a control group, that the kernel accounts processor time to."""

from __future__ import annotations

from typing import NamedTuple

Key = tuple[int, int] | str
"""A process by number and start, or a control group by path: never given twice in a boot."""


class Task(NamedTuple):
    """One of them as it stands now, exactly as the kernel counts.

    key, parent       the parent is who is given the time of this one when it has ended
    kind, name        the workload that it belongs to: service, container or process, and its name
    cpu_s             a counter: its own processor time
    reaped_cpu_s      a counter: the time of children that ended and were waited for
    memory_b          in use; None where it is not known
    started_s         seconds since boot, suspend included; None where it is not known
    """

    key: Key
    parent: Key | None
    kind: str
    name: str
    cpu_s: float
    reaped_cpu_s: float = 0.0
    memory_b: float | None = None
    started_s: float | None = None
