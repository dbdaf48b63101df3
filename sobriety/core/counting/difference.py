"""From raw counters to what happened between two samples. The only place that subtracts.

A counter that fell without a known wrap is a reset: a gap, not a negative and not a jump. A wrap
that would imply more than its source can do is a reset too, and a step in which it could have gone
round twice is a gap. What was not read at both ends is not known, and never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from ..host import Instant
from ..reading import Reading
from ..units import NS_PER_S
from ..usage import COLUMNS, GROUP_BY_NAME, GROUPS, broken_rule

_SLEEP_WORTH_TELLING_S = 1.0

_ENERGY_COLUMNS = frozenset(c.name for c in COLUMNS if c.unit == "J")
_COLUMN_OF_METRIC = {c.metric: c.name for c in COLUMNS if c.how != "moment"} | {
    f"{name.removesuffix('_j')}_w": name for name in _ENERGY_COLUMNS
}
_GROUP_OF_COLUMN = {c.name: c.group for c in COLUMNS}
_COLUMNS_OF_GROUP = {
    g.name: tuple(c.name for c in COLUMNS if c.group == g.name and c.how != "moment")
    for g in GROUPS
}
_ONE_SOURCE_GROUPS = tuple(g.name for g in GROUPS if g.one_source)
METRICS = frozenset(_COLUMN_OF_METRIC)
"""The names that a Reading may carry."""
SIGNED_METRICS = frozenset(c.metric for c in COLUMNS if c.is_signed)


@dataclass(frozen=True, slots=True)
class Step:
    """What happened between two samples."""

    start: Instant
    end: Instant
    duration_s: float
    asleep_s: float
    observed: tuple[str, ...]
    measures: dict[str, float]


class Difference:
    """Remembers the last sample; `step` gives what changed since."""

    __slots__ = ("_at", "_last")

    def __init__(self) -> None:
        self._at: Instant | None = None
        self._last: dict[tuple[str, str], Reading] = {}

    def step(self, readings: Iterable[Reading], now: Instant) -> Step | None:
        """What changed since the last call; None on the first one."""
        current = {(r.metric, r.subject): r for r in readings}
        last, self._last = self._last, current
        last, current = _one_source(last, current)
        before, self._at = self._at, now
        if before is None or now.boot_id != before.boot_id:
            return None  # nothing before it, or another boot: counters and clocks began anew
        duration_s = (now.monotonic_ns - before.monotonic_ns) / NS_PER_S
        asleep_s = (now.boottime_ns - before.boottime_ns) / NS_PER_S - duration_s
        slept = asleep_s > _SLEEP_WORTH_TELLING_S
        sums, broken = _sum_changes(last, current, duration_s, slept)
        observed, measures = _gather(sums, broken, duration_s)
        return Step(before, now, duration_s, asleep_s if slept else 0.0, observed, measures)


def _one_source(
    last: dict[tuple[str, str], Reading], current: dict[tuple[str, str], Reading]
) -> tuple[dict[tuple[str, str], Reading], dict[tuple[str, str], Reading]]:
    """Both samples with one source in each group that wants one: the first, in the order of the
    collectors, that answered both times."""
    for group in _ONE_SOURCE_GROUPS:
        # A dictionary, not a set: it keeps the order.
        now = dict.fromkeys(r.source for r in current.values() if _group_of(r) == group)
        before = {r.source for r in last.values() if _group_of(r) == group}
        if len(now.keys() | before) < 2:
            continue
        chosen = next((source for source in now if source in before), None)
        last, current = (
            {k: r for k, r in each.items() if _group_of(r) != group or r.source == chosen}
            for each in (last, current)
        )
    return last, current


def _group_of(reading: Reading) -> str | None:
    column = _COLUMN_OF_METRIC.get(reading.metric)
    return None if column is None else _GROUP_OF_COLUMN[column]


def _sum_changes(
    last: dict[tuple[str, str], Reading],
    current: dict[tuple[str, str], Reading],
    duration_s: float,
    slept: bool,
) -> tuple[dict[str, float], set[str]]:
    """The change of every column, summed over its subjects; and the groups that are not known."""
    sums: dict[str, float] = {}
    broken: set[str] = set()
    for key, reading in current.items():
        column = _COLUMN_OF_METRIC.get(reading.metric)
        if column is None:
            continue  # a reading that no column is made from yet
        old = last.get(key)
        change = None if old is None else _change(old, reading, duration_s, slept)
        if change is not None:
            sums[column] = sums.get(column, 0.0) + change
        elif old is not None or GROUP_BY_NAME[_GROUP_OF_COLUMN[column]].whole:
            broken.add(_GROUP_OF_COLUMN[column])
    for metric, _subject in last.keys() - current.keys():
        column = _COLUMN_OF_METRIC.get(metric)
        if column is not None:
            group = _GROUP_OF_COLUMN[column]
            if GROUP_BY_NAME[group].whole or column not in sums:
                broken.add(group)
    return sums, broken


def _change(old: Reading, new: Reading, duration_s: float, slept: bool) -> float | None:
    if new.kind == "gauge":
        return (old.value + new.value) / 2 * duration_s
    if slept and _COLUMN_OF_METRIC[new.metric] in _ENERGY_COLUMNS:
        return None  # sleep resets some counters, and others went on counting the sleep's energy
    change = new.value - old.value
    if change < 0:
        if new.wraps_at is None:
            return None
        change += new.wraps_at
    if new.max_per_s is not None:
        most = new.max_per_s * max(duration_s, 0.1)
        if change > most or (new.wraps_at is not None and most >= new.wraps_at):
            return None
    return change


def _gather(
    sums: dict[str, float], broken: set[str], duration_s: float
) -> tuple[tuple[str, ...], dict[str, float]]:
    observed: list[str] = []
    measures: dict[str, float] = {}
    for group, columns in _COLUMNS_OF_GROUP.items():
        if group in broken or not all(c in sums for c in columns):
            continue
        for column in columns:
            measures[column] = sums[column]
        if group == "cpu":
            capacity_s = measures["cpu_capacity_s"]
            if capacity_s <= 0:  # two samples within one tick of the clock
                del measures["cpu_busy_s"], measures["cpu_capacity_s"]
                continue
            if broken_rule({c: measures[c] for c in columns}):
                # Idle time that fell: the kernel's account of this step cannot be right.
                del measures["cpu_busy_s"], measures["cpu_capacity_s"]
                continue
            u = min(1.0, measures["cpu_busy_s"] / capacity_s)
            measures["util_sqrt_s"] = sqrt(u) * duration_s
            measures["util_s"] = u * duration_s
            measures["util_cubed_s"] = u * u * u * duration_s
        observed.append(group)
    return tuple(observed), measures
