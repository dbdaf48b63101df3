"""Measures the error that is left of a curve after a meter was read at some loads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sobriety.core.machine import Machine
from sobriety.core.method import Method
from sobriety.estimators import Curve, PowerModel, calibrated, power_w
from tools.fit_power import KNOTS, LOADS, TO_CURVE, Servers, Spread
from tools.kernel_fit import Array

READ = ((), (0,), (1,), (5,), (10,), (0, 10), (1, 9), (0, 5, 10))
"""Loads in tenths."""


def validated(
    servers: Servers, predicted: Array, bounds: Sequence[Spread]
) -> dict[str, dict[str, float]]:
    """By what was read: errors at the loads that were not, on silicon that no fit had seen."""
    models = [_model(watts, spread) for watts, spread in zip(predicted, bounds, strict=True)]
    found: dict[str, dict[str, float]] = {}
    for read in READ:
        rest = [i for i in range(len(LOADS)) if i not in read]
        cells = np.array(
            [
                _outcome(model, [(i, watts[i]) for i in read], [(i, watts[i]) for i in rest])
                for model, watts in zip(models, servers.watts, strict=True)
            ]
        )
        figures = {
            "mean": cells[:, :, 0].mean(),
            "median": np.median(cells[:, :, 0]),
            "covered": _by_silicon(servers, cells[:, :, 1]),
            "width": np.median(cells[:, :, 2]),
        }
        label = ", ".join(f"{10 * i} %" for i in read) or "nothing"
        found[label] = {name: round(float(v), 4) for name, v in figures.items()}
    return found


def _by_silicon(servers: Servers, inside: Array) -> float:
    table = pd.DataFrame({"silicon": servers.silicon, "inside": inside.mean(axis=1)})
    return float(table.groupby("silicon")["inside"].mean().mean())


def _model(watts: Array, spread: Spread) -> PowerModel:
    curve, low, high = (
        Curve(*(float(v) for v in TO_CURVE @ (watts[KNOTS] * np.array(ratio))))
        for ratio in ([1.0] * len(KNOTS), spread.low, spread.high)
    )
    return PowerModel(curve, low, high, "modelled", Method("left_out"), ("SPECpower",))


def _outcome(
    model: PowerModel, read: list[tuple[int, float]], rest: list[tuple[int, float]]
) -> list[tuple[float, float, float]]:
    """At each load that was not read: error, whether it is within the interval, its width."""
    text = " ".join(f"{10 * i}={float(watts)!r}" for i, watts in read)
    after = calibrated(model, Machine(readings=text)) if read else model
    found: list[tuple[float, float, float]] = []
    for i, true in rest:
        low, value, high = (power_w(c, LOADS[i]) for c in (after.low, after.curve, after.high))
        found.append((abs(value / true - 1), float(low <= true <= high), (high - low) / value))
    return found
