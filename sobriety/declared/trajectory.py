"""Computes a goal's position on the straight line from its baseline to its target.

A year's figure stands in the middle of its year, so a figure of the third quarter belongs to the
middle of August. The line goes through the milestones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from sobriety.core.estimate import Estimate
from sobriety.core.units import unit_of

from .goal import Goal, Target
from .periods import span_years

Status = Literal[
    "on track", "late", "undecided", "not begun", "no baseline set", "no target set", "not measured"
]
"""undecided: the line lies within the interval. not begun: before the baseline, nothing is due."""

_MONTHS_A_YEAR = 12
_Point = tuple[float, float]


class Gap(NamedTuple):
    """The figure now less what the line has, in the indicator's own unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Position:
    """Where a goal is; None is what cannot be said.

    expected      what the line has at this time, in `unit`; the target's value after its year
    late_months   how long ago the line had the figure of now; None where it is not late, and where
                  the line never had it: it is worse than the baseline
    """

    status: Status
    expected: float | None = None
    unit: str | None = None
    gap: Gap | None = None
    late_months: int | None = None

    @property
    def late_by(self) -> float | None:
        """How much too much, or too little where the goal is to increase; None unless late."""
        return abs(self.gap.value) if self.gap and self.status == "late" else None


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
    assert goal.baseline is not None  # there is a line
    at_years, unit = _years_of(at), goal.baseline.unit
    expected = value_at(line, at_years)
    if now is None or goal.indicator is None:
        return Position("not measured", expected, unit)
    value, low, high = (
        (now.value, now.low, now.high) if isinstance(now, Estimate) else (now, now, now)
    )
    gap = Gap(value - expected, low - expected, high - expected)
    if at_years < span_years(goal.baseline.period)[0]:
        return Position("not begun", expected, unit, gap)
    over = (gap.low, gap.high) if goal.direction == "decrease" else (-gap.high, -gap.low)
    if over[1] <= 0:
        return Position("on track", expected, unit, gap)
    if over[0] <= 0:
        return Position("undecided", expected, unit, gap)
    return Position("late", expected, unit, gap, _months_since(line, value, at_years))


def line_of(goal: Goal) -> list[_Point] | None:
    """The line's corners as (middle of the year, value); None without the baseline's value.

    Without a baseline a target of its own value is no line either: from where is not known.
    """
    if goal.baseline is None or goal.baseline.value is None or goal.target is None:
        return None
    start = goal.baseline.value
    begins, ends = span_years(goal.baseline.period)
    corners = [((begins + ends) / 2, start)]
    for corner in (*goal.milestones, goal.target):
        corners.append((corner.year + 0.5, _value_of(corner, start)))
    return corners


def value_at(line: list[_Point], at_years: float) -> float:
    """The line's value; flat before its beginning and after its end, where two corners are at
    once the later one."""
    if at_years < line[0][0]:
        return line[0][1]
    for (left, low), (right, high) in pairwise(line):
        if left <= at_years < right:
            share = (at_years - left) / (right - left)
            return low * (1 - share) + high * share
    return line[-1][1]


def _value_of(corner: Target, start: float) -> float:
    if corner.value is not None:
        return corner.value
    assert corner.reduction_ratio is not None  # a target has one of the two
    return start * (1 - corner.reduction_ratio)


def _months_since(line: list[_Point], value: float, at_years: float) -> int | None:
    """Months since the line last had the value; None where it never had."""
    for (left, low), (right, high) in reversed(list(pairwise(line))):
        if left > at_years or not min(low, high) <= value <= max(low, high):
            continue
        share = 1.0 if high == low else (value - low) / (high - low)
        when = left + share * (right - left)
        if when <= at_years:
            return max(1, round((at_years - when) * _MONTHS_A_YEAR))
    return None


def _years_of(day: date) -> float:
    """`2026-07-02` is 2026.5."""
    first = date(day.year, 1, 1)
    days = (date(day.year, 12, 31) - first + timedelta(days=1)).days
    return day.year + (date(day.year, day.month, day.day) - first).days / days


def _same_unit(indicator: str, figure: Estimate) -> bool:
    return unit_of(indicator) == figure.unit
