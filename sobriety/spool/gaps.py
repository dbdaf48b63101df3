"""Records the time between two runs of a collector as rows: unrecorded, it would look like no time.

What can be proved is said, and no more. Within one boot, CLOCK_BOOTTIME tells how long nobody
looked and how much of that the machine slept. Across boots the machine was shut down at some
instant that nobody recorded, so that time is `unobserved` and not `off`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sobriety.core.counting.rows import unseen_hours
from sobriety.core.host import Instant
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import State, Usage

WORTH_TELLING_S = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to when a host was seen, on every clock: the end of its last row."""

    host: str
    at: Instant


def seen_until(row: Usage, now: Instant) -> Seen:
    """The end of a row that was finished a moment ago."""
    end_ns = row.start_ns + int(row.duration_s * NS_PER_S)
    ago_ns = now.wall_ns - end_ns
    return Seen(
        row.host,
        Instant(end_ns, now.monotonic_ns - ago_ns, now.boottime_ns - ago_ns, now.boot_id),
    )


def gap(last: Seen, now: Instant) -> list[Usage]:
    """The rows between `last` and `now`, oldest first; none where no time worth telling passed.

    When a sleep within one boot took place is not known: it is put at the end.
    """
    before = last.at
    if before.boot_id and before.boot_id == now.boot_id:
        whole_ns = now.boottime_ns - before.boottime_ns
        asleep_ns = whole_ns - (now.monotonic_ns - before.monotonic_ns)
        if asleep_ns < WORTH_TELLING_S * NS_PER_S:
            asleep_ns = 0
        parts: list[tuple[State, int]] = [
            ("unobserved", whole_ns - asleep_ns),
            ("asleep", asleep_ns),
        ]
    else:
        whole_ns = now.wall_ns - before.wall_ns  # the only clock that survives a shutdown
        since_boot_ns = min(now.boottime_ns, whole_ns) if before.boot_id and now.boot_id else 0
        parts = [("unobserved", whole_ns - since_boot_ns), ("unobserved", since_boot_ns)]
    if whole_ns < WORTH_TELLING_S * NS_PER_S:
        return []
    rows: list[Usage] = []
    start_ns = before.wall_ns
    for state, length_ns in parts:
        if length_ns > 0:
            rows += unseen_hours(last.host, state, start_ns, length_ns / NS_PER_S)
            start_ns += length_ns
    return rows
