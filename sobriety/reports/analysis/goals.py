"""Goals of the organization: which an indicator serves, and where each stands on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sobriety.core.estimate import Estimate
from sobriety.core.period import Period, year_to
from sobriety.declared.goal import Goal
from sobriety.declared.indicators import INDICATORS
from sobriety.declared.trajectory import Position, trajectory
from sobriety.lake import Lake

from ..accounts.accounts import Books, books_of
from ..accounts.query import extent
from ..model.figures import Figure, Footprint, Missing, Pace
from ..model.findings import Standing
from ..model.settings import ReportSettings

_AMOUNTS = ("energy_j", "use_co2e_kg", "embodied_share_kg", "total_co2e_kg")
_DAY_NS = 86_400 * 10**9
_LATE_DAYS = 7


def serving(goals: Sequence[Goal], indicator: str) -> tuple[str, ...]:
    """Ids of the goals that an indicator serves, and of those that they serve in turn."""
    found = [g for g in goals if g.indicator == indicator]
    names = [g.id for g in found]
    for goal in found:
        names += [name for name in goal.serves if name not in names]
    return tuple(names)


def standings(
    lake: Lake,
    settings: ReportSettings,
    books: Books,
    pace: Pace | Missing,
    ratios: Mapping[str, Figure | float],
    now: datetime,
) -> tuple[Standing, ...]:
    """Every goal that a report can measure, in the order of the file.

    ratios   this period's indicators that are shares, by name
    """
    goals = [g for g in settings.declared.own_goals.goals.values() if g.indicator]
    amounts: Footprint | None = None
    of = books.period
    by_pace = False
    if any(g.indicator in _AMOUNTS and g.baseline for g in goals):
        amounts, of, by_pace = _of_a_year(lake, settings, books, pace, now)
    return tuple(_standing(g, amounts, ratios, books.period, of, by_pace) for g in goals)


def _standing(
    goal: Goal,
    amounts: Footprint | None,
    ratios: Mapping[str, Figure | float],
    period: Period,
    year: Period,
    by_pace: bool,
) -> Standing:
    assert goal.indicator
    of_a_year = INDICATORS[goal.indicator].of_a_year
    figure: Figure | float | None
    if of_a_year:
        figure = getattr(amounts, goal.indicator) if amounts else None
    else:
        figure = ratios.get(goal.indicator)
    known = None if isinstance(figure, Missing) else figure
    middle = _middle(year if of_a_year else period)
    position: Position = trajectory(goal, known, middle.date())
    estimate = known if isinstance(known, Estimate) else None
    return Standing(goal, position, estimate, of_a_year and by_pace)


def _of_a_year(
    lake: Lake, settings: ReportSettings, books: Books, pace: Pace | Missing, now: datetime
) -> tuple[Footprint | None, Period, bool]:
    """The year that ends with the period, where it was watched from its beginning; else a year at
    the period's pace, which is told."""
    year = year_to(books.period)
    ends = extent(lake)
    if ends and ends[0] <= year.start_ns + _LATE_DAYS * _DAY_NS:
        whole = books_of(lake, settings, year, now, books.stock)
        if whole.hosts:
            return whole.footprint(), year, False
    return (None if isinstance(pace, Missing) else pace.footprint), books.period, True


def _middle(period: Period) -> datetime:
    return period.start + (period.end - period.start) / 2
