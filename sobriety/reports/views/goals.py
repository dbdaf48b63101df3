"""Goals: where each stands, and its line through the years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.declared.indicators import INDICATORS
from sobriety.declared.trajectory import line_of

from ..language.language import Language
from ..language.quantities import show, unit_for
from ..model.findings import Standing
from ..model.report import Report
from .blocks import Item, LineChart, Tick
from .charts import scale, value_ticks

GOAL = MethodKind("goal", "as the goal states")
WAITING = frozenset(("no baseline set", "no target set", "not measured"))
"""Statuses of goals that nothing can be said of yet."""
_METRICS = {"kg": "total_co2e_kg", "J": "energy_j", "1": "share_ratio"}


def goal_items(language: Language, report: Report) -> list[Item]:
    """Those with a baseline first. `code` is the status, for a colour that is never alone."""
    items = [_goal(language, s) for s in report.standings]
    return sorted(items, key=lambda item: item.code in WAITING)


def _goal(language: Language, standing: Standing) -> Item:
    goal, position = standing.goal, standing.position
    assert goal.indicator
    document = goal.reference.document if goal.reference else None
    indicator = INDICATORS[goal.indicator].name.of(language.tongue)
    notes = [language.say("Measured by: {indicator}.", indicator=indicator)]
    notes += [f"{document.of(language.tongue)}."] if document else []
    return Item(
        goal.text.of(language.tongue),
        value=status_words(language, standing),
        between=_detail(language, standing),
        notes=tuple(notes),
        figure=show(language, standing.figure) if standing.figure else None,
        code=position.status,
    )


def status_words(language: Language, standing: Standing) -> str:
    """`late by 12 t and 14 months`."""
    position = standing.position
    if position.status == "late" and position.late_by is not None:
        by = _amount(language, position.late_by, position.unit)
        if position.late_months:
            months = language.say_n("{n} month", "{n} months", position.late_months)
            return language.say("Late by {amount}, or {months}", amount=by, months=months)
        return language.say("Late by {amount}", amount=by)
    words = {
        "on track": language.say("On track"),
        "undecided": language.say("Undecided: the line lies within the interval"),
        "not begun": language.say("Not begun"),
        "no baseline set": language.say("No baseline set"),
        "no target set": language.say("No target set"),
        "not measured": language.say("Not measured in this period"),
    }
    return words[position.status]


def _detail(language: Language, standing: Standing) -> str:
    figure, position = standing.figure, standing.position
    if figure is None or position.expected is None:
        return ""
    shown = show(language, figure)
    line = _amount(language, position.expected, position.unit)
    said = language.say(
        "{value}, {between}; the line has {line} by now.",
        value=shown.text, between=shown.between(language), line=line,
    )  # fmt: skip
    if standing.by_pace:
        said += " " + language.say("Of a year at this period’s pace.")
    return said


def _amount(language: Language, value: float, unit: str | None) -> str:
    return show(language, _exact(abs(value), unit)).text


def _exact(value: float, unit: str | None) -> Estimate:
    return Estimate(_METRICS[unit or "1"], value, value, value, "declared", GOAL(), ("goals",))


def goal_charts(language: Language, report: Report) -> Iterator[LineChart]:
    """One for each goal that has a line and a figure."""
    for standing in report.standings:
        line = line_of(standing.goal)
        if line and standing.figure:
            yield _chart(language, report, standing, standing.figure, line)


def _chart(
    language: Language,
    report: Report,
    standing: Standing,
    figure: Estimate,
    line: list[tuple[float, float]],
) -> LineChart:
    goal = standing.goal
    largest = max(figure.high, *(value for _, value in line))
    unit = unit_for(_exact(largest, figure.unit))
    axis = scale(largest / unit.factor)
    now_year = _middle_year(report, of_a_year=figure.unit != "1")
    first, last = int(min(line[0][0], now_year)), int(max(line[-1][0], now_year)) + 1
    step = max(1, (last - first) // 6)
    value, low, high = (x / unit.factor for x in (figure.value, figure.low, figure.high))
    text = goal.text.of(language.tongue)
    shown = show(language, figure, unit)
    return LineChart(
        f"goal-{goal.id}", text,
        language.say(
            "{name}: {value}", name=text,
            value=f"{shown.text}, {shown.between(language)}. {status_words(language, standing)}",
        ),
        shown.unit or "%", tuple((year, value / unit.factor) for year, value in line),
        (now_year, value, low, high), (first, last), axis[-1],
        value_ticks(language, axis),
        tuple(
            Tick((year + 0.5 - first) / (last - first), str(year))
            for year in range(first, last, step)
        ),
        (language.say("the goal’s line"), language.say("this report, with its interval")),
    )  # fmt: skip


def _middle_year(report: Report, *, of_a_year: bool) -> float:
    """The middle of what the figure is of: the year that ends with the period, or the period."""
    period = report.period
    half = timedelta(days=365.25) / 2 if of_a_year else (period.end - period.start) / 2
    at: datetime = period.end - half
    return at.year + (at.timetuple().tm_yday - 0.5) / 366
