"""Finds jobs that could run at another hour: the same work on a cleaner grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from zoneinfo import ZoneInfo

from sobriety.core.estimate import Estimate, product
from sobriety.core.method import MethodKind
from sobriety.core.units import NS_PER_HOUR, NS_PER_S, S_PER_DAY, S_PER_YEAR
from sobriety.estimators import active
from sobriety.factors.hours import HOURLY_RATIO, Hours
from sobriety.inventory.devices import WORKSTATIONS
from sobriety.lake import Lake

from ..accounts.accounts import Books
from ..accounts.carbon import MANY_ABOVE_IDLE, with_overhead
from ..accounts.hosts import HostUse
from ..accounts.job_hours import HOURS_A_DAY, GridHours, JobHour, job_hours
from ..model.findings import Action, Job
from ..model.settings import ReportSettings

HOURS_APART = MethodKind("hours-apart", "hours of {zone}, now less then")

_LEAST_S = 7 * S_PER_DAY
_LEAST_DAYS = 5
_LONGEST_HOURS = 6
_MOSTLY = 0.9
_WORTH_RATIO = 0.05
"""Less is within what hours of a grid differ by from one year to the next."""
_MOST = 3


@dataclass(frozen=True, slots=True)
class _Place:
    """Servers of one site, which share a clock, a grid and a room."""

    hosts: tuple[HostUse, ...]
    hours: tuple[Hours, ...]
    clock: tzinfo | None

    @property
    def grid(self) -> GridHours:
        """Grams a kilowatt-hour in each hour, and in the 23 after it where all are told."""
        told = {ns: g.value for part in self.hours for ns, g in part.by_hour.items()}
        found: GridHours = {}
        for hour_ns in told:
            later = [told.get(hour_ns + i * NS_PER_HOUR) for i in range(HOURS_A_DAY)]
            known = tuple(g for g in later if g is not None)
            if len(known) == HOURS_A_DAY:
                at = datetime.fromtimestamp(hour_ns / NS_PER_S, tz=self.clock)
                found[hour_ns] = (at.hour, known)
        return found


def jobs_to_move(lake: Lake, books: Books, settings: ReportSettings) -> tuple[Action, ...]:
    """Those of servers that run at a few hours of most days, and what a year of each would save at
    the best hour. Nothing where no file tells the grid's hours: a year's mean has no best hour."""
    if not settings.hours or books.period.duration_s < _LEAST_S:
        return ()
    found = [
        action for place in _places(books, settings) for action in _of_place(lake, books, place)
    ]
    return tuple(sorted(found, key=_carbon, reverse=True)[:_MOST])


def _carbon(action: Action) -> float:
    assert isinstance(action.co2e_kg, Estimate)
    return action.co2e_kg.value


def _places(books: Books, settings: ReportSettings) -> Iterator[_Place]:
    servers = [h for h in books.hosts if h.has_agent and h.machine.category not in WORKSTATIONS]
    for _, hosts in groupby(sorted(servers, key=_site), _site):
        several = tuple(hosts)
        site = several[0].site
        hours = tuple(h for h in settings.hours if (h.zone, h.kind) == (site.zone, settings.kind))
        clock = ZoneInfo(site.timezone) if site.timezone else books.period.start.tzinfo
        if hours:
            yield _Place(several, hours, clock)


def _site(host: HostUse) -> str:
    return host.site.id


def _of_place(lake: Lake, books: Books, place: _Place) -> Iterator[Action]:
    names = {h.name for h in place.hosts}
    plans = {key: active(plan) for key, plan in books.plans.items() if key[0] in names}
    by_job: dict[tuple[str, str], list[JobHour]] = {}
    for hour in job_hours(lake, books.period, plans, place.grid):
        by_job.setdefault((hour.kind, hour.name), []).append(hour)
    for (_, name), hours in by_job.items():
        if action := _moved(name, hours, place):
            yield action


def _moved(name: str, hours: Sequence[JobHour], place: _Place) -> Action | None:
    """None for what is always on, ran too seldom, or runs at a good hour."""
    joules = {h.hour: h.energy_j for h in hours}
    begins = _window(joules)
    if begins is None or max(h.days for h in hours) < _LEAST_DAYS:
        return None
    # Joules × grams a kilowatt-hour, were all of it so many hours later.
    weighted = [math.fsum(h.weighted[i] for h in hours) for i in range(HOURS_A_DAY)]
    later = min(range(HOURS_A_DAY), key=weighted.__getitem__)
    if weighted[later] > (1 - _WORTH_RATIO) * weighted[0]:
        return None
    hosts = [h for h in place.hosts if any(h.name in hour.hosts for hour in hours)]
    observed_s = math.fsum(h.observed_s for h in hosts) / len(hosts)
    value, low, high = (
        math.fsum(getattr(h, bound) for h in hours) * S_PER_YEAR / observed_s
        for bound in ("energy_j", "energy_low_j", "energy_high_j")
    )
    used = Estimate(
        "energy_j", value, low, high, "modelled", MANY_ABOVE_IDLE(),
        hosts[0].energy.sources,
    )  # fmt: skip
    grams = (weighted[0] - weighted[later]) / math.fsum(joules.values())
    cleaner = Estimate(
        "intensity_g_per_kwh", grams, grams * (1 - HOURLY_RATIO), grams * (1 + HOURLY_RATIO),
        "declared", HOURS_APART(zone=place.hours[0].zone),
        tuple(dict.fromkeys(source for h in place.hours for source in h.sources)),
    )  # fmt: skip
    pue = hosts[0].site.pue if hosts[0].in_room else None
    saved = product("co2e_kg", with_overhead(used, pue), cleaner, unit_factor=1 / 3.6e9)
    job = Job(name, begins, (begins + later) % HOURS_A_DAY)
    site = hosts[0].site
    return Action("move_job", tuple(h.name for h in hosts), None, saved, len(hosts), (), site, job)


def _window(joules: Mapping[int, float]) -> int | None:
    """The hour of the day at which most of it begins; None where it takes more than a few."""
    whole = math.fsum(joules.values())
    if whole <= 0:
        return None
    for length in range(1, _LONGEST_HOURS + 1):
        sums = [
            math.fsum(joules.get((start + i) % HOURS_A_DAY, 0.0) for i in range(length))
            for start in range(HOURS_A_DAY)
        ]
        best = max(range(HOURS_A_DAY), key=sums.__getitem__)
        if sums[best] >= _MOSTLY * whole:
            return best
    return None
