"""Imported rows in the lake: each once, however often its file is imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sobriety.core.usage import Usage

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
