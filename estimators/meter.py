"""Corrects a power model by readings at the plug, at the loads read and between them.

A model that is a fifth too low at idle is mostly too low at half load as well. How much so is
known from servers that the fit did not see: their errors at four loads and how these go together.
Given readings, the errors that remain follow by the rule of normal distributions (Rasmussen and
Williams, 2006, equation 2.19), on logarithms: value and interval at every load.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise
from math import exp, inf, log, sqrt

from sobriety.core.errors import ConfigError
from sobriety.core.machine import Machine
from sobriety.core.method import Method, MethodKind, significant

from .models.curve import Curve, PowerModel, power_w, towards
from .models.kernel import solve
from .tables import table

METER_RATIO = 0.02
"""A plug meter of class 2: nine in ten are within it, each by one share at every load."""

READING_RATIO = 0.003
"""How far apart two readings of one load are, one standard deviation. Assumed."""

SHAPE_RATIO = 0.03
"""How far measured watts are off any such curve, one standard deviation. Chosen so that intervals
of servers with two and three readings hold (docs/accuracy.md)."""

LOADS = tuple(i / 10 for i in range(11))
"""Where errors are known."""

NEAR = ((0,), (1, 2), (3, 4, 5, 6, 7), (10,))
"""Of LOADS, those that the doubt at 0, 10, 50 and 100 % stands for: the largest of them."""

KNOTS = (0, 1, 5, 10)
"""Of LOADS, those that make a curve."""

STEPS = [u / 100 for u in range(101)]
Z = 1.645
ROUNDS = 4
MOST_DOUBT = 2.0
"""Standard deviations of a logarithm beyond which nothing is known."""

IDLE = MethodKind("read-idle", "idle")
FULL = MethodKind("read-full", "full load")
IDLE_AND_FULL = MethodKind("read-idle-and-full", "idle and full load")
ONE_LOAD = MethodKind("read-one", "{percent:number} % load")
SEVERAL_LOADS = MethodKind("read-several", "{count:number} loads")
READ = MethodKind("read-at-plug", "{readings:method} read at the plug; shape of: {shape:method}")
READ_WITHIN = MethodKind(
    "read-at-plug-within",
    "{readings:method} read at the plug to within {percent:number} %; shape of: {shape:method}",
)

LoadReading = tuple[float, float]
"""Load from 0 to 1, and watts."""
Vector = Sequence[float]
Matrix = Sequence[Vector]


def calibrated(model: PowerModel, machine: Machine) -> PowerModel:
    """The model as it is once the readings are known. Unchanged without a reading.

    Raises ConfigError for readings that no machine has.
    """
    readings = _readings(machine)
    if not readings:
        return model
    meter_ratio = METER_RATIO if machine.meter_ratio is None else machine.meter_ratio
    at = [load for load, _ in readings]
    down, up = (_doubts(model, bound) for bound in (model.low, model.high))
    curve = _met(model.curve, [(a + b) / 2 for a, b in zip(down, up, strict=True)], readings)
    low = _bound(curve, -1, _remaining(down, at, meter_ratio), readings, meter_ratio)
    high = _bound(curve, 1, _remaining(up, at, meter_ratio), readings, meter_ratio)
    return PowerModel(
        curve,
        low,
        high,
        "measured" if (at[0], at[-1]) == (0, 1) else "mixed",
        _method(readings, meter_ratio, model.method),
        ("a meter at the plug, as configured", *model.sources),
    )


def _met(model: Curve, doubts: Vector, readings: Sequence[LoadReading]) -> Curve:
    """The likeliest curve through the readings."""
    gain = _gain(doubts, [load for load, _ in readings])
    logs, curve, best = [log(power_w(model, LOADS[k])) for k in KNOTS], model, model
    for _ in range(ROUNDS):  # what lies between two of LOADS is not quite what their mean says
        missed = _missed(curve, readings)
        logs = [v + _dot(gain[k], missed) for v, k in zip(logs, KNOTS, strict=True)]
        watts = _rising([exp(v) for v in logs], readings, [(k,) for k in KNOTS])
        curve = towards(model, watts)
        best = min(best, curve, key=lambda each: max(map(abs, _missed(each, readings))))
    return best


def _missed(curve: Curve, readings: Sequence[LoadReading]) -> list[float]:
    return [log(watts / power_w(curve, load)) for load, watts in readings]


def _bound(
    curve: Curve, sign: int, doubts: Vector, readings: Sequence[LoadReading], meter_ratio: float
) -> Curve:
    """Below or above the curve by these doubts, and by the meter's at least."""
    shown = [(u, watts * (1 + sign * meter_ratio)) for u, watts in readings]
    wide = [
        power_w(curve, LOADS[k]) * exp(sign * Z * max(doubts[i] for i in near))
        for k, near in zip(KNOTS, NEAR, strict=True)
    ]

    nearest = curve.scaled(1 + 0.99 * sign * meter_ratio)

    def beside(bound: Curve) -> bool:
        return all(sign * (power_w(bound, u) - power_w(nearest, u)) >= 0 for u in STEPS)

    bound = towards(curve, _rising(wide, shown, NEAR), beside)
    if not beside(bound):
        bound = curve.scaled(exp(sign * Z * max(doubts)))
    # A reading that no rising curve meets is within the interval all the same.
    furthest = max(sign * (watts / power_w(bound, u) - 1) for u, watts in readings)
    return bound.scaled(1 + sign * max(0.0, furthest))


def _rising(
    watts: Vector, readings: Sequence[LoadReading], near: Sequence[Sequence[int]]
) -> list[float]:
    """At KNOTS: no less than at a lower load, and within the readings below and above `near`."""
    rising: list[float] = []
    for of, w in zip(near, accumulate(watts, max), strict=True):
        least = max((shown for u, shown in readings if u <= LOADS[of[0]]), default=0.0)
        most = min((shown for u, shown in readings if u >= LOADS[of[-1]]), default=inf)
        rising.append(min(max(w, least), most))
    return rising


def _remaining(doubts: Vector, at: Vector, meter_ratio: float) -> list[float]:
    """Standard deviations at LOADS once these loads were read by one meter."""
    gain = _gain(doubts, at)
    meter = meter_ratio / Z
    prior = _covariance(doubts)
    remaining: list[float] = []
    for i, row in enumerate(gain):
        explained = _dot(row, [_dot(_weights(load), prior[i]) for load in at])
        # The meter errs by one share at every reading, which goes wherever the readings go.
        with_meter = max(1.0, sum(row)) * meter
        shape = 0.0 if LOADS[i] in at else SHAPE_RATIO
        remaining.append(sqrt(max(0.0, prior[i][i] - explained) + with_meter**2 + shape**2))
    return remaining


def _gain(doubts: Vector, at: Vector) -> list[list[float]]:
    """How much of what is missed at each reading is missed at each of LOADS."""
    prior = _covariance(doubts)
    weights = [_weights(load) for load in at]
    among = [[_dot(w, [_dot(row, v) for row in prior]) for v in weights] for w in weights]
    for i in range(len(at)):
        among[i][i] += READING_RATIO**2
    return [list(solve(among, [_dot(w, row) for w in weights])) for row in prior]


def _doubts(model: PowerModel, bound: Curve) -> list[float]:
    """Standard deviations of the model's logarithms at LOADS, as this bound implies them."""
    doubts: list[float] = []
    for load in LOADS:
        value, other = power_w(model.curve, load), power_w(bound, load)
        ratio = max(value, other) / min(value, other) if min(value, other) > 0 else inf
        doubts.append(min(MOST_DOUBT, max(READING_RATIO, log(ratio) / Z)))
    return doubts


def _covariance(doubts: Vector) -> Matrix:
    return [
        [r * a * b for r, b in zip(row, doubts, strict=True)]
        for row, a in zip(_correlation(), doubts, strict=True)
    ]


@cache
def _correlation() -> Matrix:
    """Of errors at LOADS: servers that the fit did not see."""
    return [
        [float(row[f"at_{100 * load:g}"]) for load in LOADS]
        for row in table("load_error_correlation")
    ]


def _weights(load: float) -> list[float]:
    """Of LOADS, at a load between two of them: by its root, as power goes near idle."""
    weights = [0.0] * len(LOADS)
    upper = next(i for i in range(1, len(LOADS)) if load <= LOADS[i])
    below, above = sqrt(LOADS[upper - 1]), sqrt(LOADS[upper])
    weights[upper] = (sqrt(load) - below) / (above - below)
    weights[upper - 1] = 1 - weights[upper]
    return weights


def _dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _readings(machine: Machine) -> tuple[LoadReading, ...]:
    try:
        points = machine.points()
    except ValueError as error:
        raise ConfigError(f"readings: {error}") from None
    for load, watts in points:
        if not 0 < watts < inf:
            raise ConfigError(
                f"{_name(load)} is {watts:g} W", hint="read it off a meter at the plug"
            )
    for (a, less_w), (b, more_w) in pairwise(points):
        if more_w < less_w:
            raise ConfigError(
                f"{_name(b)} is {more_w:g} W and below {_name(a)}, {less_w:g} W",
                hint="read both off the same meter",
            )
    return points


def _name(load: float) -> str:
    return {0.0: "idle", 1.0: "full load"}.get(load, f"{100 * load:g} %")


def _method(readings: Sequence[LoadReading], meter_ratio: float, shape: Method) -> Method:
    loads = [load for load, _ in readings]
    if loads == [0, 1]:
        read = IDLE_AND_FULL()
    elif len(loads) > 1:
        read = SEVERAL_LOADS(count=len(loads))
    elif loads[0] in (0, 1):
        read = FULL() if loads[0] else IDLE()
    else:
        read = ONE_LOAD(percent=significant(100 * loads[0], 6))
    if meter_ratio == METER_RATIO:
        return READ(readings=read, shape=shape)
    within = significant(100 * meter_ratio, 3)
    return READ_WITHIN(readings=read, percent=within, shape=shape)
