"""Sections of a program: each nanosecond once, to whom it belongs, and joules that add up."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

import sobriety
from sobriety.core.errors import ConfigError, FactorNotFound, SobrietyError
from sobriety.core.host import Host
from sobriety.core.machine import Machine
from sobriety.core.reading import Reading
from sobriety.tracking import samples as looks
from sobriety.tracking import tracker
from sobriety.tracking.section import Section


def burn(cpu_s: float) -> None:
    """Of this thread's own time, whatever else the machine does."""
    until_s = time.thread_time() + cpu_s
    while time.thread_time() < until_s:
        pass


def spent_s() -> float:
    """What this process and the children that it waited for used."""
    return sum(os.times()[:4])


TICK_S = 0.03
"""The grain of times of children; what we and they used is cut apart."""


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read once a process: each test has its own."""
    monkeypatch.setattr(looks, "_looks", {})
    for name in [n for n in os.environ if n.startswith("SOBRIETY_")]:
        if name != "SOBRIETY_HOME":
            monkeypatch.delenv(name)


def test_sections_add_up_to_the_whole_exactly() -> None:
    before_s = time.process_time()
    with sobriety.track("all") as whole:
        burn(0.02)
        with sobriety.track("load") as load:
            burn(0.01)
        for _ in range(3):
            with sobriety.track("fit"):
                burn(0.02)
                with sobriety.track("load"):
                    burn(0.01)
    assert set(whole.parts) == {"all", "load", "fit"}
    assert sum(whole.parts.values()) == whole.own_ns + whole.inner_ns
    parts_j = [part.value for part in whole.sections.values()]
    assert sum(parts_j) == pytest.approx(whole.result.value, rel=1e-12)
    for label, least_s in {"all": 0.02, "load": 0.04, "fit": 0.06}.items():
        assert whole.parts[label] / 1e9 >= least_s
    assert whole.cpu_s <= time.process_time() - before_s
    assert whole.own.value < whole.result.value
    assert load.result == load.own
    assert whole.shared_ns == 0


def test_a_result_is_an_estimate_in_joules_with_its_doubt() -> None:
    begun_s = time.perf_counter()
    with sobriety.track("step", zone="CA-QC") as step:
        burn(0.05)
    passed_s = time.perf_counter() - begun_s
    assert step.result.unit == "J"
    assert 0 < step.result.low < step.result.value < step.result.high
    assert step.co2e
    assert step.co2e.value == pytest.approx(step.result.value / 3.6e6 * 2.6 / 1000)
    assert step.embodied.value > 0
    assert 0.05 <= step.wall_s <= passed_s
    assert step.cpu_s > 0.05
    assert "step: " in str(step)
    assert " of use" in str(step)


def test_carbon_needs_a_zone_and_the_setting_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with sobriety.track("step") as step:
        burn(0.01)
    assert step.co2e is None
    assert any("no grid zone" in note for note in step.notes)
    monkeypatch.setattr(looks, "_looks", {})
    monkeypatch.setenv("SOBRIETY_ZONE", "CA-QC")
    with sobriety.track("step") as step:
        burn(0.01)
    assert step.co2e
    with sobriety.track("step", zone="Atlantis") as lost:
        pass
    assert lost.result
    assert "Atlantis" in str(lost)
    with pytest.raises(FactorNotFound):
        _ = lost.co2e


def test_a_wrong_setting_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOBRIETY_TDP_W", "many")
    with pytest.raises(ConfigError, match="many"), sobriety.track("step"):
        pytest.fail("the work was done")
    monkeypatch.delenv("SOBRIETY_TDP_W")
    with sobriety.track("step") as step:
        pass
    assert step.outermost is step


def test_what_has_not_ended_has_no_figure() -> None:
    with sobriety.track("step") as step, pytest.raises(SobrietyError, match="'step' has not ended"):
        _ = step.result


def test_an_error_ends_its_section_and_goes_on() -> None:
    with (
        pytest.raises(ZeroDivisionError),
        sobriety.track("all") as whole,
        sobriety.track("step"),
    ):
        burn(0.01)
        raise ZeroDivisionError
    assert set(whole.parts) == {"all", "step"}
    with sobriety.track("next") as after:
        pass
    assert after.outermost is after


def test_a_decorated_function_is_a_section_of_its_name() -> None:
    ended: list[Section] = []

    @sobriety.track("work", done=ended.append)
    def work(cpu_s: float) -> str:
        burn(cpu_s)
        return "done"

    @sobriety.track
    def whole() -> str:
        return work(0.01) + work(0.02)

    assert whole() == "donedone"
    assert whole.__name__ == "whole"
    assert [s.label for s in ended] == ["work", "work"]
    assert all(s.outermost.label.endswith("whole") for s in ended)
    with pytest.raises(TypeError, match="generator"):

        @sobriety.track()
        def numbers() -> Iterable[int]:
            yield 1


def test_one_tracker_may_be_entered_again_inside_itself() -> None:
    step = sobriety.track("step")
    with step as outer, step as inner:
        burn(0.01)
    assert inner.parent is outer
    assert outer.ended_ns and inner.ended_ns and inner.ended_ns <= outer.ended_ns
    assert outer.parts == {"step": outer.own_ns + inner.own_ns}


@pytest.mark.skipif(sys.platform != "linux", reason="no clock of another thread")
def test_threads_have_their_own_time() -> None:
    ended: dict[str, Section] = {}

    def work(label: str, cpu_s: float) -> None:
        with sobriety.track(label) as section:
            start.wait()
            burn(cpu_s)
            stop.wait()
        ended[label] = section

    start, stop = threading.Barrier(2), threading.Barrier(2)
    with sobriety.track("main") as main, ThreadPoolExecutor(2) as pool:
        list(pool.map(work, ("little", "much"), (0.05, 0.3)))
    assert 0.05 <= ended["little"].cpu_s < 0.15
    assert 0.3 <= ended["much"].cpu_s < 0.35
    assert main.cpu_s < 0.05


def test_threads_without_a_section_belong_to_the_one_that_waits_for_them() -> None:
    before_s = time.process_time()
    with sobriety.track("main") as main:
        helpers = [threading.Thread(target=burn, args=(0.05,)) for _ in range(3)]
        for helper in helpers:
            helper.start()
        for helper in helpers:
            helper.join()
    assert 0.15 <= main.cpu_s <= time.process_time() - before_s


def test_children_count_once_they_were_waited_for() -> None:
    code, before_s = "import time\nwhile time.process_time() < 0.2: pass", spent_s()
    with sobriety.track("main") as main:
        subprocess.run([sys.executable, "-c", code], check=True)
    assert 0.2 - TICK_S <= main.cpu_s <= spent_s() - before_s + TICK_S


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_begins_anew_and_is_its_parents() -> None:
    before_s = spent_s()
    with sobriety.track("main") as main:
        child = os.fork()
        if child == 0:
            with sobriety.track("child") as section:
                burn(0.5)
            # Counted by itself, outermost, and with none of what its parent did before it.
            is_own = 0.5 <= section.cpu_s <= time.process_time()
            os._exit(0 if section.outermost is section and is_own else 1)
        _, status = os.waitpid(child, 0)
    assert status == 0
    assert 0.5 - TICK_S <= main.cpu_s <= spent_s() - before_s + TICK_S


def test_a_coroutine_that_waits_uses_nothing() -> None:
    ended: dict[str, Section] = {}

    def keep(section: Section) -> None:
        ended[section.label] = section

    async def scenario() -> None:
        worked = asyncio.Event()

        @sobriety.track("busy", done=keep)
        async def busy() -> None:
            await asyncio.sleep(0)
            with sobriety.track("inside"):
                burn(0.1)
                await asyncio.sleep(0)
            worked.set()

        @sobriety.track("lazy", done=keep)
        async def lazy() -> int:
            await worked.wait()
            return 7

        with sobriety.track("all", done=keep):
            answer, _ = await asyncio.gather(lazy(), busy())
        assert answer == 7

    asyncio.run(scenario())
    assert ended["lazy"].cpu_s < 0.05
    assert ended["busy"].parts["inside"] / 1e9 >= 0.1
    whole = ended["all"]
    assert set(whole.parts) == {"all", "lazy", "busy", "inside"}
    assert sum(whole.parts.values()) == whole.own_ns + whole.inner_ns
    assert ended["busy"].shared_ns == 0


def test_blocks_of_tasks_side_by_side_share_and_say_so() -> None:
    async def task(label: str) -> Section:
        with sobriety.track(label) as section:
            await asyncio.sleep(0)
            burn(0.05)
            await asyncio.sleep(0)
        return section

    async def scenario() -> list[Section]:
        return list(await asyncio.gather(task("a"), task("b")))

    with sobriety.track("all") as whole:
        a, b = asyncio.run(scenario())
    assert a.parent is b.parent is whole
    assert 0.1 <= a.cpu_s + b.cpu_s <= whole.cpu_s
    assert a.shared_ns > 0
    assert any("divided equally" in note for note in a.notes)
    assert sum(whole.parts.values()) == whole.own_ns + whole.inner_ns


def test_a_cancelled_coroutine_ends_its_section() -> None:
    ended: list[Section] = []

    async def scenario() -> None:
        @sobriety.track("long", done=ended.append)
        async def long() -> None:
            await asyncio.Event().wait()

        task = asyncio.create_task(long())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert ended[0].ended_ns is not None
    with sobriety.track("next") as after:
        pass
    assert after.outermost is after


class Metered:
    """A machine of which one of two processors is busy, and a package that draws 100 W."""

    name: ClassVar[str] = "rapl"
    systems: ClassVar[frozenset[str]] = frozenset()

    def open(self, host: Host) -> None:
        pass

    def read(self) -> Iterable[Reading]:
        now_s = time.monotonic()
        yield Reading("cpu_busy_s", now_s)
        yield Reading("cpu_capacity_s", 2 * now_s)
        yield Reading("package_j", 100 * now_s)

    def close(self) -> None:
        pass


def test_a_sensor_takes_precedence_and_its_joules_add_up_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Machine("a", "server", cpu_model="a test", chips=1, cores=8, threads=16, memory_b=64e9)

    def metered(*_asked: object) -> list[type[Metered]]:
        return [Metered]

    def described(*_asked: object) -> Machine:
        return server

    monkeypatch.setattr(looks, "choose", metered)
    monkeypatch.setattr(looks, "describe", described)
    with sobriety.track("all") as whole:
        burn(0.05)
        with sobriety.track("step") as step:
            burn(0.1)
        assert "package measured" in str(step.result.method)
    assert "package measured" in str(whole.result.method)
    assert whole.machine_energy
    assert whole.machine_energy.value >= 100 * whole.wall_s  # it is looked at around the section
    assert step.machine_energy is None
    parts_j = [part.value for part in whole.sections.values()]
    assert sum(parts_j) == pytest.approx(whole.result.value, rel=1e-12)
    assert step.result.value == pytest.approx(
        whole.result.value * step.cpu_s / whole.cpu_s, rel=1e-9
    )


def test_three_hundred_sections_of_one_name_take_room_for_one() -> None:
    with sobriety.track("all") as whole:
        for _ in range(300):
            with sobriety.track("step"):
                pass
    assert set(whole.parts) == {"all", "step"}


def test_the_package_stays_light() -> None:
    code = (
        "import sys, sobriety; "
        "heavy = {'sobriety.tracking.tracker', 'asyncio', 'inspect', 'sobriety.tracking.ipython'}"
        " & set(sys.modules); "
        "assert not heavy, heavy; assert callable(sobriety.track); assert callable(sobriety.track)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert tracker.track is sobriety.track
