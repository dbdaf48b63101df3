"""Draws the error of estimates: predicted beside measured, promised beside kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.fit_power import Servers, covered
from tools.kernel_fit import Array, Fold

INK, GRID, MAIN, SECOND = "#1f2a37", "#d8dee6", "#0b6e8f", "#c2571a"
COLOURS = ("#0b6e8f", "#c2571a", "#5b7f2b", "#7b4ea3", "#a8862a", "#4c6a92", "#a33b53", "#3d8f7d",
           "#666666")  # fmt: skip
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
STYLE: Any = {"font.size": 10, "font.family": "DejaVu Sans"} | dict.fromkeys(
    ("axes.edgecolor", "text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK
)


def servers(rows: Servers, predicted: Array, fold: Fold, out: Path) -> None:
    """Watts of silicon left out, and how often intervals of every width hold."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for at, name, colour in ((0, "idle", SECOND), (10, "full load", MAIN)):
            left.plot(rows.watts[:, at], predicted[:, at], ".", ms=4, alpha=0.55, color=colour,
                      label=name)  # fmt: skip
        _diagonal(left, "measured, W", "predicted, silicon left out, W", (10, 3500))
        left.set_title(f"{len(rows.rows)} servers (SPECpower)")
        kept = [covered(rows, predicted, fold, share)[0] for share in SHARES]
        right.plot((0, 100), (0, 100), color=GRID, lw=1.2)
        right.plot([100 * s for s in SHARES], [100 * k for k in kept], "o-", color=MAIN)
        right.set(xlabel="promised, %", ylabel="within the interval, %", xlim=(0, 100),
                  ylim=(0, 100), title="intervals of silicon left out")  # fmt: skip
        _plain(right)
        figure.savefig(out / "accuracy_servers.png", dpi=130, metadata={"Software": None})


def terminals(measured: Array, predicted: Array, kinds: npt.NDArray[np.str_], out: Path) -> None:
    _by_kind(measured, predicted, kinds, ("short idle measured, W", "predicted, model left out, W"),
             (1, 200), f"{len(kinds)} computers (ENERGY STAR)",
             out / "accuracy_terminals.png")  # fmt: skip


def making(measured: Array, predicted: Array, kinds: npt.NDArray[np.str_], out: Path) -> None:
    _by_kind(measured, predicted, kinds, ("declared, kg CO2e", "predicted, product left out, kg"),
             (10, 10_000), f"making of {len(kinds)} products (makers, by Boavizta)",
             out / "accuracy_making.png")  # fmt: skip


def _by_kind(
    measured: Array, predicted: Array, kinds: npt.NDArray[np.str_], labels: tuple[str, str],
    limits: tuple[float, float], title: str, path: Path,
) -> None:  # fmt: skip
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6, 5), layout="constrained")
        axes: Any = figure.subplots()
        for kind, colour in zip(_by_count(kinds), COLOURS, strict=False):
            among = kinds == kind
            axes.plot(measured[among], predicted[among], ".", ms=5, alpha=0.6, color=colour,
                      label=f"{kind} ({among.sum()})")  # fmt: skip
        _diagonal(axes, *labels, limits)
        axes.set_title(title)
        figure.savefig(path, dpi=130, metadata={"Software": None})


def _by_count(kinds: npt.NDArray[np.str_]) -> Sequence[str]:
    found, count = np.unique(kinds, return_counts=True)
    return [str(found[i]) for i in np.argsort(-count)]


def _diagonal(axes: Axes, x: str, y: str, limits: tuple[float, float]) -> None:
    """Both scales alike: the line is the truth, the dashes are twice and half of it."""
    for factor, style in ((0.5, ":"), (1, "-"), (2, ":")):
        axes.plot(limits, [v * factor for v in limits], style, color="#8a97a8", lw=1)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits, xlabel=x, ylabel=y)
    axes.legend(frameon=False, fontsize=9, markerscale=2)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
