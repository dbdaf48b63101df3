"""What a device cost before it was switched on, and after: everything but use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate, product
from sobriety.core.machine import Machine
from sobriety.core.units import S_PER_YEAR

from .categories import category_of
from .features import device_terms, maker_of
from .tables import by_category, table

MAKERS = "makers' product carbon footprints, collected by Boavizta, 2023-02 (ODbL)"
DECLARED = "as configured"

ALL_IN_ONE_SCREEN_IN = 23.0
"""Where it is not known. Assumed."""

HOST_THREADS = (224.0, 112.0, 344.0)
"""Threads of the host of a virtual machine: two-chip servers since 2017 in SPECpower, median, 5 and
95 %."""


def embodied(machine: Machine) -> Estimate:
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
            "embodied_kg", value, value * 0.8, value * 1.2, "declared", "declared", (DECLARED,)
        )
    if machine.virtual:
        return _share_of_host(machine)
    if machine.category is None:
        return _unknown()
    category = category_of(machine.category)
    screen_in = machine.screen_in
    if category == "all-in-one":  # makers declare it as a desktop that has a screen
        category, screen_in = "desktop", screen_in or ALL_IN_ONE_SCREEN_IN
    known = device_terms(category, machine.manufacturer, screen_in)
    if category in by_category("embodied_error") and (screen_in or maker_of(machine.manufacturer)):
        return _modelled(category, known)
    return _typical("embodied", "kg", "embodied_kg", category, f"median of {category}s")


def _modelled(category: str, known: Mapping[str, float]) -> Estimate:
    """By maker and screen. A term that is not known is at its mean over the products."""
    logarithm = 0.0
    for row in table("embodied_terms"):
        if row["category"] == category:
            logarithm += float(row["log_kg"]) * known.get(row["term"], float(row["mean"]))
    error = by_category("embodied_error")[category]
    value = exp(logarithm)
    facts = [f for f, term in (("maker", "dell"), ("screen", "screen")) if term in known]
    if known.get("has_screen") == 0:
        facts.remove("screen")
    return Estimate(
        "embodied_kg",
        value,
        value * float(error["low_ratio"]),
        value * float(error["high_ratio"]),
        "modelled",
        f"regression of {category}s on {' and '.join(facts)} ({error['rows']} products)",
        (MAKERS,),
    )


def lifetime(machine: Machine) -> Estimate:
    """Years that the embodied carbon is spread over.

    Raises FactorNotFound for a category of which no maker has said anything.
    """
    years = machine.lifetime_years
    if years is not None:
        return Estimate("lifetime_years", years, years, years, "declared", "declared", (DECLARED,))
    category = category_of(machine.category or ("server" if machine.virtual else "desktop"))
    category = "desktop" if category == "all-in-one" else category
    return _typical("lifetime", "years", "lifetime_years", category, "as makers assume")


def amortised(embodied: Estimate, lifetime: Estimate, duration_s: float) -> Estimate:
    """The share of the making that falls on a duration: linear in time."""
    years = duration_s / S_PER_YEAR
    rate = Estimate(
        "lifetime_years",
        1 / lifetime.value,
        1 / lifetime.high,
        1 / lifetime.low,
        lifetime.basis,
        f"{lifetime.value:g} years, {lifetime.method}",
        lifetime.sources,
    )
    share = product("embodied_share_kg", embodied, rate, unit_factor=years)
    return Estimate(
        "embodied_share_kg",
        share.value,
        share.low,
        share.high,
        share.basis,
        f"{embodied.method}, over {rate.method}",
        share.sources,
    )


def _typical(name: str, unit: str, metric: str, category: str, method: str) -> Estimate:
    row = by_category(name).get(category)
    if row is None:
        raise FactorNotFound(
            f"no maker's figure is held for the category {category!r}", hint=f"set {metric}"
        )
    value, low, high = (float(row[f"{bound}_{unit}"]) for bound in ("value", "low", "high"))
    return Estimate(
        metric, value, low, high, "archetype", f"{method} ({row['rows']} products)", (MAKERS,)
    )


def _unknown() -> Estimate:
    """A desktop, within a notebook's least and a workstation's most, as for its power."""
    low, value, high = (
        _typical("embodied", "kg", "embodied_kg", category, "category unknown: median of desktops")
        for category in ("notebook", "desktop", "workstation")
    )
    return replace(value, low=low.low, high=high.high)


def _share_of_host(machine: Machine) -> Estimate:
    host = _typical("embodied", "kg", "embodied_kg", "server", "median of servers")
    threads = machine.threads or 2
    value, low, high = (threads / n for n in (HOST_THREADS[0], HOST_THREADS[2], HOST_THREADS[1]))
    share = Estimate(
        "share_ratio", min(1.0, value), min(1.0, low), min(1.0, high), "archetype",
        f"{threads} threads of a typical host", ("SPECpower_ssj2008 results, spec.org, 2025-03",),
    )  # fmt: skip
    return product("embodied_kg", host, share)
