"""Embodied carbon of a device (manufacture, transport, end of life) and its lifetime."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import exp

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate, product
from sobriety.core.machine import Machine
from sobriety.core.method import MethodKind, significant
from sobriety.core.units import S_PER_YEAR

from .categories import category_facts, category_of, made
from .models.cache import by_facts
from .models.details import NONE, Details
from .models.device_features import brand, making_features, making_line
from .models.kernel import regression
from .models.terminal import TYPICAL
from .models.virtual import LIKELY_THREADS, TYPICAL_THREADS
from .tables import table

MAKERS = "makers' product carbon footprints, collected by Boavizta, 2023-02 (ODbL)"
DECLARED = "as configured"

STATED_BY_OWNER = MethodKind("declared", "declared")
REGRESSION = MethodKind(
    "making-regression",
    "{category:category} regression on {facts:fact} ({products:number} products)",
)
TYPICAL_MAKING = MethodKind(
    "making-typical", "typical {category:category} ({products:number} products)"
)
UNKNOWN = MethodKind("making-unknown", "category unknown: {method:method}")
SHARE_OF_HOST = MethodKind("threads-of-host", "{threads:number} threads of a typical host")
YEARS = MethodKind("life", "{years:number} years, {method:method}")
MAKERS_LIFE = MethodKind("makers-life", "as makers assume ({products:number} products)")
SPREAD = MethodKind("spread", "{making:method}, over {life:method}")

ALL_IN_ONE_SCREEN_IN = 23.0
"""Where it is not known. Assumed."""

HOST_THREADS = (224.0, 112.0, 344.0)
"""Threads of the host of a virtual machine: two-chip servers since 2017 in SPECpower, median, 5 and
95 %."""


@by_facts
def embodied(machine: Machine, details: Details = NONE) -> Estimate:
    """Kilograms of CO2e of manufacture, transport and end of life, of the whole device.

    The maker's figure when there is one; else a regression on maker and screen where the category
    has one, else the median and range of its category. A virtual machine is its threads' share of a
    server.

    Raises FactorNotFound for a category of which no maker has said anything.
    """
    if machine.embodied_kg is not None:
        value = machine.embodied_kg
        # Makers state 20 % for computers.
        return Estimate(
            "embodied_kg",
            value,
            value * 0.8,
            value * 1.2,
            "declared",
            STATED_BY_OWNER(),
            (DECLARED,),
        )
    if machine.virtual:
        return _share_of_host(machine)
    if machine.category is None:
        return _unknown()
    category = category_of(machine.category)
    if category == "all-in-one":  # makers declare it as a desktop that has a screen
        category = "desktop"
        machine = replace(machine, screen_in=machine.screen_in or ALL_IN_ONE_SCREEN_IN)
    return _modelled(machine, category, details) if category in made() else _typical(category)


def _typical(category: str) -> Estimate:
    """What `data/categories.csv` states of the kind."""
    row = category_facts(category)
    if not row.get("making_kg"):
        raise FactorNotFound(
            f"no maker's figure is held for the category {category!r}", hint="set embodied_kg"
        )
    low, value, high = (float(row[f"making_{bound}kg"]) for bound in ("low_", "", "high_"))
    return Estimate(
        "embodied_kg", value, low, high, "archetype", TYPICAL(category=category),
        (row["making_source"],),
    )  # fmt: skip


def _modelled(machine: Machine, category: str, details: Details) -> Estimate:
    """By maker, line, year, screen, weight and storage; what is not known is at its expectation."""
    numbers, words = making_features(machine, category, details)
    model = regression("embodied")
    (logarithm,) = model.predict(numbers, words)
    line, maker = making_line(machine), brand(machine.manufacturer)
    scope = "new maker"
    if maker and model.knows(f"brand {maker}"):
        scope = "known line" if line and model.knows(line) else "new line"
    error = _errors()[scope, category]
    value = exp(logarithm)
    known = ["maker"] if scope != "new maker" else []
    known += ["line"] if scope == "known line" else []
    known += [n for n in ("weight_kg", "screen_in", "storage_gb", "hw_year") if n in numbers]
    products = int(error["rows"])
    return Estimate(
        "embodied_kg",
        value,
        value * float(error["low_ratio"]),
        value * float(error["high_ratio"]),
        "modelled" if known else "archetype",
        REGRESSION(category=category, facts=tuple(known), products=products)
        if known
        else TYPICAL_MAKING(category=category, products=products),
        (MAKERS,),
    )


@cache
def _errors() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["scope"], row["category"]): row for row in table("embodied_error")}


@by_facts
def lifetime(machine: Machine) -> Estimate:
    """Years that the embodied carbon is spread over.

    Raises FactorNotFound for a category of which no maker has said anything.
    """
    years = machine.lifetime_years
    if years is not None:
        return Estimate(
            "lifetime_years", years, years, years, "declared", STATED_BY_OWNER(), (DECLARED,)
        )
    category = category_of(machine.category or ("server" if machine.virtual else "desktop"))
    category = "desktop" if category == "all-in-one" else category
    return _typical_life(category)


def amortised(embodied: Estimate, lifetime: Estimate, duration_s: float) -> Estimate:
    """The share of the making that falls on a duration: linear in time."""
    years = duration_s / S_PER_YEAR
    rate = Estimate(
        "lifetime_years",
        1 / lifetime.value,
        1 / lifetime.high,
        1 / lifetime.low,
        lifetime.basis,
        YEARS(years=significant(lifetime.value, 6), method=lifetime.method),
        lifetime.sources,
    )
    share = product("embodied_share_kg", embodied, rate, unit_factor=years)
    return Estimate(
        "embodied_share_kg",
        share.value,
        share.low,
        share.high,
        share.basis,
        SPREAD(making=embodied.method, life=rate.method),
        share.sources,
    )


def _typical_life(category: str) -> Estimate:
    row = category_facts(category)
    if not row.get("life_years"):
        raise FactorNotFound(
            f"no maker's figure is held for the category {category!r}", hint="set lifetime_years"
        )
    low, value, high = (float(row[f"life_{bound}years"]) for bound in ("low_", "", "high_"))
    if not row["life_rows"]:
        method = TYPICAL(category=category)
        return Estimate("lifetime_years", value, low, high, "archetype", method, ("assumed",))
    return Estimate(
        "lifetime_years", value, low, high, "archetype",
        MAKERS_LIFE(products=int(row["life_rows"])), (MAKERS,),
    )  # fmt: skip


def _unknown() -> Estimate:
    """A desktop, within a notebook's least and a workstation's most, as for its power."""
    low, value, high = (
        _modelled(Machine(), category, NONE) for category in ("notebook", "desktop", "workstation")
    )
    method = UNKNOWN(method=value.method)
    return replace(value, low=low.low, high=high.high, basis="archetype", method=method)


def _share_of_host(machine: Machine) -> Estimate:
    host = _modelled(Machine(), "server", NONE)
    threads = machine.threads or TYPICAL_THREADS
    least, most = (threads, threads) if machine.threads else LIKELY_THREADS
    value, low, high = threads / HOST_THREADS[0], least / HOST_THREADS[2], most / HOST_THREADS[1]
    share = Estimate(
        "share_ratio", min(1.0, value), min(1.0, low), min(1.0, high), "archetype",
        SHARE_OF_HOST(threads=threads), ("SPECpower_ssj2008 results, spec.org, 2025-03",),
    )  # fmt: skip
    return product("embodied_kg", host, share)
