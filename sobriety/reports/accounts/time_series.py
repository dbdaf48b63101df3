"""Energy by the hour and mean power over time: one pass over the rows for each.

Plans are linear, and a fleet has many hosts and few plans: rows are summed by plan before they are
multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sobriety.core.period import Period, to_ns
from sobriety.core.units import NS_PER_HOUR, NS_PER_S, S_PER_DAY
from sobriety.estimators import (
    PLAN_KEYS,
    EnergyPlan,
    numbered_plans,
    plan_measures,
    plan_table,
    with_energy,
)
from sobriety.lake import Lake
from sobriety.lake.engines import collect

from ..model.figures import PowerPoint
from .query import WORTH_HOURS_S, PlanKey, hosts_only, narwhals, opened, sorted_rows

if TYPE_CHECKING:
    import narwhals as nw

_SUMS = ("energy_j", "energy_low_j", "energy_high_j", "duration_s")
_MOST_POINTS = 120
_BUCKETS_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, S_PER_DAY, 7 * S_PER_DAY)


class HourEnergy(NamedTuple):
    """Joules of a place's hosts in an hour, and the seconds of all of them together."""

    hour_ns: int
    place: int
    energy_j: float
    energy_low_j: float
    energy_high_j: float
    duration_s: float


def hourly_energy(
    lake: Lake, period: Period, plans: Mapping[PlanKey, EnergyPlan], places: Mapping[str, int]
) -> list[HourEnergy]:
    """Energy by hour and place of the hosts that have one, in order."""
    nw = narwhals()
    placed = {key: plan for key, plan in plans.items() if key[0] in places}
    if not placed:
        return []
    start_ns = nw.col("start_ns")
    rows = hosts_only(opened(lake, period)).with_columns(hour_ns=start_ns - start_ns % NS_PER_HOUR)
    by_key = {"place": [places[host] for host, _, _ in placed]}
    summed = _energy_by(lake, rows, placed, ("hour_ns", "place"), by_key)
    return sorted(HourEnergy(*(row[n] for n in HourEnergy._fields)) for row in collect(summed))


def power_series(
    lake: Lake,
    period: Period,
    plans: Mapping[PlanKey, EnergyPlan],
    hours: Sequence[HourEnergy] = (),
) -> tuple[PowerPoint, ...]:
    """Mean power over time of what has a plan: by row for one host and less than an hour, else in
    at most 120 steps. `hours` is the energy of all of them by hour, where it is known already."""
    if not plans:
        return ()
    nw = narwhals()
    alone = len({host for host, _, _ in plans}) == 1
    bucket_ns = _bucket_s(period, alone=alone) * NS_PER_S
    origin_ns = _origin_ns(period, bucket_ns)
    start_ns = nw.col("start_ns")
    if bucket_ns:
        start_ns = start_ns - (start_ns - origin_ns) % bucket_ns
    rows = (
        hosts_only(opened(lake, period))
        .filter(nw.col("duration_s") > 0)
        .with_columns(bucket_ns=start_ns)
    )
    seen = sorted_rows(_hosts_by_bucket(lake, rows, plans), "bucket_ns")
    if hours:
        energy = _by_bucket(hours, bucket_ns, origin_ns)
    else:
        summed = collect(_energy_by(lake, rows, plans, ("bucket_ns",)))
        energy = {row["bucket_ns"]: row for row in summed}
    return tuple(_point(row | energy[row["bucket_ns"]], bucket_ns) for row in seen)


def _hosts_by_bucket(
    lake: Lake, rows: nw.LazyFrame[Any], plans: Iterable[PlanKey]
) -> nw.LazyFrame[Any]:
    """How many have a plan in each."""
    nw = narwhals()
    return (
        rows.group_by(*PLAN_KEYS, "bucket_ns")
        .agg(rows=nw.len())
        .join(_keys(lake, plans), on=list(PLAN_KEYS), how="inner")
        .group_by("bucket_ns")
        .agg(hosts=nw.col("host").n_unique())
    )


def _by_bucket(
    hours: Sequence[HourEnergy], bucket_ns: int, origin_ns: int
) -> dict[int, dict[str, float]]:
    """Buckets are of whole hours, and rows of hours begin with theirs."""
    found: dict[int, dict[str, list[float]]] = {}
    for hour in hours:
        start_ns = hour.hour_ns - (hour.hour_ns - origin_ns) % bucket_ns
        sums = found.setdefault(start_ns, {name: [] for name in _SUMS})
        for name in _SUMS:
            sums[name].append(getattr(hour, name))
    return {at: {name: math.fsum(s) for name, s in sums.items()} for at, sums in found.items()}


def _energy_by(
    lake: Lake,
    rows: nw.LazyFrame[Any],
    plans: Mapping[PlanKey, EnergyPlan],
    by: Sequence[str],
    columns: Mapping[str, Sequence[int]] | None = None,
) -> nw.LazyFrame[Any]:
    """Joules with their bounds, and seconds, of rows that have a plan. `columns` adds to each
    plan's key what `by` may name.

    Plans are linear: rows of one plan are summed first, and multiplied once for many.
    """
    nw = narwhals()
    numbers, distinct = numbered_plans(plans)
    columns = {**(columns or {}), "plan": [numbers[key] for key in plans]}
    table = plan_table(distinct, ("plan",))
    names = dict.fromkeys([*plan_measures(table), "duration_s"])
    summed = (
        rows.join(_keys(lake, plans, columns), on=list(PLAN_KEYS), how="inner")
        .group_by(*by, "plan")
        .agg(*(nw.col(n).sum() for n in names))
    )
    energy = with_energy(summed, lake.table(table), ("plan",))
    return energy.group_by(*by).agg(*(nw.col(n).sum() for n in _SUMS))


def _keys(
    lake: Lake, plans: Iterable[PlanKey], columns: Mapping[str, Sequence[int]] | None = None
) -> nw.LazyFrame[Any]:
    keys = {name: [key[i] for key in plans] for i, name in enumerate(PLAN_KEYS)}
    return lake.table({**keys, **(columns or {})})


def _point(row: dict[str, Any], bucket_ns: int) -> PowerPoint:
    mean_s = row["duration_s"] / row["hosts"]
    return PowerPoint(
        int(row["bucket_ns"]),
        bucket_ns / NS_PER_S if bucket_ns else mean_s,
        row["energy_j"] / mean_s,
        row["energy_low_j"] / mean_s,
        row["energy_high_j"] / mean_s,
    )


def _origin_ns(period: Period, bucket_ns: int) -> int:
    """Where the first point begins: not after the first row, and on the reader's own clock."""
    start = period.start.replace(minute=0, second=0, microsecond=0)
    return to_ns(start.replace(hour=0) if bucket_ns > NS_PER_HOUR else start)


def _bucket_s(period: Period, *, alone: bool) -> int:
    """Seconds that a point of the series stands for; 0: each row is a point."""
    if period.duration_s < 3600 and alone:
        return 0
    least_s = 60 if period.duration_s < WORTH_HOURS_S else 3600
    for bucket_s in _BUCKETS_S:
        if bucket_s >= least_s and period.duration_s / bucket_s <= _MOST_POINTS:
            return bucket_s
    return 30 * S_PER_DAY
