"""Sealing a report, and computing a sealed one again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sobriety.core.errors import ConfigError
from sobriety.publishing.settings import FILES, records_folder

from .report import rendered
from .reporting import Asked, asked

if TYPE_CHECKING:
    from sobriety.publishing.records import Record
    from sobriety.reports import Report
    from sobriety.reports.settings import Signature

RENDERINGS = ("html", "pdf")


def sealed(what: Asked, cause: str | None) -> tuple[Report, Path]:
    """Gather and write the record. Raises ConfigError for everything recorded: that is no period
    that somebody could report on again."""
    from sobriety.publishing.records import write_record
    from sobriety.reports import as_json, gather
    from sobriety.settings.keys import SETTINGS

    if what.period is None:
        raise ConfigError(
            "a sealed report is of a period", hint="name it, as in: --quarter 2026-Q3 --seal"
        )
    if what.place and "://" in what.place:
        raise ConfigError(
            f"{what.place} cannot be sealed from: its files are not here",
            hint="copy the lake to this machine, and name the folder with --lake",
        )
    with what.lake() as lake:
        found = gather(lake, what.settings, what.period)
        record = write_record(
            records_folder(),
            as_json(found),
            {f"report.{form}": rendered(found, form) for form in RENDERINGS},
            {
                s.name: list(value) if isinstance(value, tuple) else value
                for s in SETTINGS
                if (value := what.config.value(s.name)) is not None and s.name not in FILES
            },
            what.words,
            what.settings.declared.files,
            lake.files(what.period.start_ns, what.period.end_ns).items(),
            cause,
        )
    return found, record.folder


def recomputed(record: Record, signatures: tuple[Signature, ...] = ()) -> tuple[Report, list[str]]:
    """The report of a record as it would be made today at its moment, and inputs that changed."""
    from dataclasses import replace

    from sobriety.publishing.records import changed_inputs
    from sobriety.reports import gather

    words = dict(record.seal["words"])
    words["grid_hours"] = tuple(Path(name) for name in words["grid_hours"])
    again = asked(
        **words,
        place=record.seal.get("place"),
        config_file=record.folder / "settings.toml",
        before=record.made_at,
        files=_declared(record),
    )
    settings = replace(again.settings, signatures=signatures)
    assert again.period  # sealed reports have one
    with again.lake() as lake:
        found = gather(lake, settings, again.period, now=record.made_at)
        files = lake.files(again.period.start_ns, again.period.end_ns)
        return found, changed_inputs(record, files.items())


def _declared(record: Record) -> dict[str, Path | None]:
    """Copies of what was declared, by what it is."""
    copies: dict[str, str] = record.seal["declared"]
    return {kind: record.folder / copies[kind] if kind in copies else None for kind in FILES}
