"""Compares the figures of a sealed report with those computed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .records import value_of

SAME_RATIO = 1e-9
FigureValue = float | None
"""Of a figure, in the unit that its name says."""


class FigureDifference(NamedTuple):
    """A figure that changed; None where one of the reports lacks it."""

    figure: str
    sealed: FigureValue
    now: FigureValue


def differences(sealed: Mapping[str, Any], now: Mapping[str, Any]) -> list[FigureDifference]:
    """List the figures that differ in their first nine digits."""
    from sobriety.reports.formats.csv import figures_of

    old = {name: value_of(f) for name, f in figures_of(sealed)}
    new = {name: value_of(f) for name, f in figures_of(now)}
    return [
        FigureDifference(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if not _same(old.get(name), new.get(name)) or (name in old) != (name in new)
    ]


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= SAME_RATIO * max(abs(a), abs(b))
