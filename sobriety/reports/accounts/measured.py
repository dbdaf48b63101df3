"""Joules of a host that a sensor gave, and joules that it draws while it does nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.method import MethodKind
from sobriety.estimators import EnergyPlan, power_model, power_w

IDLE = MethodKind("idle", "power curve at no load × time observed")


def measured_j(plan: EnergyPlan, measures: Mapping[str, float]) -> float:
    """The joules of a row that a sensor gave, supply losses on the way included."""
    coefficients: dict[str, float] = plan.value._asdict()
    return math.fsum(
        coefficients[name] * measures.get(name, 0.0)
        for name in coefficients
        if name.endswith("_j") and name != "told_j"
    )


def idle(machine: Machine, rows: Sequence[tuple[EnergyPlan, Mapping[str, float]]]) -> Estimate:
    """The curve at no load over the time observed, less what screens saved while they were dark."""
    model = power_model(machine)
    covered_s = math.fsum(measures["covered_s"] for _, measures in rows)
    bounds: list[float] = []
    for name, curve in (("value", model.curve), ("low", model.low), ("high", model.high)):
        saved_j = math.fsum(
            getattr(plan, name).screen_on_s
            * max(0.0, measures["covered_s"] - measures.get("screen_on_s", 0.0))
            for plan, measures in rows
        )
        bounds.append(max(0.0, power_w(curve, 0.0) * covered_s - saved_j))
    value, low, high = bounds
    return Estimate(
        "energy_j", value, min(low, value), max(high, value), model.basis,
        IDLE(), model.sources,
    )  # fmt: skip
