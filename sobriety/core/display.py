"""Formats figures for a terminal, with the digits that the interval supports."""

from __future__ import annotations

from sobriety.core.estimate import Estimate

from .rounding import decimals
from .rounding import rounded as round_to

_MASS = ((1000.0, "t"), (1.0, "kg"), (1e-3, "g"), (1e-6, "mg"), (1e-9, "µg"))
_ENERGY = ((3.6e6, "kWh"), (3600.0, "Wh"), (1.0, "J"), (1e-3, "mJ"))


def rounded(value: float, low: float, high: float) -> tuple[str, str, str]:
    """The three as text, to the digits that the interval supports."""
    places = decimals(value, low, high)

    def shown(value: float) -> str:
        return f"{round_to(value, places):,.{max(0, places)}f}"

    return shown(value), shown(low), shown(high)


def _in(units: tuple[tuple[float, str], ...], value: float) -> tuple[float, str]:
    for size, unit in units:
        if abs(value) >= size:
            return size, unit
    return units[-1]


def _show(estimate: Estimate, units: tuple[tuple[float, str], ...]) -> str:
    if estimate.value == 0 and estimate.high == 0:
        return f"0 {units[-1][1]}"
    size, unit = _in(units, estimate.value or estimate.high)
    value, low, high = rounded(estimate.value / size, estimate.low / size, estimate.high / size)
    return f"{value} {unit} ({low} to {high})"


def energy(estimate: Estimate) -> str:
    """Energy: `12.4 J (8.1 to 19.0)`, in Wh or kWh when it is large."""
    return _show(estimate, _ENERGY)


def quantity(energy_j: float) -> str:
    """Joules that have no interval of their own: `12.4 J`."""
    size, unit = _in(_ENERGY, energy_j)
    return f"{energy_j / size:.3g} {unit}"


def mass(estimate: Estimate) -> str:
    """Carbon: `0.32 mg (0.2 to 0.5)`."""
    return _show(estimate, _MASS)


def duration(length_s: float) -> str:
    """`0.003 s`, `12.4 s`, `3 min 20 s`, `2 h 05 min`."""
    if length_s < 60:
        return f"{length_s:.3g} s"
    minutes, rest = divmod(round(length_s), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def memory(size_b: float) -> str:
    """`12 MB`, in powers of ten."""
    return f"{size_b / 1e6:,.0f} MB" if size_b < 1e9 else f"{size_b / 1e9:,.1f} GB"
