"""Readings at the plug shift the level at once; the shape between them stays the model's.

A reading never gives certainty: the meter errs, and so does the shape between two readings and
beyond them. What is not known to be better keeps the model's own interval.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.core.machine import Machine

from .curve import Curve, PowerModel, power_w, straight

METER_RATIO = 0.02
"""A plug meter of class 2."""

SHAPE_RATIO = 0.18
"""With true idle and maximum known, a modelled shape is off by 6.5 % on average between them
(SPECpower). With this, 88 to 97 % of loads not read are within the interval, by what was read."""

LEAST_SPREAD_RATIO = 0.2
"""Two readings tell of the slope where this share of the rise lies between them. Assumed."""

BENDS = (Curve(0, 1, -1, 0), Curve(0, 0, 1, -1))
"""Nothing at idle and at full load, something between."""

LOADS = [u / 100 for u in range(101)]

Reading = tuple[float, float]
"""Load from 0 to 1, and watts."""


class Ends(NamedTuple):
    idle_w: float
    full_w: float


def calibrated(model: PowerModel, machine: Machine) -> PowerModel:
    """The model through what was read at the plug. Unchanged without a reading.

    Raises ConfigError for readings that no machine has.
    """
    readings = _readings(machine)
    if not readings:
        return model
    meter_ratio = METER_RATIO if machine.meter_ratio is None else machine.meter_ratio
    one = len(readings) == 1
    curves = (
        _by_one(model, readings[0], meter_ratio) if one else _by_more(model, readings, meter_ratio)
    )
    return PowerModel(
        *curves,
        "measured" if (readings[0][0], readings[-1][0]) == (0, 1) else "mixed",
        f"{_said(readings)} read at the plug{_within(meter_ratio)}; shape of: {model.method}",
        ("a meter at the plug, as configured", *model.sources),
    )


def _by_one(model: PowerModel, reading: Reading, meter_ratio: float) -> tuple[Curve, Curve, Curve]:
    """At idle it shifts the curve, at full load it stretches it, between these it does both."""
    load, watts = reading
    idle_w, rise_w = power_w(model.curve, 0), _rise_w(model.curve)
    share = share_of_rise(model.curve, load)
    ratio = _level(idle_w, share * rise_w, share, watts)
    idle_w, rise_ratio = idle_w * ratio, ratio**share
    rise_w = (watts - idle_w) / share if share else rise_w
    value = between(model.curve, idle_w, idle_w + rise_w)
    bounds: list[Curve] = []
    for bound, sign in ((model.low, -1), (model.high, 1)):
        worst = max if sign > 0 else min
        meter = 1 + sign * meter_ratio  # nothing is known better than what was read
        bound_idle_w = worst(idle_w * meter, power_w(bound, 0) * ratio)
        first_w = (1 - share) * sign * meter_ratio * watts + share * (bound_idle_w - idle_w)
        bound_rise_w = worst(rise_w * meter, _rise_w(bound) * rise_ratio)
        last_w = watts * meter + (1 - share) * bound_rise_w
        # The shape is in doubt by how far away was read, beside the level.
        first_w = (idle_w + first_w) * (1 + sign * SHAPE_RATIO * share)
        last_w *= 1 + sign * SHAPE_RATIO * (1 - share)
        ends = between(value, min(max(0.0, first_w), last_w), last_w)
        if load in (0, 1):
            ends = _doubted(value, ends, sign, meter_ratio + SHAPE_RATIO)
        bounds.append(ends)
    return value, bounds[0], bounds[1]


def _level(idle_w: float, rise_w: float, share: float, watts: float) -> float:
    """The ratio by which idle, and its power `share` by which the rise, meets the watts."""
    if share in (0.0, 1.0):
        return watts / (idle_w + share * rise_w)
    low, high = 0.0, watts / idle_w
    for _ in range(100):
        middle = (low + high) / 2
        if idle_w * middle + rise_w * middle**share > watts:
            high = middle
        else:
            low = middle
    return low


def _by_more(
    model: PowerModel, readings: tuple[Reading, ...], meter_ratio: float
) -> tuple[Curve, Curve, Curve]:
    """Through the outermost two, bent through the one between them that is furthest off."""
    (_, first_w), (_, last_w) = first, last = readings[0], readings[-1]
    at, to = (share_of_rise(model.curve, load) for load, _ in (first, last))
    if to - at < LEAST_SPREAD_RATIO:
        raise ConfigError(
            f"{_names(readings)} are too close to tell a slope",
            hint="read one of them near idle and the other near full load, or give one",
        )
    value = between(model.curve, *_ends(at, first_w, to, last_w))
    if power_w(value, 0) <= 0:
        raise ConfigError(
            f"{_names(readings)}: by these the machine would draw nothing when idle",
            hint="read them again, off the same meter",
        )
    furthest = max(readings, key=lambda reading: _miss_ratio(value, reading))
    if 0 < furthest[0] < 1 and _miss_ratio(value, furthest) > 1e-9:
        value = bent(value, *furthest)
    off_ratio = meter_ratio + max(_miss_ratio(value, reading) for reading in readings)
    gap_ratio = max(b - a for (a, _), (b, _) in pairwise(readings))
    beyond = SHAPE_RATIO / (to - at)
    bounds: list[Curve] = []
    for sign in (-1, 1):
        near, far = 1 + sign * off_ratio, 1 - sign * off_ratio
        idle_w, _ = _ends(at, first_w * near, to, last_w * far)
        _, full_w = _ends(at, first_w * far, to, last_w * near)
        idle_w = max(0.0, idle_w + sign * beyond * at * first_w)
        full_w = max(0.0, full_w + sign * beyond * (1 - to) * last_w)
        # A load more never costs less, in a bound neither.
        idle_w = min(idle_w, full_w) if sign < 0 else idle_w
        ends = between(value, idle_w, max(idle_w, full_w))
        bounds.append(_doubted(value, ends, sign, off_ratio + SHAPE_RATIO * gap_ratio))
    return value, bounds[0], bounds[1]


def _doubted(value: Curve, bound: Curve, sign: int, ratio: float) -> Curve:
    """The bound, at half load no nearer to the curve than this, as far as it need not fall."""
    half_w = power_w(value, 0.5) * (1 + sign * ratio)
    return bent(bound, 0.5, half_w) if (half_w - power_w(bound, 0.5)) * sign > 0 else bound


def _ends(at: float, first_w: float, to: float, last_w: float) -> Ends:
    """Idle and full load of what has these watts at these shares of its rise."""
    rise_w = (last_w - first_w) / (to - at)
    return Ends(first_w - at * rise_w, first_w + (1 - at) * rise_w)


def bent(curve: Curve, u: float, target_w: float) -> Curve:
    """The curve, brought as near to these watts as it may come: its ends stay, it falls nowhere."""
    found: list[tuple[float, Curve]] = []
    missing_w = target_w - power_w(curve, u)
    for bend in BENDS:
        whole = bend.scaled(missing_w / power_w(bend, u))
        moves = [power_w(whole, u) for u in LOADS]
        steps = [power_w(curve, u) for u in LOADS]
        most = 1.0
        for (a, b), (x, y) in zip(pairwise(steps), pairwise(moves), strict=True):
            if y < x:
                most = min(most, max(0.0, b - a) / (x - y))
        found.append((most, curve.plus(whole.scaled(most))))
    return max(found, key=lambda each: each[0])[1]


def between(shape: Curve, idle_w: float, full_w: float) -> Curve:
    """The curve with these watts at both ends and, between them, the shape of another one.

    A pair of ends that is nowhere below another pair gives a curve that is nowhere below its.
    """
    rise_w = _rise_w(shape)
    if rise_w <= 0:
        return straight(idle_w, full_w)
    stretch = (full_w - idle_w) / rise_w
    return Curve(idle_w, shape.b_w * stretch, shape.c_w * stretch, shape.d_w * stretch)


def share_of_rise(shape: Curve, u: float) -> float:
    """How much of the way from idle to full load its watts are at a load: 0 to 1."""
    rise_w = _rise_w(shape)
    if rise_w <= 0:
        return u
    return min(1.0, max(0.0, (power_w(shape, u) - power_w(shape, 0)) / rise_w))


def _rise_w(curve: Curve) -> float:
    return power_w(curve, 1) - power_w(curve, 0)


def _miss_ratio(curve: Curve, reading: Reading) -> float:
    load, watts = reading
    return abs(power_w(curve, load) - watts) / watts


def _readings(machine: Machine) -> tuple[Reading, ...]:
    try:
        found = machine.points()
    except ValueError as error:
        raise ConfigError(f"readings: {error}") from None
    for load, watts in found:
        if not 0 < watts < float("inf"):
            raise ConfigError(
                f"{_name(load)} is {watts:g} W", hint="read it off a meter at the plug"
            )
    for (a, less_w), (b, more_w) in pairwise(found):
        if more_w < less_w:
            raise ConfigError(
                f"{_name(b)} is {more_w:g} W and below {_name(a)}, {less_w:g} W",
                hint="read both off the same meter",
            )
    return found


def _name(load: float) -> str:
    return {0.0: "idle", 1.0: "full load"}.get(load, f"{100 * load:g} %")


def _names(readings: tuple[Reading, ...]) -> str:
    names = [_name(load) for load, _ in readings]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _said(readings: tuple[Reading, ...]) -> str:
    """As in a method, in few words that have a translation."""
    loads = [load for load, _ in readings]
    if all(load in (0, 1) for load in loads):
        return _names(readings)
    return f"{100 * loads[0]:g} % load" if len(loads) == 1 else f"{len(loads)} loads"


def _within(meter_ratio: float) -> str:
    return "" if meter_ratio == METER_RATIO else f" to within {100 * meter_ratio:.3g} %"
