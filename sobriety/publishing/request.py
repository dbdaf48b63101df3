"""A requested report: options read and checked, and the lake that it is made from."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.settings import config as settings
from sobriety.settings.language import language_of

from .settings import K_ANONYMITY, report_settings

if TYPE_CHECKING:
    from datetime import datetime

    from sobriety.core.period import Period
    from sobriety.lake import Lake
    from sobriety.lake.engines import EngineName
    from sobriety.reports import Report, ReportSettings
    from sobriety.settings.config import Config

_UNSEALED = ("config_file", "engine", "master", "place")
"""Options that a seal keeps elsewhere, or that change no figure."""


def _ignore(_line: str) -> None:
    pass


def _no_progress() -> None:
    pass


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What may be asked of a report, as it is written on a command line. None is the setting."""

    quarter: str | None = None
    month: str | None = None
    year: str | None = None
    start: str | None = None
    end: str | None = None
    zone: str | None = None
    factor_kind: str | None = None
    as_of: str | None = None
    grid_hours: tuple[Path, ...] = ()
    config_file: Path | None = None
    k_anonymity: int = K_ANONYMITY
    idle: Literal["separate", "share", "reserve"] = "separate"
    lang: str | None = None
    engine: EngineName = "duckdb"
    master: str | None = None
    place: str | None = None

    def words(self) -> dict[str, Any]:
        """The options that a seal keeps, as JSON takes them."""
        names = [name for name in self.__slots__ if name not in _UNSEALED]
        words = {name: getattr(self, name) for name in names}
        return words | {"grid_hours": [str(path) for path in self.grid_hours]}


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Options of a report, read and checked against the settings and the declared files."""

    options: ReportOptions
    config: Config
    settings: ReportSettings
    period: Period | None

    @contextmanager
    def lake(self, log: Callable[[str], None] = _ignore) -> Generator[Lake]:
        """The lake, with what was collected on this machine since the last report.

        `log` takes a line for each thing that was left aside on the way.
        """
        from sobriety.lake.engines import opened
        from sobriety.lake.remote import lake_at

        options, place = self.options, self.options.place
        folder = place or settings.data_folder() / "lake"
        with opened(options.engine, options.master) as engine, lake_at(folder, engine) as lake:
            if place is None:
                absorb_spool(lake, needed=self.settings.declared.inventory is None, log=log)
            elif not lake.machines():
                raise ConfigError(
                    f"there is no lake at {place}", hint="name the folder that has usage in it"
                )
            yield lake

    def gather(
        self,
        now: datetime | None = None,
        *,
        moved: Callable[[], None] = _no_progress,
        log: Callable[[str], None] = _ignore,
    ) -> Report:
        """Make the report. `moved` is called after each of `reports.STAGES`."""
        from sobriety.reports import gather

        # A large report is a million small objects that live until its end: looking among them for
        # what could be thrown away, as often as Python does, takes a fifth of the time.
        gc.set_threshold(200_000, 20, 20)
        for note in self.config.notes:
            log(f"note: {note}")
        with self.lake(log) as lake:
            return gather(lake, self.settings, self.period, now=now, moved=moved)


def request_of(
    options: ReportOptions,
    files: Mapping[str, Path | None],
    *,
    before: datetime | None = None,
) -> ReportRequest:
    """Read the settings and the files. Only reports that were sealed `before` count as published.

    Raises ConfigError.
    """
    from sobriety.core import period as periods

    config = settings.load(
        {
            "zone": options.zone,
            "factor_kind": options.factor_kind,
            "factors_as_of": options.as_of,
            "language": options.lang,
        },
        file=options.config_file,
    )
    wanted = report_settings(
        config,
        files=files,
        grid_hours=options.grid_hours,
        language=language_of(config.text("language")),
        idle=options.idle,
        k_anonymity=options.k_anonymity,
        before=before,
    )
    period = periods.choose(
        quarter=options.quarter,
        month=options.month,
        year=options.year,
        start=options.start,
        end=options.end,
        timezone=wanted.timezone,
    )
    return ReportRequest(options, config, wanted, period)


def absorb_spool(lake: Lake, *, needed: bool, log: Callable[[str], None] = _ignore) -> None:
    """Take in what was collected on this machine since the last report, and sum it by the hour.

    Raises ConfigError where a spool or machines are needed and there are none.
    """
    spool = settings.data_folder() / "spool.sqlite3"
    if spool.exists():
        lake.absorb(spool)
        for note in lake.notes:
            log(note)
        lake.roll_up()
        return
    if needed and not lake.has_machines:
        raise ConfigError(
            f"nothing has been collected in {settings.data_folder()} yet",
            hint="report on the service's data with: sudo sobriety report"
            if settings.closed_service_data()
            else "watch this machine first: sobriety collect --for 1m",
        )
    # Once summed, a quarter of minutes is read in seconds; a lake that we may only read is summed
    # on the way.
    with suppress(SobrietyError):
        lake.roll_up()
