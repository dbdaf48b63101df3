"""Fit wall watts of servers: SPECpower for the curve, ENERGY STAR servers as the counterweight.

A regression on logarithms of watts at four loads (`kernel_fit`): a linear part, a smooth one, and
effects of maker, processor series and processor. Validated with every result of a processor's
silicon left out together (ten folds), so that the figures are of processors that it has not seen.

    python -m tools.fit_power --data ../shared/data
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sobriety.core.machine import Machine
from sobriety.estimators import known_sets, server_facts
from tools.kernel_fit import Array, Fit, Fold, Kernel, Row, folds, spread_by_group
from tools.reference import folder, read, records, write

LOADS = np.arange(11) / 10
LEVELS = ["w_idle", *(f"w_{i}" for i in range(10, 101, 10))]
KNOTS = [0, 1, 5, 10]
BASIS = np.stack([np.ones(11), np.sqrt(LOADS), LOADS, LOADS**3], axis=1)
TO_CURVE = np.linalg.inv(BASIS[KNOTS])

KERNEL = Kernel(
    lengths={
        "chips": 4.1, "cores": 10.9, "smt": 4.0, "tdp_w": 2.2, "hw_year": 1.3, "ghz": 11.5,
        "memory_gb": 2.2, "amd": 14.6, "hw_year of amd": 0.86,
    },
    linear=1.5, smooth=1.5, noise=0.44, centres=120, least_rows_of_word=1, robust=True,
    words={"brand": 0.083, "series": 0.11, "cpu": 0.066},
)  # fmt: skip
"""Chosen by grouped cross-validation, not by taste: see docs/accuracy.md."""

DATED = ("hw_year", "hw_year of amd")
WITHOUT_YEAR = Kernel(
    **{**vars(KERNEL), "lengths": {n: v for n, v in KERNEL.lengths.items() if n not in DATED}}
)
Known = tuple[str, ...]

ALL = known_sets()[0]

ERRORS = (
    "mape_ratio", "median_ape_ratio", "bias_ratio",
    "median_ape_idle_ratio", "median_ape_50_ratio", "median_ape_100_ratio",
)  # fmt: skip


@dataclass(frozen=True)
class Servers:
    """SPECpower's single-node results. All arrays have their order; `watts` is rows × 11 loads."""

    table: pd.DataFrame
    machines: list[Machine]
    rows: list[Row]
    watts: Array
    target: Array

    @property
    def silicon(self) -> list[str]:
        return [str(v) for v in self.table["cpu_base"]]

    @property
    def families(self) -> list[str]:
        return [str(v) for v in self.table["cpu_family"].fillna("unknown")]


def load(data: Path) -> Servers:
    """Results with every fact. The target is the logarithm of fitted curves at four loads."""
    table = read(data / "specpower" / "specpower_single.csv")
    positive = ["tdp_w", "hw_year", "ghz", "memory_gb", "chips", "cores_total", "threads_total"]
    table = table[(table[positive] > 0).all(axis=1)].reset_index(drop=True)
    machines = [machine(row) for row in records(table)]
    measured = table[LEVELS].to_numpy(dtype=np.float64)
    curves = np.linalg.lstsq(BASIS, measured.T, rcond=None)[0].T
    target = np.log((curves @ BASIS.T)[:, KNOTS].clip(min=1))
    return Servers(table, machines, [server_facts(m).features for m in machines], measured, target)


def machine(row: Mapping[str, Any]) -> Machine:
    return Machine(
        category="server",
        manufacturer=str(row["vendor"]),
        cpu_model=f"{row['cpu_name']} @ {row['ghz']}GHz",
        chips=int(row["chips"]),
        cores=int(row["cores_total"]),
        threads=int(row["threads_total"]),
        tdp_w=float(row["tdp_w"]),
        memory_b=row["memory_gb"] * 1e9,
        hw_year=int(row["hw_year"]),
    )


def asked(servers: Servers, known: Sequence[str]) -> list[Row]:
    """The rows as they are when no more than `known` is known of each server."""
    rows: list[Row] = []
    for one, (numbers, words) in zip(servers.machines, servers.rows, strict=True):
        left = {n: v for n, v in numbers.items() if n in known or n not in ALL}
        if "hw_year" not in known:
            # Without a year, the series says one; of what has no series nothing says it.
            undated = Machine(cpu_model=one.cpu_model) if "series" in known else Machine()
            left = {n: v for n, v in left.items() if n not in DATED}
            found = server_facts(undated).features[0]
            left |= {n: v for n, v in found.items() if n in DATED}
        said = {"brand": "maker" in known, "cpu": True, "series": {"hw_year", "series"} & {*known}}
        rows.append((left, [w for w in words if said[w.split()[0]]]))
    return rows


def watts(logs: Array) -> Array:
    """Watts at eleven loads from logarithms at four."""
    found: Array = np.exp(logs) @ TO_CURVE.T @ BASIS.T
    return found


def unseen(
    servers: Servers, groups: Sequence[str], count: int = 10, seed: int = 0
) -> dict[Known, Array]:
    """By what is known: predicted watts at eleven loads, by fits that saw nothing of the group."""
    fold = folds(groups, count, seed)
    found: dict[Known, Array] = {}
    for kernel in (KERNEL, WITHOUT_YEAR):
        dated = kernel is KERNEL
        sets = [k for k in known_sets() if dated == bool({"hw_year", "series"} & {*k})]
        questions = {known: asked(servers, known) for known in sets}
        answers = held_out_many(kernel, servers, fold, questions)
        found |= {known: watts(logs) for known, logs in answers.items()}
    return found


def held_out_many(
    kernel: Kernel, servers: Servers, fold: Fold, questions: Mapping[Known, list[Row]]
) -> dict[Known, Array]:
    """Predictions by fits that did not see the row's fold: one fit for all questions."""
    answers = {known: np.zeros_like(servers.target) for known in questions}
    for k in np.unique(fold):
        rest, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        fitted = Fit(kernel).learn([servers.rows[int(i)] for i in rest], servers.target[rest])
        for known, rows in questions.items():
            answers[known][test] = fitted.predict([rows[int(i)] for i in test])
    return answers


class Spread(NamedTuple):
    """Bounds of measured over predicted at KNOTS, each silicon once."""

    low: list[float]
    high: list[float]


def spread(
    servers: Servers, predicted: Array, rows: Array | None = None, share: float = 0.9
) -> Spread:
    """Of these rows, or of all."""
    pick = np.arange(len(predicted)) if rows is None else np.flatnonzero(rows)
    ratio = np.log(servers.watts / predicted)[pick]
    silicon = [servers.silicon[int(i)] for i in pick]
    bounds = [spread_by_group(ratio[:, k], silicon, share) for k in KNOTS]
    return Spread([b[0] for b in bounds], [b[1] for b in bounds])


def covered(
    servers: Servers, predicted: Array, fold: Fold, share: float = 0.9
) -> tuple[float, float]:
    """Coverage of intervals whose bounds come from the other folds, and mean width / value.

    Over all loads; each silicon counts once.
    """
    inside, width = np.zeros(len(predicted)), np.zeros(len(predicted))
    for k in np.unique(fold):
        test = fold == k
        bounds = spread(servers, predicted, ~test, share)
        logs = np.log(predicted[test][:, KNOTS])
        low, high = (watts(logs + np.log(r)) for r in (bounds.low, bounds.high))
        within = (low <= servers.watts[test]) & (servers.watts[test] <= high)
        inside[test] = within.mean(axis=1)
        width[test] = ((high - low) / predicted[test]).mean(axis=1)
    table = pd.DataFrame({"silicon": servers.silicon, "inside": inside, "width": width})
    means = table.groupby("silicon")[["inside", "width"]].mean().mean()
    return float(means["inside"]), float(means["width"])


def main() -> None:
    data = folder(__doc__ or "")
    servers = load(data)
    Fit(KERNEL).learn(servers.rows, servers.target).write("server_power.csv")
    Fit(WITHOUT_YEAR).learn(servers.rows, servers.target).write("server_power_without_year.csv")
    found = unseen(servers, servers.silicon)
    write_errors(servers, {known: found[known] for known in known_sets()})
    write_correlation(servers, found[ALL])
    per_thread(servers)


def write_errors(servers: Servers, found: Mapping[Known, Array]) -> None:
    """What the toolkit says of its own figures, by what it is told."""
    rows: list[list[object]] = []
    for known, predicted in found.items():
        of = spread(servers, predicted)
        figures = [*of.low, *of.high, *errors(servers, predicted)]
        rows.append([" ".join(known), len(servers.rows), *(round(v, 4) for v in figures)])
    bounds = [f"{bound}_ratio_at_{10 * k}" for bound in ("low", "high") for k in KNOTS]
    header = ["known", "rows", *bounds, *ERRORS]
    write("server_power_error.csv", header, rows)


def write_correlation(servers: Servers, predicted: Array) -> None:
    """How errors at one load go with those at another; each silicon once."""
    ratio = np.log(servers.watts / predicted)
    silicon = pd.Series(servers.silicon)
    count = silicon.map(silicon.value_counts()).to_numpy()
    square = (ratio / count[:, None]).T @ ratio
    size = np.sqrt(np.diag(square))
    rows = [
        [10 * i, *(f"{v:.4f}" for v in row)] for i, row in enumerate(square / np.outer(size, size))
    ]
    write("load_error_correlation.csv", ["load", *(f"at_{10 * i}" for i in range(11))], rows)


def errors(servers: Servers, predicted: Array) -> list[float]:
    """Those of ERRORS."""
    ratio = predicted / servers.watts
    off = np.abs(ratio - 1)
    found = [off.mean(), np.median(off), (ratio - 1).mean(), *np.median(off[:, [0, 5, 10]], axis=0)]
    return [round(float(v), 4) for v in found]


def per_thread(servers: Servers) -> None:
    """A virtual machine is a share of a host: watts a thread, of two-chip servers since 2017."""
    table = servers.table
    hosts = ((table["hw_year"] >= 2017) & (table["chips"] == 2)).to_numpy()
    curves = np.exp(servers.target[hosts]) @ TO_CURVE.T
    threads = table.loc[hosts, "threads_total"]
    share = (curves @ BASIS.T) / threads.to_numpy()[:, None]
    rows: list[list[object]] = []
    for name, q in (("low", 0.05), ("value", 0.5), ("high", 0.95)):
        curve = np.linalg.lstsq(BASIS, np.quantile(share, q, axis=0), rcond=None)[0]
        rows.append([name, *(f"{v:.6g}" for v in curve)])
    write("virtual_machine_power.csv", ["bound", "a_w", "b_w", "c_w", "d_w"], rows)


if __name__ == "__main__":
    main()
