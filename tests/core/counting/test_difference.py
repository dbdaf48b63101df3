"""Whatever counters do, a step is never negative, never a jump, and loses nothing that was seen."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.counting.difference import Difference
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


@given(
    st.lists(
        st.lists(st.integers(0, int(MAX_W * EVERY_S)), min_size=3, max_size=3),
        min_size=2,
        max_size=40,
    )
)
def test_when_nothing_breaks_nothing_is_lost(changes: list[list[int]]) -> None:
    """Joules of three packages that wrap again and again add up to what went in."""
    difference, counters, seen_j = Difference(), [0, 0, 0], 0.0
    difference.step([reading(0, str(i)) for i in range(3)], instant(0))
    for number, step_j in enumerate(changes, start=1):
        counters = [(c + j) % int(WRAP_J) for c, j in zip(counters, step_j, strict=True)]
        step = difference.step(
            [reading(c, str(i)) for i, c in enumerate(counters)], instant(number)
        )
        assert step is not None
        seen_j += step.measures["package_j"]
    assert seen_j == sum(map(sum, changes))


Fate = st.sampled_from(["there"] * 4 + ["absent", "began anew"])


@given(st.lists(st.tuples(Fate, Fate, Fate), min_size=2, max_size=30))
def test_disks_and_packages_that_appear_and_vanish(fates: list[tuple[str, str, str]]) -> None:
    """Each carries on uncounted while it is absent. A missing disk takes its own part with it; a
    missing package makes the sum unknown."""
    difference = Difference()
    bytes_of = [0, 0, 0]
    before: list[bool] | None = None
    for number, step_fates in enumerate(fates):
        last = bytes_of
        bytes_of = [
            0 if fate == "began anew" else b + 7 * 10**i
            for i, (fate, b) in enumerate(zip(step_fates, bytes_of, strict=True))
        ]
        there = [fate != "absent" for fate in step_fates]
        readings: list[Reading] = []
        for i in range(3):
            if there[i]:
                readings += [
                    Reading("disk_read_b", bytes_of[i], str(i)),
                    Reading("disk_written_b", 0, str(i)),
                    Reading("wall_j", bytes_of[i], str(i)),
                ]
        step = difference.step(readings, instant(number))
        if before is not None:
            assert step is not None
            both = [a and b for a, b in zip(before, there, strict=True)]
            changes = [new - old for new, old, b in zip(bytes_of, last, both, strict=True) if b]
            known = bool(changes) and min(changes) >= 0
            assert step.measures.get("disk_read_b") == (sum(changes) if known else None)
            same = there == before
            assert step.measures.get("wall_j") == (sum(changes) if known and same else None)
        before = there


def test_joules_are_not_known_across_a_sleep_and_work_is() -> None:
    """s2idle leaves energy counters running, deeper sleep resets them: both would be a jump."""
    difference = Difference()
    asleep_ns = 8 * 3600 * NS_PER_S

    def at(step: int, joules: float) -> list[Reading]:
        return [
            reading(joules, "0"),
            Reading("wall_j", joules),
            Reading("cpu_busy_s", 5.0 * step),
            Reading("cpu_capacity_s", 10.0 * step),
            Reading("battery_w", 6.0, kind="gauge"),
        ]

    difference.step(at(0, 0), instant(0))
    woken = instant(1)._replace(boottime_ns=instant(1).boottime_ns + asleep_ns)
    step = difference.step(at(1, 30), woken)
    assert step is not None
    assert (step.duration_s, step.asleep_s) == (5, 28_800)
    assert step.observed == ("cpu", "battery")
    assert step.measures["battery_j"] == 30  # of the five seconds that it was awake


def test_a_step_long_enough_to_go_round_twice_is_not_known() -> None:
    difference = Difference()
    difference.step([reading(0, "0")], instant(0))
    twice = instant(2)  # 150 W for 10 s is more than 1,000 J
    step = difference.step([reading(600, "0")], twice)
    assert step is not None and step.observed == ()
    step = difference.step([reading(700, "0")], instant(3))
    assert step is not None and step.measures == {"package_j": 100}


def test_another_boot_is_no_step() -> None:
    difference = Difference()
    difference.step([reading(900, "0")], instant(0))
    assert difference.step([reading(1, "0")], instant(1)._replace(boot_id="next")) is None


def walls(difference: Difference, *samples: dict[str, float]) -> list[float | None]:
    """Joules at the plug in each step of 5 s; samples are watts by source."""
    found: list[float | None] = []
    for number, sample in enumerate(samples):
        readings = [Reading("wall_w", w, f"{s} 1", "gauge", s) for s, w in sample.items()]
        step = difference.step(readings, instant(number))
        if step is not None:
            found.append(step.measures.get("wall_j"))
    return found


def test_two_meters_of_the_same_plug_are_never_added() -> None:
    both = {"snmp": 100.0, "ipmitool": 90.0}
    assert walls(Difference(), both, both, {"ipmitool": 90.0}, {"ipmitool": 90.0}, both, both) == [
        500.0,
        450.0,  # the first is silent, and the second answered both times
        450.0,
        450.0,
        500.0,
    ]
    assert walls(Difference(), {"snmp": 100.0}, {"ipmitool": 90.0}) == [None]


def test_two_outlets_of_one_meter_are_added_and_both_must_answer() -> None:
    difference = Difference()

    def outlets(*names: str) -> list[Reading]:
        return [Reading("wall_w", 50.0, name, "gauge", "snmp") for name in names]

    difference.step(outlets("1", "2"), instant(0))
    step = difference.step(outlets("1", "2"), instant(1))
    assert step and step.measures["wall_j"] == 500.0
    step = difference.step(outlets("1"), instant(2))
    assert step and "wall" not in step.observed
