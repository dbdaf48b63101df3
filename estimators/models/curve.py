"""Watts over utilisation: P(u) = a + b√u + cu + du³.

Each term has an integral that adds up over time, so that a minute's row and an hour's give the same
joules. Of the small bases this one fits 612 measured servers best (docs/methods.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from sobriety.core.estimate import Basis
from sobriety.core.method import Method

BISECTIONS = 12


class Curve(NamedTuple):
    """Watts at the plug over utilisation from 0 to 1."""

    a_w: float
    b_w: float
    c_w: float
    d_w: float

    def scaled(self, factor: float) -> Curve:
        return Curve(*(x * factor for x in self))

    def plus(self, other: Curve) -> Curve:
        return Curve(*(x + y for x, y in zip(self, other, strict=True)))


def power_w(curve: Curve, u: float) -> float:
    """Watts at a utilisation.

    Raises ValueError outside 0 to 1.
    """
    if not 0 <= u <= 1:
        raise ValueError(f"utilisation is {u}, not within 0 to 1")
    return curve.a_w + curve.b_w * sqrt(u) + curve.c_w * u + curve.d_w * u**3


def straight(idle_w: float, full_w: float) -> Curve:
    """The curve of somebody who knows two points."""
    return Curve(idle_w, 0.0, full_w - idle_w, 0.0)


def through(*bounds: Sequence[float]) -> list[Curve]:
    """The curves through watts at 0, 10, 50 and 100 %; straight ones, all of them, where one
    would fall."""
    curves = [_solved(*watts) for watts in bounds]
    if all(map(rises, curves)):
        return curves
    return [straight(idle, max(idle, full)) for idle, _, _, full in bounds]


def towards(
    shape: Curve, watts: Sequence[float], holds: Callable[[Curve], bool] | None = None
) -> Curve:
    """The curve through watts at 0, 10, 50 and 100 %, or as near to it as one comes that falls
    nowhere and for which `holds` is true. The ends are met; further away it has another's shape."""
    near, far = between(shape, watts[0], watts[3]), _solved(*watts)
    least, share, step = 0.0, 1.0, 0.5
    for _ in range(BISECTIONS):
        curve = near.scaled(1 - share).plus(far.scaled(share))
        good = rises(curve) and (holds is None or holds(curve))
        if good:
            least = share
        if least == 1:
            break
        share, step = share + step if good else share - step, step / 2
    return near.scaled(1 - least).plus(far.scaled(least))


def between(shape: Curve, idle_w: float, full_w: float) -> Curve:
    """The curve with these watts at both ends and, between them, the shape of another one."""
    rise_w = power_w(shape, 1) - power_w(shape, 0)
    if rise_w <= 0:
        return straight(idle_w, full_w)
    stretch = (full_w - idle_w) / rise_w
    return Curve(idle_w, shape.b_w * stretch, shape.c_w * stretch, shape.d_w * stretch)


def rises(curve: Curve) -> bool:
    """A load more never costs less."""
    steps = [power_w(curve, u / 200) for u in range(201)]
    return curve.b_w >= 0 and all(after >= before for before, after in pairwise(steps))


def _solved(idle: float, ten: float, half: float, full: float) -> Curve:
    # a is idle; b, c, d solve the other three: bs + cu + du³ = P(u) - a.
    s1, s5 = 0.1**0.5, 0.5**0.5
    r1, r5, r10 = ten - idle, half - idle, max(full, idle) - idle
    # eliminate c = r10 - b - d
    m11, m12, k1 = s1 - 0.1, 0.1**3 - 0.1, r1 - 0.1 * r10
    m21, m22, k2 = s5 - 0.5, 0.5**3 - 0.5, r5 - 0.5 * r10
    det = m11 * m22 - m12 * m21
    b = (k1 * m22 - m12 * k2) / det
    d = (m11 * k2 - k1 * m21) / det
    return Curve(idle, b, r10 - b - d, d)


@dataclass(frozen=True, slots=True)
class PowerModel:
    """A machine's curve at the plug, the two that bound it with 90 %, and why it is believed."""

    curve: Curve
    low: Curve
    high: Curve
    basis: Basis
    method: Method
    sources: tuple[str, ...]
