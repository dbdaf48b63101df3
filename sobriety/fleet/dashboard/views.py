"""Views of the dashboard, as a process writes them beside the lake and pages read them.

They are a report's views, in both languages: a page never says anything else than a report, and the
gateway computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from sobriety.core.text import Tongue
from sobriety.files.durable import write_whole
from sobriety.reports.views.blocks import Fact, Items, StepChart, Table

from ..intake.state import folder_of

FILE = "summary.json"


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period as its reader sees it.

    weights     making, use and both; why use is not known where it is not
    coverage    of the time of the machines that were watched, what was observed; nothing without
                such machines
    since       against earlier periods: what is said, and of which
    waiting     goals that no baseline lets be measured
    """

    title: str
    period: str
    lead: str
    machines: int
    power: Fact
    energy: Fact
    weights: tuple[Fact, ...]
    coverage: str
    measured: str
    chart: StepChart | None
    tables: tuple[Table, ...]
    since: tuple[tuple[str, str], ...]
    goals: Items
    waiting: int
    actions: Items
    costs: tuple[Fact, ...]
    warnings: Items


@dataclass(frozen=True, slots=True)
class DashboardSummary:
    """as_of_ns   when the lake was read
    timezone   as in the settings
    today, quarter   by language; empty where nothing was recorded in it
    """

    as_of_ns: int
    timezone: str | None
    today: Mapping[Tongue, PeriodView]
    quarter: Mapping[Tongue, PeriodView]


def write(lake: Path, summary: DashboardSummary) -> None:
    """In place of the one before. Raises SobrietyError."""
    write_whole(folder_of(lake) / FILE, msgspec.json.encode(summary))


def read(lake: Path) -> DashboardSummary | None:
    """The last one; None where there is none, or one of another version of ours, which the next
    one replaces. Raises OSError."""
    path = folder_of(lake) / FILE
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _read(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=2)
def _read(path: Path, _written_ns: int, _inode: int) -> DashboardSummary | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=DashboardSummary)
    except msgspec.DecodeError:
        return None
