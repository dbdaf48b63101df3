"""Steps become rows: on the minute, homogeneous, with sleep told apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.counting.difference import Step
from sobriety.core.counting.rows import Rows
from sobriety.core.host import Instant
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage

NOON_NS = 1_764_072_000 * NS_PER_S


def at(second: float, *, wall_shift_s: float = 0.0) -> Instant:
    ns = int(second * NS_PER_S)
    return Instant(NOON_NS + ns + int(wall_shift_s * NS_PER_S), ns, ns, "boot")


def step(
    start: float, end: float, observed: str = "cpu", asleep: float = 0.0, **measures: float
) -> Step:
    return Step(at(start), at(end), end - start, asleep, tuple(observed.split()), measures)


def test_a_row_ends_on_the_minute() -> None:
    rows = Rows("a", 60)
    done: list[Usage] = []
    for second in range(0, 120, 5):
        done += rows.add(step(second, second + 5, cpu_busy_s=1.0))
    assert [r.duration_s for r in done] == [60, 60]
    assert [r.measures["cpu_busy_s"] for r in done] == [12, 12]
    assert [(r.start_ns - NOON_NS) // NS_PER_S for r in done] == [0, 60]
    assert rows.finish() == []


def test_a_sensor_that_stops_ends_the_row() -> None:
    rows = Rows("a", 60)
    assert rows.add(step(0, 5, "cpu package", package_j=50.0, cpu_busy_s=1.0)) == []
    (metered,) = rows.add(step(5, 10, "cpu", cpu_busy_s=1.0))
    (bare,) = rows.finish()
    assert metered.observed == ("cpu", "package")
    assert metered.measures["package_j"] == 50.0
    assert "package_j" not in bare.measures
    assert bare.start_ns == metered.start_ns + 5 * NS_PER_S


def test_nothing_seen_is_a_row_that_covers_nothing() -> None:
    rows = Rows("a", 60)
    rows.add(step(0, 5, ""))
    (row,) = rows.finish()
    assert (row.state, row.duration_s, row.covered_s, row.measures) == ("unobserved", 5, 0, {})


def test_sleep_is_a_row_of_its_own() -> None:
    rows = Rows("a", 60)
    rows.add(step(0, 5, cpu_busy_s=1.0))
    woken = at(10, wall_shift_s=28_800)
    before, *asleep = rows.add(Step(at(5), woken, 5.0, 28_800.0, ("cpu",), {"cpu_busy_s": 2.0}))
    (after,) = rows.finish()
    assert (before.state, before.duration_s) == ("on", 5)
    assert {(r.state, r.covered_s) for r in asleep} == {("asleep", 0)}
    # From five seconds past noon to five past eight: none crosses an hour.
    assert [r.duration_s for r in asleep] == [3595, *[3600] * 7, 5]
    hours = [(r.start_ns - NOON_NS) / NS_PER_S / 3600 for r in asleep]
    assert hours == [5 / 3600, *range(1, 9)]
    assert (after.state, after.duration_s, after.measures) == ("on", 5, {"cpu_busy_s": 2.0})


def test_a_clock_set_back_ends_the_row_and_loses_nothing() -> None:
    rows = Rows("a", 60)
    rows.add(step(10, 15, cpu_busy_s=1.0))
    back = Step(at(15), at(20, wall_shift_s=-3600), 5.0, 0.0, ("cpu",), {"cpu_busy_s": 1.0})
    (row,) = rows.add(back)
    assert (row.duration_s, row.measures["cpu_busy_s"]) == (10, 2)


@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 200),
            st.sampled_from(["cpu", "cpu package", "", "cpu memory"]),
            st.floats(0, 1e6),
        ),
        max_size=40,
    )
)
def test_rows_conserve_what_steps_saw(parts: list[tuple[float, str, float]]) -> None:
    rows, done, now = Rows("a", 60), list[Usage](), 0.0
    for length, observed, busy in parts:
        measures = {"cpu_busy_s": busy} if "cpu" in observed else {}
        done += rows.add(
            Step(at(now), at(now + length), length, 0.0, tuple(observed.split()), measures)
        )
        now += length
    done += rows.finish()
    seen = sum(b for _, o, b in parts if "cpu" in o)
    assert abs(sum(r.duration_s for r in done) - sum(p[0] for p in parts)) < 1e-6
    assert abs(sum(r.measures.get("cpu_busy_s", 0) for r in done) - seen) <= 1e-9 * max(1, seen)
    for row in done:
        assert row.covered_s == (row.duration_s if "cpu" in row.observed else 0)
