"""Usage into joules and CO2e: pure functions, and factors as data. Nothing here reads the machine.

power_model, power_w              watts at the plug over utilisation
state_watts                       watts of a terminal that does nothing
cpu_match, cpu_generation, cpu_label                the processor that a name means, or none
plan, energy, energy_j            joules of a usage row, measured where a sensor covers it
active                            the same for a workload: what it did above idle
plan_table, with_energy           the same on frames
categories, category_of, category_name, known_category    kinds of devices, and their words
is_personal, is_nobodys           who uses such a device
resolve_zone, zone_name, country_of                 grid zones by what people call them
intensity, all_factors, factor_zones                emission factors of electricity
FactorBook, grid_factor                             and a user's own among them
resolve_zone, intensity, all_factors, country_of    emission factors of electricity
generation_intensity, generation_sources, technology    grams of what was generated
Asset, reconciled                 the carbon of making by the day, in whole micrograms
ChangeTerm, bridge, Change              why a total changed: causes that add up to the microgram
typical_year                      a year of a device that nobody watches
co2e, embodied, lifetime, amortised                 carbon of use and of making
contract_intensity                what a contract for electricity states
Details                           what a datasheet adds to a machine's own facts
"""

from __future__ import annotations

from .amortisation import UG_PER_KG, Asset, Reconciliation, days, micrograms, reconciled
from .bridge import CAUSES, Cause, Change, ChangeTerm, bridge
from .bridge import Days as ChangeDays
from .bridge import joined as joined_changes
from .bridge import making as making_change
from .carbon import co2e, contract_intensity
from .categories import (
    OTHER,
    categories,
    category_name,
    category_of,
    has_screen_beside,
    is_nobodys,
    is_personal,
    known_category,
)
from .embodied import amortised, embodied, lifetime
from .energy import GPU, Coefficients, EnergyPlan, active, energy, energy_j, plan
from .frames import PLAN_KEYS, numbered_plans, plan_measures, plan_table, with_energy
from .grid.factors import (
    BUILT_IN,
    MIX_RATIO,
    FactorBasis,
    FactorBook,
    FactorKind,
    GridFactor,
    all_factors,
    factor_zones,
    grid_factor,
    intensity,
)
from .grid.generation import Grams, generation_intensity, generation_sources, technology
from .grid.zones import country_of, resolve_zone, zone_name
from .meter import METER_RATIO, calibrated
from .models.cpu import cpu_generation, cpu_label, cpu_match, is_one_cpu, is_virtual_cpu
from .models.curve import Curve, PowerModel, power_w
from .models.details import Details
from .models.device_features import brand as plain_maker
from .models.device_features import making_features, plain_words, terminal_features
from .models.power import power_model
from .models.server_features import known_sets, server_facts
from .models.terminal import STATES, is_terminal, kind_of, known_terminal, state_watts
from .models.track_record import TrackRecord, track_record
from .models.typical_use import typical_year
from .models.virtual import says_virtual
from .terms import network_energy, room_pue, rooms

__all__ = [
    "BUILT_IN",
    "CAUSES",
    "GPU",
    "METER_RATIO",
    "MIX_RATIO",
    "OTHER",
    "PLAN_KEYS",
    "STATES",
    "UG_PER_KG",
    "Asset",
    "Cause",
    "Change",
    "ChangeDays",
    "ChangeTerm",
    "Coefficients",
    "Curve",
    "Details",
    "EnergyPlan",
    "FactorBasis",
    "FactorBook",
    "FactorKind",
    "Grams",
    "GridFactor",
    "PowerModel",
    "Reconciliation",
    "TrackRecord",
    "active",
    "all_factors",
    "amortised",
    "bridge",
    "calibrated",
    "categories",
    "category_name",
    "category_of",
    "co2e",
    "contract_intensity",
    "country_of",
    "cpu_generation",
    "cpu_label",
    "cpu_match",
    "days",
    "embodied",
    "energy",
    "energy_j",
    "factor_zones",
    "generation_intensity",
    "generation_sources",
    "grid_factor",
    "has_screen_beside",
    "intensity",
    "is_nobodys",
    "is_one_cpu",
    "is_personal",
    "is_terminal",
    "is_virtual_cpu",
    "joined_changes",
    "kind_of",
    "known_category",
    "known_sets",
    "known_terminal",
    "lifetime",
    "making_change",
    "making_features",
    "micrograms",
    "network_energy",
    "numbered_plans",
    "plain_maker",
    "plain_words",
    "plan",
    "plan_measures",
    "plan_table",
    "power_model",
    "power_w",
    "reconciled",
    "resolve_zone",
    "room_pue",
    "rooms",
    "says_virtual",
    "server_facts",
    "state_watts",
    "technology",
    "terminal_features",
    "track_record",
    "typical_year",
    "with_energy",
    "zone_name",
]
