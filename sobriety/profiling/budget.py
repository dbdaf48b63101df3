"""Budgets of a command and the cost of its functional units, for continuous integration.

A budget is broken where the figure itself is above it: intervals of a model are of one direction on
one machine, and a budget that waited for them to clear would never break. What is said has both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate, total

UNITS = {
    "energy_j": {"mj": 1e-3, "j": 1.0, "kj": 1e3, "mwh": 3.6, "wh": 3600.0, "kwh": 3.6e6},
    "co2e_kg": {"ug": 1e-9, "µg": 1e-9, "mg": 1e-6, "g": 1e-3, "kg": 1.0, "t": 1e3},
}
"""By metric: its units, in small letters, in the metric's own."""

NAMES = {"energy_j": "energy", "co2e_kg": "carbon of use"}


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a figure may be, as somebody wrote it."""

    metric: str
    most: float
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """A budget and what was seen. `seen` is None where the figure is unknown: that breaks it."""

    budget: Budget
    seen: Estimate | None

    @property
    def is_broken(self) -> bool:
        return self.seen is None or self.seen.value > self.budget.most


class Judged(NamedTuple):
    """What pipelines are told: of which figure, in a sentence, and whether it fails them."""

    name: str
    said: str
    is_broken: bool


@dataclass(frozen=True, slots=True)
class FunctionalUnits:
    """What the work is counted in: `requests=1000`."""

    name: str
    count: float


def budget(metric: str, text: str) -> Budget:
    """`50J`, `2 mg`, `0.01 kWh`. Raises ConfigError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]+)\s*", text.lower())
    units = UNITS[metric]
    if not found or found[2] not in units:
        known = ", ".join(unit for unit in units if unit != "ug")
        raise ConfigError(
            f"{text!r} is no amount of {NAMES[metric]}", hint=f"write a number and one of {known}"
        )
    return Budget(metric, float(found[1]) * units[found[2]], text.strip())


def functional_unit(text: str) -> FunctionalUnits:
    """`requests=1000`. Raises ConfigError."""
    name, _, count = text.partition("=")
    try:
        number = float(count)
    except ValueError:
        number = 0.0
    if not name.strip() or not 0 < number < 1e18:
        raise ConfigError(
            f"{text!r} is no number of pieces of work", hint="write it as requests=1000"
        )
    return FunctionalUnits(name.strip(), number)


def sci(use: Estimate | None, making: Estimate, unit: FunctionalUnits) -> Estimate | None:
    """Kilograms of CO2e for each piece of work by ISO/IEC 21031: use, location-based, and the
    machine's making for the share that was kept busy. None where use is unknown."""
    if use is None:
        return None
    whole = total("sci_kg", (use, making), shared_error=False)
    return whole.scaled(1 / unit.count)


def checks(budgets: Sequence[Budget], energy: Estimate, co2e: Estimate | None) -> tuple[Check, ...]:
    """Each budget beside the figure that it is of."""
    seen = {"energy_j": energy, "co2e_kg": co2e}
    return tuple(Check(b, seen[b.metric]) for b in budgets)
