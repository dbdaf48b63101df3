"""Builds the settings of a report from this machine's settings and the files that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sobriety.core.errors import ConfigError
from sobriety.settings.config import Config, data_folder

if TYPE_CHECKING:
    from sobriety.core.text import Tongue
    from sobriety.factors.hours import Hours
    from sobriety.reports.model.declared import Declared
    from sobriety.reports.model.settings import Idle, ReportSettings

FILES = ("inventory", "sites", "services", "goals")
"""Files of what an organization states: settings and options have these names."""
K_ANONYMITY = 5


def report_settings(
    config: Config,
    *,
    files: Mapping[str, Path | None] | None = None,
    grid_hours: Sequence[Path] = (),
    language: Tongue = "en",
    idle: Idle = "separate",
    k_anonymity: int = K_ANONYMITY,
    before: datetime | None = None,
) -> ReportSettings:
    """Read the settings and files of a report. `files` and `grid_hours` override the settings.

    Only reports sealed before `before` count as published. Raises ConfigError.
    """
    from sobriety.core.host import LocalHost
    from sobriety.factors.store import book, kept_products, market, overhead
    from sobriety.reports import ReportSettings
    from sobriety.settings.machine import own_calibration

    from .earlier import promises_of, published_totals

    return ReportSettings(
        zone=config.text("zone"),
        kind="life-cycle" if config.text("factor_kind") == "life-cycle" else "direct",
        pue=overhead(config.text("pue"), config.number("pue")),
        language=language,
        idle=idle,
        timezone=config.text("timezone"),
        factors=book(data_folder(), config.text("factors_as_of")),
        hours=_hours(grid_hours, config),
        catalogue=kept_products(data_folder()),
        market=market(
            config.number("market_g_per_kwh"),
            config.text("market_source"),
            config.origin("market_g_per_kwh"),
        ),
        declared=_declared(config, files or {}),
        published=published_totals(records_folder(), before),
        promises=promises_of(records_folder(), before),
        k_anonymity=k_anonymity,
        organisation=config.text("organisation"),
        overrides=own_calibration(LocalHost(), config, data_folder()),
    )


def records_folder() -> Path:
    """The folder of sealed reports."""
    return data_folder() / "records"


def _declared(config: Config, files: Mapping[str, Path | None]) -> Declared:
    """Read the files named, else those of the settings."""
    from sobriety.reports.model.declared import read_declared

    paths = {name: files.get(name) or _path(config.text(name)) for name in FILES}
    return read_declared(**paths)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text).expanduser()


def _hours(files: Sequence[Path], config: Config) -> tuple[Hours, ...]:
    """Read the files of --grid-hours, else of the setting."""
    from sobriety.factors.hours import read_files

    paths = list(files) or [Path(name) for name in config.names("grid_hours") or ()]
    zone = config.text("zone")
    if not paths:
        return ()
    if zone is None:
        raise ConfigError(
            "--grid-hours without a zone: whose hours?", hint="name it with --zone CA-QC"
        )
    return read_files(paths, zone, config.text("factor_kind") or "direct")
