"""Energy of a typical year at the plug, for devices that have no agent.

Source: mode weightings of ENERGY STAR Computers 8.0, table 3 (thin clients: 6.0); servers at 15 %
        of load (5 to 40), as Barroso, Hölzle, Ranganathan, The Datacenter as a Computer (2018),
        and the NRDC's survey of small server rooms (2014) found them; others in
        data/categories.csv
Doubt:  how a device is used is unknown, and is most of the interval
"""

from __future__ import annotations

from collections.abc import Mapping

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.method import Method, MethodKind, noted, significant
from sobriety.core.units import J_PER_KWH, S_PER_YEAR

from ..categories import category_facts
from .curve import power_w
from .details import NONE, Details
from .power import power_model
from .terminal import STATES, state_watts

LOAD_RATIO = (0.15, 0.05, 0.40)
HABITS = (0.5, 1.8)
"""Of the weighting's energy, what people's habits make of it. Assumed."""

SERVER_LOAD = MethodKind("server-load", "a server at {percent:number} % of load all the time")
MODES = MethodKind("modes", "off, asleep and idle as such devices are used, at the plug")
USES = {
    "all the time": MethodKind(
        "use-all-the-time",
        "typical {category:category}: {amount:number} W ({amount_low:number} to"
        " {amount_high:number}) all the time",
    ),
    "while on": MethodKind(
        "use-while-on",
        "typical {category:category}: {amount:number} W ({amount_low:number} to"
        " {amount_high:number}) while on, {percent:number} % of the time",
    ),
    "charged daily": MethodKind(
        "use-charged-daily",
        "typical {category:category}: a battery of {amount:number} Wh filled every day, three"
        " quarters of it kept",
    ),
    "charged every other day": MethodKind(
        "use-charged-every-other-day",
        "typical {category:category}: a battery of {amount:number} Wh filled every other day,"
        " three quarters of it kept",
    ),
    "a week": MethodKind(
        "use-a-week",
        "typical {category:category}: {amount:number} kWh a week ({amount_low:number} to"
        " {amount_high:number})",
    ),
}
"""How the amounts of data/categories.csv are meant, by its column `use`."""

ENERGY_STAR = "ENERGY STAR Computers 8.0, mode weightings"


def typical_year(machine: Machine, category: str, details: Details = NONE) -> Estimate:
    """Joules of one device in a year. Raises FactorNotFound for a kind that nothing is held of."""
    if category == "server":
        return _server(machine, details)
    row = category_facts(category)
    if row.get("off_ratio") and (year := _terminal(machine, row, details)):
        return year
    if not row.get("use_kwh"):
        raise FactorNotFound(f"no typical use is held for a {category}", hint="set yearly_kwh")
    value, low, high = (float(row[f"use_{b}kwh"]) * J_PER_KWH for b in ("", "low_", "high_"))
    return Estimate(
        "energy_j", value, low, high, "archetype", _method(category, row), (row["use_source"],)
    )


def _method(category: str, row: Mapping[str, str]) -> Method:
    kind = USES[row["use"]]
    amounts = {place: float(row[place]) for place in kind.places if place != "category"}
    return kind(category=category, **amounts)


def _server(machine: Machine, details: Details) -> Estimate:
    model = power_model(machine, details)
    curves = (model.curve, model.low, model.high)
    value, low, high = (
        power_w(curve, load) * S_PER_YEAR for curve, load in zip(curves, LOAD_RATIO, strict=True)
    )
    return Estimate(
        "energy_j", value, min(low, value), max(high, value), "archetype",
        noted(SERVER_LOAD(percent=significant(100 * LOAD_RATIO[0], 3)), model.method),
        (*model.sources, "Barroso et al. 2018; NRDC 2014"),
    )  # fmt: skip


def _terminal(machine: Machine, row: Mapping[str, str], details: Details) -> Estimate | None:
    sums = [0.0, 0.0, 0.0]
    for state in STATES:
        watts = state_watts(machine, state, details)
        if watts is None:
            return None
        for i, one_w in enumerate(watts):
            sums[i] += float(row[f"{state}_ratio"]) * one_w * S_PER_YEAR
    value, low, high = sums
    return Estimate(
        "energy_j", value, low * HABITS[0], high * HABITS[1], "archetype",
        MODES(), (ENERGY_STAR,),
    )  # fmt: skip
