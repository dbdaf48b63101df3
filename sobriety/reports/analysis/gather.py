"""Makes a report: the accounts of the period, then what they mean. Nothing is computed after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sobriety.core.errors import FactorNotFound, SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.period import Period, before, recorded
from sobriety.core.text import Text
from sobriety.estimators import FactorBook, FactorKind, GridFactor, all_factors, resolve_zone
from sobriety.lake import Lake

from ..accounts.accounts import Books, books_of
from ..accounts.carbon import fleet_total, measured_ratio
from ..accounts.contracts import costs, market
from ..accounts.embodied import ledger_of
from ..accounts.grid import grid_of
from ..accounts.hosts import HostUse
from ..accounts.query import WorkloadSum, extent, workload_sums
from ..accounts.time_series import power_series
from ..model.figures import Figure, Missing, Pace
from ..model.findings import Action, IndicatorFigure, Outcome
from ..model.report import Dimension, Findings, Heading, PeriodFigures, Report, ReportStatus
from ..model.settings import ReportSettings, Signature
from ..model.warnings import ShortPeriod
from . import insights, warnings
from .actions import actions
from .breakdown import breakdown, folded_gaps, hidden, too_few
from .closed_hours import HoursOfUse, hours_of_use
from .comparison import comparisons
from .goals import standings
from .jobs import jobs_to_move
from .networks import network_of
from .outcomes import outcomes
from .services import services_of, untold
from .workloads import work

_LEAST_FOR_A_YEAR_S = 3600
STAGES = 6


class NothingRecorded(SobrietyError):
    """There is nothing to report on, and nothing is wrong."""


def gather(
    lake: Lake,
    settings: ReportSettings,
    period: Period | None = None,
    *,
    now: datetime | None = None,
    moved: Callable[[], None] = lambda: None,
) -> Report:
    """Make the report of a period; None is everything recorded.

    `moved` is called after each of STAGES, which take about as long.
    Raises FactorNotFound for a zone nobody knows, NothingRecorded when nothing was.
    """
    now = now or datetime.now().astimezone()
    known = settings.factors.zones() | {hours.zone for hours in settings.hours}
    zone = None if settings.zone is None else resolve_zone(settings.zone, known)
    settings = replace(settings, zone=zone)
    books = books_of(lake, settings, _period(lake, settings, period), now)
    _refuse_nothing(books)
    moved()
    basis = _Basis(lake, settings, books, now)
    _ = basis.hours
    moved()
    figures = _figures(basis, moved)
    findings = _findings(basis)
    moved()
    return Report.of(_heading(basis), figures, findings)


@dataclass(frozen=True)
class _Basis:
    """What several sections of a report rest on; each is computed when it is first asked for."""

    lake: Lake
    settings: ReportSettings
    books: Books
    now: datetime

    @property
    def hosts(self) -> tuple[HostUse, ...]:
        return self.books.hosts

    @property
    def last_year(self) -> int:
        return max(year for h in self.hosts for year in h.energy_by_year)

    @property
    def other_kind(self) -> FactorKind:
        return "direct" if self.settings.kind == "life-cycle" else "life-cycle"

    @cached_property
    def lasting(self) -> list[HostUse]:
        """Hosts that were seen for long enough to speak of a year, as that year."""
        return [h.as_year() for h in self.hosts if h.observed_s >= _LEAST_FOR_A_YEAR_S]

    @cached_property
    def hours(self) -> HoursOfUse:
        return hours_of_use(self.lake, self.books, self.settings.k_anonymity)

    @cached_property
    def workloads(self) -> list[WorkloadSum]:
        return workload_sums(self.lake, self.books.period)

    @cached_property
    def pace(self) -> Pace | Missing:
        if not self.lasting:
            return Missing(ShortPeriod(self.books.coverage.observed_s))
        return Pace(len(self.lasting), self.books.accounts.footprint(self.lasting))


def _refuse_nothing(books: Books) -> None:
    label = books.period.label
    if not books.sums and not books.hosts:
        raise NothingRecorded(
            f"nothing was recorded in {label}", hint="record with: sobriety collect --for 30s"
        )
    if not books.hosts:
        raise NothingRecorded(
            f"rows were recorded in {label} and none has what energy is computed from",
            hint="see what this machine offers with: sobriety doctor",
        )


def _heading(basis: _Basis) -> Heading:
    settings, period = basis.settings, basis.books.period
    return Heading(
        period=period,
        status=status_of(settings.signatures),
        language=settings.language,
        made_at=basis.now.astimezone(period.start.tzinfo),
        zone=settings.zone,
        factor_kind=settings.kind,
        other_kind=basis.other_kind,
        organisation=settings.organisation,
        signatures=settings.signatures,
        labels=_labels(settings),
    )


def _figures(basis: _Basis, moved: Callable[[], None]) -> PeriodFigures:
    lake, settings, books, hosts = basis.lake, basis.settings, basis.books, basis.hosts
    period, accounts, totals = books.period, books.accounts, books.footprint()
    other = grid_of(lake, settings, basis.other_kind, period, books.plans, hosts)
    unseen = too_few(hosts, settings.k_anonymity)
    shared = work(
        books.machines,
        books.plans,
        [s for s in books.sums if s.host not in unseen],
        [w for w in basis.workloads if w.key[0] not in unseen],
        idle_by=settings.idle,
    )
    moved()
    parts = breakdown(hosts, accounts, settings.k_anonymity)
    moved()
    series = power_series(lake, period, books.plans, basis.hours.energy)
    moved()
    gaps = folded_gaps(books.coverage.gaps, hidden(hosts, settings.k_anonymity))
    held = books.holdings
    return PeriodFigures(
        machines=tuple(h.machine for h in hosts if h.has_agent),
        devices=sum(h.quantity for h in hosts if not h.has_agent),
        totals=totals,
        mean_power_w=fleet_total("power_w", [(h.model_key, _power(h)) for h in hosts]),
        measured_ratio=measured_ratio(hosts),
        other_use_co2e_kg=other.accounts.footprint(books.alike()).use_co2e_kg,
        coverage=replace(books.coverage, gaps=gaps),
        breakdown=parts,
        series=series,
        heat=basis.hours.heat,
        work=shared,
        own=insights.own_cost(hosts, totals),
        factors=books.grid.used,
        other_factors=_other_factors(settings.zone, settings.factors),
        network=network_of(books.sums, hosts, accounts, basis.last_year),
        market=market(books.alike(), accounts),
        costs=costs(books.alike(), accounts),
        ledger=ledger_of(held.held, held.undated, books.days.first, books.days.last),
    )


def _findings(basis: _Basis) -> Findings:
    lake, settings, books, now = basis.lake, basis.settings, basis.books, basis.now
    hosts, totals, declared = basis.hosts, books.footprint(), settings.declared
    goals = tuple(declared.own_goals.goals.values())
    indicators = insights.indicators(hosts, totals, basis.hours.closed_ratio, goals)
    doable = _actions(basis)
    services = services_of(declared.services, books, basis.workloads)
    ratios = _ratios(indicators, books)
    return Findings(
        pace=basis.pace,
        indicators=indicators,
        actions=doable,
        outcomes=_outcomes(basis, doable),
        narrowings=insights.narrowings(books.alike(), books.accounts, totals),
        comparisons=comparisons(lake, settings, books, now),
        services=services,
        standings=standings(lake, settings, books, basis.pace, ratios, now),
        cautions=(
            *warnings.of_time(lake, books.period, books.coverage, basis.pace, now),
            *warnings.of_machines(hosts, books.unknown, totals, books.holdings),
            *warnings.of_services(untold(declared.services, services, books)),
            *warnings.of_carbon(books.grid, settings.factors.as_of),
        ),
    )


def _actions(basis: _Basis) -> tuple[Action, ...]:
    settings, books = basis.settings, basis.books
    jobs = jobs_to_move(basis.lake, books, settings)
    return actions(
        basis.lasting, books.accounts, basis.last_year, basis.hours.closed,
        settings.k_anonymity, jobs,
    )  # fmt: skip


def _outcomes(basis: _Basis, doable: tuple[Action, ...]) -> tuple[Outcome, ...]:
    """What became of the actions that an earlier sealed report had."""
    earlier = before(basis.books.period)
    promises = basis.settings.promises.get(earlier.label) if earlier else None
    if not earlier or not promises:
        return ()
    return outcomes(promises, earlier, doable, basis.lasting, basis.hours.closed)


def _ratios(indicators: Sequence[IndicatorFigure], books: Books) -> dict[str, Figure | float]:
    """The indicators that are shares, by name: what goals may be about."""
    ratios: dict[str, Figure | float] = {i.id: i.figure for i in indicators}
    ratios["measured_ratio"] = measured_ratio(books.hosts)
    ratios["coverage_ratio"] = books.coverage.ratio
    return ratios


def _period(lake: Lake, settings: ReportSettings, period: Period | None) -> Period:
    if period is not None:
        return period
    ends = extent(lake)
    if ends is None:
        raise NothingRecorded(
            "nothing was recorded yet", hint="record with: sobriety collect --for 30s"
        )
    return recorded(*ends, settings.timezone)


def status_of(signatures: Sequence[Signature]) -> ReportStatus:
    """By who signed."""
    roles = {s.role for s in signatures}
    if "approver" in roles:
        return "approved"
    return "reviewed" if "reviewer" in roles else "draft"


def _labels(settings: ReportSettings) -> dict[Dimension, dict[str, Text]]:
    declared = settings.declared
    return {
        "site": {site.id: site.name for site in declared.sites.values()},
        "service": {service.id: service.name for service in declared.services.values()},
    }


def _other_factors(zone: str | None, book: FactorBook) -> tuple[GridFactor, ...]:
    if zone is None:
        return ()
    try:
        return tuple(f for f in all_factors(zone, book) if book.dated(f))
    except FactorNotFound:  # a zone that only a file of hours knows
        return ()


def _power(host: HostUse) -> Estimate:
    return host.energy.scaled(1 / host.observed_s, "power_w")
