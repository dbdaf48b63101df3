"""Totals joules and carbon as rows are written: the one place beside reports that prices usage.

`/metrics` reads it, and the same plans make `top`, `status` and the report, so that they agree.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from sobriety.core.errors import FactorNotFound
from sobriety.core.machine import Machine
from sobriety.core.units import G_PER_KG, J_PER_KWH, NS_PER_S
from sobriety.core.usage import COLUMNS, Usage
from sobriety.estimators import (
    BUILT_IN,
    Coefficients,
    EnergyPlan,
    FactorBook,
    active,
    amortised,
    embodied,
    energy_j,
    intensity,
    lifetime,
    plan,
)

MEASURED = tuple(c.name for c in COLUMNS if c.unit == "J")


class Sum:
    """A sum over years of small additions that loses none of them (Neumaier)."""

    __slots__ = ("_lost", "_value")

    def __init__(self) -> None:
        self._value = self._lost = 0.0

    def add(self, value: float) -> None:
        total = self._value + value
        if abs(self._value) >= abs(value):
            self._lost += (self._value - total) + value
        else:
            self._lost += (value - total) + self._value
        self._value = total

    @property
    def value(self) -> float:
        return self._value + self._lost


@dataclass(slots=True)
class Bounds:
    """A sum with the sums of its two bounds: one wrong curve is wrong for every row."""

    value: Sum
    low: Sum
    high: Sum

    @classmethod
    def nothing(cls) -> Bounds:
        return cls(Sum(), Sum(), Sum())


class EnergyTotals:
    """Sums since it was begun.

    energy_j          at the plug, by basis
    sensor_j          what sensors gave, by column (package_j…): pieces of the same machine
    workload_j        above idle, by kind and name; `unattributed` is one of them
    base_j            what time alone costs, and sensors up to the least draw seen: idle
    seconds           by state
    use_g, embodied_g grams of CO2e, location-based, and of making for the time seen;
                      use_g is None without a zone, or without its factor
    agent_cpu_s       of the collector itself
    """

    def __init__(
        self,
        machine: Machine,
        *,
        zone: str | None = None,
        factor_kind: str = "direct",
        factors: FactorBook = BUILT_IN,
        pue: float = 1.0,
    ) -> None:
        self.energy_j: dict[str, Bounds] = {}
        self.sensor_j: dict[str, Sum] = {}
        self.workload_j: dict[tuple[str, str], Sum] = {}
        self.seconds: dict[str, Sum] = {}
        self.agent_cpu_s = Sum()
        self._machine, self._zone, self._factor_kind, self._pue = machine, zone, factor_kind, pue
        self._book = factors
        self._plans: dict[tuple[tuple[str, ...], str], tuple[EnergyPlan, EnergyPlan] | None] = {}
        self._factors: dict[int, float | None] = {}
        self._use_g = Sum()
        self._seen_s = Sum()
        self._grid_known = zone is not None
        self._making_g_per_s = amortised(embodied(machine), lifetime(machine), 1.0).value * G_PER_KG

    def add(self, rows: Iterable[Usage]) -> None:
        """Rows that were finished, of the host and of its workloads."""
        for row in rows:
            plans = self._plans_of(row)
            if row.kind == "host":
                self._add_host(row, plans[0] if plans else None)
            elif plans is not None:
                joules = _joules(plans[1].value, row)
                self.workload_j.setdefault((row.kind, row.name), Sum()).add(joules)

    @property
    def whole_j(self) -> float:
        """All energy at the plug."""
        return sum(each.value.value for each in self.energy_j.values())

    @property
    def idle_j(self) -> float:
        """What is left when all workloads and what nobody did are taken off."""
        return max(0.0, self.whole_j - sum(each.value for each in self.workload_j.values()))

    @property
    def use_g(self) -> float | None:
        return self._use_g.value if self._grid_known else None

    @property
    def embodied_g(self) -> float:
        return self._making_g_per_s * self._seen_s.value

    def _add_host(self, row: Usage, its_plan: EnergyPlan | None) -> None:
        self.seconds.setdefault(row.state, Sum()).add(row.duration_s)
        self.agent_cpu_s.add(row.measures.get("agent_cpu_s", 0.0))
        for name in MEASURED:
            if name in row.measures:
                self.sensor_j.setdefault(name, Sum()).add(row.measures[name])
        if its_plan is None:
            return
        found = [_joules(c, row) for c in (its_plan.value, its_plan.low, its_plan.high)]
        bounds = self.energy_j.setdefault(its_plan.basis, Bounds.nothing())
        bounds.value.add(found[0])
        bounds.low.add(min(found))
        bounds.high.add(max(found))
        self._seen_s.add(row.duration_s)
        factor = self._g_per_kwh(time.gmtime(row.start_ns / NS_PER_S).tm_year)
        if factor is None:
            self._grid_known = False
        else:
            self._use_g.add(found[0] / J_PER_KWH * self._pue * factor)

    def _plans_of(self, row: Usage) -> tuple[EnergyPlan, EnergyPlan] | None:
        key = row.observed, row.state
        if key not in self._plans:
            found = plan(self._machine, row.observed, row.state)
            self._plans[key] = None if found is None else (found, active(found))
        return self._plans[key]

    def _g_per_kwh(self, year: int) -> float | None:
        if self._zone is None:
            return None
        if year not in self._factors:
            try:
                factor = intensity(self._zone, year, self._factor_kind, self._book)
                found = factor.estimate.value
            except FactorNotFound:
                found = None
            self._factors[year] = found
        return self._factors[year]


def _joules(coefficients: Coefficients, row: Usage) -> float:
    durations = {"duration_s": row.duration_s, "covered_s": row.covered_s}
    measures = durations | row.measures
    values = [measures.get(name, 0.0) for name in Coefficients._fields]
    return energy_j(coefficients, values)
