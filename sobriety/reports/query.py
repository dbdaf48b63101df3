"""What a report asks of the lake: sums of usage, power over time, and clocks that went back.

Long because every question to the frames stands here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sobriety.core.errors import MissingExtra
from sobriety.core.units import NS_PER_S, S_PER_DAY
from sobriety.engines import collect
from sobriety.estimators import Coefficients, EnergyPlan, Grams, plan_table, with_energy
from sobriety.lake import Grain, Lake
from sobriety.parquet import NS_PER_HOUR
from sobriety.period import Period, to_ns

from .model import PowerPoint

if TYPE_CHECKING:
    import narwhals as nw

PlanKey = tuple[str, str, str]
"""host, observed, state."""

QUIET_RATIO = 0.05
"""A row whose processors were busy less than this is quiet."""

UNATTENDED_RATIO = 0.01
"""A row in less of which anybody was logged in is unattended."""

_JITTER_S = 120.0
"""A row may end a little after its hour, and the last of a day after midnight."""

_MOST_POINTS = 120
_WORTH_HOURS_S = 3 * 3600
_BUCKETS_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, S_PER_DAY, 7 * S_PER_DAY)


@dataclass(frozen=True, slots=True)
class UsageSum:
    """A host's usage of one kind, summed. `measures` holds the durations and what was observed."""

    host: str
    observed: str
    state: str
    quiet: bool
    unattended: bool
    measures: Mapping[str, float]

    @property
    def key(self) -> PlanKey:
        return self.host, self.observed, self.state


class HourlySum(NamedTuple):
    """A host's energy, and that of hours whose intensity is told: joules, and joules × g/kWh."""

    energy_j: float
    told_j: float
    value: float
    low: float
    high: float


class HourEnergy(NamedTuple):
    """Joules of a place's hosts in an hour."""

    hour_ns: int
    place: int
    value_j: float
    low_j: float
    high_j: float


@dataclass(frozen=True, slots=True)
class WorkloadSum:
    """A workload's share of its host, summed; `key` is that of the host's plan."""

    key: PlanKey
    kind: str
    name: str
    measures: Mapping[str, float]


def extent(lake: Lake) -> tuple[int, int] | None:
    """The first row's start and the last row's end; None for an empty lake."""
    nw = narwhals()
    rows = _hosts_only(lake.open("finest"))
    ends = nw.col("start_ns") + (nw.col("duration_s") * NS_PER_S)
    found = collect(rows.select(first=nw.col("start_ns").min(), last=ends.max()))
    first, last = found[0]["first"], found[0]["last"]
    if first is None or math.isnan(first):
        return None
    return int(first), max(int(last), int(first) + 1)


def usage_sums(lake: Lake, period: Period) -> list[UsageSum]:
    """Usage by host, groups observed, state, and whether the hour was quiet or unattended."""
    nw = narwhals()
    rows = _hosts_only(_open(lake, period))
    names = _names(lake, period)
    quiet = (nw.col("util_s") < QUIET_RATIO * nw.col("covered_s")).fill_null(False)
    somebody_s = nw.col("present_s") + nw.col("away_s")
    unattended = (somebody_s < UNATTENDED_RATIO * nw.col("duration_s")).fill_null(False)
    keys = ("host", "observed", "state", "quiet", "unattended")
    summed = (
        rows.with_columns(quiet=quiet, unattended=unattended)
        .group_by(*keys)
        .agg(*(nw.col(n).sum() for n in names), *_counts(nw, names))
    )
    return [
        UsageSum(
            r["host"],
            r["observed"],
            r["state"],
            bool(r["quiet"]),
            bool(r["unattended"]),
            _known(r, names),
        )
        for r in sorted(collect(summed), key=lambda r: tuple(r[k] for k in keys))
    ]


def workload_sums(lake: Lake, period: Period) -> list[WorkloadSum]:
    """Shares by host, groups observed, state and workload."""
    nw = narwhals()
    names = _names(lake, period)
    keys = ("host", "observed", "state", "kind", "name")
    summed = (
        _open(lake, period)
        .filter(nw.col("kind") != "host")
        .group_by(*keys)
        .agg(*(nw.col(n).sum() for n in names), *_counts(nw, names))
    )
    return [
        WorkloadSum((r["host"], r["observed"], r["state"]), r["kind"], r["name"], _known(r, names))
        for r in sorted(collect(summed), key=lambda r: tuple(r[k] for k in keys))
    ]


def hourly_sums(
    lake: Lake,
    period: Period,
    plans: Mapping[PlanKey, EnergyPlan],
    hours: Mapping[int, Grams],
) -> dict[str, HourlySum]:
    """Energy by host, weighted by the intensity of the hour in which its row began."""
    nw = narwhals()
    columns = {"hour_ns": list(hours)} | {
        f"{bound}_g": [getattr(g, bound) for g in hours.values()] for bound in Grams._fields
    }
    rows = with_energy(_hosts_only(_open(lake, period)), lake.table(plan_table(plans)))
    start_ns = nw.col("start_ns")
    told = rows.with_columns(hour_ns=start_ns - start_ns % NS_PER_HOUR).join(
        lake.table(columns), on="hour_ns", how="left"
    )
    energy_j = nw.col("energy_j")
    known = ~nw.col("value_g").is_null()
    sums = {"told_j": energy_j * known.cast(nw.Float64)} | {
        bound: energy_j * nw.col(f"{bound}_g").fill_null(0.0) for bound in Grams._fields
    }
    summed = (
        told.filter(~energy_j.is_null())
        .with_columns(**sums)
        .group_by("host")
        .agg(energy_j.sum(), *(nw.col(name).sum() for name in sums))
    )
    return {
        row["host"]: HourlySum(*(float(row[name]) for name in HourlySum._fields))
        for row in _sorted(summed, "host")
    }


def hourly_energy(
    lake: Lake, period: Period, plans: Mapping[PlanKey, EnergyPlan], places: Mapping[str, int]
) -> list[HourEnergy]:
    """Energy by hour and place of the hosts that have one, in order."""
    nw = narwhals()
    if not plans or not places:
        return []
    rows = with_energy(_hosts_only(_open(lake, period)), lake.table(plan_table(plans)))
    table = lake.table({"host": list(places), "place": list(places.values())})
    start_ns = nw.col("start_ns")
    summed = (
        rows.join(table, on="host", how="inner")
        .filter(~nw.col("energy_j").is_null())
        .with_columns(hour_ns=start_ns - start_ns % NS_PER_HOUR)
        .group_by("hour_ns", "place")
        .agg(*(nw.col(n).sum() for n in ("energy_j", "energy_low_j", "energy_high_j")))
    )
    return sorted(
        HourEnergy(
            int(r["hour_ns"]), int(r["place"]), r["energy_j"], r["energy_low_j"],
            r["energy_high_j"],
        )
        for r in collect(summed)
    )  # fmt: skip


def power_series(
    lake: Lake, period: Period, plans: Mapping[PlanKey, EnergyPlan]
) -> tuple[PowerPoint, ...]:
    """Mean power over time of what has a plan: by row for one host and less than an hour, else in
    at most 120 steps."""
    if not plans:
        return ()
    nw = narwhals()
    start_ns = nw.col("start_ns")
    alone = len({host for host, _, _ in plans}) == 1
    bucket_ns = _bucket_s(period, alone=alone) * NS_PER_S
    if bucket_ns:
        start_ns = start_ns - (start_ns - _origin_ns(period, bucket_ns)) % bucket_ns
    # Plans are linear: joined with sums, they are multiplied once for many rows.
    table = plan_table(plans)
    asked = [n for n in Coefficients._fields if f"value_{n}" in table]
    rows = (
        _hosts_only(_open(lake, period))
        .filter(nw.col("duration_s") > 0)
        .with_columns(bucket_ns=start_ns)
        .group_by("host", "observed", "state", "bucket_ns")
        .agg(*(nw.col(n).sum() for n in asked))
    )
    sums = ("energy_j", "energy_low_j", "energy_high_j", "duration_s")
    points = (
        with_energy(rows, lake.table(table))
        .filter(~nw.col("energy_j").is_null())
        .group_by("bucket_ns")
        .agg(*(nw.col(n).sum() for n in sums), hosts=nw.col("host").n_unique())
    )
    return tuple(_point(row, bucket_ns) for row in _sorted(points, "bucket_ns"))


def _point(row: dict[str, Any], bucket_ns: int) -> PowerPoint:
    mean_s = row["duration_s"] / row["hosts"]
    return PowerPoint(
        int(row["bucket_ns"]),
        bucket_ns / NS_PER_S if bucket_ns else mean_s,
        row["energy_j"] / mean_s,
        row["energy_low_j"] / mean_s,
        row["energy_high_j"] / mean_s,
    )


def overlapping_hosts(lake: Lake, period: Period) -> tuple[str, ...]:
    """Hosts with more recorded time in a day, or an hour of a short period, than there was."""
    nw = narwhals()
    slot_s = 3600 if period.duration_s <= 3 * S_PER_DAY else S_PER_DAY
    rows = _hosts_only(lake.open("hour", period.start_ns, period.end_ns))
    slots = (
        rows.with_columns(slot=nw.col("start_ns") - nw.col("start_ns") % (slot_s * NS_PER_S))
        .group_by("host", "slot")
        .agg(nw.col("duration_s").sum())
        .filter(nw.col("duration_s") > slot_s + _JITTER_S)
        .select("host")
        .unique()
    )
    return tuple(row["host"] for row in _sorted(slots, "host"))


def _origin_ns(period: Period, bucket_ns: int) -> int:
    """Where the first point begins: not after the first row, and on the reader's own clock."""
    start = period.start.replace(minute=0, second=0, microsecond=0)
    return to_ns(start.replace(hour=0) if bucket_ns > NS_PER_HOUR else start)


def _open(lake: Lake, period: Period) -> nw.LazyFrame[Any]:
    return lake.open(_grain(period), period.start_ns, period.end_ns)


def _names(lake: Lake, period: Period) -> tuple[str, ...]:
    """What can be summed: nobody has all the sensors that there are."""
    return lake.measures(_grain(period), period.start_ns, period.end_ns)


def _grain(period: Period) -> Grain:
    """By hour; row by row where a period is too short for hours."""
    return "raw" if period.duration_s < _WORTH_HOURS_S else "hour"


def _bucket_s(period: Period, *, alone: bool) -> int:
    """Seconds that a point of the series stands for; 0: each row is a point."""
    if period.duration_s < 3600 and alone:
        return 0
    least_s = 60 if period.duration_s < _WORTH_HOURS_S else 3600
    for bucket_s in _BUCKETS_S:
        if bucket_s >= least_s and period.duration_s / bucket_s <= _MOST_POINTS:
            return bucket_s
    return 30 * S_PER_DAY


def _hosts_only(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    return rows.filter(narwhals().col("kind") == "host")


def _counts(nw: Any, names: Iterable[str]) -> Iterable[Any]:
    # A sum over nothing observed must stay unknown: engines differ on whether it is null or 0.
    return (nw.col(n).count().alias(f"{n}_n") for n in names)


def _known(row: dict[str, Any], names: Iterable[str]) -> dict[str, float]:
    return {n: float(row[n]) for n in names if row[f"{n}_n"]}


def _sorted(frame: nw.LazyFrame[Any], key: str) -> list[dict[str, Any]]:
    return sorted(collect(frame), key=lambda row: row[key])


def narwhals() -> Any:
    """The library, imported when a report is made. Raises MissingExtra."""
    try:
        import narwhals as library
    except ImportError:
        raise MissingExtra("narwhals", "report") from None
    return library
