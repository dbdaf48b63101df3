"""A report: figures and facts, no sentence and no digit cut.

Renderers and languages come after it; the JSON is it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.period import Period
from sobriety.core.text import Text, Tongue
from sobriety.estimators import FactorKind, GridFactor

from .figures import (
    Cost,
    Coverage,
    Figure,
    Footprint,
    HeatMap,
    Ledger,
    Market,
    Missing,
    NetworkUse,
    OwnCost,
    Pace,
    PowerPoint,
    Slice,
    WorkShares,
)
from .findings import Action, Comparison, IndicatorFigure, Narrowing, Outcome, ServiceUse, Standing
from .settings import Signature
from .warnings import Caution

SCHEMA_VERSION = 1

ReportStatus = Literal["draft", "reviewed", "approved"]
Dimension = Literal["host", "category", "site", "department", "service"]


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
