"""The data that comes with the estimators: small CSV files, read once, when first asked for."""

from __future__ import annotations

from functools import cache


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv`."""
    import csv
    from pathlib import Path

    # Not importlib.resources, which takes 5 ms to import: `profile` needs two tables.
    path = Path(__file__).parent / "data" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def by_category(name: str) -> dict[str, dict[str, str]]:
    """A table that has one row a category."""
    return {row["category"]: row for row in table(name)}
