"""Sections of a program: they add up, in threads, tasks and children, and cost next to nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sobriety
from sobriety.core.estimate import Estimate
from sobriety.tracking import Section


def burn(cpu_s: float) -> None:
    end = time.thread_time() + cpu_s
    while time.thread_time() < end:
        pass


def test_a_section_has_its_time_and_its_joules() -> None:
    with sobriety.track("work") as work:
        burn(0.05)
        time.sleep(0.05)
    assert work.cpu_s == pytest.approx(0.05, abs=0.03)
    assert work.wall_s >= 0.1
    assert isinstance(work.result, Estimate) and work.result.metric == "energy_j"
    assert 0 < work.result.low < work.result.value < work.result.high


def test_nested_sections_add_up_to_the_whole() -> None:
    before_s = time.process_time()
    with sobriety.track("outer") as outer:
        burn(0.04)
        for _ in range(3):
            with sobriety.track("inner"):
                burn(0.02)
    whole_s = time.process_time() - before_s
    assert outer.cpu_s == outer.own_cpu_s + sum(c.cpu_s for c in outer.children)
    assert outer.cpu_s == pytest.approx(whole_s, abs=2e-3)
    assert outer.own_cpu_s == pytest.approx(0.04, abs=0.03)
    assert [c.path for c in outer.children] == [("outer", "inner")] * 3
    inner = sobriety.sections()["outer", "inner"]
    assert inner.calls >= 3 and inner.cpu_s >= 0.06 * 0.9
    parts = sum(c.result.value for c in outer.children)
    assert outer.result.value > parts


@settings(deadline=None, max_examples=20)
@given(
    st.recursive(st.just(()), lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)
)
def test_any_tree_adds_up(tree: Any) -> None:
    def walk(node: Any) -> None:
        with sobriety.track("node"):
            burn(0.0005)
            for child in node:
                walk(child)

    before_s = time.process_time()
    with sobriety.track("tree") as whole:
        walk(tree)
    assert whole.cpu_s <= time.process_time() - before_s + 1e-6
    assert whole.cpu_s == pytest.approx(whole.own_cpu_s + sum(c.cpu_s for c in whole.children))


def test_threads_have_their_own_and_workers_are_whose_they_are() -> None:
    found: dict[str, Section] = {}

    def work(name: str, cpu_s: float) -> None:
        with sobriety.track(name) as section:
            burn(cpu_s)
        found[name] = section

    threads = [threading.Thread(target=work, args=a) for a in (("short", 0.05), ("long", 0.15))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found["short"].cpu_s == pytest.approx(0.05, abs=0.03)
    assert found["long"].cpu_s == pytest.approx(0.15, abs=0.04)
    assert not found["short"].is_shared
    with sobriety.track("pool") as pool:
        worker = threading.Thread(target=burn, args=(0.1,))
        worker.start()
        worker.join()
    assert pool.cpu_s == pytest.approx(0.1, abs=0.04)


def test_children_that_ended_are_in_it() -> None:
    with sobriety.track("children") as section:
        code = "import time\nwhile time.process_time() < 0.15: pass"
        subprocess.run([sys.executable, "-S", "-c", code], check=True)
    assert section.cpu_s >= 0.14


def test_tasks_that_take_turns_share_and_say_so() -> None:
    async def work(label: str) -> Section:
        async with sobriety.track(label) as section:
            for _ in range(3):
                burn(0.01)
                await asyncio.sleep(0)
        return section

    async def both() -> list[Section]:
        with sobriety.track("loop"):
            return list(await asyncio.gather(work("a"), work("b")))

    before_s = time.process_time()
    a, b = asyncio.run(both())
    assert a.is_shared and b.is_shared
    assert a.parent is b.parent and a.path == ("loop", "a")
    assert a.cpu_s + b.cpu_s <= time.process_time() - before_s
    assert a.cpu_s + b.cpu_s == pytest.approx(0.06, abs=0.03)


def test_as_a_decorator_of_functions_and_coroutines() -> None:
    @sobriety.track("function")
    def double(x: int) -> int:
        """Twice."""
        return 2 * x

    @sobriety.track("coroutine")
    async def triple(x: int) -> int:
        await asyncio.sleep(0)
        return 3 * x

    assert (double(2), asyncio.run(triple(2)), double.__doc__) == (4, 6, "Twice.")
    found = sobriety.sections()
    assert found["function",].calls >= 1 and found["coroutine",].calls >= 1


def test_an_error_ends_its_section() -> None:
    with pytest.raises(ValueError, match="no"), sobriety.track("fails"):
        raise ValueError("no")
    assert sobriety.sections()["fails",].calls >= 1
    with sobriety.track("after") as after:
        pass
    assert after.path == ("after",)


def test_one_tracker_may_be_entered_again_within_itself() -> None:
    tracker = sobriety.track("again")

    def down(depth: int) -> None:
        with tracker:
            if depth:
                down(depth - 1)

    down(3)
    assert ("again",) * 4 in sobriety.sections()


def test_an_entry_and_an_exit_cost_less_than_half_a_millisecond() -> None:
    def many(call: Callable[[], object]) -> float:
        begun_s = time.process_time()
        for _ in range(200):
            call()
        return (time.process_time() - begun_s) / 200

    def section() -> None:
        with sobriety.track("empty"):
            pass

    section()
    assert many(section) < 5e-4


def test_importing_it_brings_no_machine_and_no_model() -> None:
    code = (
        "import sys, sobriety; sobriety.track; "
        "print([m for m in sys.modules if m.startswith('sobriety.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['sobriety.tracking']"
