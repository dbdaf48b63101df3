"""Computes processor time by workload between two task scans, ended processes included.

A process that starts and ends between two looks is never seen. Its time is not lost: the kernel
gives it to the parent that waits for it. So the time of all processes together, with what
their dead children left them, rises by exactly what was spent; only who spent it must be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .task import Key, Task

WorkloadKey = tuple[str, str]
"""Kind and name."""


class Work(NamedTuple):
    """What a workload did between two looks: processor time, and memory in use at the second."""

    cpu_s: float
    memory_b: float | None


class Tally:
    """Remembers the last look; `work` gives what was done since."""

    __slots__ = ("_at_s", "_last")

    def __init__(self) -> None:
        self._last: dict[Key, Task] | None = None
        self._at_s = 0.0

    def work(self, tasks: Iterable[Task], now_s: float) -> dict[WorkloadKey, Work] | None:
        """By workload; None on the first look. `now_s` is since boot, suspend included."""
        current = {task.key: task for task in tasks}
        last, self._last = self._last, current
        before_s, self._at_s = self._at_s, now_s
        if last is None:
            return None
        reaped_s, done = _own_work(last, current, before_s)
        _pay_debts(last, current, reaped_s)
        for key, cpu_s in reaped_s.items():
            workload = current[key].kind, current[key].name
            done[workload] += cpu_s
        memory_b = _memory(current.values())
        return {w: Work(cpu_s, memory_b.get(w)) for w, cpu_s in done.items()}

    def forget(self) -> None:
        """Another boot: no counter goes on."""
        self._last = None


def _own_work(
    last: dict[Key, Task], current: dict[Key, Task], before_s: float
) -> tuple[dict[Key, float], dict[WorkloadKey, float]]:
    """What every task was given by its dead children; and what each workload did itself."""
    reaped_s: dict[Key, float] = {}
    done: dict[WorkloadKey, float] = {}
    for key, task in current.items():
        old = last.get(key)
        workload = task.kind, task.name
        if old is task:  # not a letter of it changed
            done.setdefault(workload, 0.0)
            continue
        cpu_s, given_s = task.cpu_s, task.reaped_cpu_s
        if old is not None:
            cpu_s, given_s = cpu_s - old.cpu_s, given_s - old.reaped_cpu_s
        elif task.started_s is not None and task.started_s < before_s:
            cpu_s = given_s = 0.0  # it was there before and we could not see it
        done[workload] = done.get(workload, 0.0) + max(0.0, cpu_s)
        if given_s > 0:
            reaped_s[key] = given_s
    return reaped_s, done


def _pay_debts(last: dict[Key, Task], current: dict[Key, Task], reaped_s: dict[Key, float]) -> None:
    """Take from those who were given the time of the dead what had been told of these before.

    A child is waited for by its parent; when that ended first, by an ancestor that took it over,
    at last the first process. A parent that waits for nobody is given nothing, and owes nothing.
    """
    dead = [task for key, task in last.items() if key not in current]
    for task in dead:
        if task.parent in current:
            _pay(task.cpu_s + task.reaped_cpu_s, (task.parent,), reaped_s)
    for task in dead:  # who took over an orphan is a guess, and comes after what is sure
        if task.parent not in current:
            _pay(task.cpu_s + task.reaped_cpu_s, _ancestors(task, last), reaped_s)


def _pay(owed_s: float, heirs: Iterable[Key | None], reaped_s: dict[Key, float]) -> None:
    for heir in heirs:
        if heir is not None and (paid_s := min(owed_s, reaped_s.get(heir, 0.0))):
            reaped_s[heir] -= paid_s
            owed_s -= paid_s


def _ancestors(task: Task, last: dict[Key, Task]) -> Iterator[Key]:
    """From the parent upwards, as they were at the first look."""
    parent = task.parent
    while parent is not None and parent in last:
        yield parent
        parent = last[parent].parent


def _memory(tasks: Iterable[Task]) -> dict[WorkloadKey, float]:
    """In use by workload; absent where a part of it is not known."""
    sums: dict[WorkloadKey, float] = {}
    unknown: set[WorkloadKey] = set()
    for task in tasks:
        workload = task.kind, task.name
        if task.memory_b is None:
            unknown.add(workload)
        else:
            sums[workload] = sums.get(workload, 0.0) + task.memory_b
    return {workload: b for workload, b in sums.items() if workload not in unknown}
