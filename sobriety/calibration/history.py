"""Readings out of what was recorded while a meter stood at the plug: for when it no longer does.

The model's own rise is laid over the watts measured, row by row. It is made from the rows' moments
of utilisation, so that a row of an hour tells what its minutes would have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import SobrietyError
from sobriety.core.machine import Machine
from sobriety.estimators import Curve, power_model, power_w
from sobriety.spool import SpoolReader

from .readings import as_text

LEAST_S = 6 * 3600
LEAST_ROWS = 12
"""A row may be an hour long: fewer of them say nothing of how steady the meter is."""

LEAST_VARIED_RATIO = 0.25
"""The slope is told where the middle eight tenths of the time span this share of the rise."""

MOST_DRIFT_RATIO = 0.25
"""Two halves of the time further off than this are not one machine on one meter."""

CONTROLLER_RATIO = 0.05
"""A management controller's error, which a recorded joule does not tell from a plug meter's."""

_QUERY = (
    "SELECT duration_s, util_sqrt_s, util_s, util_cubed_s, wall_j - {gpu} FROM usage"
    " WHERE kind = 'host' AND host = ? AND state = 'on' AND wall_j > {gpu} AND util_s IS NOT NULL"
    " AND covered_s > 0.99 * duration_s AND {battery} = 0 ORDER BY start_ns"
)


class Observation(NamedTuple):
    """A row: its length, how far up the model's rise it was (0 to 1), and its watts."""

    duration_s: float
    share: float
    power_w: float


class Fitted(NamedTuple):
    """Readings that stand for what was recorded, and by how much its halves are off them."""

    readings: str
    duration_s: float
    drift_ratio: float
    with_slope: bool


def from_history(spool: Path, machine: Machine) -> Fitted:
    """Level and, where the load varied enough, slope. `machine`: uncalibrated, by its rows' name.

    Accelerators' own joules are taken off, since no model has one in it. Rows in which a battery
    gave are left out.

    Raises SobrietyError where too little was recorded, or it contradicts itself.
    """
    curve = power_model(machine).curve
    return fitted(_seen(spool, machine.host, curve), curve)


def fitted(rows: Sequence[Observation], curve: Curve) -> Fitted:
    """Rows in the order of time, as readings. Raises SobrietyError."""
    whole_s = math.fsum(row.duration_s for row in rows)
    if whole_s < LEAST_S or len(rows) < LEAST_ROWS:
        raise SobrietyError(
            f"{whole_s / 3600:.1f} hours in {len(rows)} rows have both a meter at the plug and"
            f" how busy the processor was; at least {LEAST_S / 3600:g} hours in {LEAST_ROWS}"
            " rows are needed",
            hint="collect longer beside the meter, or read it once: sobriety calibrate --idle-w 41",
        )
    share, level_w = (
        math.fsum(r.duration_s * x for r, x in zip(rows, column, strict=True)) / whole_s
        for column in ([r.share for r in rows], [r.power_w for r in rows])
    )
    low, high = _extremes(rows, whole_s)
    slope_w = _slope_w(rows, share, level_w) if high - low >= LEAST_VARIED_RATIO else 0.0
    # Watts that fall with load, or none at idle, are something else that is on the meter.
    with_slope = slope_w > 0 and level_w - share * slope_w > 0
    if with_slope:
        points = {load_at(curve, s): level_w + (s - share) * slope_w for s in (low, high)}
    else:
        points = {load_at(curve, share): level_w}
        slope_w = (power_w(curve, 1) - power_w(curve, 0)) * level_w / power_w(curve, *points)
    drift_ratio = _drift_ratio(rows, whole_s, share, level_w, slope_w)
    if drift_ratio > MOST_DRIFT_RATIO:
        raise SobrietyError(
            f"the first half of {whole_s / 3600:.0f} hours and the second are"
            f" {100 * drift_ratio:.0f} % off what both together say",
            hint="look whether another machine is on that meter; give a reading instead",
        )
    return Fitted(as_text(points), whole_s, drift_ratio, with_slope)


def load_at(curve: Curve, share: float) -> float:
    """The load at which a curve is so far up its rise."""
    aim_w = power_w(curve, 0) + share * (power_w(curve, 1) - power_w(curve, 0))
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if power_w(curve, middle) > aim_w else (middle, high)
    return low


def _seen(spool: Path, host: str, curve: Curve) -> list[Observation]:
    rise_w = power_w(curve, 1) - power_w(curve, 0)
    with SpoolReader(spool) as reader:
        if "wall_j" not in reader.column_names or rise_w <= 0:
            return []
        gpu, battery = (
            f"coalesce({name}, 0)" if name in reader.column_names else "0"
            for name in ("gpu_j", "battery_j")
        )
        found = reader.ask(_QUERY.format(gpu=gpu, battery=battery), (host,))
    return [
        Observation(
            duration_s,
            min(1.0, (curve.b_w * root + curve.c_w * u + curve.d_w * cubed) / duration_s / rise_w),
            joules / duration_s,
        )
        for duration_s, root, u, cubed, joules in found
        if duration_s > 0
    ]


def _extremes(rows: Sequence[Observation], whole_s: float) -> tuple[float, float]:
    """How far up the rise the machine was less than a tenth, and all but a tenth of the time."""
    found: list[float] = []
    passed_s = 0.0
    for row in sorted(rows, key=lambda row: row.share):
        passed_s += row.duration_s
        if len(found) < 1 and passed_s >= 0.1 * whole_s:
            found.append(row.share)
        if passed_s >= 0.9 * whole_s:
            return found[0], row.share
    return 0.0, 0.0


def _slope_w(rows: Sequence[Observation], share: float, level_w: float) -> float:
    """Watts of the whole rise, by least squares."""
    over = math.fsum(r.duration_s * (r.share - share) * (r.power_w - level_w) for r in rows)
    return over / math.fsum(r.duration_s * (r.share - share) ** 2 for r in rows)


def _drift_ratio(
    rows: Sequence[Observation], whole_s: float, share: float, level_w: float, slope_w: float
) -> float:
    """How far the worse half of the time is off what was fitted to all of it."""
    sums_j, done_s = [0.0, 0.0], 0.0
    for row in rows:
        expected_w = level_w + (row.share - share) * slope_w
        sums_j[done_s >= whole_s / 2] += (row.power_w - expected_w) * row.duration_s
        done_s += row.duration_s
    return max(abs(joules) for joules in sums_j) / (level_w * whole_s / 2)
