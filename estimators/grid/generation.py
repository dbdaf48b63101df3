"""Grams of a kilowatt-hour from what generated it: the mean of technologies, weighted by power.

It is of what a zone generates; what it imports is not in it. Pumped water and batteries give back
what was generated before, and are left out. What has no factor (waste, "other") is taken as the
rest is, and widens the interval: from nothing to the worst of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from ..tables import table

_STORED = ("hydro pumped storage", "pumped storage", "energy storage", "battery storage")

_NAMES = {
    "biomass": "biomass",
    "fossil brown coal/lignite": "lignite",
    "fossil coal-derived gas": "coal gas",
    "fossil gas": "gas",
    "fossil hard coal": "coal",
    "fossil oil": "oil",
    "fossil oil shale": "oil shale",
    "fossil peat": "peat",
    "geothermal": "geothermal",
    "hydro run-of-river and poundage": "hydro",
    "hydro run-of-river and pondage": "hydro",
    "hydro water reservoir": "hydro",
    "marine": "marine",
    "nuclear": "nuclear",
    "other": "other",
    "other renewable": "other",
    "solar": "solar",
    "waste": "other",
    "wind offshore": "wind offshore",
    "wind onshore": "wind onshore",
    # As the US Energy Information Administration names them.
    "coal": "coal",
    "natural gas": "gas",
    "all petroleum products": "oil",
    "hydropower and pumped storage": "hydro",
    "hydropower excluding pumped storage": "hydro",
    "wind": "wind onshore",
    "other fuel sources": "other",
    "unknown fuel sources": "other",
}


class Grams(NamedTuple):
    """Grams of CO2e a kilowatt-hour, with the two bounds."""

    value: float
    low: float
    high: float


def technology(name: str) -> str | None:
    """Ours for a production type of ENTSO-E or EIA; "" for storage, None for what nobody knows."""
    plain = " ".join(name.lower().split())
    return "" if plain in _STORED else _NAMES.get(plain)


def generation_intensity(generated: Mapping[str, float], kind: str) -> Grams | None:
    """The intensity of power generated, in any one unit, by technology; None where nothing with a
    factor of this kind was generated."""
    factors = _factors(kind)
    known = {t: power for t, power in generated.items() if t in factors and power > 0}
    sure = sum(known.values())
    if not sure:
        return None
    whole = sure + sum(power for t, power in generated.items() if t not in factors and power > 0)
    value, low, high = (
        sum(power * factors[t][bound] for t, power in known.items()) for bound in range(3)
    )
    worst = max(g.high for g in factors.values())
    return Grams(value / sure, low / whole, (high + (whole - sure) * worst) / whole)


def generation_sources(kind: str) -> tuple[str, ...]:
    """Sources of the factors of a kind."""
    sources = (r["source"] for r in table("generation_factors") if r["kind"] == kind)
    return tuple(dict.fromkeys(sources))


@cache
def _factors(kind: str) -> dict[str, Grams]:
    return {
        r["technology"]: Grams(*(float(r[f"{b}_g_per_kwh"]) for b in Grams._fields))
        for r in table("generation_factors")
        if r["kind"] == kind
    }
