"""The shape of a run keeps its sum, whatever its length."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.counting.difference import Step
from sobriety.core.host import Instant
from sobriety.profiling.series import Series

S = 1_000_000_000


def step(at_s: float, duration_s: float = 1.0, **measures: float) -> Step:
    start = Instant(0, round(at_s * S), 0)
    end = Instant(0, round((at_s + duration_s) * S), 0)
    observed = ("gpu", "accelerator") if "gpu_j" in measures else ("cpu",)
    return Step(start, end, duration_s, 0.0, observed, measures)


@given(st.integers(0, 300), st.integers(2, 9))
def test_a_long_run_is_bounded_and_loses_nothing(samples: int, most: int) -> None:
    series = Series(most)
    for i in range(samples):
        series.add(step(i, cpu_busy_s=0.5), 0.25)
    assert len(series) <= most
    assert sum(s.duration_s for s in series) == samples
    assert sum(s.cpu_s or 0.0 for s in series) == 0.25 * samples
    assert sum(s.measures["cpu_busy_s"] for s in series) == 0.5 * samples
    ends = [(series.at_s(s), series.at_s(s) + s.duration_s) for s in series]
    assert all(a[1] == b[0] for a, b in pairwise(ends))


def test_what_is_unknown_in_a_part_is_unknown_in_the_whole() -> None:
    series = Series(most=2)
    series.add(step(0, cpu_busy_s=1.0, package_j=5.0), 1.0)
    series.add(step(1, cpu_busy_s=1.0), None)
    series.add(step(2, cpu_busy_s=1.0), 1.0)
    first, last = series
    assert first.cpu_s is None and "package_j" not in first.measures
    assert last.cpu_s == 1.0
    assert series.last is last and series.end_ns == 3 * S


def test_the_idle_of_graphics_cards_is_the_least_that_they_drew_while_idle() -> None:
    series = Series()
    assert series.gpu_idle_w() is None
    series.add(step(0, gpu_j=300.0, gpu_busy_s=0.9), None)
    assert series.gpu_idle_w() is None
    series.add(step(1, gpu_j=31.0, gpu_busy_s=0.0), None)
    series.add(step(2, 2.0, gpu_j=60.0, gpu_busy_s=0.01), None)
    assert series.gpu_idle_w() == 30.0
