"""Measures the error of estimates on devices left out of the fits: docs/accuracy.json, and charts.

    python -m tools.accuracy --data ../shared/data        after the fits

Every figure is of a group left out: a processor's silicon, a family, a model, a product line.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sobriety.core.machine import Machine
from sobriety.estimators import server_facts
from tools import (
    accuracy_plots,
    fit_making,
    fit_power,
    fit_server_idle,
    fit_terminals,
    fleets,
    peers,
    readings,
)
from tools.accuracy_page import gates
from tools.fit_power import ALL, Servers, Spread, spread
from tools.kernel_fit import Array, Fold, folds
from tools.reference import HERE, folder, read

DOCS = HERE / "docs"
MORE_DRAWS = (1, 2, 3, 4)


def main() -> None:
    data = folder(__doc__ or "")
    found = {**servers(data), **terminals(data), "making": making(data), "names": names(data)}
    (DOCS / "accuracy.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(gates(found))


def servers(data: Path) -> dict[str, Any]:
    rows = fit_power.load(data)
    fold = folds(rows.silicon)
    unseen = fit_power.unseen(rows, rows.silicon)
    best = unseen[ALL]
    bounds = nested(rows, best, fold)
    accuracy_plots.servers(rows, best, fold, DOCS / "images")
    inside, width = fit_power.covered(rows, best, fold)
    families = fit_power.unseen(rows, rows.families, len(set(rows.families)))[ALL]
    again = [fit_power.errors(rows, fit_power.unseen(rows, rows.silicon, seed=s)[ALL])
             for s in MORE_DRAWS]  # fmt: skip
    others = {
        peers.codecarbon_label(): peers.codecarbon(rows),
        "Teads' four points: processors alone": peers.teads(rows),
        "a straight line in design power, fitted": peers.line(rows, fold),
    }
    return {
        "servers": {
            "rows": len(rows.rows),
            "silicon": len(set(rows.silicon)),
            "families": len(set(rows.families)),
            "known": {" ".join(k): errors(rows, p) for k, p in unseen.items()},
            "other_draws": [draw[:2] for draw in again],
            "family": errors(rows, families),
            "coverage": inside,
            "width": width,
            "coverage_by_load": by_load(rows, best, bounds),
            "fleets": {k: list(v) for k, v in fleets.coverage(rows, best, bounds).items()},
            "read": readings.validated(rows, best, bounds),
            "peers": {name: errors(rows, watts) for name, watts in others.items()},
        },
        "idle": fit_server_idle.validated(data),
    }


def nested(rows: Servers, predicted: Array, fold: Fold) -> list[Spread]:
    """Each row's bounds, from the other folds."""
    of = {int(k): spread(rows, predicted, fold != k) for k in np.unique(fold)}
    return [of[int(k)] for k in fold]


def by_load(rows: Servers, predicted: Array, bounds: Sequence[Spread]) -> list[float]:
    logs = np.log(predicted[:, fit_power.KNOTS])
    low, high = (fit_power.watts(logs + np.log([getattr(b, n) for b in bounds]))
                 for n in ("low", "high"))  # fmt: skip
    inside = pd.DataFrame((low <= rows.watts) & (rows.watts <= high))
    return [round(float(v), 3) for v in inside.groupby(rows.silicon).mean().mean()]


def errors(rows: Servers, predicted: Array) -> dict[str, float]:
    """Of those rows of which something is said."""
    said = np.isfinite(predicted).all(axis=1)
    ratio = predicted[said] / rows.watts[said]
    off = np.abs(ratio - 1)
    names = ("mean", "median", "bias", "idle", "half", "full", "covers")
    found = [off.mean(), np.median(off), (ratio - 1).mean(),
             *np.median(off[:, [0, 5, 10]], axis=0), said.mean()]  # fmt: skip
    return {n: round(float(v), 4) for n, v in zip(names, found, strict=True)}


def terminals(data: Path) -> dict[str, Any]:
    rows = fit_terminals.load(data)
    predicted = rows.unseen()
    error = np.abs(np.exp(predicted - rows.logs) - 1)
    blind = np.abs(np.exp(rows.unseen_by_type() - rows.logs) - 1)
    kinds: dict[str, Any] = {}
    shipped = {(r["category"], r["state"]): r for r in table("terminal_error")}
    for kind in dict.fromkeys(rows.categories.tolist()):
        among = rows.categories == kind
        row = shipped[kind, "short_idle_w"]
        low, high = float(row["low_ratio"]), float(row["high_ratio"])
        truth = np.exp(rows.logs - predicted)[among, 3]
        kinds[kind] = {
            "rows": int(among.sum()),
            "median": round(float(np.median(error[among, 3])), 4),
            "coverage": round(float(((low <= truth) & (truth <= high)).mean()), 4),
            "width": round(high - low, 2),
        }
    accuracy_plots.terminals(np.exp(rows.logs[:, 3]), np.exp(predicted[:, 3]), rows.categories,
                             DOCS / "images")  # fmt: skip
    return {
        "terminals": {
            "rows": len(rows.rows),
            "states": dict(zip(fit_terminals.STATES, medians(error), strict=True)),
            "states_by_type": dict(zip(fit_terminals.STATES, medians(blind), strict=True)),
            "kinds": kinds,
        }
    }


def medians(error: Array) -> list[float]:
    return [round(float(v), 4) for v in np.median(error, axis=0)]


def making(data: Path) -> dict[str, Any]:
    made = fit_making.load(data)
    found: dict[str, Any] = {"rows": len(made.rows)}
    for scope in made.groups:
        predicted = made.unseen(scope)
        if scope == "known line":
            accuracy_plots.making(np.exp(made.logs[:, 0]), np.exp(predicted[:, 0]),
                                  made.categories, DOCS / "images")  # fmt: skip
        error = np.abs(np.exp(predicted - made.logs) - 1)[:, 0]
        kinds = dict.fromkeys(made.categories.tolist())
        found[scope] = {"all": round(float(np.median(error)), 4)} | {
            kind: round(float(np.median(error[made.categories == kind])), 4) for kind in kinds
        }
    return found


def names(data: Path) -> dict[str, int]:
    """Do a datasheet's spelling and /proc/cpuinfo's of one processor meet?"""
    rows = read(data / "specpower" / "specpower_single.csv")
    pairs = rows[["cpu_name", "cpuinfo_name"]].dropna().drop_duplicates()
    one = [[server_facts(Machine(cpu_model=str(name))).features[1] for name in pair]
           for pair in pairs.itertuples(index=False)]  # fmt: skip
    return {"pairs": len(pairs), "met": sum(a == b and bool(a) for a, b in one)}


def table(name: str) -> list[dict[str, str]]:
    with (HERE / "estimators" / "data" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
