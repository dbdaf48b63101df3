"""The chart's geometry."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.reports.model.report import PowerPoint
from sobriety.reports.views.charts import HEIGHT, WIDTH, power_chart, scale

HOUR_NS = 3_600_000_000_000


def points(*watts: float, gap_after: int | None = None) -> list[PowerPoint]:
    skip = [1 if gap_after is not None and i > gap_after else 0 for i in range(len(watts))]
    return [
        PowerPoint((i + s) * HOUR_NS, 3600.0, w, w * 0.5, w * 2)
        for i, (w, s) in enumerate(zip(watts, skip, strict=True))
    ]


@given(st.floats(1e-6, 1e9))
def test_a_scale_begins_at_zero_and_holds_the_largest(largest: float) -> None:
    ticks = scale(largest)
    assert ticks[0] == (0.0, 0.0) and ticks[-1].share == 1.0
    assert largest * (1 - 1e-6) <= ticks[-1].value <= largest * 2
    assert 3 <= len(ticks) <= 6


def test_a_scale_of_nothing_is_still_one() -> None:
    assert [t.value for t in scale(0.0)] == [0.0, 1.0]


def test_a_gap_breaks_the_line() -> None:
    whole, broken = power_chart(points(1, 2, 3)), power_chart(points(1, 2, 3, gap_after=1))
    assert whole is not None and broken is not None
    assert whole.line.count("M") == 1
    assert broken.line.count("M") == broken.band.count("M") == 2


@given(st.lists(st.floats(0.1, 1000), min_size=2, max_size=30))
def test_everything_is_inside_the_box(watts: list[float]) -> None:
    chart = power_chart(points(*watts))
    assert chart is not None
    for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", chart.line + chart.band):
        assert 0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT


def test_one_point_is_no_course_of_time() -> None:
    assert power_chart(points(5)) is None
    assert power_chart([]) is None


def test_the_same_points_give_the_same_bytes() -> None:
    assert power_chart(points(1, 2, 3)) == power_chart(points(1, 2, 3))


def test_power_is_a_step_as_long_as_what_was_averaged() -> None:
    chart = power_chart(points(5, 10))
    assert chart is not None
    assert re.match(r"M0 [\d.]+H500L500 [\d.]+H1000$", chart.line)
    assert [t.share for t in chart.moments_ns] == pytest.approx([0, 0.5, 1])
