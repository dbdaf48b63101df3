"""A report's figures, gathered from the lake. Renderers print them; nothing is computed after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sobriety.catalogue import Catalogue
from sobriety.core.errors import FactorNotFound, SobrietyError
from sobriety.core.estimate import Estimate, total
from sobriety.core.machine import Machine
from sobriety.core.units import NS_PER_S
from sobriety.estimators import (
    EnergyPlan,
    FactorBook,
    GridFactor,
    all_factors,
    embodied,
    energy,
    lifetime,
    plan,
    resolve_zone,
)
from sobriety.lake import Lake
from sobriety.period import Period, recorded, to_ns

from . import doubts, insights
from .carbon import HostUse, fleet_total, measured_ratio
from .contracts import costs, market
from .grid import grid_of
from .holdings import days_of, holdings
from .ledger import ledger_of
from .model import Coverage, Gap, Missing, Pace, Report
from .network import network_of
from .query import PlanKey, UsageSum, extent, power_series, usage_sums, workload_sums
from .settings import FactorKind, ReportSettings
from .slices import breakdown
from .warnings import ShortPeriod
from .work import work

_LEAST_FOR_A_YEAR_S = 3600
_LEAST_GAP_S = 60


def gather(
    lake: Lake,
    settings: ReportSettings,
    period: Period | None = None,
    *,
    now: datetime | None = None,
) -> Report:
    """Everything that a report of the period says; None is everything recorded.

    Raises FactorNotFound for a zone nobody knows, SobrietyError when nothing was recorded.
    """
    now = now or datetime.now().astimezone()
    book = settings.factors
    known = book.zones() | {hours.zone for hours in settings.hours}
    zone = None if settings.zone is None else resolve_zone(settings.zone, known)
    period = _period(lake, settings, period)
    sums = [(int(y.label), s) for y in period.years for s in usage_sums(lake, y)]
    if not sums:
        raise SobrietyError(
            f"nothing was recorded in {period.label}",
            hint="record with: sobriety collect --for 30s",
        )
    machines, unknown = _machines(lake, settings, sums)
    plans = _plans(machines, [s for _, s in sums])
    watched = _hosts(machines, plans, sums, settings.catalogue)
    settings = replace(settings, zone=zone)
    held = holdings(watched, settings, period, min(now, period.end).date())
    hosts = list(held.lines)
    if not hosts:
        raise SobrietyError(
            f"rows were recorded in {period.label} and none has what energy is computed from",
            hint="see what this machine offers with: sobriety doctor",
        )
    grid = grid_of(lake, settings, settings.kind, period, plans, hosts)
    accounts = grid.accounts
    other_kind: FactorKind = "direct" if settings.kind == "life-cycle" else "life-cycle"
    totals = accounts.footprint(hosts)
    days = days_of(period, now.date())
    coverage = _coverage(period, now, sums, plans)
    lasting = [h.as_year() for h in hosts if h.observed_s >= _LEAST_FOR_A_YEAR_S]
    other = grid_of(lake, settings, other_kind, period, plans, hosts)
    years = sorted({year for h in hosts for year in h.energy_by_year})
    pace: Pace | Missing = Missing(ShortPeriod(coverage.observed_s))
    if lasting:
        pace = Pace(len(lasting), accounts.footprint(lasting))
    return Report(
        period=period,
        status="draft",
        language=settings.language,
        made_at=now.astimezone(period.start.tzinfo),
        zone=zone,
        factor_kind=settings.kind,
        machines=tuple(h.machine for h in hosts if h.has_agent),
        totals=totals,
        mean_power_w=fleet_total("power_w", [(h.model_key, _power(h)) for h in hosts]),
        measured_ratio=measured_ratio(hosts),
        other_kind=other_kind,
        other_use_co2e_kg=other.accounts.footprint(hosts).use_co2e_kg,
        pace=pace,
        coverage=coverage,
        breakdown=breakdown(hosts, accounts, settings.k_anonymity),
        series=power_series(lake, period, plans),
        indicators=insights.indicators(hosts, totals),
        actions=insights.actions(lasting, accounts, years[-1]),
        narrowings=insights.narrowings(hosts, accounts, totals),
        work=work(
            machines,
            plans,
            [s for _, s in sums],
            workload_sums(lake, period),
            idle_by=settings.idle,
        ),
        own=insights.own_cost(hosts, totals),
        factors=grid.used,
        other_factors=_other_factors(zone, book),
        network=network_of([s for _, s in sums], hosts, accounts, years[-1]),
        market=market(hosts, accounts),
        costs=costs(hosts, accounts),
        ledger=ledger_of(held.held, held.undated, days.first, days.last),
        devices=sum(h.quantity for h in hosts if not h.has_agent),
        cautions=(
            *doubts.of_time(lake, period, coverage, pace, now),
            *doubts.of_machines(hosts, unknown, totals, held),
            *doubts.of_carbon(grid, book.as_of),
        ),
    )


def _period(lake: Lake, settings: ReportSettings, period: Period | None) -> Period:
    if period is not None:
        return period
    ends = extent(lake)
    if ends is None:
        raise SobrietyError(
            "nothing was recorded yet", hint="record with: sobriety collect --for 30s"
        )
    return recorded(*ends, settings.timezone)


def _machines(
    lake: Lake, settings: ReportSettings, sums: Sequence[tuple[int, UsageSum]]
) -> tuple[dict[str, Machine], tuple[str, ...]]:
    """Facts of every host with rows, its owner's over those found; and hosts without any."""
    known = lake.machines()
    hosts = list(dict.fromkeys(s.host for _, s in sums))
    machines: dict[str, Machine] = {}
    for host in hosts:
        stated: Mapping[str, Any] = settings.overrides.get(host, {})
        machines[host] = replace(known.get(host, Machine(host=host)), **stated)
    return machines, tuple(h for h in hosts if h not in known and h not in settings.overrides)


def _plans(machines: Mapping[str, Machine], sums: Sequence[UsageSum]) -> dict[PlanKey, EnergyPlan]:
    plans: dict[PlanKey, EnergyPlan] = {}
    for s in sums:
        found = plan(machines[s.host], tuple(s.observed.split()), s.state)
        if found is not None:
            plans[s.key] = found
    return plans


def _hosts(
    machines: Mapping[str, Machine],
    plans: Mapping[PlanKey, EnergyPlan],
    sums: Sequence[tuple[int, UsageSum]],
    catalogue: Catalogue | None,
) -> list[HostUse]:
    by_host: dict[str, list[tuple[int, UsageSum]]] = {}
    for year, s in sums:
        if s.key in plans:
            by_host.setdefault(s.host, []).append((year, s))
    return [_host(machines[host], plans, rows, catalogue) for host, rows in by_host.items()]


def _host(
    machine: Machine,
    plans: Mapping[PlanKey, EnergyPlan],
    rows: Sequence[tuple[int, UsageSum]],
    catalogue: Catalogue | None,
) -> HostUse:
    def joules(chosen: Sequence[UsageSum]) -> Estimate:
        parts = [energy(plans[s.key], s.measures) for s in chosen]
        return total("energy_j", parts, shared_error=True)

    def joules_if_any(chosen: Sequence[UsageSum]) -> Estimate | None:
        return joules(chosen) if chosen else None

    sums = [s for _, s in rows]
    by_year: dict[int, list[UsageSum]] = {}
    for year, s in rows:
        by_year.setdefault(year, []).append(s)
    own = [s.measures["agent_cpu_s"] for s in sums if "agent_cpu_s" in s.measures]
    return HostUse(
        machine,
        {year: joules(chosen) for year, chosen in by_year.items()},
        sum(s.measures["duration_s"] for s in sums),
        sum(s.measures["covered_s"] for s in sums),
        sum(insights.measured_j(plans[s.key], s.measures) for s in sums),
        insights.idle(machine, [(plans[s.key], s.measures) for s in sums]),
        joules_if_any([s for s in sums if s.quiet]),
        joules_if_any([s for s in sums if "presence" in s.observed.split()]),
        joules_if_any([s for s in sums if s.unattended]),
        sum(own) if own else None,
        _making(machine, catalogue),
        lifetime(machine),
        sum(s.measures["duration_s"] for s in sums if s.state == "on"),
    )


def _making(machine: Machine, catalogue: Catalogue | None) -> Estimate:
    """As its owner states, else as its maker does in the catalogue, else as estimated."""
    declared = None
    if catalogue and machine.embodied_kg is None and not machine.virtual:
        declared = catalogue.embodied(machine.manufacturer, machine.model)
    return declared or embodied(machine)


def _other_factors(zone: str | None, book: FactorBook) -> tuple[GridFactor, ...]:
    if zone is None:
        return ()
    try:
        return tuple(f for f in all_factors(zone, book) if book.dated(f))
    except FactorNotFound:  # a zone that only a file of hours knows
        return ()


def _power(host: HostUse) -> Estimate:
    return host.energy.scaled(1 / host.observed_s, "power_w")


def _coverage(
    period: Period,
    now: datetime,
    sums: Sequence[tuple[int, UsageSum]],
    plans: Mapping[PlanKey, EnergyPlan],
) -> Coverage:
    passed_s = max(1e-9, (min(period.end_ns, to_ns(now)) - period.start_ns) / NS_PER_S)
    recorded_s: dict[str, float] = {}
    unknown_s: dict[tuple[str, bool], float] = {}
    for _, s in sums:
        duration_s = s.measures["duration_s"]
        recorded_s[s.host] = recorded_s.get(s.host, 0.0) + duration_s
        if s.key not in plans:
            kind = (s.host, s.state == "unobserved")
            unknown_s[kind] = unknown_s.get(kind, 0.0) + duration_s
    gaps = [
        Gap(host, "unobserved" if unobserved else "no_plan", duration_s)
        for (host, unobserved), duration_s in unknown_s.items()
    ]
    for host, duration_s in recorded_s.items():
        if passed_s - duration_s > max(_LEAST_GAP_S, 0.001 * passed_s):
            gaps.append(Gap(host, "not_recorded", passed_s - duration_s))
    span_s = passed_s * len(recorded_s)
    observed_s = sum(recorded_s.values()) - sum(unknown_s.values())
    gaps.sort(key=lambda g: g.duration_s, reverse=True)
    return Coverage(span_s, observed_s, min(1.0, observed_s / span_s), tuple(gaps))
