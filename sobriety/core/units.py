"""Exact constants, and the unit that a name's suffix declares.

SI inside; kWh and grams per kWh only at the edges. No unit library: pint takes half a second to
import. `tests/house` checks that public names carry one of these suffixes.
"""

from __future__ import annotations

from functools import cache

G_PER_KG = 1000.0
J_PER_KWH = 3_600_000
NS_PER_S = 1_000_000_000
NS_PER_HOUR = 3600 * NS_PER_S
S_PER_DAY = 86_400
S_PER_YEAR = 31_557_600  # a Julian year of 365.25 days, what amortisation divides by

UNIT_OF_SUFFIX = {
    "_j": "J",
    "_w": "W",
    "_s": "s",
    "_ns": "ns",
    "_b": "B",
    "_bs": "B·s",
    "_hz": "Hz",
    "_ratio": "1",
    "_kg": "kg",
    "_kwh": "kWh",
    "_g_per_kwh": "g/kWh",
    "_years": "a",
    "_money": "¤",
    "_c": "°C",
}


@cache
def unit_of(name: str) -> str:
    """The unit that a name's suffix declares: `energy_j` → `J`.

    Raises ValueError for a name without one: a figure that says no unit is a bug.
    """
    for suffix in sorted(UNIT_OF_SUFFIX, key=len, reverse=True):
        if name.endswith(suffix):
            return UNIT_OF_SUFFIX[suffix]
    raise ValueError(f"the name {name!r} declares no unit")


def kwh(energy_j: float) -> float:
    """Joules as kilowatt-hours."""
    return energy_j / J_PER_KWH
