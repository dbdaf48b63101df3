"""Processor time by workload, of processes that are born, die and are waited for."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.counting.task import Key, Task
from sobriety.core.counting.work import Tally, Work

INIT: Key = (1, 0)
BASH: Key = (10, 5)


def process(
    key: Key, cpu_s: float, reaped_s: float = 0.0, parent: Key | None = INIT, **more: object
) -> Task:
    name = str(more.pop("name", "bash"))
    return Task(key, parent, "process", name, cpu_s, reaped_s, **more)  # type: ignore[arg-type]


def seconds(work: dict[tuple[str, str], Work] | None) -> dict[str, float]:
    assert work is not None
    return {name: w.cpu_s for (_, name), w in work.items()}


def test_the_first_look_knows_nothing() -> None:
    assert Tally().work([process(BASH, 100.0)], 0.0) is None


def test_who_works_is_told() -> None:
    tally = Tally()
    tally.work([process(BASH, 100.0)], 0.0)
    assert seconds(tally.work([process(BASH, 103.0)], 30.0)) == {"bash": 3.0}


def test_children_that_were_never_seen_are_their_parents() -> None:
    tally = Tally()
    tally.work([process(BASH, 1.0, 50.0)], 0.0)
    assert seconds(tally.work([process(BASH, 2.0, 57.0)], 30.0)) == {"bash": 8.0}


def test_what_was_told_of_a_child_is_not_told_again_when_it_has_ended() -> None:
    tally, make = Tally(), (20, 9)
    tally.work([process(BASH, 0.0)], 0.0)
    child = process(make, 6.0, 1.0, BASH, name="make", started_s=3.0)
    assert seconds(tally.work([process(BASH, 0.0), child], 30.0)) == {"bash": 0.0, "make": 7.0}
    # It worked 2 s more, which its parent is given with the 7 s told before.
    assert seconds(tally.work([process(BASH, 0.0, 9.0)], 60.0)) == {"bash": 2.0}


def test_an_orphan_is_waited_for_by_an_ancestor() -> None:
    tally, make, gcc = Tally(), (20, 9), (30, 9)
    init = process(INIT, 0.0, parent=None, name="init")
    before = [init, process(BASH, 0.0), process(make, 0.0, 0.0, BASH, name="make")]
    tally.work(before, 0.0)
    there = [*before[:2], process(make, 1.0, 0.0, BASH, name="make")]
    tally.work([*there, process(gcc, 4.0, 0.0, make, name="gcc", started_s=1.0)], 30.0)
    # make ended first, and bash waited for it; gcc was handed to init, and ended there.
    after = [process(INIT, 0.0, 5.0, None, name="init"), process(BASH, 0.0, 1.0)]
    assert seconds(tally.work(after, 60.0)) == {"init": 1.0, "bash": 0.0}


def test_one_that_waits_for_nobody_owes_nothing() -> None:
    tally, child, other = Tally(), (20, 9), (11, 5)
    init = process(INIT, 0.0, parent=None, name="init")
    tally.work([init, process(BASH, 0.0), process(child, 8.0, parent=BASH)], 0.0)
    tally.work([init, process(BASH, 0.0), process(child, 8.0, parent=BASH)], 30.0)
    grown = process(INIT, 0.0, 3.0, None, name="init")
    done = seconds(tally.work([grown, process(BASH, 0.0), process(other, 0.0)], 60.0))
    assert done["init"] == 3.0  # children of its own


def test_what_could_not_be_seen_before_is_not_all_of_today() -> None:
    tally = Tally()
    tally.work([], 1000.0)
    old = process(BASH, 500.0, 20.0, started_s=10.0)
    assert seconds(tally.work([old], 1030.0)) == {"bash": 0.0}
    new = process((77, 1), 3.0, 0.0, started_s=1040.0, name="new")
    assert seconds(tally.work([old, new], 1060.0)) == {"bash": 0.0, "new": 3.0}


def test_memory_is_unknown_where_a_part_is() -> None:
    tally = Tally()
    tasks = [process(BASH, 0.0, memory_b=5.0), process((11, 5), 0.0, memory_b=6.0)]
    tally.work(tasks, 0.0)
    work = tally.work(tasks, 1.0)
    assert work and work["process", "bash"].memory_b == 11.0
    tally.work(tasks, 2.0)
    work = tally.work([tasks[0], process((11, 5), 0.0)], 3.0)
    assert work and work["process", "bash"].memory_b is None


@dataclass
class Kernel:
    """Accounts as the kernel does: a dead child's time goes to who waits for it."""

    random: random.Random
    tasks: dict[int, list[float]] = field(default_factory=dict[int, list[float]])
    parent: dict[int, int] = field(default_factory=dict[int, int])
    born_s: dict[int, float] = field(default_factory=dict[int, float])
    spent_s: float = 0.0
    now_s: float = 0.0
    next: int = 2

    def __post_init__(self) -> None:
        self.tasks[1], self.parent[1], self.born_s[1] = [0.0, 0.0], 0, 0.0

    def live(self) -> None:
        self.now_s += 0.01
        chance, pid = self.random.random(), self.random.choice(sorted(self.tasks))
        if chance < 0.5:
            spent_s = self.random.random()
            self.tasks[pid][0] += spent_s
            self.spent_s += spent_s
        elif chance < 0.75:
            self.tasks[self.next], self.parent[self.next] = [0.0, 0.0], pid
            self.born_s[self.next] = self.now_s
            self.next += 1
        elif pid != 1:
            own_s, reaped_s = self.tasks.pop(pid)
            self.tasks[self.parent.pop(pid)][1] += own_s + reaped_s
            for child, parent in self.parent.items():
                if parent == pid:
                    self.parent[child] = 1

    def look(self) -> list[Task]:
        return [
            Task((pid, 0), (self.parent[pid], 0), "process", f"p{pid % 5}", times[0], times[1],
                 started_s=self.born_s[pid])
            for pid, times in self.tasks.items()
        ]  # fmt: skip


@given(st.integers(0, 2**32), st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_all_that_was_spent_is_told_once(seed: int, lives: list[int]) -> None:
    kernel, tally = Kernel(random.Random(seed)), Tally()
    tally.work(kernel.look(), kernel.now_s)
    told_s = 0.0
    for count in lives:
        for _ in range(count):
            kernel.live()
        work = tally.work(kernel.look(), kernel.now_s)
        assert work is not None
        assert all(w.cpu_s >= 0 for w in work.values())
        told_s += sum(w.cpu_s for w in work.values())
    assert told_s == pytest.approx(kernel.spent_s, abs=1e-9)
