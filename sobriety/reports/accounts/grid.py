"""Grid intensity for the hosts of a report: yearly, or hourly where files have it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate, total
from sobriety.core.method import MethodKind, significant
from sobriety.core.period import Period
from sobriety.estimators import (
    EnergyPlan,
    FactorBook,
    FactorKind,
    GridFactor,
    all_factors,
    intensity,
)
from sobriety.factors.hours import Hours
from sobriety.lake import Lake

from ..model.grid_warnings import NoFactor, NotOutYet, NoZone, UntoldHours
from ..model.settings import ReportSettings
from ..model.warnings import Caution
from .carbon import Accounts, ZoneYear
from .hosts import HostUse
from .query import HourlySum, PlanKey, hourly_sums

HOURLY = MethodKind("hourly", "hourly {kind:factor_kind} intensity of {zone}")
PARTLY_HOURLY = MethodKind(
    "partly-hourly", "{hourly:method} for {percent:number} % of the energy, else {rest:method}"
)

_ALL_RATIO = 1 - 1e-9
HostYear = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """What a report's carbon of use is computed with.

    yearly    factors that had a part in it, with the year of use
    hourly    means over the hours in which energy was used, of all hosts of a zone
    missing   why a zone has none
    untold    how much of the energy had to do with the year's factor, where files tell hours
    """

    accounts: Accounts
    yearly: tuple[tuple[int, GridFactor], ...]
    hourly: tuple[GridFactor, ...] = ()
    missing: tuple[Caution, ...] = ()
    untold: tuple[Caution, ...] = ()

    @property
    def used(self) -> tuple[GridFactor, ...]:
        return (*self.hourly, *(factor for _, factor in self.yearly))


def grid_of(
    lake: Lake,
    settings: ReportSettings,
    kind: FactorKind,
    period: Period,
    plans: Mapping[PlanKey, EnergyPlan],
    hosts: Sequence[HostUse],
) -> Grid:
    """Factors of one kind for the zones that the hosts are in."""
    zones = list(dict.fromkeys(h.site.zone for h in hosts))
    parts = [
        _of_zone(lake, settings, kind, zone, period, plans,
                 [h for h in hosts if h.site.zone == zone])
        for zone in zones
    ]  # fmt: skip
    factors: dict[ZoneYear, Estimate] = {}
    by_host: dict[HostYear, Estimate] = {}
    missing: dict[str | None, Caution] = {}
    for zone, part in zip(zones, parts, strict=True):
        factors |= part.accounts.factors
        by_host |= part.accounts.by_host
        if part.missing:
            missing[zone] = part.missing[0]
    return Grid(
        Accounts(factors, missing, by_host),
        tuple(y for part in parts for y in part.yearly),
        tuple(h for part in parts for h in part.hourly),
        tuple(m for part in parts for m in part.missing),
        tuple(u for part in parts for u in part.untold),
    )


def _of_zone(
    lake: Lake,
    settings: ReportSettings,
    kind: FactorKind,
    zone: str | None,
    period: Period,
    plans: Mapping[PlanKey, EnergyPlan],
    hosts: Sequence[HostUse],
) -> Grid:
    """Half a total is no total: every year has a factor, or none has."""
    years = sorted({year for h in hosts for year in h.energy_by_year})
    yearly, missing = _yearly(zone, years, kind, settings.factors)
    files = [h for h in settings.hours if (h.zone, h.kind) == (zone, kind)]
    if zone is None or not files:
        if missing:
            return Grid(Accounts({}, {zone: missing}), (), (), (missing,))
        of_years: dict[ZoneYear, Estimate] = {(zone, y): f.estimate for y, f in yearly.items()}
        return Grid(Accounts(of_years), tuple(yearly.items()))
    names = {h.machine.host for h in hosts if h.has_agent}
    sums = {k: s for k, s in _sums(lake, period, plans, files).items() if k[0] in names}
    declared = [h for h in hosts if not h.has_agent]
    untold = [key for key, s in sums.items() if s.told_j < _ALL_RATIO * s.energy_j]
    if missing and (untold or declared):
        return Grid(Accounts({}, {zone: missing}), (), (), (missing,))
    by_host = {key: _factor(s, zone, kind, files, yearly.get(key[1])) for key, s in sums.items()}
    means = {
        year: _mean(zone, year, kind, files, sums, by_host)
        for year in years
        if any(y == year for _, y in sums)
    }
    # A device that nobody watched has no hours: its factor is the year's.
    rest = {y: f for y, f in yearly.items() if any(k[1] == y for k in untold)
            or any(y in h.energy_by_year for h in declared)}  # fmt: skip
    chosen = means | rest if declared else rest | means
    used: dict[ZoneYear, Estimate] = {(zone, y): f.estimate for y, f in chosen.items()}
    energy_j = math.fsum(s.energy_j for s in sums.values())
    told_j = math.fsum(s.told_j for s in sums.values())
    return Grid(
        Accounts(used, {}, by_host),
        tuple(rest.items()),
        tuple(means.values()),
        untold=(UntoldHours(zone, 1 - told_j / energy_j),) if untold else (),
    )


def _yearly(
    zone: str | None, years: Sequence[int], kind: FactorKind, book: FactorBook
) -> tuple[dict[int, GridFactor], Caution | None]:
    """The factor of each year, and why one has none."""
    if zone is None:
        return {}, NoZone()
    found: dict[int, GridFactor] = {}
    for year in years:
        try:
            found[year] = intensity(zone, year, kind, book)
        except FactorNotFound:
            if book.as_of is not None and any(f.kind == kind for f in all_factors(zone, book)):
                return found, NotOutYet(zone, book.as_of)
            return found, NoFactor(zone, year, kind)
    return found, None


def _sums(
    lake: Lake, period: Period, plans: Mapping[PlanKey, EnergyPlan], files: Sequence[Hours]
) -> dict[HostYear, HourlySum]:
    by_hour = {hour_ns: grams for file in files for hour_ns, grams in file.by_hour.items()}
    return {
        (host, int(year.label)): found
        for year in period.years
        for host, found in hourly_sums(lake, year, plans, by_hour).items()
        if found.energy_j > 0
    }


def _factor(
    use: HourlySum, zone: str, kind: FactorKind, files: Sequence[Hours], rest: GridFactor | None
) -> Estimate:
    """A host's mean over a year's hours; of those that nobody told, the year's."""
    method = HOURLY(kind=kind, zone=zone)
    told = use.told_j / use.energy_j
    if use.told_j <= 0:
        assert rest is not None
        return rest.estimate
    value, low, high = (x / use.told_j for x in (use.value, use.low, use.high))
    sources = tuple(dict.fromkeys(source for file in files for source in file.sources))
    mean = Estimate("intensity_g_per_kwh", value, low, high, "declared", method, sources)
    if rest is None or told >= _ALL_RATIO:
        return mean
    # One grid, wrong in one direction: bounds add.
    return total(
        "intensity_g_per_kwh",
        (mean.scaled(told), rest.estimate.scaled(1 - told)),
        shared_error=True,
        method=PARTLY_HOURLY(
            hourly=method, percent=significant(100 * told, 3), rest=rest.estimate.method
        ),
    )


def _mean(
    zone: str,
    year: int,
    kind: FactorKind,
    files: Sequence[Hours],
    sums: Mapping[HostYear, HourlySum],
    by_host: Mapping[HostYear, Estimate],
) -> GridFactor:
    """That of all hosts, as the report lists it."""
    of_year = [key for key in sums if key[1] == year]
    energy_j = math.fsum(sums[key].energy_j for key in of_year)
    estimate = total(
        "intensity_g_per_kwh",
        [by_host[key].scaled(sums[key].energy_j / energy_j) for key in of_year],
        shared_error=True,
        method=HOURLY(kind=kind, zone=zone),
    )
    return GridFactor(
        zone,
        year,
        kind,
        estimate,
        "final",
        ("mean over the hours in which energy was used",),
        "",
        files[0].basis,
        estimate.sources[0],
        "of the file's owner",
    )
