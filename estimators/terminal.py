"""Watts of what people sit at: idle as ENERGY STAR measured it, full load by processor class."""

from __future__ import annotations

from typing import NamedTuple

from sobriety.core.machine import Machine

from .cpu import design_power_w
from .curve import PowerModel, straight
from .tables import table

SOURCE = "US EPA ENERGY STAR certified computers"
DESIGN = "processor makers' design power classes"

FULL_LOAD_W = {
    # Watts that full load adds to idle: value, low, high. Classes of processors, not a fit.
    "notebook": (22.0, 9.0, 50.0),
    "desktop": (70.0, 30.0, 150.0),
    "all-in-one": (50.0, 20.0, 100.0),
    "tablet": (6.0, 3.0, 12.0),
    "thin client": (9.0, 4.0, 20.0),
    "workstation": (140.0, 60.0, 300.0),
}


class StateWatts(NamedTuple):
    """Watts in one state: typical, and the range of nine in ten."""

    value_w: float
    low_w: float
    high_w: float


def is_terminal(category: str) -> bool:
    return category in FULL_LOAD_W


def state_watts(category: str, state: str) -> StateWatts | None:
    """`off`, `sleep`, `long_idle` or `short_idle`; None where nothing was measured."""
    for row in table("terminal_power"):
        if row["category"] == category and row["state"] == f"{state}_w":
            return StateWatts(*(float(row[k]) for k in ("value_w", "low_w", "high_w")))
    return None


def terminal_power(machine: Machine, category: str) -> PowerModel:
    """Short idle (screen on, user away a moment) plus what the processor adds at full load."""
    idle = state_watts(category, "short_idle")
    assert idle is not None, category
    added = FULL_LOAD_W[category]
    design_w = machine.tdp_w or design_power_w(machine.cpu_model)
    if design_w:
        added = (design_w, design_w * 0.5, design_w * 2.0)
    load = "its processor's design power" if design_w else "a processor of its class"
    value, low, high = (straight(i, i + more) for i, more in zip(idle, added, strict=True))
    return PowerModel(
        value,
        low,
        high,
        "archetype",
        f"typical {category}: short idle and {load}",
        (SOURCE, DESIGN),
    )
