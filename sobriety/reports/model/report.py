"""What a report holds: figures and facts, no sentence and no digit cut.

Renderers and languages come after it; the JSON is it. Long because every noun of a report stands
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.period import Period
from sobriety.core.text import Text, Tongue
from sobriety.declared.goals import Goal
from sobriety.declared.sites import Site
from sobriety.declared.trajectory import Position
from sobriety.estimators import Change, FactorKind, GridFactor

from .settings import Idle, Signature
from .warnings import Caution

SCHEMA_VERSION = 1

ReportStatus = Literal["draft", "reviewed", "approved"]
Dimension = Literal["host", "category", "site", "department", "service"]


IndicatorId = Literal[
    "embodied_ratio", "idle_ratio", "quiet_ratio", "unattended_ratio", "closed_ratio",
    "refurbished_ratio",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """A figure that nothing supports; `because` says why and what to do."""

    because: Caution


Figure = Estimate | Missing

FOLDED = "*"
"""The name of a group of groups, or of machines, that are too few to stand alone."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What something costs: its use, its making, and both.

    energy_j            at the plug, of the time observed
    use_co2e_kg         location-based, of that energy and the room's overhead
    embodied_share_kg   everything but use, spread over the lifetime, for the same time
    total_co2e_kg       the two; Missing when use is
    embodied_ratio      making's share of the two
    """

    energy_j: Estimate
    use_co2e_kg: Figure
    embodied_share_kg: Estimate
    total_co2e_kg: Figure
    embodied_ratio: Figure


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the total: a host, a category.

    measured_ratio   joules that a sensor gave, of all its joules
    """

    name: str
    machines: int
    observed_s: float
    footprint: Footprint
    measured_ratio: float


@dataclass(frozen=True, slots=True)
class Pace:
    """A year like the time observed. Not a forecast: the interval does not know the other hours."""

    machines: int
    footprint: Footprint


class PowerPoint(NamedTuple):
    """Mean power of the machines seen in an interval."""

    start_ns: int
    duration_s: float
    value_w: float
    low_w: float
    high_w: float


GapKind = Literal["not_recorded", "unobserved", "no_plan"]


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """Time of a host of which its energy is not known."""

    host: str
    kind: GapKind
    duration_s: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the period was seen.

    span_s       the period up to now, once for each machine
    observed_s   the part whose energy is known
    """

    span_s: float
    observed_s: float
    ratio: float
    gaps: tuple[CoverageGap, ...]


@dataclass(frozen=True, slots=True)
class IndicatorFigure:
    """A measure of sobriety, and ids of the goals that it serves."""

    id: IndicatorId
    figure: Figure
    goals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the electricity costs, overhead included; `priced_ratio` of it has a price."""

    currency: str
    cost_money: Estimate
    priced_ratio: float


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
class WorkloadUse:
    """What a service, container, pod or program did above idle, on all machines that it ran on.
    memory_bs is what it held, 0 where that is not known."""

    kind: str
    name: str
    hosts: int
    cpu_s: float
    memory_bs: float
    energy_j: Estimate


@dataclass(frozen=True, slots=True)
class WorkShares:
    """The energy of the machines that tell who works, shared out: parts that add up.

    unattributed   of which nobody is known to have done it; None where there is none
    idle           what is left, sleep included; None when it was divided among the workloads
    idle_by        `share` or `reserve` then
    """

    workloads: tuple[WorkloadUse, ...]
    unattributed: Estimate | None
    idle: Estimate | None
    idle_by: Idle = "separate"


@dataclass(frozen=True, slots=True)
class OwnCost:
    """What measuring took."""

    cpu_s: float
    energy_j: Estimate
    ratio: Estimate


@dataclass(frozen=True, slots=True)
class Market:
    """Use by what contracts for electricity state, rooms' overhead included.

    intensity_g_per_kwh   None where sites have different ones
    contract_ratio        of the energy, what a contract is known of; the rest is by its grid
    """

    intensity_g_per_kwh: Estimate | None
    use_co2e_kg: Figure
    contract_ratio: float


@dataclass(frozen=True, slots=True)
class NetworkUse:
    """Bytes, and what networks are said to use for them: an allocation and no saving."""

    transferred_b: float
    energy_j: Estimate
    co2e_kg: Figure


@dataclass(frozen=True, slots=True)
class Ledger:
    """A period's carbon of making in kilograms: purchases beside what is charged.

    bought − deferred + carried − passed_on = charged, to the microgram;
    charged = amortised + written off.

    devices   pieces in it
    undated   pieces without a day of acquisition, which it cannot have
    """

    bought_kg: float
    deferred_kg: float
    carried_kg: float
    passed_on_kg: float
    amortised_kg: float
    written_off_kg: float
    charged_kg: float
    devices: int
    undated: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Mean watts of the watched machines by hour of the week, Monday at midnight first."""

    hours_w: tuple[float, ...]


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


@dataclass(frozen=True)
class Heading:
    """What a report is about, and how it was asked for.

    language     that it was asked for in; renderers can be told another
    labels       what sites and services are called, by dimension and id
    """

    period: Period
    status: ReportStatus
    language: Tongue
    made_at: datetime
    zone: str | None
    factor_kind: FactorKind
    other_kind: FactorKind
    organisation: str | None
    signatures: tuple[Signature, ...]
    labels: Mapping[Dimension, Mapping[str, Text]]


@dataclass(frozen=True)
class PeriodFigures:
    """What was there in the period, and what it cost.

    devices             pieces that nobody watched; machines are those that were
    mean_power_w        of the machines together, over the time observed
    other_use_co2e_kg   use with the other kind of factor: beside the total, never in it
    factors             those that the total used, one a year
    other_factors       what other sources and years say of the zone
    network             allocated to the bytes counted, in no total; None where none were
    market              market-based, apart from all that is location-based; None without a contract
    costs               of electricity, by currency
    ledger              making by the day, beside purchases; None without an inventory with days
    """

    machines: tuple[Machine, ...]
    devices: int
    totals: Footprint
    mean_power_w: Estimate
    measured_ratio: float
    other_use_co2e_kg: Figure
    coverage: Coverage
    breakdown: Mapping[Dimension, tuple[Slice, ...]]
    series: tuple[PowerPoint, ...]
    heat: HeatMap | None
    work: WorkShares | None
    own: OwnCost | None
    factors: tuple[GridFactor, ...]
    other_factors: tuple[GridFactor, ...]
    network: NetworkUse | None
    market: Market | None
    costs: tuple[Cost, ...]
    ledger: Ledger | None


@dataclass(frozen=True)
class Findings:
    """What the accounts mean: indicators, actions, comparisons, goals, services, warnings."""

    pace: Pace | Missing
    indicators: tuple[IndicatorFigure, ...]
    actions: tuple[Action, ...]
    outcomes: tuple[Outcome, ...]
    narrowings: tuple[Narrowing, ...]
    comparisons: tuple[Comparison, ...]
    services: tuple[ServiceUse, ...]
    standings: tuple[Standing, ...]
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class Report(Findings, PeriodFigures, Heading):
    """Everything that a renderer may print: its parts are made by a function each."""

    @classmethod
    def of(cls, heading: Heading, figures: PeriodFigures, findings: Findings) -> Report:
        """Join the parts."""
        return cls(**vars(heading), **vars(figures), **vars(findings))
