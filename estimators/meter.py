"""A reading at the plug shifts the level at once; the shape stays the model's."""

from __future__ import annotations

from sobriety.core.machine import Machine

from .curve import Curve, PowerModel, power_w

METER_RATIO = 0.02
"""A plug meter of class 2."""

SHAPE_RATIO = 0.08
"""With true idle and maximum known, a modelled shape is off by 3.8 % on average (SPECpower); nine
in ten are within this."""


def calibrated(model: PowerModel, machine: Machine) -> PowerModel:
    """The model with idle, or idle and maximum, as they were read. Unchanged without a reading.

    What remains in doubt: the meter, the shape between readings, and the load that was not read.
    """
    idle_w, max_w = machine.idle_w, machine.max_w
    if idle_w is None and max_w is None:
        return model
    both = idle_w is not None and max_w is not None
    around = METER_RATIO + SHAPE_RATIO
    value = _moved(model.curve, idle_w, max_w)
    if both:
        low, high = value.scaled(1 - around), value.scaled(1 + around)
    else:
        low = _bounded(_moved(model.low, idle_w, max_w).scaled(1 - METER_RATIO), value, below=True)
        high = _bounded(
            _moved(model.high, idle_w, max_w).scaled(1 + METER_RATIO), value, below=False
        )
    what = "idle and full load" if both else "idle" if idle_w is not None else "full load"
    return PowerModel(
        value,
        low,
        high,
        "measured" if both else "mixed",
        f"{what} read at the plug; shape of: {model.method}",
        ("a meter at the plug, as configured", *model.sources),
    )


def _moved(curve: Curve, idle_w: float | None, max_w: float | None) -> Curve:
    idle, full = power_w(curve, 0), power_w(curve, 1)
    if idle_w is not None and max_w is not None:
        stretch = (max_w - idle_w) / (full - idle) if full > idle else 0.0
        return Curve(idle_w, curve.b_w * stretch, curve.c_w * stretch, curve.d_w * stretch)
    if idle_w is not None:
        return Curve(idle_w, curve.b_w, curve.c_w, curve.d_w)
    assert max_w is not None
    return curve.scaled(max_w / full)


def _bounded(bound: Curve, value: Curve, *, below: bool) -> Curve:
    """The bound, unless it crosses the value somewhere: then the value with the meter's error."""
    loads = [u / 20 for u in range(21)]
    if below:
        fine = all(power_w(bound, u) <= power_w(value, u) for u in loads)
        return bound if fine else value.scaled(1 - METER_RATIO)
    fine = all(power_w(bound, u) >= power_w(value, u) for u in loads)
    return bound if fine else value.scaled(1 + METER_RATIO)
