"""Usage into joules and CO2e: pure functions, and factors as data. No machine is looked at here.

power_model, power_w              watts at the plug over utilisation
plan, energy, energy_j            joules of a usage row, measured where a sensor covers it
plan_table, with_energy           the same on frames
resolve_zone, intensity, all_factors, country_of    emission factors of electricity
co2e, embodied, lifetime, amortised                 carbon of use and of making
"""

from __future__ import annotations

from .carbon import co2e
from .categories import categories, category_of
from .curve import Curve, PowerModel, power_w
from .embodied import amortised, embodied, lifetime
from .energy import Coefficients, EnergyPlan, energy, energy_j, plan
from .features import OPTIONAL, known_sets, terms
from .frames import plan_table, with_energy
from .grid import GridFactor, all_factors, country_of, intensity, resolve_zone
from .power import power_model

__all__ = [
    "OPTIONAL",
    "Coefficients",
    "Curve",
    "EnergyPlan",
    "GridFactor",
    "PowerModel",
    "all_factors",
    "amortised",
    "categories",
    "category_of",
    "co2e",
    "country_of",
    "embodied",
    "energy",
    "energy_j",
    "intensity",
    "known_sets",
    "lifetime",
    "plan",
    "plan_table",
    "power_model",
    "power_w",
    "resolve_zone",
    "terms",
    "with_energy",
]
