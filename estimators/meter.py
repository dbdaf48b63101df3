"""A reading at the plug shifts the level at once; the shape stays the model's."""

from __future__ import annotations

from math import inf

from sobriety.core.errors import ConfigError
from sobriety.core.machine import Machine

from .curve import Curve, PowerModel, power_w, straight

METER_RATIO = 0.02
"""A plug meter of class 2."""

SHAPE_RATIO = 0.08
"""With true idle and maximum known, a modelled shape is off by 3.8 % on average (SPECpower); nine
in ten are within this."""


def calibrated(model: PowerModel, machine: Machine) -> PowerModel:
    """The model with idle, or idle and maximum, as they were read. Unchanged without a reading.

    What remains in doubt: the meter, the shape between readings, and the load that was not read,
    for which the model's own interval stays.

    Raises ConfigError for readings that no machine has.
    """
    idle_w, max_w = machine.idle_w, machine.max_w
    if idle_w is None and max_w is None:
        return model
    _refuse(idle_w, max_w)
    modelled_w = power_w(model.curve, 1)
    idles: list[float] = []
    fulls: list[float] = []
    bounds = ((model.curve, 1.0), (model.low, 1 - METER_RATIO), (model.high, 1 + METER_RATIO))
    rises = [power_w(bound, 1) - power_w(bound, 0) for bound, _ in bounds]
    # With the level read, only the rise is in doubt: it is bounded by the steeper and the flatter.
    rises = [rises[0], min(rises[:2]), max(rises[0], rises[2])]
    for (bound, meter), rise in zip(bounds, rises, strict=True):
        if idle_w is not None:
            idles.append(idle_w * meter)
            fulls.append(max_w * meter if max_w is not None else idles[-1] + rise)
        elif max_w is not None:
            # The ratio of the bound to the model stays: a reading at full load says little of idle.
            fulls.append(max_w * meter)
            idles.append(min(max_w / modelled_w * power_w(bound, 0), fulls[-1]))
    value, low, high = (
        between(model.curve, idle, full) for idle, full in zip(idles, fulls, strict=True)
    )
    both = idle_w is not None and max_w is not None
    if both:
        low, high = low.scaled(1 - SHAPE_RATIO), high.scaled(1 + SHAPE_RATIO)
    what = "idle and full load" if both else "idle" if idle_w is not None else "full load"
    return PowerModel(
        value,
        low,
        high,
        "measured" if both else "mixed",
        f"{what} read at the plug; shape of: {model.method}",
        ("a meter at the plug, as configured", *model.sources),
    )


def between(shape: Curve, idle_w: float, full_w: float) -> Curve:
    """The curve with these watts at both ends and, between them, the shape of another one.

    A pair of ends that is nowhere below another pair gives a curve that is nowhere below its.
    """
    rise_w = power_w(shape, 1) - power_w(shape, 0)
    if rise_w <= 0:
        return straight(idle_w, full_w)
    stretch = (full_w - idle_w) / rise_w
    return Curve(idle_w, shape.b_w * stretch, shape.c_w * stretch, shape.d_w * stretch)


def _refuse(idle_w: float | None, max_w: float | None) -> None:
    for name, read_w in (("idle_w", idle_w), ("max_w", max_w)):
        if read_w is not None and not 0 < read_w < inf:
            raise ConfigError(f"{name} is {read_w:g} W", hint="read it off a meter at the plug")
    if idle_w is not None and max_w is not None and max_w < idle_w:
        raise ConfigError(
            f"max_w is {max_w:g} W and below idle_w, {idle_w:g} W",
            hint="read both off the same meter",
        )
