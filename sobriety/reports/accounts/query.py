"""Queries of the lake: sums of usage, and clocks that went back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sobriety.core.errors import MissingExtra
from sobriety.core.period import Period
from sobriety.core.units import NS_PER_HOUR, NS_PER_S, S_PER_DAY
from sobriety.estimators import (
    Coefficients,
    EnergyPlan,
    Grams,
    plan_table,
    with_energy,
)
from sobriety.lake import Lake
from sobriety.lake.engines import collect
from sobriety.lake.files import Grain

if TYPE_CHECKING:
    import narwhals as nw

PlanKey = tuple[str, str, str]
"""host, observed, state."""

QUIET_RATIO = 0.05
"""A row whose processors were busy less than this is quiet."""

UNATTENDED_RATIO = 0.01
"""A row in less of which anybody was logged in is unattended."""

AGENT = "agent_cpu_s"
NETWORK = ("network_received_b", "network_sent_b")

_ASKED_OF_HOSTS = frozenset((*Coefficients._fields, AGENT, *NETWORK))
"""Reading a measure of millions of rows costs more than all that is said of it."""

_JITTER_S = 120.0
"""A row may end a little after its hour, and the last of a day after midnight."""

WORTH_HOURS_S = 3 * 3600


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
    rows = hosts_only(lake.open("finest"))
    ends = nw.col("start_ns") + (nw.col("duration_s") * NS_PER_S)
    found = collect(rows.select(first=nw.col("start_ns").min(), last=ends.max()))
    first, last = found[0]["first"], found[0]["last"]
    if first is None or math.isnan(first):
        return None
    return int(first), max(int(last), int(first) + 1)


def usage_sums(lake: Lake, period: Period) -> list[UsageSum]:
    """Usage by host, groups observed, state, and whether the hour was quiet or unattended."""
    nw = narwhals()
    rows = hosts_only(opened(lake, period))
    names = tuple(n for n in _names(lake, period) if n in _ASKED_OF_HOSTS)
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
        opened(lake, period)
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
    rows = with_energy(hosts_only(opened(lake, period)), lake.table(plan_table(plans)))
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
        for row in sorted_rows(summed, "host")
    }


def overlapping_hosts(lake: Lake, period: Period) -> tuple[str, ...]:
    """Hosts with more recorded time in a day, or an hour of a short period, than there was."""
    nw = narwhals()
    slot_s = 3600 if period.duration_s <= 3 * S_PER_DAY else S_PER_DAY
    rows = hosts_only(lake.open("hour", period.start_ns, period.end_ns))
    slots = (
        rows.with_columns(slot=nw.col("start_ns") - nw.col("start_ns") % (slot_s * NS_PER_S))
        .group_by("host", "slot")
        .agg(nw.col("duration_s").sum())
        .filter(nw.col("duration_s") > slot_s + _JITTER_S)
        .select("host")
        .unique()
    )
    return tuple(row["host"] for row in sorted_rows(slots, "host"))


def opened(lake: Lake, period: Period) -> nw.LazyFrame[Any]:
    return lake.open(_grain(period), period.start_ns, period.end_ns)


def _names(lake: Lake, period: Period) -> tuple[str, ...]:
    """What can be summed: nobody has all the sensors that there are."""
    return lake.measures(_grain(period), period.start_ns, period.end_ns)


def _grain(period: Period) -> Grain:
    """By hour; row by row where a period is too short for hours."""
    return "raw" if period.duration_s < WORTH_HOURS_S else "hour"


def hosts_only(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    return rows.filter(narwhals().col("kind") == "host")


def _counts(nw: Any, names: Iterable[str]) -> Iterable[Any]:
    # A sum over nothing observed must stay unknown: engines differ on whether it is null or 0.
    return (nw.col(n).count().alias(f"{n}_n") for n in names)


def _known(row: dict[str, Any], names: Iterable[str]) -> dict[str, float]:
    return {n: float(row[n]) for n in names if row[f"{n}_n"]}


def sorted_rows(frame: nw.LazyFrame[Any], key: str) -> list[dict[str, Any]]:
    return sorted(collect(frame), key=lambda row: row[key])


def narwhals() -> Any:
    """The library, imported when a report is made. Raises MissingExtra."""
    try:
        import narwhals as library
    except ImportError:
        raise MissingExtra("narwhals", "report") from None
    return library
