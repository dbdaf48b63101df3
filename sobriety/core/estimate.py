"""An estimate: a value with its 90 % interval, basis, method and sources."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from .method import Method, MethodKind
from .units import unit_of

Basis = Literal["measured", "modelled", "declared", "archetype", "mixed"]
"""How it is known. measured: a sensor of this machine. modelled: a fitted formula of this machine's
parts. declared: somebody's statement (a maker, an owner, a grid operator). archetype: the typical
device of its category. mixed: a sum of different ones, said in `method`."""
_BASES = frozenset(get_args(Basis))

PRODUCT: Final = MethodKind("product", "{left:method} × {right:method}")
SUM: Final = MethodKind("sum", "{parts:sum}")

_Z = 1.6448536269514722
"""Standard deviations from the middle to 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure that can be signed: value, 90 % interval, basis, method and sources.

    The unit is the metric's suffix. Refuses what nobody could defend: no source, a NaN, an
    interval that does not hold its value.
    """

    metric: str
    value: float
    low: float
    high: float
    basis: Basis
    method: Method
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        finite = math.isfinite
        if not (finite(self.value) and finite(self.low) and finite(self.high)):
            raise ValueError(f"{self.metric}: not a number: {self.low}, {self.value}, {self.high}")
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"{self.metric}: {self.value} is not within its interval {self.low} to {self.high}"
            )
        if self.basis not in _BASES:
            raise ValueError(f"{self.metric}: unknown basis {self.basis!r}")
        # A guest's code is not always type-checked.
        if not isinstance(self.method, Method):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{self.metric}: its method is no Method: {self.method!r}")
        if not self.sources:
            raise ValueError(f"{self.metric}: a figure needs at least one source")

    @property
    def unit(self) -> str:
        return unit_of(self.metric)

    def as_dict(self) -> dict[str, Any]:
        """The figure as `docs/schema/figure.json` describes it."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "basis": self.basis,
            "method": str(self.method),
            "method_key": self.method.key,
            "method_values": self.method.as_dict(),
            "sources": list(self.sources),
        }

    def scaled(self, factor: float, metric: str | None = None) -> Estimate:
        """This figure times an exact, non-negative number (a duration, a count, a unit change)."""
        if factor < 0:
            raise ValueError(f"{self.metric}: cannot scale by {factor}")
        return Estimate(
            metric or self.metric,
            self.value * factor,
            self.low * factor,
            self.high * factor,
            self.basis,
            self.method,
            self.sources,
        )


def product(metric: str, a: Estimate, b: Estimate, *, unit_factor: float = 1.0) -> Estimate:
    """Two figures multiplied whose errors have nothing to do with each other.

    Relative errors add as squares, on a logarithmic scale, so that a wide interval never crosses
    zero. `unit_factor` turns the product into the metric's unit.
    """
    value = a.value * b.value * unit_factor
    if value == 0:  # nothing has no logarithm: the ends are multiplied as they are
        return _product(metric, (value, 0.0, a.high * b.high * unit_factor), a, b)
    down = math.hypot(_log_ratio(a.value, a.low), _log_ratio(b.value, b.low))
    up = math.hypot(_log_ratio(a.high, a.value), _log_ratio(b.high, b.value))
    return _product(metric, (value, value * math.exp(-down), value * math.exp(up)), a, b)


def _product(
    metric: str, figures: tuple[float, float, float], a: Estimate, b: Estimate
) -> Estimate:
    method = PRODUCT(left=a.method, right=b.method)
    return Estimate(metric, *figures, _joint_basis((a, b)), method, _joint_sources((a, b)))


def total(
    metric: str, parts: Iterable[Estimate], *, shared_error: bool, method: Method | None = None
) -> Estimate:
    """The sum of parts. With `shared_error` intervals add (one wrong curve is wrong for all of
    them); without it independent errors partly cancel.

    The value is the sum of the values, so that a table adds up. Raises ValueError for no parts:
    nothing known is not 0.
    """
    known = tuple(parts)
    if not known:
        raise ValueError(f"{metric}: nothing to add")
    if len(known) == 1 and known[0].metric == metric and method in (None, known[0].method):
        return known[0]
    value = math.fsum(p.value for p in known)
    low, high = math.fsum(p.low for p in known), math.fsum(p.high for p in known)
    if not shared_error and len(known) > 1:
        # No sum is wider than one whose parts all err together.
        likely = _independent_sum(known)
        low, high = min(value, max(low, likely[0])), max(value, min(high, likely[1]))
    return Estimate(
        metric,
        value,
        low,
        high,
        _joint_basis(known),
        method or _joint_method(known),
        _joint_sources(known),
    )


def _log_ratio(high: float, low: float) -> float:
    if high == low:
        return 0.0
    return math.inf if low <= 0 else math.log(high / low)


def _independent_sum(parts: tuple[Estimate, ...]) -> tuple[float, float]:
    """5 and 95 % of the sum of figures whose errors have nothing to do with each other.

    Cumulants of independent figures add. Those of one figure are the ones that give its own low,
    value and high as 5, 50 and 95 % by the expansion of Cornish and Fisher (1938) to the third.
    Figures that may be far too low but hardly too high have a sum above the sum of their values;
    adding squares of half-widths misses that, the more the longer the list.
    """
    mean = variance = third = 0.0
    for part in parts:
        spread = (part.high - part.low) / (2 * _Z)
        skew = ((part.high + part.low) / 2 - part.value) / (_Z * _Z / 6)
        mean += part.value + skew / 6
        variance += spread * spread
        third += skew * spread * spread
    if variance == 0:
        return mean, mean
    spread, skew = math.sqrt(variance), third / variance
    middle = mean + skew * (_Z * _Z - 1) / 6
    return middle - _Z * spread, middle + _Z * spread


def _joint_method(parts: tuple[Estimate, ...]) -> Method:
    methods = tuple(dict.fromkeys(m for p in parts for m in _summands(p.method)))
    return methods[0] if len(methods) == 1 else SUM(parts=methods)


def _summands(method: Method) -> tuple[Method, ...]:
    """Those of a sum; else the method itself."""
    if method.key != SUM.key:
        return (method,)
    return cast("tuple[Method, ...]", method.values[0][1])


def _joint_basis(parts: tuple[Estimate, ...]) -> Basis:
    bases = {p.basis for p in parts}
    return parts[0].basis if len(bases) == 1 else "mixed"


def _joint_sources(parts: tuple[Estimate, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s for p in parts for s in p.sources))
