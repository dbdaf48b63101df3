"""Watts of terminals by category (ENERGY STAR), embodied carbon and lifetimes (makers).

Where makers declared many products of a category, embodied carbon is a ridge regression of its
logarithm on maker and screen, validated with whole product groups left out (ten folds).

python -m tools.fit_devices --data ../shared/data
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sobriety.estimators import MAKERS, device_terms
from tools.fit_power import folds, ridge
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


def design(group: pd.DataFrame, category: str) -> tuple[npt.NDArray[np.float64], list[str]]:
    """The terms of each product, those unknown at their mean; the constant first."""
    frame = pd.DataFrame(
        [
            device_terms(category, maker, None if pd.isna(screen) else float(screen))
            for maker, screen in zip(group["manufacturer"], group["screen_in"], strict=True)
        ],
        columns=["screen", *(["has_screen"] if category == "desktop" else []), *MAKERS],
    )
    frame = frame.fillna(frame.mean())
    frame.insert(0, "1", 1.0)
    return frame.to_numpy(dtype=np.float64), list(frame.columns)


def fit_embodied(products: pd.DataFrame) -> None:
    """Coefficients by category and term, with the held-out error of each category."""
    terms: list[list[object]] = []
    errors: list[list[object]] = []
    for category in ("notebook", "desktop", "monitor"):
        group = products[(products["category"] == category) & (products["gwp_nonuse"] > 0)]
        group = group.reset_index(drop=True)
        x, names = design(group, category)
        y = np.log(group[["gwp_nonuse"]].to_numpy(dtype=np.float64))
        fold, predicted = folds(group["product_group"]), np.zeros_like(y)
        for k in np.unique(fold):
            test = fold == k
            predicted[test] = x[test] @ ridge(x[~test], y[~test])
        ratio = pd.Series(np.exp(predicted - y).ravel())
        typical = np.abs(group["gwp_nonuse"].median() / group["gwp_nonuse"] - 1).median()
        low, high = (1 / ratio).groupby(group["product_group"]).mean().quantile([0.05, 0.95])
        error = (ratio - 1).abs().median()
        print(f"{category}: median error {error:.3f} of {len(group)}; by type alone {typical:.3f}")
        errors.append([category, len(group), *(f"{v:.4f}" for v in (low, high, error))])
        fitted = ridge(x, y).ravel()
        for i, name in enumerate(names):
            terms.append([category, name, f"{fitted[i]:.6g}", f"{x[:, i].mean():.6g}"])
    write("embodied_terms.csv", ["category", "term", "log_kg", "mean"], terms)
    header = ["category", "rows", "low_ratio", "high_ratio", "median_ape_ratio"]
    write("embodied_error.csv", header, errors)


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
    fit_embodied(products)
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
