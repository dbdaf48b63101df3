"""Power over time: a stepped line with its interval, its labels, and a table of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from ..language.language import NBSP, Language
from ..language.quantities import POWER, Shown, Unit, fitting, show_bounds
from ..model.figures import PowerPoint
from ..model.report import Report
from .blocks import ChartStep, StepChart, Table, TableCell, TableColumn, Tick
from .charts import scale, value_ticks

_A_FEW_MINUTES_S = 600
_GAP_WORTH_SHOWING = 0.25


def power_chart(language: Language, report: Report) -> StepChart | None:
    """None for fewer than two points: that is no course of time."""
    points = report.series
    if len(points) < 2:
        return None
    axis = scale(max(p.high_w for p in points))
    unit = fitting(POWER, axis[-1])
    start_ns, span_ns = _span(points)
    runs = tuple(tuple(_steps(run, start_ns, span_ns, unit.factor)) for run in _without_gap(points))

    def watts(value: float, low: float, high: float) -> Shown:
        return show_bounds(language, unit, value, low, high)

    def moment(share: float) -> Tick:
        return Tick(share, _moment(language, report, start_ns + share * span_ns))

    smallest = watts(*[min(p.value_w for p in points)] * 3)
    largest = watts(*[max(p.value_w for p in points)] * 3)
    legend = (
        language.say("mean power of the machines seen"),
        language.say("its interval, nine chances in ten"),
        *((language.say("no line: nothing was observed"),) if len(runs) > 1 else ()),
    )
    return StepChart(
        "power",
        language.say("Power over time"),
        language.say(
            "A line with its interval. Mean power moves between {low} and {high}.",
            low=smallest.text, high=largest.text,
        ),
        unit.symbol, axis[-1] / unit.factor, runs,
        value_ticks(language, [value / unit.factor for value in axis]),
        tuple(moment(share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
        legend, _table(language, report, unit),
    )  # fmt: skip


def _table(language: Language, report: Report, unit: Unit) -> Table:
    heads = (language.say("Power"), language.say("Low"), language.say("High"))
    rows: list[tuple[TableCell, ...]] = []
    for point in report.series:
        bounds = (point.value_w, point.low_w, point.high_w)
        shown = show_bounds(language, unit, *bounds)
        texts = (shown.value, shown.low, shown.high)
        numbers = (TableCell(t, w / unit.factor) for t, w in zip(texts, bounds, strict=True))
        rows.append((TableCell(_full(report, point.start_ns)), *numbers))
    return Table(
        language.say("Mean power from each moment on, in {unit}", unit=unit.symbol),
        (TableColumn(language.say("From")), *(TableColumn(head, numeric=True) for head in heads)),
        tuple(rows), id="power",
    )  # fmt: skip


def _span(points: Sequence[PowerPoint]) -> tuple[int, int]:
    start_ns = points[0].start_ns
    return start_ns, points[-1].start_ns + round(points[-1].duration_s * 1e9) - start_ns


def _without_gap(points: Sequence[PowerPoint]) -> list[list[PowerPoint]]:
    """Points that follow each other without a gap."""
    runs = [[points[0]]]
    for before, point in pairwise(points):
        gap_s = (point.start_ns - before.start_ns) / 1e9 - before.duration_s
        if gap_s > _GAP_WORTH_SHOWING * before.duration_s + 1:
            runs.append([])
        runs[-1].append(point)
    return runs


def _steps(run: Sequence[PowerPoint], start_ns: int, span_ns: int, size: float) -> list[ChartStep]:
    """A step ends where the next one starts, so that jitter leaves no crack."""
    ends_ns: list[float] = [p.start_ns for p in run[1:]]
    ends_ns.append(run[-1].start_ns + run[-1].duration_s * 1e9)
    return [
        ChartStep((p.start_ns - start_ns) / span_ns, (end_ns - start_ns) / span_ns,
             p.value_w / size, p.low_w / size, p.high_w / size)
        for p, end_ns in zip(run, ends_ns, strict=True)
    ]  # fmt: skip


def _moment(language: Language, report: Report, at_ns: float) -> str:
    at = datetime.fromtimestamp(at_ns / 1e9, tz=report.period.start.tzinfo)
    if report.period.duration_s < _A_FEW_MINUTES_S:
        return f"{(at_ns - report.series[0].start_ns) / 1e9:.0f}{NBSP}s"
    if report.period.duration_s > 2 * 86_400:
        return language.in_calendar(at.date(), "d MMM")
    return language.clock(at)


def _full(report: Report, at_ns: int) -> str:
    at = datetime.fromtimestamp(at_ns / 1e9, tz=report.period.start.tzinfo)
    return f"{at:%Y-%m-%d %H:%M:%S}"
