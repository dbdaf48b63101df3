"""Fit wall watts of servers: SPECpower for the curve, ENERGY STAR servers as the counterweight.

A ridge regression on logarithms at four loads, for each set of facts that may be known. Validated
with every result of a processor's silicon left out together (ten folds), so that the figures are of
processors that the fit has not seen.

    python -m tools.fit_power --data ../shared/data
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sobriety.core.machine import Machine
from sobriety.estimators import OPTIONAL, known_sets, power_model, power_w, terms
from tools.reference import folder, read, write

Array = npt.NDArray[np.float64]

LOADS = np.arange(11) / 10
LEVELS = ["w_idle", *(f"w_{i}" for i in range(10, 101, 10))]
KNOTS = [0, 1, 5, 10]
BASIS = np.stack([np.ones(11), np.sqrt(LOADS), LOADS, LOADS**3], axis=1)
TO_CURVE = np.linalg.inv(BASIS[KNOTS])
RIDGE = 0.3
FOLDS = 10


def design(table: pd.DataFrame, known: tuple[str, ...]) -> tuple[Array, list[str]]:
    """The model's terms, a row each."""
    rows: list[dict[str, float]] = []
    for record in table.to_dict("records"):
        row: dict[str, Any] = {str(k): v for k, v in record.items()}
        rows.append(
            terms(
                chips=int(row["chips"]),
                cores=int(row["cores_total"]),
                threads=int(row["threads_total"]),
                amd=any(w in row["cpu_raw"].lower() for w in ("amd", "epyc", "opteron")),
                known={name: row[name] for name in known},
            )
        )
    frame = pd.DataFrame(rows)
    return frame.to_numpy(dtype=np.float64), list(frame.columns)


def ridge(x: Array, y: Array) -> Array:
    """Coefficients on the plain terms; the penalty acts on standardised ones, the constant free."""
    mean, spread = x[:, 1:].mean(axis=0), x[:, 1:].std(axis=0)
    spread[spread == 0] = 1  # a term that no row of this fold has gets no slope
    z = (x[:, 1:] - mean) / spread
    slopes = np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ (y - y.mean(axis=0)))
    slopes /= spread[:, None]
    return np.vstack([y.mean(axis=0) - mean @ slopes, slopes])


def folds(groups: pd.Series[str], count: int = FOLDS) -> Array:
    """A fold for each row, whole groups together; the same at every run."""
    names = sorted(groups.unique())
    order = np.random.default_rng(20_16).permutation(len(names))
    fold_of = {name: int(order[i]) % count for i, name in enumerate(names)}
    return groups.map(fold_of).to_numpy(dtype=np.float64)


def watts(logs: Array) -> Array:
    """Watts at eleven loads from logarithms at four."""
    found: Array = np.exp(logs) @ TO_CURVE.T @ BASIS.T
    return found


def held_out(x: Array, y: Array, fold: Array) -> Array:
    """Predictions by models that did not see the row's silicon."""
    out = np.zeros_like(y)
    for k in np.unique(fold):
        test = fold == k
        out[test] = x[test] @ ridge(x[~test], y[~test])
    return out


def main() -> None:
    data = folder(__doc__ or "")
    table = read(data / "specpower" / "specpower_single.csv")
    positive = [*OPTIONAL, "chips", "cores_total", "threads_total"]
    table = table[(table[positive] > 0).all(axis=1)].reset_index(drop=True)
    measured = table[LEVELS].to_numpy(dtype=np.float64)
    curves = np.linalg.lstsq(BASIS, measured.T, rcond=None)[0].T
    target = np.log((curves @ BASIS.T)[:, KNOTS].clip(min=1))
    fold = folds(table["cpu_base"])
    coefficients: list[list[object]] = []
    summary: list[list[object]] = []
    for known in known_sets():
        label = " ".join(known)
        x, names = design(table, known)
        ratio = watts(held_out(x, target, fold)) / measured
        error = np.abs(ratio - 1)
        # The interval is of the truth over the prediction, one value per silicon, so that a
        # processor with many results does not count many times.
        low, high = np.quantile(truth_over_model(table, ratio), [0.05, 0.95])
        summary.append(
            [label, len(table), *(round(float(v), 4) for v in (
                low, high, error.mean(), np.median(error), (ratio - 1).mean(),
                np.median(error[:, 0]), np.median(error[:, 5]), np.median(error[:, 10]),
            ))]
        )  # fmt: skip
        fitted = ridge(x, target)
        for i, name in enumerate(names):
            coefficients.append([label, name, *(f"{v:.6g}" for v in fitted[i])])
    write(
        "server_power.csv", ["known", "term", *(f"log_w_at_{10 * k}" for k in KNOTS)], coefficients
    )
    write(
        "server_power_error.csv",
        ["known", "rows", "low_ratio", "high_ratio", "mape_ratio", "median_ape_ratio", "bias_ratio",
         "median_ape_idle_ratio", "median_ape_50_ratio", "median_ape_100_ratio"],
        summary,
    )  # fmt: skip
    for row in summary:
        print(*row, sep="  ")
    unseen_families(table, target, measured)
    unseen_intervals(table, target, measured, fold)
    per_thread(table, curves)
    shares(table)
    check_energy_star(read(data / "energy_star" / "energy_star_servers.csv"))


def truth_over_model(table: pd.DataFrame, ratio: Array) -> Array:
    """Measured over predicted: one value for each silicon and load."""
    found: Array = (1 / pd.DataFrame(ratio)).groupby(table["cpu_base"]).mean().to_numpy().ravel()
    return found


def unseen_families(table: pd.DataFrame, target: Array, measured: Array) -> None:
    """The error on a processor family of which the fit has seen nothing."""
    families = table["cpu_family"].fillna("unknown")
    x, _ = design(table, OPTIONAL)
    ratio = watts(held_out(x, target, folds(families, families.nunique()))) / measured
    error = np.abs(ratio - 1)
    print(
        f"one of {families.nunique()} families left out: mean error {error.mean():.3f},"
        f" median {np.median(error):.3f}, bias {(ratio - 1).mean():.3f}"
    )


def unseen_intervals(table: pd.DataFrame, target: Array, measured: Array, fold: Array) -> None:
    """Coverage of a 90 % interval whose bounds come from the other folds' errors."""
    x, _ = design(table, OPTIONAL)
    ratio = watts(held_out(x, target, fold)) / measured
    covered: list[bool] = []
    for k in np.unique(fold):
        test = fold == k
        rest = table[~test].reset_index(drop=True)
        low, high = np.quantile(truth_over_model(rest, ratio[~test]), [0.05, 0.95])
        unseen = truth_over_model(table[test].reset_index(drop=True), ratio[test])
        covered += [bool(low <= v <= high) for v in unseen]
    print(f"coverage of the 90 % interval on silicon unseen: {np.mean(covered):.3f}")


def per_thread(table: pd.DataFrame, curves: Array) -> None:
    """A virtual machine is a share of a host: watts a thread, of two-chip servers since 2017."""
    hosts = (table["hw_year"] >= 2017) & (table["chips"] == 2)
    share = (curves[hosts] @ BASIS.T) / table.loc[hosts, ["threads_total"]].to_numpy()
    rows: list[list[object]] = []
    for name, q in (("low", 0.05), ("value", 0.5), ("high", 0.95)):
        curve = np.linalg.lstsq(BASIS, np.quantile(share, q, axis=0), rcond=None)[0]
        rows.append([name, *(f"{v:.6g}" for v in curve)])
    write("virtual_machine_power.csv", ["bound", "a_w", "b_w", "c_w", "d_w"], rows)
    threads = table.loc[hosts, "threads_total"]
    print("host threads 5, 50, 95 %:", *threads.quantile([0.05, 0.5, 0.95]), "of", len(threads))


def shares(table: pd.DataFrame) -> None:
    """How much of a full server's watts its processors' design power is."""
    share = table["chips"] * table["tdp_w"] / table["w_100"]
    print("chips × TDP over watts at full load:", *share.quantile([0.05, 0.5, 0.95]).round(3))


def check_energy_star(servers: pd.DataFrame) -> None:
    """Idle in real configurations: the watts of a disk, fitted; then the product's own estimate."""
    rows = servers.dropna(subset=["chips", "cores_per_chip", "idle_w"]).copy()
    disks = (rows["ssds"].fillna(0) + rows["hdds"].fillna(0)).to_numpy()
    idle_w = rows["idle_w"].to_numpy(dtype=np.float64)
    bare = np.array([product_idle(row, 1)[1] for row in records(rows)])
    more, lacking = np.maximum(disks - 1, 0), idle_w - bare
    weight, disk_w = 1 / idle_w, 0.0
    for _ in range(50):  # least squares of relative errors, those beyond 15 % damped
        disk_w = float((weight**2 * more * lacking).sum() / (weight**2 * more**2).sum())
        error = np.abs(lacking - disk_w * more) / idle_w
        weight = np.sqrt(np.minimum(1, 0.15 / np.maximum(error, 1e-9))) / idle_w
    print(f"ENERGY STAR servers: a disk beyond the first adds {disk_w:.1f} W")
    for label, chosen in (
        ("all", rows["form"].notna()),
        ("rack and tower", rows["form"].isin(["Rack-mount", "Tower/Pedestal"])),
    ):
        pick = chosen.to_numpy()
        found = np.array(
            [product_idle(r, int(n)) for r, n in zip(records(rows), disks, strict=True)]
        )[pick]
        low, value, high = found.T
        true = idle_w[pick]
        print(
            f"  {label}, {len(true)}: median error {np.median(np.abs(value / true - 1)):.3f},"
            f" within the interval {np.mean((low <= true) & (true <= high)):.3f};"
            " measured over modelled 5, 50, 95 %:",
            *np.quantile(true / value, [0.05, 0.5, 0.95]).round(2),
        )


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in r.items()} for r in rows.to_dict("records")]


def product_idle(row: dict[str, Any], disks: int) -> tuple[float, float, float]:
    """Low, value and high of idle as the toolkit gives them, the year not known."""
    cores = int(row["chips"] * row["cores_per_chip"])
    name = row["cpu"] if isinstance(row["cpu"], str) else ""
    model = power_model(
        Machine(
            category="server",
            cpu_model=f"{name} @ {row['ghz']}GHz",
            chips=int(row["chips"]),
            cores=cores,
            threads=2 * cores,
            memory_b=row["memory_gb"] * 1e9 if row["memory_gb"] > 0 else None,
            disks=disks,
        )
    )
    low, value, high = (power_w(c, 0.0) for c in (model.low, model.curve, model.high))
    return low, value, high


if __name__ == "__main__":
    main()
