"""Encodes rows of a spool as a batch for a gateway."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sobriety.core.usage import KEY_NAMES, MEASURE_NAMES
from sobriety.spool import Facts

from .limits import PACKED_B, UNPACKED_B

_NAMES = ("id", *KEY_NAMES, *MEASURE_NAMES)
Numbered = tuple[Any, ...]
"""As a spool's reader gives it: number, KEY_NAMES, MEASURE_NAMES."""


class PushBatch(NamedTuple):
    """`rows` are how many are in the body, `last_id` the number of the last."""

    body: bytes
    rows: int
    last_id: int


def packed(spool_id: str, rows: Sequence[Numbered], machines: Sequence[Facts]) -> PushBatch:
    """As many of the rows, from the first on, as fit; one where even that is too long."""
    count = len(rows)
    while True:
        batch = _packed(spool_id, rows[:count], machines)
        if count <= 1 or len(batch) <= PACKED_B:
            return PushBatch(batch, count, rows[count - 1][0] if count else 0)
        count //= 2


def _packed(spool_id: str, rows: Sequence[Numbered], machines: Sequence[Facts]) -> bytes:
    body: dict[str, Any] = {"spool": spool_id, "rows": [_row(row) for row in rows]}
    if machines:
        body["machines"] = [{"host": m.host, "at_ns": m.at_ns, "facts": m.facts} for m in machines]
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if len(text) > UNPACKED_B and len(rows) > 1:
        return text  # longer than any limit: fewer rows are tried
    return gzip.compress(text, 6, mtime=0)


def _row(values: Numbered) -> dict[str, Any]:
    row = {name: v for name, v in zip(_NAMES, values, strict=True) if v is not None}
    row["observed"] = row["observed"].split()
    return row
