"""Figures of a period: what was there and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from sobriety.core.estimate import Estimate

from .settings import Idle
from .warnings import Caution


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
class Cost:
    """What the electricity costs, overhead included; `priced_ratio` of it has a price."""

    currency: str
    cost_money: Estimate
    priced_ratio: float


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
