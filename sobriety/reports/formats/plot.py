"""Draws a chart for paper, a workbook or a slide, by matplotlib: the same bytes every time.

Texts come from the view, in its language; here are colors and places only.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal

from sobriety.core.errors import MissingExtra

from ..views.blocks import BarChart, Chart, LineChart, StepChart, WeekMap

INK, SOFT, LINE = "#18211d", "#55615b", "#d9d6cb"
ACCENT, BAND, USE = "#0b5d4e", "#bcd8ce", "#a4552a"
SHADES = ("#f3f6f3", "#dfeae5", "#c5dcd3", "#a6cabd", "#82b5a4", "#5b9c88")
"""Of the hours of a week, the least first; ink is readable on all of them."""
_WIDTH_IN = 6.9
_LONGEST_NAME = 34
_DPI = 160
_STYLE: Any = {
    "font.family": "DejaVu Sans", "font.size": 8, "text.color": INK, "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT, "xtick.color": SOFT, "ytick.color": SOFT, "svg.hashsalt": "sobriety",
    "svg.fonttype": "path", "axes.linewidth": 0.6, "legend.frameon": False,
    "text.parse_math": False,
}  # fmt: skip


def plot(chart: Chart, form: Literal["svg", "png"], *, title: bool = True) -> bytes:
    """Draw a chart; its title above it unless the page has one. Raises MissingExtra."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("matplotlib", "report") from None
    out = io.BytesIO()
    drawing: Any = matplotlib
    with drawing.rc_context(_STYLE), _quiet():
        figure: Any = Figure(figsize=(_WIDTH_IN, _height_in(chart)), layout="constrained")
        axes: Any = figure.add_subplot()
        _clear(axes)
        if isinstance(chart, StepChart):
            _steps(axes, chart)
        elif isinstance(chart, BarChart):
            _bars(axes, chart)
        elif isinstance(chart, LineChart):
            _line(axes, chart)
        else:
            _week(axes, chart)
        if title:
            figure.suptitle(_wrapped(chart.title, 90), x=0.01, ha="left", fontsize=11, color=INK)
        metadata: dict[str, Any] = {"Date": None, "Creator": None} if form == "svg" else {
            "Software": None
        }  # fmt: skip
        figure.savefig(out, format=form, dpi=_DPI, metadata=metadata, facecolor="white")
    return out.getvalue()


@contextmanager
def _quiet() -> Generator[None]:
    """A sign that the font lacks is drawn as a box; that needs no warning on a terminal."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def _height_in(chart: Chart) -> float:
    if isinstance(chart, BarChart):
        return 1.0 + 0.27 * len(chart.bars)
    if isinstance(chart, WeekMap):
        return 2.5
    return 2.6


def _clear(axes: Any) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def _value_axis(axes: Any, chart: StepChart | LineChart) -> None:
    axes.set_ylim(0, chart.top)
    axes.set_yticks([t.share * chart.top for t in chart.ticks], [t.text for t in chart.ticks])
    axes.grid(axis="y", color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_ylabel(chart.unit)


def _legend(axes: Any, rows: int = 3) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.13), ncols=rows, borderaxespad=0,
                handlelength=1.6, columnspacing=1.6)  # fmt: skip


def _steps(axes: Any, chart: StepChart) -> None:
    """A line through each run, joined from step to step; broken only by a gap."""
    for number, run in enumerate(chart.runs):
        edges = [*(s.start for s in run), run[-1].end]
        ends = {name: [getattr(s, name) for s in run] for name in ("value", "low", "high")}
        every = {name: [*values, values[-1]] for name, values in ends.items()}
        first = number == 0
        axes.fill_between(edges, every["low"], every["high"], step="post", color=BAND, linewidth=0,
                          label=chart.legend[1] if first else None)  # fmt: skip
        axes.step(edges, every["value"], where="post", color=ACCENT, linewidth=1.2,
                  solid_joinstyle="miter", label=chart.legend[0] if first else None)  # fmt: skip
    if len(chart.legend) > 2:
        axes.plot([], [], " ", label=chart.legend[2])
    axes.set_xlim(0, 1)
    axes.set_xticks([m.share for m in chart.moments], [m.text for m in chart.moments])
    for label, side in zip(
        axes.get_xticklabels(), ("left", *["center"] * 3, "right"), strict=False
    ):
        label.set_ha(side)
    _value_axis(axes, chart)
    _legend(axes)


def _bars(axes: Any, chart: BarChart) -> None:
    """The first bar on top; each with its number at its end."""
    colors = {"up": USE, "down": ACCENT, "whole": SOFT}
    places = range(len(chart.bars))
    for place, bar in zip(places, chart.bars, strict=True):
        at = bar.start
        for length, color in zip(bar.lengths, (ACCENT, USE), strict=False):
            axes.barh(place, length, left=at, height=0.62, color=colors.get(bar.role, color))
            at += length
        axes.annotate(bar.text, (at, place), (4, 0), textcoords="offset points", va="center",
                      fontsize=7.5, color=INK)  # fmt: skip
    axes.set_yticks(places, [_short(bar.name) for bar in chart.bars], color=INK)
    axes.set_ylim(len(chart.bars) - 0.4, -0.6)
    span = chart.top - chart.bottom
    axes.set_xlim(chart.bottom, chart.top + 0.08 * span)
    axes.set_xticks([chart.bottom + t.share * span for t in chart.ticks],
                    [t.text for t in chart.ticks])  # fmt: skip
    axes.grid(axis="x", color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel(chart.unit, loc="right")
    bridge = any(bar.role == "whole" for bar in chart.bars)
    for name, color in zip(chart.legend, (USE, ACCENT) if bridge else (ACCENT, USE), strict=True):
        axes.barh([0], [0], color=color, label=name)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1.2,
                borderaxespad=0.2)  # fmt: skip


def _line(axes: Any, chart: LineChart) -> None:
    axes.plot(*zip(*chart.line, strict=True), color=SOFT, linewidth=1.2, linestyle="--",
              marker="o", markersize=3, label=chart.legend[0])  # fmt: skip
    year, value, low, high = chart.now
    axes.errorbar([year], [value], yerr=[[value - low], [high - value]], color=ACCENT, fmt="o",
                  markersize=5, elinewidth=1.6, capsize=3, label=chart.legend[1])  # fmt: skip
    first, last = chart.years
    axes.set_xlim(first, last)
    axes.set_xticks([first + m.share * (last - first) for m in chart.moments],
                    [m.text for m in chart.moments])  # fmt: skip
    _value_axis(axes, chart)
    _legend(axes)


def _week(axes: Any, chart: WeekMap) -> None:
    from matplotlib.colors import ListedColormap

    shades = [[shade for shade, _ in hours] for _, hours in chart.days]
    axes.imshow(shades, cmap=ListedColormap(list(SHADES)), vmin=0, vmax=len(SHADES) - 1,
                aspect="auto")  # fmt: skip
    longest = max(len(cell.text) for _, hours in chart.days for _, cell in hours)
    for row, (_, hours) in enumerate(chart.days):
        for column, (_, cell) in enumerate(hours):
            axes.text(column, row, cell.text, ha="center", va="center", color=INK,
                      fontsize=7 if longest <= 3 else 5.5)  # fmt: skip
    axes.set_xticks(range(24), [str(hour) for hour in range(24)])
    axes.set_yticks(range(len(chart.days)), [name for name, _ in chart.days])
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel(chart.caption, loc="left")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))
