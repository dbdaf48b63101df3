"""Reads the CSV tables of the estimators, each once, when first needed."""

from __future__ import annotations

from functools import cache

# Not importlib.resources, which takes 5 ms to import, nor pathlib: `profile` needs two tables.
FOLDER = __file__.rpartition("tables.")[0] + "data"
"""Where the tables are; another folder takes effect before the first table is read."""


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv`."""
    import csv

    with open(f"{FOLDER}/{name}.csv", encoding="utf-8", newline="") as file:  # noqa: PTH123
        return tuple(csv.DictReader(file))


@cache
def by_category(name: str) -> dict[str, dict[str, str]]:
    """A table that has one row a category."""
    return {row["category"]: row for row in table(name)}
