"""Findings of a period: indicators, actions, comparisons, goals, services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sobriety.core.estimate import Estimate
from sobriety.core.period import Period
from sobriety.core.text import Text
from sobriety.declared.goal import Goal
from sobriety.declared.sites import Site
from sobriety.declared.trajectory import Position
from sobriety.estimators import Change

from .figures import Cost, Figure, Footprint

IndicatorId = Literal[
    "embodied_ratio", "idle_ratio", "quiet_ratio", "unattended_ratio", "closed_ratio",
    "refurbished_ratio",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndicatorFigure:
    """A measure of sobriety, and ids of the goals that it serves."""

    id: IndicatorId
    figure: Figure
    goals: tuple[str, ...]


ActionId = Literal[
    "keep_longer", "sleep_when_quiet", "consolidate_quiet", "switch_off_closed", "drop_screens",
    "right_size", "move_job",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """Work of a server at a few hours of the day, and the hour at which it would weigh least."""

    name: str
    from_hour: int
    to_hour: int


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, found in the data, with what a year of it saves at most.

    hosts   by name; machines that one person uses are counted in `machines`, and not named
    """

    id: ActionId
    hosts: tuple[str, ...]
    energy_j: Estimate | None
    co2e_kg: Figure
    machines: int
    costs: tuple[Cost, ...] = ()
    site: Site | None = None
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action that the sealed report of an earlier period had.

    site         its name, where it is of one
    period       label of that report's period
    expected_j   what a year of it was to save
    left_j       what a year of it would save now; None: nothing
    saved_j      what a year like this one takes less; negative where it takes more
    """

    id: ActionId
    site: Text | None
    period: Period
    expected_j: Estimate
    left_j: Estimate | None
    saved_j: Estimate


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What knowing one thing exactly would take off the interval of `of`."""

    id: Literal["meter", "maker_footprint", "lifetime", "grid_factor"]
    of: Literal["total_co2e_kg", "energy_j"]
    narrower_ratio: float


@dataclass(frozen=True, slots=True)
class ServiceUse:
    """A digital service and what it cost.

    units       functional units that it gave; None where nobody knows, and `units_from` says why
    sci_kg      of each: use, location-based, and the share of making
    """

    id: str
    name: Text
    unit: Text | None
    hosts: tuple[str, ...]
    footprint: Footprint
    units: int | None
    units_from: str
    sci_kg: Figure


@dataclass(frozen=True, slots=True)
class Standing:
    """A goal, and where it stands. `by_pace`: of a year like the period, since no year was seen."""

    goal: Goal
    position: Position
    figure: Estimate | None
    by_pace: bool


Earlier = Literal["before", "year_earlier"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An earlier period, computed as this one is.

    change         why total_co2e_kg changed; None where it is not known in both
    published_kg   what a sealed report said of it; the change begins there
    """

    kind: Earlier
    period: Period
    footprint: Footprint
    coverage_ratio: float
    change: Change | None
    published_kg: float | None
