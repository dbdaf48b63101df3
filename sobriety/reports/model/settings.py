"""Settings of a report, beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sobriety.core.estimate import Estimate
from sobriety.core.text import Tongue
from sobriety.estimators import BUILT_IN, FactorBook, FactorKind
from sobriety.factors.catalogue import Catalogue
from sobriety.factors.hours import Hours

from .declared import Declared

Idle = Literal["separate", "share", "reserve"]
Role = Literal["preparer", "reviewer", "approver"]


class Promise(NamedTuple):
    """An action of a sealed report: what a year of it was to save. `site` is an id, or nothing."""

    id: str
    site: str
    energy_j: Estimate


class Signature(NamedTuple):
    """Who stands for a report. `at` is an ISO moment."""

    role: Role
    name: str
    at: str


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """zone       the electricity grid, as people write it; None leaves CO2e of use unknown
    kind       which emissions of a kWh the totals count; the other kind stands beside, never mixed
    pue        power usage effectiveness of the room: its owner's number, or an Estimate;
               None counts no overhead, and says so where there are servers
    language   of the report
    idle       `separate` is a line of its own; `share` divides it among workloads by processor time
               used, `reserve` by memory held
    timezone   the clock that days begin on; this machine's when None
    factors    those to choose from: ours, a user's own, and up to which edition
    hours      intensities by the hour, over the year's factor where they tell it
    catalogue  declared footprints of products, where the owner states none
    market     what the contract for electricity states, in g/kWh: use by it stands beside, never in
               a total
    published  total_co2e_kg of earlier periods as they were sealed, by label
    promises   what actions of earlier sealed reports were to save, by the label of their period
    declared   inventory, sites, services and goals, as far as files were named
    k_anonymity   the fewest people's machines that may stand as a group of their own
    organisation  whose report it is
    signatures    who prepared, reviewed and approved it
    overrides  per host, facts of core.machine.Machine that its owner states, over those found
    """

    zone: str | None = None
    kind: FactorKind = "direct"
    pue: Estimate | float | None = None
    language: Tongue = "en"
    idle: Idle = "separate"
    timezone: str | None = None
    factors: FactorBook = BUILT_IN
    hours: tuple[Hours, ...] = ()
    catalogue: Catalogue | None = None
    market: Estimate | None = None
    declared: Declared = field(default_factory=Declared)
    published: Mapping[str, float] = field(default_factory=dict[str, float])
    promises: Mapping[str, tuple[Promise, ...]] = field(
        default_factory=dict[str, tuple[Promise, ...]]
    )
    k_anonymity: int = 5
    organisation: str | None = None
    signatures: tuple[Signature, ...] = ()
    overrides: Mapping[str, Mapping[str, object]] = field(
        default_factory=dict[str, Mapping[str, object]]
    )
