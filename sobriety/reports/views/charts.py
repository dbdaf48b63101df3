"""Charts of breakdowns, changes and goals: raw numbers with the labels that they are read by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from ..language.language import Language
from .blocks import Bar, BarChart, Table, Tick

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def scale(largest: float) -> tuple[float, ...]:
    """Round values from 0 to the first that is not below the largest: three to six of them."""
    if largest <= 0:
        return 0.0, 1.0
    rough = largest / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(s * size for s in _STEPS if s * size >= rough * (1 - 1e-9))
    count = math.ceil(largest / step * (1 - 1e-9))
    return tuple(i * step for i in range(count + 1))


def value_ticks(
    language: Language, values: Sequence[float], bottom: float = 0.0
) -> tuple[Tick, ...]:
    """Round values, equally far apart, as labels along an axis that ends at the last."""
    step = values[1] - values[0]
    places = next((n for n in range(5) if abs(round(step, n) - step) < 1e-9 * step), 4)
    span = values[-1] - bottom
    return tuple(Tick((v - bottom) / span, language.number(v, places)) for v in values)


def breakdown_chart(language: Language, table: Table, unit: str) -> BarChart | None:
    """Making and use of each row, one bar each; None where the carbon of use is not known."""
    if len(table.total) < 5:
        return None
    bars = tuple(
        Bar(name.text, (making.value or 0.0, use.value or 0.0), both.text)
        for name, _, making, use, both, *_ in table.rows
    )
    axis = scale(max(sum(bar.lengths) for bar in bars))
    return BarChart(
        table.id, table.caption,
        language.say("{name}: carbon of making and of use, in {unit}", name=table.caption,
                     unit=unit),
        unit, bars, value_ticks(language, axis), 0.0, axis[-1],
        (language.say("Making"), language.say("Use")),
    )  # fmt: skip


def bridge_chart(language: Language, table: Table, title: str, unit: str) -> BarChart:
    """From one total to the other: each cause begins where the one before it ended."""
    (first, *causes), last = table.rows, table.total
    at = first[1].value or 0.0
    bars = [Bar(first[0].text, (at,), first[1].text, role="whole")]
    for name, amount, *_ in causes:
        length = amount.value or 0.0
        begins = min(at, at + length)
        role: Literal["up", "down"] = "down" if length < 0 else "up"
        bars.append(Bar(name.text, (abs(length),), amount.text, begins, role))
        at += length
    bars.append(Bar(last[0].text, (last[1].value or 0.0,), last[1].text, role="whole"))
    axis = _axis_of_bridge(bars)
    return BarChart(
        table.id, title, table.caption, unit, tuple(bars),
        value_ticks(language, axis, axis[0]), axis[0], axis[-1],
        (language.say("more"), language.say("less")),
    )  # fmt: skip


def _axis_of_bridge(bars: Sequence[Bar]) -> tuple[float, ...]:
    """Round values around what moves: from zero, causes of a hundredth could not be seen."""
    ends = [bar.start + bar.lengths[0] for bar in bars]
    low = min(end - bar.lengths[0] for bar, end in zip(bars[1:-1], ends[1:-1], strict=True))
    low, high = min(low, *ends), max(ends)
    around = scale((high - low) * 1.5 or high)
    step = around[1]
    first = max(0, math.floor((low - (high - low) * 0.25) / step))
    last = math.ceil(high / step * (1 - 1e-9))
    return tuple(n * step for n in range(first, max(last, first + 1) + 1))
