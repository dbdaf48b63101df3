"""A chart's geometry: paths in a box of 1000 by 300, and where its labels stand.

Lines and bands are SVG that stretches with the page; labels are the page's own text, so that they
keep their size on a phone, follow the reader's fonts and colours, and can be read aloud. No
drawing library: a chart is 2 kB and the same bytes every time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ..model.report import PowerPoint

WIDTH = 1000
HEIGHT = 300
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_GAP_WORTH_SHOWING = 0.25


class Tick(NamedTuple):
    """A label's place along its axis, from 0 to 1, and the value it names."""

    share: float
    value: float


@dataclass(frozen=True, slots=True)
class PowerChart:
    """Mean power as a stepped line, its interval as a band; broken where nothing was observed."""

    line: str
    band: str
    watts: tuple[Tick, ...]
    moments_ns: tuple[Tick, ...]


def power_chart(points: Sequence[PowerPoint]) -> PowerChart | None:
    """None for fewer than two points: that is no course of time."""
    if len(points) < 2:
        return None
    watts = scale(max(p.high_w for p in points))
    top_w = watts[-1].value
    start_ns = points[0].start_ns
    span_ns = points[-1].start_ns + round(points[-1].duration_s * 1e9) - start_ns

    def x(at_ns: float) -> float:
        return (at_ns - start_ns) / span_ns * WIDTH

    def y(power_w: float) -> float:
        return (1 - power_w / top_w) * HEIGHT

    line: list[str] = []
    band: list[str] = []
    for run in _runs(points):
        edges = [(x(p.start_ns), x(_end_ns(p, following))) for p, following in _pairs(run)]
        line.append(_steps(edges, [y(p.value_w) for p in run], "M"))
        low = _steps(edges[::-1], [y(p.low_w) for p in run[::-1]], "L", backwards=True)
        band.append(_steps(edges, [y(p.high_w) for p in run], "M") + low + "Z")
    ticks = tuple(Tick(s, start_ns + s * span_ns) for s in (0.0, 0.5, 1.0))
    return PowerChart("".join(line), "".join(band), watts, ticks)


def scale(largest: float) -> tuple[Tick, ...]:
    """Round values from 0 to the first that is not below the largest: three to six of them."""
    if largest <= 0:
        return Tick(0.0, 0.0), Tick(1.0, 1.0)
    rough = largest / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(s * size for s in _STEPS if s * size >= rough * (1 - 1e-9))
    count = math.ceil(largest / step * (1 - 1e-9))
    return tuple(Tick(i / count, i * step) for i in range(count + 1))


def _runs(points: Sequence[PowerPoint]) -> list[list[PowerPoint]]:
    """Points that follow each other without a gap."""
    runs = [[points[0]]]
    for before, point in pairwise(points):
        gap_s = (point.start_ns - before.start_ns) / 1e9 - before.duration_s
        if gap_s > _GAP_WORTH_SHOWING * before.duration_s + 1:
            runs.append([])
        runs[-1].append(point)
    return runs


def _pairs(run: Sequence[PowerPoint]) -> list[tuple[PowerPoint, PowerPoint | None]]:
    return list(zip(run, [*run[1:], None], strict=True))


def _end_ns(point: PowerPoint, following: PowerPoint | None) -> float:
    """Where its step ends: at the next one's start, so that jitter leaves no crack."""
    if following is not None:
        return following.start_ns
    return point.start_ns + point.duration_s * 1e9


def _steps(
    edges: Sequence[tuple[float, float]],
    heights: Sequence[float],
    first: str,
    *,
    backwards: bool = False,
) -> str:
    path: list[str] = []
    command = first
    for (left, right), height in zip(edges, heights, strict=True):
        begin, end = (right, left) if backwards else (left, right)
        path.append(f"{command}{_short(begin)} {_short(height)}H{_short(end)}")
        command = "L"
    return "".join(path)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
