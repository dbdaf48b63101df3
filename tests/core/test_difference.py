"""Whatever counters do, a step is never negative, never a jump, and loses nothing that was seen."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.difference import Difference
from sobriety.core.host import Instant
from sobriety.core.reading import Reading
from sobriety.core.units import NS_PER_S

WRAP_J, MAX_W, EVERY_S = 1000.0, 150.0, 5.0


@dataclass(frozen=True)
class Tick:
    """What a package does in one step: joules, and what goes wrong at its end."""

    joules: float
    fate: str


ticks = st.lists(
    st.builds(
        Tick,
        st.floats(0, MAX_W * EVERY_S * 0.9),
        st.sampled_from(["fine"] * 6 + ["unread", "reset"]),
    ),
    min_size=1,
    max_size=30,
)


def instant(step: int) -> Instant:
    ns = int(step * EVERY_S * NS_PER_S)
    return Instant(ns, ns, ns, "boot")


def reading(counter: float, subject: str) -> Reading:
    return Reading("package_j", counter, subject, wraps_at=WRAP_J, max_per_s=MAX_W)


@given(st.lists(ticks, min_size=1, max_size=3))
def test_never_negative_never_a_jump(packages: list[list[Tick]]) -> None:
    length = min(map(len, packages))
    difference = Difference()
    counters = [0.0] * len(packages)
    difference.step([reading(0, str(i)) for i in range(len(packages))], instant(0))
    read_before = [True] * len(packages)
    for number in range(length):
        readings: list[Reading] = []
        true_j, clean = 0.0, True
        for i, package in enumerate(packages):
            tick = package[number]
            true_j += tick.joules
            counters[i] = 0.0 if tick.fate == "reset" else (counters[i] + tick.joules) % WRAP_J
            clean = clean and read_before[i] and tick.fate == "fine"
            read_before[i] = tick.fate != "unread"
            if read_before[i]:
                readings.append(reading(counters[i], str(i)))
        step = difference.step(readings, instant(number + 1))
        assert step is not None
        seen = step.measures.get("package_j")
        if clean:
            assert seen is not None and abs(seen - true_j) < 1e-6
        if seen is not None:
            assert 0 <= seen <= MAX_W * EVERY_S * len(packages)
        assert ("package" in step.observed) == (seen is not None)


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=20))
def test_a_disk_that_comes_and_goes_takes_only_its_own_bytes(changes: list[int]) -> None:
    difference, total, usb = Difference(), 0, 0
    for number, change in enumerate(changes):
        total += change
        usb += change
        readings = [Reading("disk_read_b", total, "sda"), Reading("disk_written_b", 0, "sda")]
        if number % 3 == 1:
            readings += [Reading("disk_read_b", usb, "sdb"), Reading("disk_written_b", 0, "sdb")]
        step = difference.step(readings, instant(number))
        if step is not None:
            assert step.measures["disk_read_b"] == change


def test_a_reading_that_nobody_knows_is_left_out() -> None:
    difference = Difference()
    difference.step([Reading("moon_phase", 1)], instant(0))
    step = difference.step([Reading("moon_phase", 2)], instant(1))
    assert step is not None and step.observed == () and step.measures == {}


def test_two_samples_within_a_tick_of_the_clock_are_no_observation() -> None:
    difference = Difference()
    same = [Reading("cpu_busy_s", 10), Reading("cpu_capacity_s", 20)]
    difference.step(same, instant(0))
    step = difference.step(same, instant(1))
    assert step is not None and "cpu" not in step.observed
