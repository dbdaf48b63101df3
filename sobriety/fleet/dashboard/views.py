"""What the dashboard shows, as a process writes it beside the lake and pages read it.

Everything in it is printed already, in both languages, by what prints reports: so that a page never
says anything else than a report, and the gateway computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from sobriety.core.text import Tongue
from sobriety.files.durable import write_whole
from sobriety.reports.language.quantities import Shown
from sobriety.reports.views.actions import ActionRow
from sobriety.reports.views.changes import StandingRow
from sobriety.reports.views.opening import Weights
from sobriety.reports.views.organisation import Pair
from sobriety.reports.views.power import PowerView
from sobriety.reports.views.tables import Table

from ..intake.state import folder_of

FILE = "summary.json"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why something is not known, or not to be believed, and what to do about it."""

    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class Span:
    """A period as its reader sees it.

    unknown     why the carbon of use is not known
    coverage    of the time of the machines that were watched, what was observed; nothing without
                such machines
    since       against earlier periods: what is said, and of which
    waiting     goals that no baseline lets be measured
    """

    title: str
    period: str
    lead: str
    machines: int
    power: Shown
    energy: Shown
    weights: Weights
    unknown: Doubt | None
    coverage: str
    measured: str
    chart: PowerView | None
    tables: tuple[Table, ...]
    since: tuple[tuple[str, str], ...]
    standings: tuple[StandingRow, ...]
    waiting: int
    actions: tuple[ActionRow, ...]
    costs: tuple[Pair, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """as_of_ns   when the lake was read
    timezone   as in the settings
    today, quarter   by language; empty where nothing was recorded in it
    """

    as_of_ns: int
    timezone: str | None
    today: Mapping[Tongue, Span]
    quarter: Mapping[Tongue, Span]


def write(lake: Path, summary: Summary) -> None:
    """In place of the one before. Raises SobrietyError."""
    write_whole(folder_of(lake) / FILE, msgspec.json.encode(summary))


def read(lake: Path) -> Summary | None:
    """The last one; None where there is none, or one of another version of ours, which the next
    one replaces. Raises OSError."""
    path = folder_of(lake) / FILE
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _read(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=2)
def _read(path: Path, _written_ns: int, _inode: int) -> Summary | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except msgspec.DecodeError:
        return None
