"""Power of a server from its parts: a regression on measured servers."""

from __future__ import annotations

from functools import cache
from math import exp
from typing import NamedTuple

from sobriety.core.machine import Machine
from sobriety.core.method import MethodKind, noted

from ..tables import table
from .curve import Curve, PowerModel, power_w, through
from .kernel import regression
from .server_features import layout_of, server_facts, within

SPEC = "SPECpower_ssj2008 results, spec.org, 2025-03"
ENERGY_STAR = "US EPA ENERGY STAR certified servers v3"

IDLE_W, FULL_W = (9.0, 300.0), (44.0, 660.0)
"""Watts of a server for each of its chips, least and most of the fit."""

REGRESSION = MethodKind("server-regression", "server regression on {facts:fact}")
TYPICAL = MethodKind("server-typical", "server regression on nothing: a typical 2 × 32 cores")

KNOTS = (0, 10, 50, 100)
"""Loads in percent at which the regression says a logarithm of watts."""


class Spread(NamedTuple):
    """Measured over modelled on silicon left out, at the loads of KNOTS: 5 % and 95 %."""

    low: tuple[float, ...]
    high: tuple[float, ...]


class AsSold(NamedTuple):
    """What a server as it is sold draws at any load beyond a benchmark's, and how well idle fits.

    disk_w, chip_w   for each disk; for each chip (supplies, adapters, firmware that is not tuned)
    low, high        idle measured over modelled, 5 and 95 %, of servers left out
    """

    disk_w: float
    chip_w: float
    low: float
    high: float

    def watts(self, chips: int, disks: int) -> float:
        return self.chip_w * chips + self.disk_w * disks


def server_power(machine: Machine) -> PowerModel:
    """From chips, cores, threads, and as much as is known of maker, design power, year or series,
    clock and memory.

    A server of which neither cores nor threads are known is a typical one. What was assumed, and
    what was beyond the servers of the fit, is said in the method.
    """
    layout, facts = layout_of(machine), server_facts(machine)
    dated = "hw_year" in facts.features[0]
    name = "server_power" if dated else "server_power_without_year"
    chips = within("chips", layout.chips)
    watts = [exp(v) / chips for v in regression(name).predict(*facts.features)]
    idle, full = (min(max(w, least), most) for w, (least, most) in
                  zip((watts[0], watts[-1]), (IDLE_W, FULL_W), strict=True))  # fmt: skip
    # Facts that no machine has together (one core, a terabyte) may still give fantasy.
    middle = (min(max(w, idle), full) for w in watts[1:3])
    points = (idle, *middle, max(idle, full))
    spread = errors()[" ".join(facts.known)]
    bounds = (points, *(tuple(w * r for w, r in zip(points, ratios, strict=True))
                        for ratios in (spread.low, spread.high)))  # fmt: skip
    curve, low, high = (c.scaled(layout.chips) for c in through(*bounds))
    sold = as_sold()
    if machine.disks is None:
        # It may be as lean as those of the fit, or as others are sold, with a disk at least.
        least_w = power_w(curve, 0) + sold.watts(layout.chips, 1)
        high = _shifted(high, max(0.0, least_w - power_w(high, 0)))
    else:
        more = Curve(sold.watts(layout.chips, machine.disks), 0, 0, 0)
        curve, low, high = (c.plus(more) for c in (curve, low, high))
        idle_w = power_w(curve, 0)
        low = _shifted(low, min(0.0, sold.low * idle_w - power_w(low, 0)))
        high = _shifted(high, max(0.0, sold.high * idle_w - power_w(high, 0)))
    typical = not (machine.cores or machine.threads)
    method = TYPICAL()
    if not typical:
        disks = () if machine.disks is None else ("disks",)
        method = REGRESSION(facts=("cores", *facts.known, *disks))
    return PowerModel(
        curve,
        low,
        high,
        "archetype" if typical else "modelled",
        noted(method, *layout.assumed, *facts.beyond),
        (SPEC, ENERGY_STAR),
    )


def _shifted(bound: Curve, watts: float) -> Curve:
    """By as many watts at every load."""
    return bound.plus(Curve(watts, 0, 0, 0))


@cache
def as_sold() -> AsSold:
    (row,) = table("server_as_sold")
    return AsSold(*(float(row[k]) for k in ("disk_w", "chip_w", "low_ratio", "high_ratio")))


@cache
def errors() -> dict[str, Spread]:
    """By the facts that are known."""

    def at_knots(row: dict[str, str], bound: str) -> tuple[float, ...]:
        return tuple(float(row[f"{bound}_ratio_at_{k}"]) for k in KNOTS)

    return {
        row["known"]: Spread(at_knots(row, "low"), at_knots(row, "high"))
        for row in table("server_power_error")
    }
