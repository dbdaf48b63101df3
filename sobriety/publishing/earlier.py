"""Totals and expected savings of earlier sealed reports, for comparison with the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sobriety.core.estimate import Estimate
from sobriety.core.method import from_dict
from sobriety.reports.model.settings import Promise

from .records import read_records


def published_totals(records: Path, before: datetime | None = None) -> dict[str, float]:
    """Read total_co2e_kg of the latest sealed report of each period, by period label."""
    totals: dict[str, float] = {}
    for record in read_records(records) if records.exists() else ():
        if record.total_kg is not None and (before is None or record.made_at < before):
            totals[record.label] = record.total_kg
    return totals


def promises_of(records: Path, before: datetime | None = None) -> dict[str, tuple[Promise, ...]]:
    """Read the yearly savings that the latest sealed report of each period expected, by label."""
    promises: dict[str, tuple[Promise, ...]] = {}
    for record in read_records(records) if records.exists() else ():
        if before is None or record.made_at < before:
            promises[record.label] = tuple(_promises(record.figures["actions"]))
    return promises


def _promises(actions: Sequence[Mapping[str, Any]]) -> Iterator[Promise]:
    for action in actions:
        figure = action["energy_j_per_year"]
        if figure is not None:
            known = {k: figure[k] for k in ("value", "low", "high", "basis")}
            energy = Estimate(
                "energy_j", **known, method=from_dict(figure), sources=tuple(figure["sources"])
            )
            yield Promise(action["id"], action.get("site") or "", energy)
