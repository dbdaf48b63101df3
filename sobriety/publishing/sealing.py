"""Seals a report, and computes a sealed one again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sobriety.core.errors import ConfigError

from .request import ReportOptions, ReportRequest, request_of
from .settings import FILES, records_folder

if TYPE_CHECKING:
    from sobriety.reports import Report
    from sobriety.reports.model.settings import Signature

    from .records import Record

RENDERINGS = ("html", "pdf")


def seal_report(
    request: ReportRequest, cause: str | None, log: Callable[[str], None]
) -> tuple[Report, Path]:
    """Make the report and write its record: the report, and the record's folder.

    Raises ConfigError for everything recorded: nobody could report on that period again.
    """
    from sobriety.reports import as_json, gather
    from sobriety.reports.formats.render import render
    from sobriety.settings.keys import SETTINGS
    from sobriety.settings.writing import as_toml

    from .records import write_record

    if request.period is None:
        raise ConfigError(
            "a sealed report is of a period", hint="name it, as in: --quarter 2026-Q3 --seal"
        )
    place = request.options.place
    if place and "://" in place:
        raise ConfigError(
            f"{place} cannot be sealed from: its files are not here",
            hint="copy the lake to this machine, and name the folder with --lake",
        )
    sealed = {s.name: request.config.value(s.name) for s in SETTINGS if s.name not in FILES}
    with request.lake(log) as lake:
        report = gather(lake, request.settings, request.period)
        record = write_record(
            records_folder(),
            as_json(report),
            {f"report.{form}": render(report, form) for form in RENDERINGS},
            as_toml(sealed),
            request.options.words(),
            request.settings.declared.files,
            lake.files(request.period.start_ns, request.period.end_ns).items(),
            cause,
        )
    return report, record.folder


def recomputed(record: Record, signatures: tuple[Signature, ...] = ()) -> tuple[Report, list[str]]:
    """Compute a record's report again as of its moment; also list its inputs that changed."""
    from dataclasses import replace

    from sobriety.reports import gather

    from .records import changed_inputs

    words = dict(record.seal["words"])
    words["grid_hours"] = tuple(Path(name) for name in words["grid_hours"])
    options = ReportOptions(
        **words,
        place=record.seal.get("place"),
        config_file=record.folder / "settings.toml",
    )
    again = request_of(options, _declared(record), before=record.made_at)
    settings = replace(again.settings, signatures=signatures)
    assert again.period  # sealed reports have one
    with again.lake() as lake:
        report = gather(lake, settings, again.period, now=record.made_at)
        files = lake.files(again.period.start_ns, again.period.end_ns)
        return report, changed_inputs(record, files.items())


def _declared(record: Record) -> dict[str, Path | None]:
    """Paths of the record's copies of declared files, by kind."""
    copies: dict[str, str] = record.seal["declared"]
    return {kind: record.folder / copies[kind] if kind in copies else None for kind in FILES}
