"""Fit what servers as they are sold idle at beyond those of benchmarks: ENERGY STAR's servers.

Makers submit lean machines to SPECpower: one disk, one supply, firmware tuned. What a server as it
is sold draws on top, whatever its load, is fitted here as watts for each disk and for each chip,
on rack and tower servers. A chassis of blades or nodes is metered whole and described by one node.

    python -m tools.fit_server_idle --data ../shared/data        after tools.fit_power
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sobriety.core.machine import Machine
from sobriety.estimators import power_model, power_w
from tools.kernel_fit import Array, folds, spread_by_group
from tools.reference import folder, read, records, write

SINGLE = ["Rack-mount", "Tower/Pedestal"]
DAMPED_RATIO = 0.15
"""Beyond this relative error a server counts less: the fit leans to the median."""


@dataclass(frozen=True)
class Sold:
    """Servers as sold. `lean_w` is the regression's idle; `single`: no blades, no chassis."""

    idle_w: Array
    lean_w: Array
    parts: Array
    single: npt.NDArray[np.bool_]
    models: list[str]

    def unseen(self) -> Array:
        """Predicted idle, by fits that saw nothing of the model."""
        predicted, fold = np.zeros(len(self.models)), folds(self.models)
        for k in np.unique(fold):
            test, rest = fold == k, self.single & (fold != k)
            watts = fit(self.idle_w[rest], self.lean_w[rest], self.parts[rest])
            predicted[test] = self.lean_w[test] + self.parts[test] @ watts
        return predicted

    def spread(self, predicted: Array) -> tuple[float, float]:
        """5 and 95 % of measured over predicted, of racks and towers; each model once."""
        models = [m for m, s in zip(self.models, self.single, strict=True) if s]
        return spread_by_group(np.log(self.idle_w / predicted)[self.single], models)


def load(data: Path) -> Sold:
    table = read(data / "energy_star" / "energy_star_servers.csv")
    table = table.dropna(subset=["chips", "cores_per_chip", "idle_w"]).reset_index(drop=True)
    return Sold(
        table["idle_w"].to_numpy(dtype=np.float64),
        np.array([power_w(power_model(machine(row)).curve, 0) for row in records(table)]),
        np.stack([table[["ssds", "hdds"]].fillna(0).sum(axis=1), table["chips"]], axis=1),
        table["form"].isin(SINGLE).to_numpy(),
        [f"{r['brand']} {r['model']}"[:16] for r in records(table)],
    )


def main() -> None:
    sold = load(folder(__doc__ or ""))
    predicted, single = sold.unseen(), sold.single
    low, high = sold.spread(predicted)
    disk_w, chip_w = fit(sold.idle_w[single], sold.lean_w[single], sold.parts[single])
    error = np.median(np.abs(predicted / sold.idle_w - 1)[single])
    write(
        "server_as_sold.csv",
        ["disk_w", "chip_w", "low_ratio", "high_ratio", "rows", "median_ape_ratio"],
        [[f"{disk_w:.1f}", f"{chip_w:.1f}", f"{low:.2f}", f"{high:.2f}", int(single.sum()),
          f"{error:.3f}"]],
    )  # fmt: skip


def validated(data: Path) -> dict[str, dict[str, float]]:
    """Errors at idle with disks counted and not, and how often the interval holds."""
    sold = load(data)
    predicted = sold.unseen()
    low, high = sold.spread(predicted)
    within = (low * predicted <= sold.idle_w) & (sold.idle_w <= high * predicted)
    found: dict[str, dict[str, float]] = {}
    for label, pick in (("rack and tower", sold.single), ("all", sold.single | True)):
        error, lean = (np.median(np.abs(p / sold.idle_w - 1)[pick])
                       for p in (predicted, sold.lean_w))  # fmt: skip
        figures = {"rows": pick.sum(), "median": error, "without_disks": lean,
                   "covered": within[pick].mean()}  # fmt: skip
        found[label] = {name: round(float(v), 4) for name, v in figures.items()}
    return found


def fit(idle_w: Array, lean_w: Array, parts: Array) -> Array:
    """Watts for each part: least squares of relative errors, the large ones damped."""
    lacking, weight = idle_w - lean_w, 1 / idle_w
    found: Array = np.zeros(parts.shape[1])
    for _ in range(50):
        solved = np.linalg.lstsq(parts * weight[:, None], lacking * weight, rcond=None)[0]
        found = np.asarray(solved, np.float64)
        error = np.abs(lacking - parts @ found) / idle_w
        weight = np.sqrt(np.minimum(1, DAMPED_RATIO / np.maximum(error, 1e-9))) / idle_w
    return found


def machine(row: dict[str, Any]) -> Machine:
    """The server without its disks. The year is not known."""
    cores = int(row["chips"] * row["cores_per_chip"])
    name = row["cpu"] if isinstance(row["cpu"], str) else ""
    return Machine(
        category="server",
        manufacturer=str(row["brand"]),
        cpu_model=f"{name} @ {row['ghz']}GHz",
        chips=int(row["chips"]),
        cores=cores,
        threads=2 * cores,
        memory_b=row["memory_gb"] * 1e9 if row["memory_gb"] > 0 else None,
    )


if __name__ == "__main__":
    main()
