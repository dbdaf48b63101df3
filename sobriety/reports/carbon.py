"""What each host and all of them cost: use, making, both, with the errors that they share.

A fleet's interval is neither the naive one nor the worst: machines of one model share their model's
error, so their intervals add; different models err each its own way and partly cancel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sobriety.core.estimate import Estimate, product, total
from sobriety.core.machine import Machine
from sobriety.core.units import S_PER_YEAR
from sobriety.estimators import amortised, co2e

from .model import Figure, Footprint, Missing
from .warnings import Caution

Input = Literal["energy", "grid", "embodied", "lifetime"]
"""What a total is made from, and could be known exactly."""

NOTHING: frozenset[Input] = frozenset()

_MOST_METHODS = 3
"""Beyond that a fleet's figure names their number; each machine's own figure names its method."""


@dataclass(frozen=True, slots=True)
class HostUse:
    """A host in the period, before any carbon.

    energy_by_year   at the plug, by calendar year: grid factors are yearly
    observed_s       the time of that energy
    covered_s        the part of it in which the processor was observed
    measured_j       the joules of it that a sensor gave
    idle             what the time observed would have cost with nothing to do, screens as they were
    quiet            energy of hours that were hardly busy; None when there were none
    watched          energy of the time in which it was known whether anybody was logged in, if any
    unattended       the part of it in which nobody was; None when there was none
    agent_cpu_s      of this toolkit's own collector; None when it was not observed
    """

    machine: Machine
    energy_by_year: Mapping[int, Estimate]
    observed_s: float
    covered_s: float
    measured_j: float
    idle: Estimate
    quiet: Estimate | None
    watched: Estimate | None
    unattended: Estimate | None
    agent_cpu_s: float | None
    embodied: Estimate
    lifetime: Estimate

    @property
    def model_key(self) -> tuple[str, str]:
        """Hosts with the same one are wrong in the same way."""
        return self.machine.category or "", self.machine.cpu_model or ""

    @property
    def in_room(self) -> bool:
        """Whether a room's overhead is for it: a server's, and no laptop's."""
        return self.machine.category == "server"

    @property
    def energy(self) -> Estimate:
        return total("energy_j", self.energy_by_year.values(), shared_error=True)

    def as_year(self) -> HostUse:
        """A year like the time observed."""
        times = S_PER_YEAR / self.observed_s
        return replace(
            self,
            energy_by_year={y: e.scaled(times) for y, e in self.energy_by_year.items()},
            observed_s=float(S_PER_YEAR),
            covered_s=self.covered_s * times,
            measured_j=self.measured_j * times,
            idle=self.idle.scaled(times),
            quiet=self.quiet.scaled(times) if self.quiet else None,
            watched=self.watched.scaled(times) if self.watched else None,
            unattended=self.unattended.scaled(times) if self.unattended else None,
        )


@dataclass(frozen=True, slots=True)
class Accounts:
    """The factors of a report. `missing` says why there are none.

    factors   by year of use
    by_host   by host and year of use, where the hours of its use weigh those of the grid
    """

    factors: Mapping[int, Estimate]
    missing: Caution | None
    pue: Estimate | float | None
    by_host: Mapping[tuple[str, int], Estimate] = field(
        default_factory=dict[tuple[str, int], Estimate]
    )

    def footprint(self, hosts: Sequence[HostUse], certain: frozenset[Input] = NOTHING) -> Footprint:
        """Use and making of the hosts; `certain` inputs are taken as known exactly."""
        energy = fleet_total("energy_j", [(h.model_key, h.energy) for h in hosts])
        making = fleet_total(
            "embodied_share_kg", [(h.model_key, _making(h, certain)) for h in hosts]
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
            share_of(making, use, "embodied_ratio", "making ÷ (making + use)"),
        )

    def co2e(self, energy: Estimate, year: int, *, in_room: bool) -> Figure:
        """Carbon of energy at the plug, with the overhead of the servers' room or without."""
        if self.missing is not None:
            return Missing(self.missing)
        return co2e(self._with_overhead(energy) if in_room else energy, self.factors[year])

    def _use(self, hosts: Sequence[HostUse], certain: frozenset[Input]) -> Figure:
        if self.missing is not None:
            return Missing(self.missing)
        parts: list[Estimate] = []
        for year in sorted({y for h in hosts for y in h.energy_by_year}):
            using = [h for h in hosts if year in h.energy_by_year]
            energy, factor = self._supplied(using, year, certain)
            parts.append(co2e(energy, exact(factor) if "grid" in certain else factor))
        return total("co2e_kg", parts, shared_error=True)

    def _supplied(
        self, hosts: Sequence[HostUse], year: int, certain: frozenset[Input]
    ) -> tuple[Estimate, Estimate]:
        """Energy with overhead, and one factor for all of it, since its error is theirs together:
        the mean, with what is above it or below carried by the energy."""
        supplied: list[tuple[Estimate, Estimate]] = []
        for in_room in (False, True):
            using = [h for h in hosts if h.in_room is in_room]
            if using:
                energy = fleet_total(
                    "energy_j", [(h.model_key, h.energy_by_year[year]) for h in using]
                )
                energy = exact(energy) if "energy" in certain else energy
                energy = self._with_overhead(energy) if in_room else energy
                supplied.append((energy, self._factor(using, year)))
        energy_j = math.fsum(energy.value for energy, _ in supplied)
        if len(supplied) == 1 or not energy_j:
            return supplied[0]
        factor = total(
            "intensity_g_per_kwh",
            [factor.scaled(energy.value / energy_j) for energy, factor in supplied],
            shared_error=True,
        )
        weighted = [
            energy.scaled(own.value / factor.value) if factor.value else energy
            for energy, own in supplied
        ]
        return total("energy_j", weighted, shared_error=False), factor

    def _factor(self, hosts: Sequence[HostUse], year: int) -> Estimate:
        """The mean of hosts' own factors, weighted by energy; their errors are of one grid."""
        weighted = [
            (self.by_host[h.machine.host, year], h.energy_by_year[year].value)
            for h in hosts
            if (h.machine.host, year) in self.by_host
        ]
        energy_j = math.fsum(joules for _, joules in weighted)
        if not energy_j:
            return self.factors[year]
        return total(
            "intensity_g_per_kwh",
            [factor.scaled(joules / energy_j) for factor, joules in weighted],
            shared_error=True,
            method=weighted[0][0].method if len(weighted) == 1 else self.factors[year].method,
        )

    def _with_overhead(self, energy: Estimate) -> Estimate:
        if isinstance(self.pue, Estimate):
            return product("energy_j", energy, self.pue)
        if self.pue is None or self.pue == 1:
            return energy
        return replace(energy.scaled(self.pue), method=f"{energy.method} × PUE {self.pue:g}")


def fleet_total(metric: str, parts: Iterable[tuple[object, Estimate]]) -> Estimate:
    """The sum of hosts' figures: errors add within a key and partly cancel between keys."""
    by_key: dict[object, list[Estimate]] = {}
    for key, estimate in parts:
        by_key.setdefault(key, []).append(estimate)
    methods = {e.method for same in by_key.values() for e in same}
    many = (
        f"{len(methods)} methods, each machine by its own" if len(methods) > _MOST_METHODS else ""
    )
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


def share_of(part: Estimate, rest: Estimate, metric: str, method: str) -> Estimate:
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


def _making(host: HostUse, certain: frozenset[Input]) -> Estimate:
    embodied, lifetime = host.embodied, host.lifetime
    return amortised(
        exact(embodied) if "embodied" in certain else embodied,
        exact(lifetime) if "lifetime" in certain else lifetime,
        host.observed_s,
    )
