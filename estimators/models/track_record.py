"""Reports how accurate a model was on machines left out of its fit."""

from __future__ import annotations

from typing import NamedTuple

from sobriety.core.machine import Machine

from ..categories import category_of
from ..tables import table
from .server_features import server_facts
from .terminal import is_terminal


class TrackRecord(NamedTuple):
    """Median errors on measured machines of its kind that were left out of the fit, as ratios.

    machines     how many; 0 where nobody measured any
    idle_ratio   of the watts at idle; for a terminal, with its screen on
    load_ratio   of the watts at all loads; None where load was never measured
    """

    machines: int
    idle_ratio: float | None
    load_ratio: float | None


NONE = TrackRecord(0, None, None)


def track_record(machine: Machine) -> TrackRecord:
    """By what is known of the machine. Readings of its own meter are not considered."""
    if machine.virtual or machine.category is None:
        return NONE
    category = category_of(machine.category)
    if category == "server" and (machine.cores or machine.threads):
        return _server(machine)
    if is_terminal(category):
        (row,) = (
            row
            for row in table("terminal_error")
            if (row["category"], row["state"]) == (category, "short_idle_w")
        )
        return TrackRecord(int(row["rows"]), float(row["median_ape_ratio"]), None)
    return NONE


def _server(machine: Machine) -> TrackRecord:
    label = " ".join(server_facts(machine).known)
    (row,) = (row for row in table("server_power_error") if row["known"] == label)
    idle = float(row["median_ape_idle_ratio"])
    if machine.disks is not None:
        (sold,) = table("server_as_sold")
        idle = float(sold["median_ape_ratio"])
    return TrackRecord(int(row["rows"]), idle, float(row["median_ape_ratio"]))
