"""Usage into joules and CO2e: pure functions, and factors as data. No machine is looked at here.

power_model, power_w              watts at the plug over utilisation
state_watts                       watts of a terminal that does nothing
cpu_match, cpu_generation, cpu_label                the processor that a name means, or none
plan, energy, energy_j            joules of a usage row, measured where a sensor covers it
active                            the same for a workload: what it did above idle
plan_table, with_energy           the same on frames
resolve_zone, intensity, all_factors, country_of    emission factors of electricity
generation_intensity, generation_sources, technology    grams of what was generated
co2e, embodied, lifetime, amortised                 carbon of use and of making
Details                           what a datasheet adds to a machine's own facts
"""

from __future__ import annotations

from .carbon import co2e
from .categories import categories, category_of
from .cpu import cpu_generation, cpu_label, cpu_match, is_one_cpu
from .curve import Curve, PowerModel, power_w
from .details import Details
from .device_features import making_features, terminal_features
from .embodied import amortised, embodied, lifetime
from .energy import Coefficients, EnergyPlan, active, energy, energy_j, plan
from .features import OPTIONAL, known_sets, terms
from .frames import plan_table, with_energy
from .generation import Grams, generation_intensity, generation_sources, technology
from .grid import GridFactor, all_factors, country_of, intensity, resolve_zone
from .power import power_model
from .terminal import is_terminal, kind_of, known_terminal, state_watts

__all__ = [
    "OPTIONAL",
    "Coefficients",
    "Curve",
    "Details",
    "EnergyPlan",
    "Grams",
    "GridFactor",
    "PowerModel",
    "active",
    "all_factors",
    "amortised",
    "categories",
    "category_of",
    "co2e",
    "country_of",
    "cpu_generation",
    "cpu_label",
    "cpu_match",
    "embodied",
    "energy",
    "energy_j",
    "generation_intensity",
    "generation_sources",
    "intensity",
    "is_one_cpu",
    "is_terminal",
    "kind_of",
    "known_sets",
    "known_terminal",
    "lifetime",
    "making_features",
    "plan",
    "plan_table",
    "power_model",
    "power_w",
    "resolve_zone",
    "state_watts",
    "technology",
    "terminal_features",
    "terms",
    "with_energy",
]
