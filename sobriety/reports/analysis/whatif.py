"""A year as it is beside a year as it could be: the same estimators, other facts.

Of making it is the steady state: what a year of keeping such a fleet takes, whatever is written off
by now. Intervals of a difference keep what both years are wrong about together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.core.period import Period
from sobriety.declared.scenario import DeviceChange, Scenario
from sobriety.lake import Lake

from ..accounts.accounts import Books, books_of
from ..accounts.contracts import costs
from ..accounts.grid import grid_of
from ..accounts.hosts import HostUse
from ..model.figures import Cost, Footprint
from ..model.settings import ReportSettings
from .closed_hours import Closed, hours_of_use

SCENARIO = MethodKind("scenario", "as the scenario states")

_LEAST_S = 3600


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the fleet."""

    footprint: Footprint
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`untouched` are pieces that a change is about and could do nothing for: of whose hours
    nothing is known."""

    before: Year
    after: Year
    untouched: int


def what_if(
    lake: Lake, settings: ReportSettings, period: Period, scenario: Scenario, now: datetime
) -> WhatIf:
    """A year like the period, before and after. Raises SobrietyError where nothing was there."""
    books = books_of(lake, settings, period, now)
    lasting = [replace(h.as_year(), charge=None) for h in books.hosts if h.observed_s >= _LEAST_S]
    if not lasting:
        raise SobrietyError(f"nothing was there in {period.label}", hint="choose another period")
    closed = hours_of_use(lake, books, 1).closed
    untouched = 0
    changed = lasting
    for change in scenario.changes:
        moved = [_changed(h, change, closed) for h in changed]
        changed = [h for h, _ in moved]
        untouched += sum(count for _, count in moved)
    return WhatIf(
        _year(lake, settings, books, lasting), _year(lake, settings, books, changed), untouched
    )


def saved(before: Estimate, after: Estimate) -> tuple[float, float, float]:
    """What is less: value, low, high."""
    ends = sorted((before.low - after.low, before.high - after.high))
    value = before.value - after.value
    return value, min(value, ends[0]), max(value, ends[1])


def _year(lake: Lake, settings: ReportSettings, books: Books, hosts: Sequence[HostUse]) -> Year:
    grid = grid_of(lake, settings, settings.kind, books.period, books.plans, hosts)
    accounts = grid.accounts
    return Year(accounts.footprint(hosts), costs(hosts, accounts))


def _changed(host: HostUse, change: DeviceChange, closed: Sequence[Closed]) -> tuple[HostUse, int]:
    """The host as it would be, and how many of its pieces could not be told."""
    category = host.machine.category or "other"
    if change.categories and category not in change.categories:
        return host, 0
    if change.sites and host.site.id not in change.sites:
        return host, 0
    untouched = 0
    if change.lifetime_years is not None:
        years = change.lifetime_years
        life = replace(host.lifetime, value=years, low=years, high=years, basis="declared",
                       method=SCENARIO())  # fmt: skip
        host = replace(host, lifetime=life)
    if change.quantity_ratio is not None:
        host = host.part(change.quantity_ratio)
    ratio = 1.0 if change.energy_ratio is None else change.energy_ratio
    if change.off_while_closed:
        place = next((c for c in closed if host.name in c.hosts), None)
        if place is None:
            untouched = host.quantity
        else:
            ratio *= place.rest.value / (place.closed.value + place.rest.value)
    if ratio != 1:
        by_year = {y: e.scaled(ratio) for y, e in host.energy_by_year.items()}
        host = replace(host, energy_by_year=by_year)
    if change.zone is not None or change.pue is not None:
        site = replace(
            host.site, zone=change.zone or host.site.zone,
            pue=host.site.pue if change.pue is None else change.pue,
        )  # fmt: skip
        host = replace(host, site=site)
    return host, untouched
