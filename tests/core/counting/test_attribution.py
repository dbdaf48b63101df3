"""What a host did is shared out whole: in every row, over births, deaths, wraps and gaps."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.counting.attribution import UNATTRIBUTED, Attribution
from sobriety.core.counting.difference import Difference, Step
from sobriety.core.counting.rows import Rows
from sobriety.core.counting.task import Task
from sobriety.core.host import Instant
from sobriety.core.reading import Reading
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage

NOON_NS = 1_764_072_000 * NS_PER_S
MOMENTS = ("util_sqrt_s", "util_s", "util_cubed_s")


def at(seconds: float) -> Instant:
    t = int(seconds * NS_PER_S)
    return Instant(NOON_NS + t, t, t, "boot")


def task(name: str, cpu_s: float, memory_b: float | None = None) -> Task:
    return Task(name, None, "service", name, cpu_s, 0.0, memory_b)


def steady(begin_s: float, busy_s: float = 2.0, **joules: float) -> Step:
    """Five seconds of two processors."""
    u = busy_s / 10
    measures = {"cpu_busy_s": busy_s, "cpu_capacity_s": 10.0, **joules}
    measures |= {"util_sqrt_s": u**0.5 * 5, "util_s": u * 5, "util_cubed_s": u**3 * 5}
    observed = ("cpu", *(name.removesuffix("_j") for name in joules))
    return Step(at(begin_s), at(begin_s + 5), 5.0, 0.0, observed, measures)


def by_name(rows: list[Usage]) -> dict[str, Usage]:
    return {row.name or row.kind: row for row in rows}


def test_shares_are_by_processor_time_and_the_rest_is_a_row_of_its_own() -> None:
    shares = Attribution("web-1", 60)
    shares.look([task("nginx", 10.0), task("cron", 1.0)], 0.0)
    for i in range(6):
        shares.add(steady(i * 5))
    shares.look([task("nginx", 19.0, 1e6), task("cron", 1.0)], 30.0)
    rows = by_name(shares.finish())
    assert rows.keys() == {"nginx", "unattributed"}
    assert rows["nginx"].measures["cpu_busy_s"] == pytest.approx(9)
    assert rows["nginx"].measures["util_s"] == pytest.approx(0.75 * 6)
    assert rows["nginx"].measures["memory_used_bs"] == pytest.approx(30e6)
    assert rows["unattributed"].measures["cpu_busy_s"] == pytest.approx(3)
    assert rows["unattributed"].measures["util_s"] == pytest.approx(0.25 * 6)
    assert "cpu_capacity_s" not in rows["nginx"].measures
    assert {(r.host, r.start_ns, r.duration_s, r.observed) for r in rows.values()} == {
        ("web-1", NOON_NS, 30.0, ("cpu",))
    }


def test_tasks_that_say_more_than_the_host_are_scaled_and_nothing_is_made_up() -> None:
    shares = Attribution("web-1", 60)
    shares.look([task("a", 0.0), task("b", 0.0)], 0.0)
    shares.add(steady(0))
    shares.look([task("a", 3.0), task("b", 1.0)], 5.0)
    rows = by_name(shares.finish())
    assert rows["a"].measures["cpu_busy_s"] == 3.0  # as the kernel says
    assert rows["a"].measures["util_s"] == pytest.approx(0.75)
    assert rows["unattributed"].measures["util_s"] == pytest.approx(0, abs=1e-12)


def test_joules_of_a_sensor_are_shared_above_the_least_draw_ever_seen() -> None:
    shares = Attribution("web-1", 60)
    shares.look([task("a", 0.0)], 0.0)
    shares.add(steady(0, package_j=50.0))
    shares.add(steady(5, package_j=150.0))
    shares.look([task("a", 4.0)], 10.0)
    (a, rest) = shares.finish()
    assert a.measures["package_j"] == pytest.approx(100, rel=1e-5)
    assert rest.measures["package_j"] == pytest.approx(0, abs=1e-9)
    assert shares.least_w["package_j"] == pytest.approx(10, rel=1e-5)
    again = Attribution("web-1", 60, shares.least_w)
    again.look([task("a", 0.0)], 0.0)
    again.add(steady(0, package_j=150.0))
    again.look([task("a", 2.0)], 5.0)
    assert again.finish()[0].measures["package_j"] == pytest.approx(100, rel=1e-5)


def test_a_workload_that_comes_to_little_waits_for_its_row_and_not_beyond_the_hour() -> None:
    shares = Attribution("web-1", 60)
    big = small = 0.0
    shares.look([task("big", big), task("small", small)], 0.0)
    rows: list[Usage] = []
    for i in range(0, 3600, 5):
        shares.add(steady(i))
        if (i + 5) % 30 == 0:
            big, small = big + 8.0, small + 0.1
            rows += shares.look([task("big", big), task("small", small)], i + 5.0)
    minutes = [r for r in rows if r.name == "big"]
    waited = [r for r in rows if r.name == "small"]
    assert [r.duration_s for r in minutes] == [60.0] * 60
    # 0.2 s a minute, of two processors: 1.2 s are worth a row, after six minutes.
    assert {r.duration_s for r in waited} <= {360.0, 420.0, 300.0}
    assert sum(r.measures["cpu_busy_s"] for r in waited) == pytest.approx(12)
    assert shares.finish() == []


def test_at_the_end_of_the_hour_every_workload_has_its_row() -> None:
    shares = Attribution("web-1", 60)
    shares.look([task("small", 0.0, 1e6)], 0.0)
    rows: list[Usage] = []
    for i in range(0, 3600, 5):
        assert "small" not in by_name(rows)
        shares.add(steady(i))
        rows = shares.look([task("small", 0.0, 1e6)], i + 5.0)
    small = by_name(rows)["small"]
    assert (small.start_ns, small.measures["cpu_busy_s"]) == (NOON_NS, 0.0)
    assert small.measures["memory_used_bs"] == pytest.approx(3600e6)


def test_a_row_ends_where_other_sensors_answer() -> None:
    shares = Attribution("web-1", 60)
    shares.look([task("a", 0.0)], 0.0)
    shares.add(steady(0))
    shares.add(steady(5, package_j=9.0))
    done = shares.look([task("a", 4.0)], 10.0)
    assert {r.observed for r in done} == {("cpu",)}
    assert {r.observed for r in shares.finish()} == {("cpu", "package")}


def test_while_nobody_can_be_seen_the_work_is_nobodys() -> None:
    shares = Attribution("web-1", 60)
    shares.look([task("a", 0.0)], 0.0)
    shares.add(steady(0))
    shares.look(None, 5.0)
    (row,) = shares.finish()
    assert (row.kind, row.name) == UNATTRIBUTED
    assert row.measures["util_s"] == pytest.approx(1.0)
    shares.add(steady(5))
    shares.look([task("a", 50.0)], 10.0)  # of which nothing is known to be of this step
    assert {(r.kind, r.name) for r in shares.finish()} == {UNATTRIBUTED}


def life(random_: random.Random, steps: int) -> tuple[list[Usage], list[Usage], dict[str, float]]:
    """A machine at random: its own rows, its workloads', and the joules above the least draw."""
    difference, rows, shares = Difference(), Rows("web-1", 60), Attribution("web-1", 60)
    work = {name: random_.random() for name in "abc"}
    now_s, asleep_s, busy_s, wraps_at = 0.0, 0.0, 0.0, 5000.0
    capacity_s, energy_j = 0.0, random_.random() * wraps_at
    hosts, shared = list[Usage](), list[Usage]()
    above: dict[str, float] = {}
    boot = "one"
    for _ in range(steps):
        length_s = random_.choice((0.4, 2.0, 5.0, 5.0, 30.0))
        slept_s = 7000.0 if random_.random() < 0.03 else 0.0
        if random_.random() < 0.02:
            boot += "!"
        now_s, asleep_s = now_s + length_s, asleep_s + slept_s
        if random_.random() < 0.1:
            work.pop(random_.choice(sorted(work)), None)
            work[random_.choice("abcdefgh")] = 0.0
        capacity_s += 4 * length_s
        for name in work:
            spent_s = random_.random() * length_s
            work[name] += spent_s
            busy_s += spent_s * random_.choice((0.5, 1.0, 1.2))
        busy_s = min(busy_s, capacity_s)
        energy_j = (energy_j + (10 + 90 * random_.random()) * length_s) % wraps_at
        readings = [Reading("cpu_busy_s", busy_s), Reading("cpu_capacity_s", capacity_s)]
        if random_.random() < 0.9:
            readings.append(Reading("package_j", energy_j, wraps_at=wraps_at, max_per_s=150.0))
        here = Instant(
            NOON_NS + int((now_s + asleep_s) * NS_PER_S),
            int(now_s * NS_PER_S),
            int((now_s + asleep_s) * NS_PER_S),
            boot,
        )
        step = difference.step(readings, here)
        tasks = [task(name, cpu_s) for name, cpu_s in work.items()]
        if step is None:
            shares.forget()
            shared += shares.look(tasks, now_s)
            continue
        hosts += rows.add(step)
        shares.add(step)
        if "package" in step.observed:
            least_j = shares.least_w["package_j"] * step.duration_s
            key = str(step.start.wall_ns // (3600 * NS_PER_S))
            active_j = max(0.0, step.measures["package_j"] - least_j)
            above[key] = above.get(key, 0.0) + active_j
        if random_.random() < 0.3:
            seen = tasks if random_.random() < 0.95 else None
            shared += shares.look(seen, now_s)
    shared += shares.look(None, now_s) + shares.finish()
    return hosts + rows.finish(), shared, above


def total(rows: list[Usage], name: str, key: Callable[[Usage], object]) -> dict[object, float]:
    sums: dict[object, float] = {}
    for row in rows:
        if name in row.measures:
            sums[key(row)] = sums.get(key(row), 0.0) + row.measures[name]
    return sums


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 120))
def test_all_shares_add_up_to_the_host(seed: int, steps: int) -> None:
    hosts, shared, above = life(random.Random(seed), steps)
    assert all(v >= 0 for row in shared for v in row.measures.values())
    for name in MOMENTS:
        expected = total(hosts, name, lambda r: r.observed)
        found = total(shared, name, lambda r: r.observed)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    joules = sum(r.measures.get("package_j", 0.0) for r in shared)
    assert joules == pytest.approx(sum(above.values()), rel=1e-9, abs=1e-6)
    assert joules <= sum(r.measures.get("package_j", 0.0) for r in hosts) + 1e-6
    for row in shared:
        first, last = row.start_ns, row.start_ns + int(row.duration_s * NS_PER_S) - 40 * NS_PER_S
        assert last <= first or first // (3600 * NS_PER_S) == last // (3600 * NS_PER_S)
