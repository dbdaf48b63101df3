"""The course of power as people read it: a chart, its labels, and the table that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..language.language import NBSP, Language
from ..language.quantities import POWER, Shown, fitting, show_bounds
from ..model.report import Report
from .charts import HEIGHT, WIDTH, PowerChart, power_chart

_A_FEW_MINUTES_S = 600


@dataclass(frozen=True, slots=True)
class PowerView:
    """`ticks` are places from 0 to 1 with their labels, `moments` those below the chart, `rows`
    what the line goes through."""

    chart: PowerChart
    unit: str
    ticks: tuple[tuple[float, str], ...]
    moments: tuple[str, ...]
    rows: tuple[tuple[str, Shown], ...]
    smallest: Shown
    largest: Shown
    width: int = WIDTH
    height: int = HEIGHT


def power_view(language: Language, report: Report) -> PowerView | None:
    """None where there is no course of time."""
    chart = power_chart(report.series)
    if chart is None:
        return None
    unit = fitting(POWER, chart.watts[-1].value)
    places = max(0, -_exponent(chart.watts[1].value / unit.factor))
    days = report.period.duration_s > 2 * 86_400

    def moment(at_ns: float) -> str:
        at = datetime.fromtimestamp(at_ns / 1e9, tz=report.period.start.tzinfo)
        if report.period.duration_s < _A_FEW_MINUTES_S:
            return f"{(at_ns - report.series[0].start_ns) / 1e9:.0f}{NBSP}s"
        return language.in_calendar(at.date(), "d MMM") if days else language.clock(at)

    def full(at_ns: int) -> str:
        at = datetime.fromtimestamp(at_ns / 1e9, tz=report.period.start.tzinfo)
        return f"{language.in_calendar(at.date(), 'yyyy-MM-dd')} {at:%H:%M:%S}"

    def watts(value: float, low: float, high: float) -> Shown:
        return show_bounds(language, unit, value, low, high)

    return PowerView(
        chart,
        unit.symbol,
        tuple((t.share, language.number(t.value / unit.factor, places)) for t in chart.watts),
        tuple(moment(t.value) for t in chart.moments_ns),
        tuple((full(p.start_ns), watts(p.value_w, p.low_w, p.high_w)) for p in report.series),
        watts(*[min(p.value_w for p in report.series)] * 3),
        watts(*[max(p.value_w for p in report.series)] * 3),
    )


def _exponent(value: float) -> int:
    """Of the last digit needed to write a round step: 0.25 → -2, 20 → 0."""
    return next((-n for n in range(4) if abs(round(value, n) - value) < 1e-9), -4)
