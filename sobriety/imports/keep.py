"""Imported rows in the lake: each once, however often its file is imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sobriety.core.units import NS_PER_HOUR
from sobriety.core.usage import Usage
from sobriety.lake.engines import collect

if TYPE_CHECKING:
    from sobriety.lake import Lake
    from sobriety.lake.files import Grain


def append_new(lake: Lake, rows: Sequence[Usage]) -> int:
    """Take in the rows of which the lake has none of the same host and start; their number.

    Where only the sum of an hour is left of them (`drop_rows`), that hour is not taken in again.
    """
    if not rows:
        return 0
    held = _keys(lake, "raw", rows)
    summed = _keys(lake, "finest", rows) - held
    new = [
        row
        for row in rows
        if (key := (row.host, row.kind, row.name, row.start_ns)) not in held
        and (*key[:-1], _hour_of(row)) not in summed
    ]
    lake.append(new)
    return len(new)


def _keys(lake: Lake, grain: Grain, rows: Sequence[Usage]) -> set[tuple[Any, ...]]:
    """Hosts, kinds, names and starts of the rows that the lake has of those machines, in whole
    hours around them."""
    import narwhals as nw

    hours = [_hour_of(row) for row in rows]
    held = (
        lake.open(grain, min(hours), max(hours) + NS_PER_HOUR)
        .filter(nw.col("host").is_in({row.host for row in rows}))
        .select("host", "kind", "name", "start_ns")
        .collect(backend="pandas")
    )
    return set(held.iter_rows())


def _hour_of(row: Usage) -> int:
    return row.start_ns // NS_PER_HOUR * NS_PER_HOUR


def hours_held(lake: Lake, start_ns: int, end_ns: int) -> set[tuple[str, int]]:
    """Hosts and the starts of hours of which the lake has anything: an hour is one source's."""
    import narwhals as nw

    start = nw.col("start_ns")
    rows = lake.open("finest", start_ns, end_ns).filter(nw.col("kind") == "host")
    hours = rows.select("host", hour_ns=start - start % NS_PER_HOUR).unique()
    return {(row["host"], row["hour_ns"]) for row in collect(hours)}


def append_hours(lake: Lake, rows: Sequence[Usage], held: set[tuple[str, int]]) -> int:
    """Take in the rows of hours that are not held; their number."""
    new = [row for row in rows if (row.host, _hour_of(row)) not in held]
    return lake.append(new) if new else 0
