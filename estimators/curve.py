"""Watts over utilisation: P(u) = a + b√u + cu + du³.

Each term has an integral that adds up over time, so that a minute's row and an hour's give the same
joules. Of the small bases this one fits 612 measured servers best (docs/methods.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from sobriety.core.estimate import Basis


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


@dataclass(frozen=True, slots=True)
class PowerModel:
    """A machine's curve at the plug, the two that bound it with 90 %, and why it is believed."""

    curve: Curve
    low: Curve
    high: Curve
    basis: Basis
    method: str
    sources: tuple[str, ...]
