"""Fit the carbon of making, and gather lifetimes, from makers' product carbon footprints.

python -m tools.fit_making --data ../shared/data
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sobriety.core.machine import Machine
from sobriety.estimators import Details, making_features
from tools.kernel_fit import Array, Fit, Kernel, Row, folds, held_out, spread_by_group
from tools.reference import OUT, folder, read, records, write

TYPES = {
    "Laptop": "notebook", "Desktop": "desktop", "Monitor": "monitor", "Smartphone": "smartphone",
    "Tablet": "tablet", "Thin Client": "thin client", "Workstation": "workstation",
    "Server": "server", "Printer": "printer",
}  # fmt: skip
KERNEL = Kernel(
    lengths={"weight_kg": 1.1, "screen_in": 1.0, "hw_year": 1.4, "storage_gb": 0.75}
    | {f"is {c}": 0.7 for c in TYPES.values()},
    linear=0.06, smooth=0.3, noise=0.23, centres=150, least_rows_of_word=3, robust=True,
    words={
        "brand": 0.29, "line": 0.115, "name": 0.115, "no": 0.115, "number": 0.07,
        "screen": 0.14, "type": 0.075,
    },
)  # fmt: skip
LEAST_ROWS = 100


def machine(row: dict[str, Any]) -> tuple[Machine, str, Details]:
    def number(name: str) -> float | None:
        value = float(row[name])
        return value if value > 0 else None

    year = number("year")
    category = TYPES[row["subcategory"]]
    return (
        Machine(
            category=category,
            manufacturer=str(row["manufacturer"]),
            model=str(row["name"]),
            screen_in=number("screen_in"),
            hw_year=int(year) if year else None,
        ),
        category,
        Details(storage_gb=number("storage_gb"), weight_kg=number("weight")),
    )


def line(row: Row) -> str:
    return next((w for w in row[1] if w.startswith("line ")), "none")


@dataclass(frozen=True)
class Made:
    """Declared products. Arrays have their order; `logs` is of kg but for use, rows × 1.

    groups   by scope: what is left out together
    """

    table: pd.DataFrame
    rows: list[Row]
    logs: Array
    groups: dict[str, list[str]]
    categories: npt.NDArray[np.str_]

    def unseen(self, scope: str) -> Array:
        """Predicted logarithms, by fits that saw nothing of the product, its line or its maker."""
        return held_out(KERNEL, self.rows, self.logs, folds(self.groups[scope]))


def load(data: Path) -> Made:
    table = read(data / "embodied" / "embodied.csv")
    usable = (table["flag_inconsistent"] == 0) & (table["gwp_nonuse"] > 0)
    table = table[usable & table["subcategory"].isin(list(TYPES))].reset_index(drop=True)
    found = records(table)
    rows = [making_features(*machine(r)) for r in found]
    groups = {
        "known line": [str(r["product_group"]) for r in found],
        "new line": [line(r) for r in rows],
        "new maker": [str(r["manufacturer"]) for r in found],
    }
    logs: Array = np.log(table[["gwp_nonuse"]].to_numpy(dtype=np.float64))
    return Made(table, rows, logs, groups, np.array([TYPES[r["subcategory"]] for r in found]))


def main() -> None:
    made = load(folder(__doc__ or ""))
    summary: list[list[object]] = []
    for scope in made.groups:
        off = (made.logs - made.unseen(scope))[:, 0]
        error = np.abs(np.exp(-off) - 1)
        for category in dict.fromkeys(TYPES.values()):
            among = made.categories == category
            wide = among if among.sum() >= LEAST_ROWS else ~np.isin(
                made.categories, ["notebook", "desktop", "monitor"])  # fmt: skip
            product = [g for g, w in zip(made.groups["known line"], wide, strict=True) if w]
            low, high = spread_by_group(off[wide], product)
            summary.append([scope, category, f"{low:.4g}", f"{high:.4g}", int(among.sum()),
                            f"{np.median(error[among]):.3f}"])  # fmt: skip
    header = ["scope", "category", "low_ratio", "high_ratio", "rows", "median_ape_ratio"]
    write("embodied_error.csv", header, summary)
    Fit(KERNEL).learn(made.rows, made.logs).write("embodied.csv")
    years = pd.Series(made.table["lifetime"].to_numpy())
    kinds: list[dict[str, str]] = []
    with (OUT / "categories.csv").open(encoding="utf-8", newline="") as file:
        kinds += csv.DictReader(file)
    for row in kinds:
        known = years[made.categories == row["category"]].dropna()
        if len(known):
            for column, q in (("life_years", 0.5), ("life_low_years", 0.05),
                              ("life_high_years", 0.95)):  # fmt: skip
                row[column] = f"{known.quantile(q):.4g}"
            row["life_rows"] = str(len(known))
    write("categories.csv", [*kinds[0]], [[*row.values()] for row in kinds])


if __name__ == "__main__":
    main()
