"""Imported rows in the lake: each once, however often its file is imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sobriety.core.usage import Usage
from sobriety.engines import collect
from sobriety.parquet import NS_PER_HOUR

if TYPE_CHECKING:
    from sobriety.lake import Lake


def append_new(lake: Lake, rows: Sequence[Usage]) -> int:
    """Take in the rows of which the lake has none of the same host and start; their number."""
    if not rows:
        return 0
    import narwhals as nw

    starts = [row.start_ns for row in rows]
    held = (
        lake.open("raw", min(starts), max(starts) + 1)
        .filter(nw.col("host").is_in({row.host for row in rows}))
        .select("host", "kind", "name", "start_ns")
        .collect(backend="pandas")
    )
    known = set(held.iter_rows())
    new = [r for r in rows if (r.host, r.kind, r.name, r.start_ns) not in known]
    lake.append(new)
    return len(new)


def hours_held(lake: Lake, start_ns: int, end_ns: int) -> set[tuple[str, int]]:
    """Hosts and the starts of hours of which the lake has anything: an hour is one source's."""
    import narwhals as nw

    start = nw.col("start_ns")
    rows = lake.open("finest", start_ns, end_ns).filter(nw.col("kind") == "host")
    hours = rows.select("host", hour_ns=start - start % NS_PER_HOUR).unique()
    return {(row["host"], row["hour_ns"]) for row in collect(hours)}


def append_hours(lake: Lake, rows: Sequence[Usage], held: set[tuple[str, int]]) -> int:
    """Take in the rows of hours that are not held; their number."""
    new = [r for r in rows if (r.host, r.start_ns // NS_PER_HOUR * NS_PER_HOUR) not in held]
    return lake.append(new) if new else 0
