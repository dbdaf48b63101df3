"""A report's figures, gathered from the lake. Renderers print them; nothing is computed after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sobriety.core.errors import FactorNotFound, SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.period import Period, before, recorded
from sobriety.core.text import Text
from sobriety.estimators import (
    FactorBook,
    FactorKind,
    GridFactor,
    all_factors,
    resolve_zone,
)
from sobriety.lake import Lake

from ..accounts.accounts import books_of
from ..accounts.carbon import fleet_total, measured_ratio
from ..accounts.contracts import costs, market
from ..accounts.embodied import ledger_of
from ..accounts.grid import grid_of
from ..accounts.hosts import HostUse
from ..accounts.query import extent, workload_sums
from ..accounts.time_series import power_series
from ..model.report import Dimension, Figure, Missing, Outcome, Pace, Report, Status
from ..model.settings import ReportSettings, Signature
from ..model.warnings import ShortPeriod
from . import insights
from . import warnings as doubts
from .actions import actions
from .breakdown import breakdown, folded_gaps, hidden, too_few
from .closed_hours import hours_of_use
from .comparison import comparisons
from .jobs import jobs_to_move
from .networks import network_of
from .outcomes import outcomes
from .services import services_of, untold
from .targets import standings
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
    """Everything that a report of the period says; None is everything recorded. `moved` is called
    at each of STAGES, which take about as long.

    Raises FactorNotFound for a zone nobody knows, NothingRecorded when nothing was.
    """
    now = now or datetime.now().astimezone()
    book = settings.factors
    known = book.zones() | {hours.zone for hours in settings.hours}
    zone = None if settings.zone is None else resolve_zone(settings.zone, known)
    settings = replace(settings, zone=zone)
    books = books_of(lake, settings, _period(lake, settings, period), now)
    moved()
    period, hosts, accounts = books.period, books.hosts, books.accounts
    if not books.sums and not hosts:
        raise NothingRecorded(
            f"nothing was recorded in {period.label}",
            hint="record with: sobriety collect --for 30s",
        )
    if not hosts:
        raise NothingRecorded(
            f"rows were recorded in {period.label} and none has what energy is computed from",
            hint="see what this machine offers with: sobriety doctor",
        )
    other_kind: FactorKind = "direct" if settings.kind == "life-cycle" else "life-cycle"
    totals, coverage, held = books.footprint(), books.coverage, books.holdings
    lasting = [h.as_year() for h in hosts if h.observed_s >= _LEAST_FOR_A_YEAR_S]
    other = grid_of(lake, settings, other_kind, period, books.plans, hosts)
    years = sorted({year for h in hosts for year in h.energy_by_year})
    pace: Pace | Missing = Missing(ShortPeriod(coverage.observed_s))
    if lasting:
        pace = Pace(len(lasting), accounts.footprint(lasting))
    hours = hours_of_use(lake, books, settings.k_anonymity)
    moved()
    workloads = workload_sums(lake, period)
    unseen = too_few(hosts, settings.k_anonymity)
    scored = services_of(settings.declared.services, books, workloads)
    goals = tuple(settings.declared.own_goals.goals.values())
    indicators = insights.indicators(hosts, totals, hours.closed_ratio, goals)
    ratios: dict[str, Figure | float] = {i.id: i.figure for i in indicators}
    ratios |= {"measured_ratio": measured_ratio(hosts), "coverage_ratio": coverage.ratio}
    jobs = jobs_to_move(lake, books, settings)
    doable = actions(lasting, accounts, years[-1], hours.closed, settings.k_anonymity, jobs)
    earlier = before(period)
    became: tuple[Outcome, ...] = ()
    if earlier and (promises := settings.promises.get(earlier.label)):
        became = outcomes(promises, earlier, doable, lasting, hours.closed)
    moved()
    parts = breakdown(hosts, accounts, settings.k_anonymity)
    moved()
    series = power_series(lake, period, books.plans, hours.energy)
    moved()
    compared = comparisons(lake, settings, books, now)
    moved()
    return Report(
        period=period,
        status=status_of(settings.signatures),
        language=settings.language,
        made_at=now.astimezone(period.start.tzinfo),
        zone=zone,
        factor_kind=settings.kind,
        machines=tuple(h.machine for h in hosts if h.has_agent),
        totals=totals,
        mean_power_w=fleet_total("power_w", [(h.model_key, _power(h)) for h in hosts]),
        measured_ratio=measured_ratio(hosts),
        other_kind=other_kind,
        other_use_co2e_kg=other.accounts.footprint(books.alike()).use_co2e_kg,
        pace=pace,
        coverage=replace(
            coverage, gaps=folded_gaps(coverage.gaps, hidden(hosts, settings.k_anonymity))
        ),
        breakdown=parts,
        series=series,
        indicators=indicators,
        actions=doable,
        outcomes=became,
        narrowings=insights.narrowings(books.alike(), accounts, totals),
        work=work(
            books.machines,
            books.plans,
            [s for s in books.sums if s.host not in unseen],
            [w for w in workloads if w.key[0] not in unseen],
            idle_by=settings.idle,
        ),
        own=insights.own_cost(hosts, totals),
        factors=books.grid.used,
        other_factors=_other_factors(zone, book),
        network=network_of(books.sums, hosts, accounts, years[-1]),
        market=market(books.alike(), accounts),
        costs=costs(books.alike(), accounts),
        ledger=ledger_of(held.held, held.undated, books.days.first, books.days.last),
        devices=sum(h.quantity for h in hosts if not h.has_agent),
        comparisons=compared,
        heat=hours.heat,
        services=scored,
        standings=standings(lake, settings, books, pace, ratios, now),
        organisation=settings.organisation,
        signatures=settings.signatures,
        labels=_labels(settings),
        cautions=(
            *doubts.of_time(lake, period, coverage, pace, now),
            *doubts.of_machines(hosts, books.unknown, totals, held),
            *doubts.of_services(untold(settings.declared.services, scored, books)),
            *doubts.of_carbon(books.grid, book.as_of),
        ),
    )


def _period(lake: Lake, settings: ReportSettings, period: Period | None) -> Period:
    if period is not None:
        return period
    ends = extent(lake)
    if ends is None:
        raise NothingRecorded(
            "nothing was recorded yet", hint="record with: sobriety collect --for 30s"
        )
    return recorded(*ends, settings.timezone)


def status_of(signatures: Sequence[Signature]) -> Status:
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
