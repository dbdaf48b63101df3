"""Formats figures in a language: a fitting unit, the digits that the interval supports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sobriety.core.estimate import Estimate
from sobriety.core.rounding import apportioned, decimals, decimals_of_sum, rounded
from sobriety.core.units import J_PER_KWH
from sobriety.estimators import category_name

from .language import NBSP, Language


class Unit(NamedTuple):
    """What one of it is in the base unit of its kind, its symbol, from how many on it is used."""

    factor: float
    symbol: str
    is_co2e: bool = False
    least: int = 1


ENERGY: Final = (
    Unit(1000 * J_PER_KWH, "MWh", least=10), Unit(J_PER_KWH, "kWh"), Unit(J_PER_KWH / 1000, "Wh"),
    Unit(1.0, "J"), Unit(1e-3, "mJ"),
)  # fmt: skip
CARBON: Final = (
    Unit(1000.0, "t", True), Unit(1.0, "kg", True), Unit(1e-3, "g", True),
    Unit(1e-6, "mg", True), Unit(1e-9, "µg", True),
)  # fmt: skip
POWER: Final = (Unit(1000.0, "kW"), Unit(1.0, "W"), Unit(1e-3, "mW"))
SHARE: Final = (Unit(0.01, "%"),)
BYTES: Final = (
    Unit(1e12, "TB"), Unit(1e9, "GB"), Unit(1e6, "MB"), Unit(1e3, "kB"), Unit(1.0, "B"),
)  # fmt: skip
INTENSITY: Final = (Unit(1.0, "g/kWh", True),)

_UNITS: Final = {"J": ENERGY, "kg": CARBON, "W": POWER, "1": SHARE, "g/kWh": INTENSITY}


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure's parts as text, and its numbers in the unit shown."""

    value: str
    low: str
    high: str
    unit: str
    in_unit: tuple[float, float, float]

    @property
    def text(self) -> str:
        """`27 W`."""
        return self.value + NBSP + self.unit if self.unit else self.value

    def between(self, language: Language) -> str:
        """`between 12 and 50`, in the figure's unit."""
        if self.in_unit == (0.0, 0.0, 0.0):
            return language.say("none seen")
        if self.low == self.high:
            return language.say("exactly known")
        return language.say("between {low} and {high}", low=self.low, high=self.high)

    def range(self, language: Language) -> str:
        """`12 to 50`, for tables."""
        return language.say("{low} to {high}", low=self.low, high=self.high)


def units_of(estimate: Estimate) -> Sequence[Unit]:
    """Those of its kind, the largest first."""
    return _UNITS[estimate.unit]


def unit_for(estimate: Estimate) -> Unit:
    """The largest unit of which there is at least one (ten megawatt-hours)."""
    return fitting(_UNITS[estimate.unit], abs(estimate.value or estimate.high))


def fitting(units: Sequence[Unit], value: float) -> Unit:
    """The largest of the units of which there are enough."""
    return next((u for u in units if value >= u.factor * u.least), units[-1])


def symbol(language: Language, unit: Unit) -> str:
    """`kg CO₂e`, `kg éq. CO₂`; a share has none, its sign comes with the number."""
    if unit.symbol == "%":
        return ""
    if unit.symbol == "g/kWh":
        return language.say("g CO₂e/kWh")
    if unit in BYTES:
        return language.say("{prefix}B", prefix=unit.symbol[:-1])
    if not unit.is_co2e:
        return unit.symbol
    return language.say("{mass} CO₂e", mass=unit.symbol).replace(" ", NBSP)


def show(
    language: Language, estimate: Estimate, unit: Unit | None = None, places: int | None = None
) -> Shown:
    """The figure alone, or with the unit and decimals of those it stands beside."""
    bounds = estimate.value, estimate.low, estimate.high
    return show_bounds(language, unit or unit_for(estimate), *bounds, places=places)


def amount(language: Language, transferred_b: float) -> str:
    """Bytes that were counted: three digits."""
    unit = fitting(BYTES, transferred_b)
    return show_bounds(
        language, unit, transferred_b, transferred_b * 0.995, transferred_b * 1.005
    ).text


def show_bounds(
    language: Language,
    unit: Unit,
    value: float,
    low: float,
    high: float,
    *,
    places: int | None = None,
) -> Shown:
    """A value and its bounds, in base units, that is no Estimate of its own: a chart's point."""
    value, low, high = value / unit.factor, low / unit.factor, high / unit.factor
    own = decimals(value, low, high)
    shown = own if places is None else places
    return Shown(
        _number(language, unit, value, shown),
        _number(language, unit, low, min(own, shown)),
        _number(language, unit, high, min(own, shown)),
        symbol(language, unit),
        (value, low, high),
    )


def _number(language: Language, unit: Unit, value: float, places: int) -> str:
    """Rounded; what is there and too small for these places is `< 0.1`, since it is not nothing."""
    cut = rounded(value, places)
    step = 10.0**-places
    text = language.number(cut or (step if value > 0 else 0.0), places)
    if unit.symbol == "%":
        text = language.say("{number}%", number=text)
        if cut >= 100 > value:
            return ">" + NBSP + _number(language, unit, 100 - step, places)
    return "<" + NBSP + text if cut == 0 and value > 0 else text


def _unit_for_sum(whole: Estimate, parts: Sequence[Estimate]) -> Unit:
    """The total's unit, or the next smaller one where a part would be a few hundredths of it."""
    unit = unit_for(whole)
    smaller = next((u for u in _UNITS[whole.unit] if u.factor < unit.factor), unit)
    smallest = min((p.value for p in parts if p.value > 0), default=whole.value)
    tiny = smallest < 0.05 * unit.factor and whole.value < 10 * unit.factor
    return smaller if tiny else unit


@dataclass(frozen=True, slots=True)
class SummedColumn:
    """Parts and their total in one unit. What is printed adds up."""

    unit: str
    total: Shown
    parts: tuple[Shown, ...]


def column(
    language: Language, whole: Estimate, parts: Sequence[Estimate], unit: Unit | None = None
) -> SummedColumn:
    """Figures that are read together with their sum."""
    unit = unit or _unit_for_sum(whole, parts)
    size = unit.factor
    values = [p.value / size for p in parts]
    places = decimals_of_sum((whole.value / size, whole.low / size, whole.high / size), values)
    return SummedColumn(
        symbol(language, unit),
        show(language, whole, unit, places),
        tuple(
            _at(language, p, unit, cut, places)
            for p, cut in zip(parts, apportioned(values, places), strict=True)
        ),
    )


def _at(language: Language, estimate: Estimate, unit: Unit, cut: float, places: int) -> Shown:
    """A part whose rounded value was decided by the sum."""
    alone = show(language, estimate, unit, places)
    if cut == 0 and estimate.value == 0:
        return Shown("0", alone.low, alone.high, alone.unit, alone.in_unit)
    if cut == 0 and estimate.value > 0:
        return alone if alone.value.startswith("<") else _less_than_a_step(language, alone, places)
    return Shown(language.number(cut, places), alone.low, alone.high, alone.unit, alone.in_unit)


def _less_than_a_step(language: Language, shown: Shown, places: int) -> Shown:
    text = "<" + NBSP + language.number(10.0**-places, places)
    return Shown(text, shown.low, shown.high, shown.unit, shown.in_unit)


def share_texts(language: Language, parts: Sequence[float]) -> tuple[str, ...]:
    """Shares of a whole, in whole hundredths that add to 100."""
    whole = sum(parts)
    if whole <= 0:
        return tuple("" for _ in parts)
    cuts = apportioned([p / whole * 100 for p in parts], 0)
    return tuple(_share_text(language, p / whole, c) for p, c in zip(parts, cuts, strict=True))


def _share_text(language: Language, share: float, cut: float) -> str:
    if cut == 0 and share > 0:
        return "<" + NBSP + language.share(0.01)
    if cut == 100 and share < 1:
        return ">" + NBSP + language.share(0.99)
    return language.share(cut / 100)


def duration(language: Language, duration_s: float) -> str:
    """A length of time as people say it: 45 seconds, 12 minutes, 8 hours, 92 days."""
    if duration_s < 119.5:
        return language.say_n("{n} second", "{n} seconds", round(duration_s))
    if duration_s < 119.5 * 60:
        return language.say_n("{n} minute", "{n} minutes", round(duration_s / 60))
    if duration_s < 71.5 * 3600:
        return language.say_n("{n} hour", "{n} hours", round(duration_s / 3600))
    return language.say_n("{n} day", "{n} days", round(duration_s / 86_400))


def category(language: Language, name: str) -> str:
    """A category's word; those that the owner made up stay as they are."""
    if not name:
        return language.say("unknown category")
    return category_name(name).of(language.tongue)
