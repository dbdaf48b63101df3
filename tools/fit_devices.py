"""Summaries by category: watts of terminals (ENERGY STAR), embodied carbon and lifetimes (makers).

python -m tools.fit_devices --data ../shared/data
"""

from __future__ import annotations

import pandas as pd

from tools.reference import folder, read, write

QUANTILES = (0.5, 0.05, 0.95)

ENERGY_STAR_TYPE = {
    "Notebook": "notebook",
    "Two-In-One Notebook": "notebook",
    "Mobile Workstation": "notebook",
    "Desktop": "desktop",
    "Integrated Desktop": "all-in-one",
    "Slate/Tablet": "tablet",
    "Thin Client": "thin client",
    "Workstation": "workstation",
}
MAKERS_TYPE = {
    "Laptop": "notebook",
    "Desktop": "desktop",
    "Monitor": "monitor",
    "Smartphone": "smartphone",
    "Tablet": "tablet",
    "Thin Client": "thin client",
    "Workstation": "workstation",
    "Server": "server",
    "Printer": "printer",
}


def spread(values: pd.Series[float]) -> list[object]:
    """Median, 5 % and 95 %, and how many."""
    known = values.dropna()
    return [*(f"{known.quantile(q):.4g}" for q in QUANTILES), len(known)]


def main() -> None:
    data = folder(__doc__ or "")
    computers = read(data / "energy_star" / "energy_star_computers.csv")
    computers["category"] = computers["type"].map(ENERGY_STAR_TYPE)
    rows: list[list[object]] = []
    for category, group in computers.groupby("category"):
        for state in ("off_w", "sleep_w", "long_idle_w", "short_idle_w"):
            rows.append([category, state, *spread(group[state])])
    write("terminal_power.csv", ["category", "state", "value_w", "low_w", "high_w", "rows"], rows)

    products = read(data / "embodied" / "embodied.csv")
    products = products[products["flag_inconsistent"] == 0]
    products["category"] = products["subcategory"].map(MAKERS_TYPE)
    makings: list[list[object]] = []
    lives: list[list[object]] = []
    for category, group in products.groupby("category"):
        makings.append([category, *spread(group["gwp_nonuse"])])
        lives.append([category, *spread(group["lifetime"])])
    write("embodied.csv", ["category", "value_kg", "low_kg", "high_kg", "rows"], makings)
    header = ["category", "value_years", "low_years", "high_years", "rows"]
    write("lifetime.csv", header, lives)


if __name__ == "__main__":
    main()
