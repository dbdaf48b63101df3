"""Computes the carbon of hosts and of all together: use, embodied, and their shared errors.

A fleet's interval is neither the naive one nor the worst: machines of one model share their model's
error, so their intervals add; different models err each its own way and partly cancel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sobriety.core.estimate import Estimate, product, total
from sobriety.core.method import Method, MethodKind, significant
from sobriety.estimators import amortised, co2e

from ..model.figures import Figure, Footprint, Missing
from ..model.warnings import Caution
from .hosts import HostUse

WITH_OVERHEAD = MethodKind("with-overhead", "{method:method} × PUE {pue:number}")
MANY = MethodKind("many", "{count:number} methods, each machine by its own")
MANY_ABOVE_IDLE = MethodKind("many-above-idle", "above idle, each machine by its own")
MAKING_SHARE = MethodKind("making-share", "making ÷ (making + use)")

Input = Literal["energy", "grid", "embodied", "lifetime"]
"""What a total is made from, and could be known exactly."""

Pue = Estimate | float | None

NOTHING: frozenset[Input] = frozenset()

_MOST_METHODS = 3
"""Beyond that a fleet's figure names their number; each machine's own figure names its method."""


ZoneYear = tuple[str | None, int]
Part = tuple["HostUse", Estimate]
"""Some of a host's energy."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The factors of a report. `missing` says by zone why there are none.

    factors   by zone and year of use
    by_host   by host and year of use, where the hours of its use weigh those of the grid
    """

    factors: Mapping[ZoneYear, Estimate]
    missing: Mapping[str | None, Caution] = field(default_factory=dict[str | None, Caution])
    by_host: Mapping[tuple[str, int], Estimate] = field(
        default_factory=dict[tuple[str, int], Estimate]
    )

    def footprint(self, hosts: Sequence[HostUse], certain: frozenset[Input] = NOTHING) -> Footprint:
        """Use and making of the hosts; `certain` inputs are taken as known exactly."""
        energy = fleet_total("energy_j", [(h.model_key, h.energy) for h in hosts])
        making = fleet_total(
            "embodied_share_kg", [(h.model_key, making_of(h, certain)) for h in hosts]
        )
        if "energy" in certain:
            energy = exact(energy)
        use = self._use(hosts, certain)
        if isinstance(use, Missing):
            return Footprint(energy, use, making, use, use)
        both = total("co2e_kg", (use, making), shared_error=False)
        return Footprint(
            energy,
            use,
            making,
            both,
            share_of(making, use, "embodied_ratio", MAKING_SHARE()),
        )

    def use_kg(self, hosts: Sequence[HostUse]) -> float:
        """Carbon of the use of hosts in zones that have factors."""
        use = self._use(hosts, NOTHING)
        assert isinstance(use, Estimate)
        return use.value

    def co2e(self, parts: Sequence[Part], year: int) -> Figure:
        """Carbon of some energy of hosts in a year, with the overhead of their rooms."""
        return self._use([replace(h, energy_by_year={year: e}) for h, e in parts], NOTHING)

    def supplied(self, hosts: Sequence[HostUse]) -> Estimate:
        """Energy with the overhead of servers' rooms: what a meter at the door would show."""
        return total("energy_j", self._by_room(hosts, _energy), shared_error=False)

    def _use(self, hosts: Sequence[HostUse], certain: frozenset[Input]) -> Figure:
        by_zone: dict[str | None, list[HostUse]] = {}
        for host in hosts:
            by_zone.setdefault(host.site.zone, []).append(host)
        # Half a total is no total.
        for zone in by_zone:
            if zone in self.missing:
                return Missing(self.missing[zone])
        zones = [self._of_zone(zone, of_zone, certain) for zone, of_zone in by_zone.items()]
        return total("co2e_kg", zones, shared_error=False)

    def _of_zone(
        self, zone: str | None, hosts: Sequence[HostUse], certain: frozenset[Input]
    ) -> Estimate:
        parts: list[Estimate] = []
        for year in sorted({y for h in hosts for y in h.energy_by_year}):
            using = [h for h in hosts if year in h.energy_by_year]
            energy, factor = self._energy_and_factor(using, (zone, year), certain)
            parts.append(co2e(energy, exact(factor) if "grid" in certain else factor))
        return total("co2e_kg", parts, shared_error=True)

    def _energy_and_factor(
        self, hosts: Sequence[HostUse], of: ZoneYear, certain: frozenset[Input]
    ) -> tuple[Estimate, Estimate]:
        """Energy with overhead, and one factor for all of it, since its error is theirs together:
        the mean, with what is above it or below carried by the energy."""
        _, year = of

        def joules(using: Sequence[HostUse]) -> Estimate:
            energy = fleet_total("energy_j", [(h.model_key, h.energy_by_year[year]) for h in using])
            return exact(energy) if "energy" in certain else energy

        rooms = by_room(hosts)
        supplied = self._by_room(hosts, joules)
        factors = [self._factor(using, of) for using in rooms.values()]
        energy_j = math.fsum(energy.value for energy in supplied)
        if len(supplied) == 1 or not energy_j:
            return supplied[0], factors[0]
        factor = total(
            "intensity_g_per_kwh",
            [f.scaled(e.value / energy_j) for e, f in zip(supplied, factors, strict=True)],
            shared_error=True,
        )
        weighted = [
            e.scaled(own.value / factor.value) if factor.value else e
            for e, own in zip(supplied, factors, strict=True)
        ]
        return total("energy_j", weighted, shared_error=False), factor

    def _by_room(
        self, hosts: Sequence[HostUse], joules: Callable[[Sequence[HostUse]], Estimate]
    ) -> list[Estimate]:
        return [with_overhead(joules(using), pue) for pue, using in by_room(hosts).items()]

    def _factor(self, hosts: Sequence[HostUse], of: ZoneYear) -> Estimate:
        """The mean of hosts' own factors, weighted by energy; their errors are of one grid."""
        _, year = of
        weighted = [
            (self.by_host[h.name, year], h.energy_by_year[year].value)
            for h in hosts
            if (h.name, year) in self.by_host
        ]
        energy_j = math.fsum(joules for _, joules in weighted)
        if not energy_j:
            return self.factors[of]
        return total(
            "intensity_g_per_kwh",
            [factor.scaled(joules / energy_j) for factor, joules in weighted],
            shared_error=True,
            method=weighted[0][0].method if len(weighted) == 1 else self.factors[of].method,
        )


def by_room(hosts: Sequence[HostUse]) -> dict[Pue, list[HostUse]]:
    """Hosts by the overhead that is added to what they draw: none outside of a servers' room."""
    rooms: dict[Pue, list[HostUse]] = {}
    for host in hosts:
        rooms.setdefault(host.site.pue if host.in_room else None, []).append(host)
    return rooms


def with_overhead(energy: Estimate, pue: Pue) -> Estimate:
    if isinstance(pue, Estimate):
        return product("energy_j", energy, pue)
    if pue is None or pue == 1:
        return energy
    return replace(
        energy.scaled(pue), method=WITH_OVERHEAD(method=energy.method, pue=significant(pue, 6))
    )


def _energy(hosts: Sequence[HostUse]) -> Estimate:
    return fleet_total("energy_j", [(h.model_key, h.energy) for h in hosts])


def fleet_total(metric: str, parts: Iterable[tuple[object, Estimate]]) -> Estimate:
    """The sum of hosts' figures: errors add within a key and partly cancel between keys."""
    by_key: dict[object, list[Estimate]] = {}
    for key, estimate in parts:
        by_key.setdefault(key, []).append(estimate)
    methods = {e.method for same in by_key.values() for e in same}
    many = MANY(count=len(methods)) if len(methods) > _MOST_METHODS else None
    return total(
        metric,
        [total(metric, same, shared_error=True, method=many) for same in by_key.values()],
        shared_error=False,
        method=many,
    )


def measured_ratio(hosts: Sequence[HostUse]) -> float:
    """Joules that sensors gave, of all their joules."""
    joules = math.fsum(h.energy.value for h in hosts)
    return min(1.0, math.fsum(h.measured_j for h in hosts) / joules) if joules > 0 else 0.0


def exact(estimate: Estimate) -> Estimate:
    """The same figure, were it known exactly."""
    return replace(estimate, low=estimate.value, high=estimate.value)


def share_of(part: Estimate, rest: Estimate, metric: str, method: Method) -> Estimate:
    """part / (part + rest), whose errors have nothing to do with each other; 0 to 1."""
    if part.low > 0 and rest.low > 0:
        value, low, high = _share_by_logarithms(part, rest)
    else:
        value = _share(part.value, rest.value)
        low, high = _share(part.low, rest.high), _share(part.high, rest.low)
    return Estimate(
        metric,
        value,
        min(low, value),
        max(high, value),
        part.basis if part.basis == rest.basis else "mixed",
        method,
        tuple(dict.fromkeys(part.sources + rest.sources)),
    )


def _share_by_logarithms(part: Estimate, rest: Estimate) -> tuple[float, float, float]:
    odds = rest.value / part.value
    up = math.hypot(math.log(rest.high / rest.value), math.log(part.value / part.low))
    down = math.hypot(math.log(rest.value / rest.low), math.log(part.high / part.value))
    return tuple(1 / (1 + o) for o in (odds, odds * math.exp(up), odds * math.exp(-down)))  # type: ignore[return-value]


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest > 0 else 1.0


def making_of(host: HostUse, certain: frozenset[Input] = NOTHING) -> Estimate:
    """What the period is charged of the making of a host."""
    if host.charge is not None:
        return exact(host.charge) if "embodied" in certain else host.charge
    embodied, lifetime = host.embodied, host.lifetime
    return amortised(
        exact(embodied) if "embodied" in certain else embodied,
        exact(lifetime) if "lifetime" in certain else lifetime,
        host.observed_s,
    )
