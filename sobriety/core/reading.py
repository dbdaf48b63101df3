"""A reading: one raw value of one subject at one instant, as a collector yields it."""

from __future__ import annotations

from typing import Literal, NamedTuple

ReadingKind = Literal["counter", "gauge"]


class Reading(NamedTuple):
    """A counter or a gauge, exactly as the machine gave it.

    Collectors keep no state: they never subtract, unwrap or average. `core.difference` does it,
    once for everybody.

    metric       the name of a metric that a column of `core.usage` is made from, with its unit
    value        in the metric's unit
    subject      what it is about when there are several: `intel-rapl:0`, `nvme0n1`, `eth0`
    wraps_at     a counter goes back to 0 after this value; None: it never wraps, a fall is a reset
    max_per_s    the fastest rise worth believing; a wrap that implies more is a reset
    """

    metric: str
    value: float
    subject: str = ""
    kind: ReadingKind = "counter"
    source: str = ""
    wraps_at: float | None = None
    max_per_s: float | None = None
