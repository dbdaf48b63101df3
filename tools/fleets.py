"""Checks the interval of a report's sum on totals of random fleets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from sobriety.core.estimate import Estimate
from sobriety.core.method import STATED
from sobriety.reports.accounts.carbon import fleet_total
from tools.fit_power import KNOTS, Servers, Spread, watts
from tools.kernel_fit import Array

SIZE, TRIALS = 50, 500
Draw = Callable[[np.random.Generator], npt.NDArray[np.int64]]


def draws(models: Sequence[str]) -> dict[str, Draw]:
    """Ways to draw a fleet of rows: whatever comes, all different, a few models bought in bulk."""
    names = np.array(models)
    distinct = np.unique(names)

    def among(random: np.random.Generator, count: int, each: int) -> npt.NDArray[np.int64]:
        picked = random.permutation(distinct)[:count]
        rows = [random.choice(np.flatnonzero(names == name), each) for name in picked]
        return np.concatenate(rows)

    return {
        "results as they come": lambda random: random.integers(0, len(names), SIZE),
        "50 models, one of each": lambda random: among(random, SIZE, 1),
        "5 models, ten of each": lambda random: among(random, 5, SIZE // 5),
    }


def coverage(
    servers: Servers, predicted: Array, bounds: Sequence[Spread]
) -> dict[str, tuple[float, float]]:
    """Of each way to draw: how often the true total is within, and mean width over the value.

    Every server is at a load of its own. `bounds` has each row's spread, of the other folds.
    """
    logs = np.log(predicted[:, KNOTS])
    low, high = (
        watts(logs + np.log([getattr(b, name) for b in bounds])) for name in ("low", "high")
    )
    models = [str(name) for name in servers.table["cpu_name"]]
    found: dict[str, tuple[float, float]] = {}
    for name, draw in draws(models).items():
        random = np.random.default_rng(0)
        held, width = 0, 0.0
        for _ in range(TRIALS):
            rows, loads = draw(random), random.integers(0, 11, SIZE)
            whole = fleet_total(
                "power_w",
                [
                    (models[r], _estimate(low[r, u], predicted[r, u], high[r, u]))
                    for r, u in zip(rows.tolist(), loads.tolist(), strict=True)
                ],
            )
            held += whole.low <= servers.watts[rows, loads].sum() <= whole.high
            width += (whole.high - whole.low) / whole.value
        found[name] = (held / TRIALS, width / TRIALS)
    return found


def _estimate(low: float, value: float, high: float) -> Estimate:
    return Estimate(
        "power_w",
        float(value),
        float(min(low, value)),
        float(max(high, value)),
        "modelled",
        STATED(text="server regression"),
        ("SPECpower",),
    )
