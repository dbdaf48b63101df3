"""Energy by hour of the week, and while a site is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.core.period import from_ns
from sobriety.core.units import S_PER_DAY
from sobriety.declared.sites import Site
from sobriety.inventory.devices import WORKSTATIONS
from sobriety.lake import Lake

from ..accounts.accounts import Books
from ..accounts.carbon import share_of
from ..accounts.hosts import HostUse
from ..accounts.time_series import HourEnergy, hourly_energy
from ..model.figures import Figure, HeatMap, Missing
from ..model.warnings import NothingKnown
from .breakdown import workstations

ENERGY_OF_HOURS = MethodKind(
    "energy-of-hours", "energy of the hours, each machine by its own method"
)
CLOSED_SHARE = MethodKind("closed-share", "energy of closed hours ÷ energy")

_LEAST_S = 7 * S_PER_DAY
_HOURS_A_DAY = 24
_HOURS_A_WEEK = 168


class Premises(NamedTuple):
    """Hosts whose hours are told together: of a site, in its servers' room or at its desks."""

    site: str
    in_room: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """Energy of a place's watched machines, and what of it was used while it was closed.

    observed_s   mean time of one of them
    """

    site: Site
    in_room: bool
    hosts: tuple[str, ...]
    closed: Estimate
    rest: Estimate
    observed_s: float


@dataclass(frozen=True, slots=True)
class HoursOfUse:
    """`heat` is None where too few people's machines, or less than a week, would be in it.

    energy   of all that was watched, theirs too: for sums in which nobody is seen
    """

    heat: HeatMap | None
    closed: tuple[Closed, ...]
    closed_ratio: Figure | None
    energy: tuple[HourEnergy, ...] = ()


NOTHING = HoursOfUse(None, (), None)
_UNTOLD = -1
"""The place of those that are too few to be told apart."""


def hours_of_use(lake: Lake, books: Books, k: int) -> HoursOfUse:
    """One question to the lake; nothing for a period that is shorter than a week."""
    watched = [h for h in books.hosts if h.has_agent]
    if not watched or books.period.duration_s < _LEAST_S:
        return NOTHING
    by_host = {h.name: _UNTOLD for h in watched}
    if len(watched) > 1 and 0 < workstations(watched) < k:
        watched = [h for h in watched if h.machine.category not in WORKSTATIONS]
    places: dict[Premises, list[HostUse]] = {}
    for host in watched:
        places.setdefault(Premises(host.site.id, host.in_room), []).append(host)
    numbers = {place: i for i, place in enumerate(places)}
    by_host |= {h.name: numbers[place] for place, hosts in places.items() for h in hosts}
    energy = hourly_energy(lake, books.period, books.plans, by_host)
    hours = [h for h in energy if h.place != _UNTOLD]
    closed = tuple(
        found
        for place, hosts in places.items()
        if (found := _closed(place, hosts, [h for h in hours if h.place == numbers[place]]))
    )
    return HoursOfUse(_heat(books, hours), closed, _ratio(closed), tuple(energy))


def _heat(books: Books, hours: Sequence[HourEnergy]) -> HeatMap | None:
    zone = books.period.start.tzinfo
    joules = [0.0] * _HOURS_A_WEEK
    seen: list[set[int]] = [set() for _ in range(_HOURS_A_WEEK)]
    for hour in hours:
        at = datetime.fromtimestamp(hour.hour_ns / 1e9, tz=zone)
        cell = at.weekday() * _HOURS_A_DAY + at.hour
        joules[cell] += hour.energy_j
        seen[cell].add(hour.hour_ns)
    if not all(seen):
        return None
    return HeatMap(tuple(j / (3600 * len(s)) for j, s in zip(joules, seen, strict=True)))


def _closed(
    place: Premises, hosts: Sequence[HostUse], hours: Sequence[HourEnergy]
) -> Closed | None:
    """None for a place whose opening hours or clock are not declared."""
    site = hosts[0].site
    if site.hours is None or site.timezone is None:
        return None
    zone = ZoneInfo(site.timezone)
    sums = {True: [0.0, 0.0, 0.0], False: [0.0, 0.0, 0.0]}
    for hour in hours:
        is_open = bool(site.is_open(from_ns(hour.hour_ns, zone)))
        for i, joules in enumerate((hour.energy_j, hour.energy_low_j, hour.energy_high_j)):
            sums[is_open][i] += joules
    like = hosts[0].energy
    names = tuple(h.name for h in hosts)
    return Closed(
        site, place.in_room, names, _joules(sums[False], like), _joules(sums[True], like),
        sum(h.observed_s for h in hosts) / len(hosts),
    )  # fmt: skip


def _joules(sums: Sequence[float], like: Estimate) -> Estimate:
    value, low, high = sums
    return Estimate(
        "energy_j", value, min(low, value), max(high, value), like.basis,
        ENERGY_OF_HOURS(), like.sources,
    )  # fmt: skip


def _ratio(places: Sequence[Closed]) -> Figure | None:
    """Of all places that tell their hours; None where none does."""
    if not places:
        return None
    closed, rest = (
        _joules([sum(getattr(getattr(p, part), bound) for p in places)
                 for bound in ("value", "low", "high")], places[0].closed)
        for part in ("closed", "rest")
    )  # fmt: skip
    if closed.value + rest.value <= 0:
        return Missing(NothingKnown())
    return share_of(closed, rest, "closed_ratio", CLOSED_SHARE())
