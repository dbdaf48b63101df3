"""Energy of workloads by hour of the day, and its carbon at each other hour, in one query
to the lake, whatever the number of rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sobriety.core.period import Period
from sobriety.core.units import NS_PER_HOUR
from sobriety.estimators import EnergyPlan, plan_table, with_energy
from sobriety.lake import Lake
from sobriety.lake.engines import collect

from .query import PlanKey, narwhals

HOURS_A_DAY = 24
GridHours = dict[int, tuple[int, tuple[float, ...]]]
"""By hour in nanoseconds: that of the day, and grams a kilowatt-hour in it and the 23 after it."""


@dataclass(frozen=True, slots=True)
class JobHour:
    """A workload's energy above idle in an hour of the day, over all days and hosts.

    hour       of the day, on the place's clock
    days       on which it worked then
    weighted   joules × g/kWh, as it was and 1 to 23 hours later
    """

    kind: str
    name: str
    hour: int
    days: int
    hosts: frozenset[str]
    energy_j: float
    energy_low_j: float
    energy_high_j: float
    weighted: tuple[float, ...]


def job_hours(
    lake: Lake, period: Period, plans: Mapping[PlanKey, EnergyPlan], grid: GridHours
) -> list[JobHour]:
    """Of hosts with a plan, in hours of which the whole day after them is told."""
    if not plans or not grid:
        return []
    nw: Any = narwhals()
    shifted = [f"grams_{i}" for i in range(HOURS_A_DAY)]
    columns: dict[str, list[Any]] = {"hour_ns": list(grid), "hour": [h for h, _ in grid.values()]}
    columns |= {name: [g[i] for _, g in grid.values()] for i, name in enumerate(shifted)}
    start_ns = nw.col("start_ns")
    rows = lake.open("hour", period.start_ns, period.end_ns).filter(
        ~nw.col("kind").is_in(["host", "unattributed"])
    )
    known = (
        with_energy(rows, lake.table(plan_table(plans)))
        .filter(~nw.col("energy_j").is_null())
        .with_columns(hour_ns=start_ns - start_ns % NS_PER_HOUR)
        .join(lake.table(columns), on="hour_ns", how="inner")
    )
    bounds = ("energy_j", "energy_low_j", "energy_high_j")
    summed = (
        known.with_columns(**{n: nw.col("energy_j") * nw.col(n) for n in shifted})
        .group_by("kind", "name", "hour", "host")
        .agg(*(nw.col(n).sum() for n in (*bounds, *shifted)), days=nw.col("hour_ns").n_unique())
    )
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for row in sorted(collect(summed), key=lambda r: (r["kind"], r["name"], r["hour"], r["host"])):
        found.setdefault((row["kind"], row["name"], int(row["hour"])), []).append(row)
    return [
        JobHour(
            *key,
            max(int(r["days"]) for r in rows),
            frozenset(r["host"] for r in rows),
            math.fsum(r["energy_j"] for r in rows),
            math.fsum(r["energy_low_j"] for r in rows),
            math.fsum(r["energy_high_j"] for r in rows),
            tuple(math.fsum(r[s] for r in rows) for s in shifted),
        )
        for key, rows in found.items()
    ]
