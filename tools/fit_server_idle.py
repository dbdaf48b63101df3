"""Fit what servers as they are sold idle at beyond those of benchmarks: ENERGY STAR's servers.

Makers submit lean machines to SPECpower: one disk, one supply, firmware tuned. What a server as it
is sold draws on top, whatever its load, is fitted here as watts for each disk and for each chip,
on rack and tower servers. A chassis of blades or nodes is metered whole and described by one node.

    python -m tools.fit_server_idle --data ../shared/data        after tools.fit_power
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sobriety.core.machine import Machine
from sobriety.estimators import power_model, power_w
from tools.kernel_fit import Array, folds, spread_by_group
from tools.reference import folder, read, records, write

SINGLE = ["Rack-mount", "Tower/Pedestal"]
DAMPED_RATIO = 0.15
"""Beyond this relative error a server counts less: the fit leans to the median."""


def main() -> None:
    table = read(folder(__doc__ or "") / "energy_star" / "energy_star_servers.csv")
    table = table.dropna(subset=["chips", "cores_per_chip", "idle_w"]).reset_index(drop=True)
    idle_w = table["idle_w"].to_numpy(dtype=np.float64)
    lean_w = np.array([power_w(power_model(machine(row)).curve, 0) for row in records(table)])
    parts = np.stack([table[["ssds", "hdds"]].fillna(0).sum(axis=1), table["chips"]], axis=1)
    single = table["form"].isin(SINGLE).to_numpy()
    models = [f"{r['brand']} {r['model']}"[:16] for r in records(table)]
    predicted = np.zeros(len(table))
    fold = folds(models)
    for k in np.unique(fold):
        test, rest = fold == k, single & (fold != k)
        watts = fit(idle_w[rest], lean_w[rest], parts[rest])
        predicted[test] = lean_w[test] + parts[test] @ watts
    low, high = spread_by_group(
        np.log(idle_w / predicted)[single], [m for m, s in zip(models, single, strict=True) if s]
    )
    disk_w, chip_w = fit(idle_w[single], lean_w[single], parts[single])
    error = np.abs(predicted / idle_w - 1)
    write(
        "server_as_sold.csv",
        ["disk_w", "chip_w", "low_ratio", "high_ratio", "rows", "median_ape_ratio"],
        [[f"{disk_w:.1f}", f"{chip_w:.1f}", f"{low:.2f}", f"{high:.2f}", int(single.sum()),
          f"{np.median(error[single]):.3f}"]],
    )  # fmt: skip
    for label, pick in (("rack and tower", single), ("all", single | True)):
        within = (low * predicted <= idle_w) & (idle_w <= high * predicted)
        print(
            f"{label}, {pick.sum()}: median error {np.median(error[pick]):.3f}, lean"
            f" {np.median(np.abs(lean_w / idle_w - 1)[pick]):.3f}, within {within[pick].mean():.3f}"
        )


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
