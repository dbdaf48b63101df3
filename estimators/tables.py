"""The data that comes with the estimators: small CSV files, read once, when first asked for."""

from __future__ import annotations

from functools import cache


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `data/<name>.csv`."""
    import csv
    from importlib.resources import files

    text = (
        files(__name__.rpartition(".")[0])
        .joinpath("data", f"{name}.csv")
        .read_text(encoding="utf-8")
    )
    return tuple(csv.DictReader(text.splitlines()))


@cache
def by_category(name: str) -> dict[str, dict[str, str]]:
    """A table that has one row a category."""
    return {row["category"]: row for row in table(name)}
