"""A stepped chart as SVG paths in a box that stretches with the page: 2 kB, the same bytes always.

Labels are the page's own text, so that they keep their size on a phone and can be read aloud.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..views.blocks import ChartStep, StepChart

WIDTH = 1000
HEIGHT = 300


def line_path(chart: StepChart) -> str:
    """The line, broken where nothing was observed."""
    return "".join(_path(run, [s.value for s in run], chart.top, "M") for run in chart.runs)


def band_path(chart: StepChart) -> str:
    """Its interval as an area."""
    paths: list[str] = []
    for run in chart.runs:
        high = _path(run, [s.high for s in run], chart.top, "M")
        back = run[::-1]
        low = _path(back, [s.low for s in back], chart.top, "L", backwards=True)
        paths.append(f"{high}{low}Z")
    return "".join(paths)


def _path(
    run: Sequence[ChartStep],
    values: Sequence[float],
    top: float,
    first: str,
    *,
    backwards: bool = False,
) -> str:
    path: list[str] = []
    command = first
    for step, value in zip(run, values, strict=True):
        begin, end = (step.end, step.start) if backwards else (step.start, step.end)
        y = _short((1 - value / top) * HEIGHT)
        path.append(f"{command}{_short(begin * WIDTH)} {y}H{_short(end * WIDTH)}")
        command = "L"
    return "".join(path)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
