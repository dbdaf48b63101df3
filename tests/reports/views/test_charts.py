"""Charts: their scales, their gaps, and the box that they are drawn in."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.reports import Report
from sobriety.reports.formats.svg import HEIGHT, WIDTH, band_path, line_path
from sobriety.reports.language.language import Language
from sobriety.reports.model.figures import PowerPoint
from sobriety.reports.views.blocks import ChartStep, StepChart, Table
from sobriety.reports.views.changes import comparisons
from sobriety.reports.views.charts import bridge_chart, scale, value_ticks
from sobriety.reports.views.power import power_chart

HOUR_NS = 3_600_000_000_000
EN, FR = Language("en"), Language("fr")


def points(*watts: float, gap_after: int | None = None) -> tuple[PowerPoint, ...]:
    skip = [1 if gap_after is not None and i > gap_after else 0 for i in range(len(watts))]
    return tuple(
        PowerPoint((i + s) * HOUR_NS, 3600.0, w, w * 0.5, w * 2)
        for i, (w, s) in enumerate(zip(watts, skip, strict=True))
    )


def chart(report: Report, *watts: float, gap_after: int | None = None) -> StepChart:
    made = power_chart(EN, replace(report, series=points(*watts, gap_after=gap_after)))
    assert made is not None
    return made


@given(st.floats(1e-6, 1e9))
def test_a_scale_begins_at_zero_and_holds_the_largest(largest: float) -> None:
    values = scale(largest)
    shares = [tick.share for tick in value_ticks(EN, values)]
    assert values[0] == 0.0 and shares[0] == 0.0 and shares[-1] == 1.0
    assert largest * (1 - 1e-6) <= values[-1] <= largest * 2
    assert 3 <= len(values) <= 6


def test_a_scale_of_nothing_is_still_one() -> None:
    assert scale(0.0) == (0.0, 1.0)


def test_ticks_have_the_language_s_decimal_sign() -> None:
    assert [t.text for t in value_ticks(FR, (0.0, 0.5, 1.0))] == ["0,0", "0,5", "1,0"]
    assert [t.text for t in value_ticks(EN, (0.0, 20.0, 40.0))] == ["0", "20", "40"]


def test_a_gap_breaks_the_line_and_the_legend_says_so(reports: dict[str, Report]) -> None:
    report = reports["laptop"]
    whole, broken = chart(report, 1, 2, 3), chart(report, 1, 2, 3, gap_after=1)
    assert line_path(whole).count("M") == 1
    assert line_path(broken).count("M") == band_path(broken).count("M") == 2
    assert len(whole.legend) == 2 and "nothing was observed" in broken.legend[2]


@given(st.lists(st.floats(0.1, 1000), min_size=2, max_size=30))
def test_everything_is_inside_the_box(watts: list[float]) -> None:
    top, count = max(watts) * 2, len(watts)
    steps = [ChartStep(i / count, (i + 1) / count, w, w / 2, w * 2) for i, w in enumerate(watts)]
    empty = Table("", (), ())
    made = StepChart("power", "", "", "W", top, (tuple(steps),), (), (), (), empty)
    for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", line_path(made) + band_path(made)):
        assert 0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT


def test_one_point_is_no_course_of_time(reports: dict[str, Report]) -> None:
    report = reports["laptop"]
    assert power_chart(EN, replace(report, series=points(5))) is None
    assert power_chart(EN, replace(report, series=())) is None


def test_power_is_a_step_as_long_as_what_was_averaged(reports: dict[str, Report]) -> None:
    made = chart(reports["laptop"], 5, 10)
    assert re.match(r"M0 [\d.]+H500L500 [\d.]+H1000$", line_path(made))
    assert [t.share for t in made.moments] == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_causes_lead_from_one_total_to_the_other(reports: dict[str, Report]) -> None:
    (*_, comparison) = comparisons(EN, reports["organisation"])
    made = bridge_chart(EN, comparison.bridge, comparison.title, comparison.unit)
    first, *causes, last = made.bars
    at = first.lengths[0]
    for bar in causes:
        assert bar.start == pytest.approx(at if bar.role == "up" else at - bar.lengths[0])
        at += bar.lengths[0] if bar.role == "up" else -bar.lengths[0]
    assert at == pytest.approx(last.lengths[0])
    assert {bar.role for bar in causes} <= {"up", "down"} and made.top >= at
