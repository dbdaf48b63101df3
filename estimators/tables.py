"""The data that comes with the estimators: small CSV files, read once, when first asked for."""

from __future__ import annotations

import os.path
from functools import cache

# Not importlib.resources, which takes 5 ms to import: `profile` needs two tables.
FOLDER = os.path.join(os.path.dirname(__file__), "data")  # noqa: PTH118, PTH120
"""Where the tables are; another folder takes effect before the first table is read."""


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv`."""
    import csv

    path = os.path.join(FOLDER, f"{name}.csv")  # noqa: PTH118
    with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123
        return tuple(csv.DictReader(file))


@cache
def by_category(name: str) -> dict[str, dict[str, str]]:
    """A table that has one row a category."""
    return {row["category"]: row for row in table(name)}
