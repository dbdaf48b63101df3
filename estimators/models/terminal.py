"""Power of terminals: idle from ENERGY STAR measurements, full load by processor class."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from math import exp
from typing import NamedTuple

from sobriety.core.machine import Machine
from sobriety.core.method import Method, MethodKind

from ..categories import category_facts, category_of, terminals
from ..tables import table
from .cpu import design_power_w
from .curve import PowerModel, straight
from .details import NONE, Details
from .device_features import terminal_features
from .kernel import regression

SOURCE = "US EPA ENERGY STAR certified computers"
DESIGN = "processor makers' design power classes"


TYPICAL = MethodKind("typical", "typical {category:category}")
BY_PARTS = MethodKind("by-parts", "{category:category} by its parts")
IDLE_AND_LOAD = MethodKind("idle-and-load", "{kind:method}: short idle and {load:method}")
DESIGN_LOAD = MethodKind("design-load", "its processor's design power")
CLASS_LOAD = MethodKind("class-load", "a processor of its class")


class StateWatts(NamedTuple):
    """Watts in one state: typical, and the range of nine in ten."""

    value_w: float
    low_w: float
    high_w: float


def is_terminal(category: str) -> bool:
    """Whether it is what people sit at."""
    return category in terminals()


@cache
def full_load_w(category: str) -> tuple[float, ...]:
    """Watts that full load adds to idle: value, low, high. Classes of processors, not a fit. Empty
    where nothing is known."""
    row = category_facts(category)
    if not row.get("full_load_w"):
        return ()
    return tuple(float(row[f"full_load_{bound}w"]) for bound in ("", "low_", "high_"))


STATES = ("off", "sleep", "long_idle", "short_idle")
"""Outputs of the regression, in this order."""


def state_watts(machine: Machine, state: str, details: Details = NONE) -> StateWatts | None:
    """`off`, `sleep`, `long_idle` or `short_idle`; None where nothing was measured.

    By type, maker, processor, cores, clock, memory, graphics and year, as far as they are known.
    """
    if machine.category is None:
        return None
    category = category_of(machine.category)
    if not is_terminal(category) or state not in STATES:
        return None
    value_w = _watts(machine, category, details)[STATES.index(state)]
    low, high = _errors()[category, f"{state}_w"]
    return StateWatts(value_w, value_w * low, value_w * high)


@lru_cache(maxsize=4096)
def _watts(machine: Machine, category: str, details: Details) -> tuple[float, ...]:
    logs = regression("terminal_power").predict(*terminal_features(machine, category, details))
    # Each state has its own regression: together they never rise towards sleep. Short idle is known
    # best, so the others give way.
    watts = [exp(v) for v in logs]
    for k in reversed(range(len(watts) - 1)):
        watts[k] = min(watts[k], watts[k + 1])
    return tuple(watts)


@cache
def _errors() -> dict[tuple[str, str], tuple[float, float]]:
    """By category and state: 5 and 95 % of measured over modelled, on models left out."""
    return {
        (row["category"], row["state"]): (float(row["low_ratio"]), float(row["high_ratio"]))
        for row in table("terminal_error")
    }


def kind_of(machine: Machine, category: str) -> Method:
    """`typical notebook` or `notebook by its parts`."""
    return (BY_PARTS if known_terminal(machine) else TYPICAL)(category=category)


def known_terminal(machine: Machine) -> bool:
    """Whether there is anything beyond the category to compute from."""
    return any((machine.manufacturer, machine.cpu_model, machine.cores, machine.memory_b))


def terminal_power(machine: Machine, category: str, details: Details = NONE) -> PowerModel:
    """Short idle (screen on, user away a moment) plus what the processor adds at full load."""
    idle = state_watts(replace(machine, category=category), "short_idle", details)
    assert idle is not None, category
    added = full_load_w(category)
    design_w = machine.tdp_w or design_power_w(machine.cpu_model)
    if design_w:
        added = (design_w, design_w * 0.5, design_w * 2.0)
    load = DESIGN_LOAD() if design_w else CLASS_LOAD()
    value, low, high = (straight(i, i + more) for i, more in zip(idle, added, strict=True))
    return PowerModel(
        value,
        low,
        high,
        "modelled" if known_terminal(machine) else "archetype",
        IDLE_AND_LOAD(kind=kind_of(machine, category), load=load),
        (SOURCE, DESIGN),
    )
