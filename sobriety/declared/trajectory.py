"""Where a goal should be by now, and where it is: a straight line from its baseline to its target.

A year's figure stands in the middle of its year, so a figure of the third quarter belongs to the
middle of August. The line goes through the milestones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sobriety.core.estimate import Estimate

from .goals import Goal, Target
from .indicators import INDICATORS

Status = Literal[
    "on track", "late", "undecided", "not begun", "no baseline set", "no target set", "not measured"
]
"""undecided: the line lies within the interval. not begun: before the baseline, nothing is due."""

_MONTHS_A_YEAR = 12
_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a goal is, in its indicator's own unit; None is what cannot be said.

    expected       what the line has at this time; the target's value after its year
    gap_low, gap, gap_high   the figure now less that
    late_value     how much too much, or too little where the goal is to increase; only when late
    late_months    how long ago the line had the figure of now; None where it never had
    """

    status: Status
    expected: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    late_value: float | None = None
    late_months: float | None = None


def trajectory(goal: Goal, now: Estimate | float | None, at: date) -> Position:
    """Compare the indicator's figure with the line at a day, the middle of the time it is of.

    An amount, such as kilograms, has to be of a whole year as the baseline is. With an Estimate
    the goal is on track only when the whole interval is.

    Raises ValueError for an Estimate of another unit than the indicator's.
    """
    if isinstance(now, Estimate) and goal.indicator and not _same_unit(goal.indicator, now):
        raise ValueError(f"{goal.id}: {now.metric} is in {now.unit}, {goal.indicator} is not")
    if goal.target is None:
        return Position("no target set")
    line = line_of(goal)
    if line is None:
        return Position("no baseline set")
    moment = _year_of(at)
    expected = value_at(line, moment)
    if now is None or goal.indicator is None:
        return Position("not measured", expected)
    value, low, high = (
        (now.value, now.low, now.high) if isinstance(now, Estimate) else (now, now, now)
    )
    gaps = value - expected, low - expected, high - expected
    if moment < line[0][0] and not _is_in(line[0][0], at):
        return Position("not begun", expected, *gaps)
    sign = 1 if goal.direction == "decrease" else -1
    worst, best = max(sign * gaps[1], sign * gaps[2]), min(sign * gaps[1], sign * gaps[2])
    if worst <= 0:
        return Position("on track", expected, *gaps)
    if best <= 0:
        return Position("undecided", expected, *gaps)
    months = _months_since(line, value, moment)
    return Position("late", expected, *gaps, sign * gaps[0], months)


def line_of(goal: Goal) -> list[_Point] | None:
    """The line's corners as (middle of the year, value); None without the baseline's value.

    Without a baseline a target of its own value is no line either: from where is not known.
    """
    if goal.baseline is None or goal.baseline.value is None or goal.target is None:
        return None
    start = goal.baseline.value
    corners = [(goal.baseline.year + 0.5, start)]
    for corner in (*goal.milestones, goal.target):
        corners.append((corner.year + 0.5, _value_of(corner, start)))
    return corners


def value_at(line: list[_Point], moment: float) -> float:
    """The line's value; flat before its beginning and after its end, where two corners are at
    once the later one."""
    if moment < line[0][0]:
        return line[0][1]
    for (left, low), (right, high) in zip(line, line[1:], strict=False):
        if left <= moment < right:
            share = (moment - left) / (right - left)
            return low * (1 - share) + high * share
    return line[-1][1]


def _value_of(corner: Target, start: float) -> float:
    if corner.value is not None:
        return corner.value
    assert corner.reduction_ratio is not None  # a target has one of the two
    return start * (1 - corner.reduction_ratio)


def _months_since(line: list[_Point], value: float, moment: float) -> float | None:
    """Months since the line last had the value; None where it never had."""
    for (left, low), (right, high) in reversed(list(zip(line, line[1:], strict=False))):
        if left > moment or not min(low, high) <= value <= max(low, high):
            continue
        share = 1.0 if high == low else (value - low) / (high - low)
        when = left + share * (right - left)
        if when <= moment:
            return (moment - when) * _MONTHS_A_YEAR
    return None


def _year_of(day: date) -> float:
    """`2026-07-02` is 2026.5."""
    first = date(day.year, 1, 1)
    days = (date(day.year, 12, 31) - first + timedelta(days=1)).days
    return day.year + (date(day.year, day.month, day.day) - first).days / days


def _is_in(middle: float, day: date) -> bool:
    """The baseline's own year has begun on its first of January, though its middle comes later."""
    return int(middle) == day.year


def _same_unit(indicator: str, figure: Estimate) -> bool:
    from sobriety.core.units import unit_of

    return unit_of(indicator) == figure.unit and indicator in INDICATORS
