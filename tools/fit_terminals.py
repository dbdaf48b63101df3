"""Fit watts of terminals that do nothing, by state, on ENERGY STAR's certified computers.

python -m tools.fit_terminals --data ../shared/data
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sobriety.core.machine import Machine
from sobriety.estimators import Details, terminal_features
from tools.kernel_fit import Array, Fit, Kernel, Row, folds, held_out, spread_by_group
from tools.reference import folder, read, records, write

STATES = ("off_w", "sleep_w", "long_idle_w", "short_idle_w")
TYPES = {
    "Notebook": "notebook", "Two-In-One Notebook": "notebook", "Mobile Workstation": "notebook",
    "Desktop": "desktop", "Integrated Desktop": "all-in-one", "Slate/Tablet": "tablet",
    "Thin Client": "thin client", "Workstation": "workstation",
}  # fmt: skip
KERNEL = Kernel(
    lengths={
        "cores": 2.0, "ghz": 2.0, "memory_gb": 2.0, "graphics": 2.0, "hw_year": 2.0,
        "is notebook": 1.5, "is desktop": 1.5, "is all-in-one": 1.5, "is tablet": 1.5,
        "is thin client": 1.5, "is workstation": 1.5,
    },
    linear=0.15, smooth=0.3, words=0.1, noise=0.3, centres=80, least_rows_of_word=3,
)  # fmt: skip
LEAST_ROWS = 100
"""Fewer, and the interval is at least that of all categories together."""


def machine(row: dict[str, Any]) -> tuple[Machine, str, Details]:
    def number(name: str) -> float | None:
        value = float(row[name])
        return value if value > 0 else None

    cores, memory_gb, ghz = number("cores"), number("memory_gb"), number("base_ghz")
    category = TYPES[row["type"]]
    year = pd.to_datetime(row["available"], errors="coerce").year
    return (
        Machine(
            category=category,
            manufacturer=str(row["brand"]),
            model=str(row["model"]),
            cpu_model=None if pd.isna(row["cpu"]) else str(row["cpu"]),
            cores=int(cores) if cores else None,
            memory_b=memory_gb * 1e9 if memory_gb else None,
            hw_year=None if pd.isna(year) else int(year),
        ),
        category,
        Details(
            base_ghz=ghz if ghz and ghz < 6 else None,
            graphics=None if pd.isna(row["graphics"]) else str(row["graphics"]),
            subcategory=str(row["type"]),
        ),
    )


@dataclass(frozen=True)
class Terminals:
    """Certified computers. Arrays have their order; `logs` is of watts, rows × STATES."""

    rows: list[Row]
    logs: Array
    groups: list[str]
    categories: npt.NDArray[np.str_]

    def unseen(self) -> Array:
        """Predicted logarithms, by fits that saw nothing of the brand and model."""
        return held_out(KERNEL, self.rows, self.logs, folds(self.groups))

    def unseen_by_type(self) -> Array:
        """The same, asked without brand, name and processor."""
        kept = ("type", "graphics")
        bare = [(n, [w for w in words if w.startswith(kept)]) for n, words in self.rows]
        return held_out(KERNEL, self.rows, self.logs, folds(self.groups), bare)


def load(data: Path) -> Terminals:
    table = read(data / "energy_star" / "energy_star_computers.csv")
    table = table[table["short_idle_w"] > 0].reset_index(drop=True)
    found = records(table)
    watts = table[list(STATES)].clip(lower=0.05)
    return Terminals(
        [terminal_features(*machine(r)) for r in found],
        np.log(watts.fillna(watts.median()).to_numpy(dtype=np.float64)),
        [f"{r['brand']} {r['model']}" for r in found],
        np.array([TYPES[r["type"]] for r in found]),
    )


def main() -> None:
    terminals = load(folder(__doc__ or ""))
    off = terminals.logs - terminals.unseen()
    groups, categories = terminals.groups, terminals.categories
    error = np.abs(np.exp(-off) - 1)
    summary: list[list[object]] = []
    for category in dict.fromkeys(TYPES.values()):
        among = categories == category
        for k, state in enumerate(STATES):
            own = [g for g, a in zip(groups, among, strict=True) if a]
            low, high = spread_by_group(off[among, k], own)
            if among.sum() < LEAST_ROWS:
                low_of_all, high_of_all = spread_by_group(off[:, k], groups)
                low, high = min(low, low_of_all), max(high, high_of_all)
            median = f"{np.median(error[among, k]):.3f}"
            summary.append([category, state, f"{low:.4g}", f"{high:.4g}", int(among.sum()), median])
    header = ["category", "state", "low_ratio", "high_ratio", "rows", "median_ape_ratio"]
    write("terminal_error.csv", header, summary)
    Fit(KERNEL).learn(terminals.rows, terminals.logs).write("terminal_power.csv")


if __name__ == "__main__":
    main()
