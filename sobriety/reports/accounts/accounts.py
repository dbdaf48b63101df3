"""Accounts of a period: hosts, grids and costs, which every section of a report reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sobriety.core.estimate import Estimate, total
from sobriety.core.machine import Machine
from sobriety.core.period import Period, to_ns
from sobriety.core.units import NS_PER_S
from sobriety.estimators import EnergyPlan, embodied, energy, lifetime, plan
from sobriety.factors.catalogue import Catalogue
from sobriety.lake import Lake

from ..model.figures import Coverage, CoverageGap, Footprint
from ..model.settings import ReportSettings
from .assets import DaySpan, Holdings, days_of, holdings
from .carbon import Accounts
from .device_facts import Stock
from .grid import Grid, grid_of
from .hosts import HostUse
from .measured import idle, measured_j
from .merge import joined
from .query import AGENT, PlanKey, UsageSum, usage_sums

_LEAST_GAP_S = 60


@dataclass(slots=True)
class _Kept:
    alike: list[HostUse] | None = None
    footprint: Footprint | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """unknown   hosts of which no facts came
    kept      what was computed once: lines that are alike as one, and the footprint
    """

    period: Period
    days: DaySpan
    sums: tuple[UsageSum, ...]
    machines: Mapping[str, Machine]
    unknown: tuple[str, ...]
    plans: Mapping[PlanKey, EnergyPlan]
    holdings: Holdings
    grid: Grid
    coverage: Coverage
    stock: Stock
    kept: _Kept = field(default_factory=lambda: _Kept())

    @property
    def hosts(self) -> tuple[HostUse, ...]:
        return self.holdings.lines

    @property
    def accounts(self) -> Accounts:
        return self.grid.accounts

    def alike(self) -> list[HostUse]:
        """Lines that are alike as one: for what is asked of all of them together."""
        if self.kept.alike is None:
            own = {name for name, _ in self.accounts.by_host}  # with a factor of its own
            self.kept.alike = joined(self.hosts, apart=lambda h: h.name if h.name in own else None)
        return self.kept.alike

    def footprint(self) -> Footprint:
        """Of everything."""
        if self.kept.footprint is None:
            self.kept.footprint = self.accounts.footprint(self.alike())
        return self.kept.footprint


def books_of(
    lake: Lake,
    settings: ReportSettings,
    period: Period,
    now: datetime,
    stock: Stock | None = None,
) -> Books:
    """`settings.zone` is a zone's code. There are no hosts where nothing was recorded or held.
    `stock` is that of other books with these settings, which know its devices already."""
    stock = stock or Stock(settings.catalogue)
    sums = [(int(y.label), s) for y in period.years for s in usage_sums(lake, y)]
    machines, unknown = _machines(lake, settings, sums)
    plans = _plans(machines, [s for _, s in sums])
    passed_s = max(1e-9, (min(period.end_ns, to_ns(now)) - period.start_ns) / NS_PER_S)
    watched = [
        replace(h, held_s=passed_s) for h in _hosts(machines, plans, sums, settings.catalogue)
    ]
    today = _day_of(now, period)
    found = holdings(watched, settings, period, today, stock)
    grid = grid_of(lake, settings, settings.kind, period, plans, found.lines)
    return Books(
        period, days_of(period, today), tuple(s for _, s in sums), machines, unknown, plans, found,
        grid, _coverage(passed_s, [s for _, s in sums], plans), stock,
    )  # fmt: skip


def _day_of(now: datetime, period: Period) -> date:
    return now.astimezone(period.start.tzinfo).date()


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
    def together(parts: Sequence[Estimate]) -> Estimate:
        return total("energy_j", parts, shared_error=True)

    sums = [s for _, s in rows]
    joules = [energy(plans[s.key], s.measures) for s in sums]
    by_year: dict[int, list[Estimate]] = {}
    for (year, _), part in zip(rows, joules, strict=True):
        by_year.setdefault(year, []).append(part)

    def of(chosen: Callable[[UsageSum], bool]) -> Estimate | None:
        parts = [part for s, part in zip(sums, joules, strict=True) if chosen(s)]
        return together(parts) if parts else None

    own = [s.measures[AGENT] for s in sums if AGENT in s.measures]
    return HostUse(
        machine,
        {year: together(parts) for year, parts in by_year.items()},
        sum(s.measures["duration_s"] for s in sums),
        sum(s.measures["covered_s"] for s in sums),
        sum(measured_j(plans[s.key], s.measures) for s in sums),
        idle(machine, [(plans[s.key], s.measures) for s in sums]),
        of(lambda s: s.quiet),
        of(lambda s: "presence" in s.observed.split()),
        of(lambda s: s.unattended),
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


def _coverage(
    passed_s: float,
    sums: Sequence[UsageSum],
    plans: Mapping[PlanKey, EnergyPlan],
) -> Coverage:
    recorded_s: dict[str, float] = {}
    unknown_s: dict[tuple[str, bool], float] = {}
    for s in sums:
        duration_s = s.measures["duration_s"]
        recorded_s[s.host] = recorded_s.get(s.host, 0.0) + duration_s
        if s.key not in plans:
            kind = (s.host, s.state == "unobserved")
            unknown_s[kind] = unknown_s.get(kind, 0.0) + duration_s
    gaps = [
        CoverageGap(host, "unobserved" if unobserved else "no_plan", duration_s)
        for (host, unobserved), duration_s in unknown_s.items()
    ]
    for host, duration_s in recorded_s.items():
        if passed_s - duration_s > max(_LEAST_GAP_S, 0.001 * passed_s):
            gaps.append(CoverageGap(host, "not_recorded", passed_s - duration_s))
    span_s = passed_s * len(recorded_s)
    observed_s = sum(recorded_s.values()) - sum(unknown_s.values())
    if not span_s:
        return Coverage(0.0, 0.0, 0.0, ())
    gaps.sort(key=lambda g: g.duration_s, reverse=True)
    return Coverage(span_s, observed_s, min(1.0, observed_s / span_s), tuple(gaps))
