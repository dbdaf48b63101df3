"""Makes a report in one call: of a lake's folder and of declared files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from sobriety.core.period import choose
from sobriety.lake import Lake
from sobriety.reports.model.declared import read_declared

from .analysis.gather import gather
from .model.report import Report
from .model.settings import ReportSettings


class DeclaredFiles(TypedDict, total=False):
    """Files of what an organization states."""

    inventory: str | Path | None
    sites: str | Path | None
    services: str | Path | None
    goals: str | Path | None


def report_on(
    lake: str | Path | Lake,
    settings: ReportSettings | None = None,
    *,
    quarter: str | None = None,
    month: str | None = None,
    year: str | None = None,
    **files: Unpack[DeclaredFiles],
) -> Report:
    """Make the report of a lake, its folder or an open one, and of declared files.

    Everything recorded when no period is named. Raises ConfigError with all that is wrong in the
    files, and what `gather` raises.
    """
    settings = settings or ReportSettings()
    paths = {name: Path(file) for name, file in files.items() if isinstance(file, str | Path)}
    settings = replace(settings, declared=read_declared(**paths))
    period = choose(quarter=quarter, month=month, year=year, timezone=settings.timezone)
    if isinstance(lake, Lake):
        return gather(lake, settings, period)
    with Lake(lake) as opened:
        return gather(opened, settings, period)
