"""What commands that make reports are asked alike: a period, and what is declared."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.publishing.settings import FILES, report_settings
from sobriety.settings import config as settings

from .options import (
    as_of_option,
    config_option,
    factor_option,
    k_anonymity_option,
    language_of,
    zone_option,
)
from .progress import stages

if TYPE_CHECKING:
    from datetime import datetime

    from sobriety.core.period import Period
    from sobriety.lake import Lake
    from sobriety.lake.engines import EngineName
    from sobriety.reports import Report, ReportSettings
    from sobriety.settings.config import Config

F = TypeVar("F", bound=Callable[..., Any])
NAMES = (
    "quarter", "month", "year", "start", "end", "zone", "factor_kind", "as_of", "grid_hours",
    "config_file", "k_anonymity", "idle", "engine", "master", "place",
)  # fmt: skip
_FILE_HELP = {
    "inventory": "Devices that the organisation has, as CSV.",
    "sites": "Where they stand, as TOML.",
    "services": "What people use of them, as TOML.",
    "goals": "What is to be reached, as TOML.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say, read and checked; `words` are they themselves."""

    config: Config
    settings: ReportSettings
    period: Period | None
    words: dict[str, Any]
    engine: EngineName = "duckdb"
    master: str | None = None
    place: str | None = None

    @contextmanager
    def lake(self) -> Generator[Lake]:
        """The lake with what was collected on this machine since the last report."""
        from sobriety.lake.engines import opened
        from sobriety.lake.remote import lake_at

        place = self.place or settings.data_folder() / "lake"
        with opened(self.engine, self.master) as computing, lake_at(place, computing) as lake:
            if self.place is None:
                take_in_the_spool(lake, needed=self.settings.declared.inventory is None)
            elif not lake.machines():
                raise ConfigError(
                    f"there is no lake at {place}", hint="name the folder that has usage in it"
                )
            yield lake

    def gathered(self, now: datetime | None = None) -> Report:
        from sobriety.reports import STAGES, gather

        # A large report is a million small objects that live until its end: looking among them for
        # what could be thrown away, as often as Python does, takes a fifth of the time.
        gc.set_threshold(200_000, 20, 20)
        with self.lake() as lake, stages(STAGES) as moved:
            return gather(lake, self.settings, self.period, now=now, moved=moved)


def report_options(function: F) -> F:
    """Give the command these options, as one argument `asked`. `lang` stays the command's own."""

    @functools.wraps(function)
    def wrapped(**words: Any) -> Any:
        of_report = {name: words.pop(name) for name in NAMES}
        files = {name: words.pop(name) for name in FILES}
        what = asked(lang=words.get("lang"), files=files, **of_report)
        return function(asked=what, **words)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def asked(
    *,
    quarter: str | None,
    month: str | None,
    year: str | None,
    start: str | None,
    end: str | None,
    zone: str | None,
    factor_kind: str | None,
    as_of: str | None,
    grid_hours: tuple[Path, ...],
    config_file: Path | None,
    k_anonymity: int,
    idle: Any,
    engine: EngineName = "duckdb",
    master: str | None = None,
    place: str | None = None,
    lang: str | None,
    files: Mapping[str, Path | None],
    before: datetime | None = None,
) -> Asked:
    """Read the settings and the files. Only reports that were sealed `before` count as published.

    Raises ConfigError.
    """
    from sobriety.core import period as periods

    config = settings.load(
        {"zone": zone, "factor_kind": factor_kind, "factors_as_of": as_of, "language": lang},
        file=config_file,
    )
    wanted = report_settings(
        config, files=files, grid_hours=grid_hours, language=language_of(config.text("language")),
        idle=idle, k_anonymity=k_anonymity, before=before,
    )  # fmt: skip
    chosen = periods.choose(
        quarter=quarter, month=month, year=year, start=start, end=end, timezone=wanted.timezone
    )
    words = {
        "quarter": quarter, "month": month, "year": year, "start": start, "end": end, "zone": zone,
        "factor_kind": factor_kind, "as_of": as_of, "k_anonymity": k_anonymity, "idle": idle,
        "lang": lang, "grid_hours": [str(path) for path in grid_hours],
    }  # fmt: skip
    return Asked(config, wanted, chosen, words, engine, master, place)


def take_in_the_spool(lake: Lake, *, needed: bool) -> None:
    """What was collected on this machine since the last report, and sums by hour of what is new."""
    spool = settings.data_folder() / "spool.sqlite3"
    if spool.exists():
        lake.absorb(spool)
        for note in lake.notes:
            click.echo(note, err=True)
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


def _file_option(name: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"{_FILE_HELP[name]}  [default: the setting]",
    )


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--quarter", metavar="YYYY-QN", help="As in 2026-Q4."),
    click.option("--month", metavar="YYYY-MM", help="As in 2026-11."),
    click.option("--year", metavar="YYYY", help="As in 2026."),
    click.option(
        "--from", "start", metavar="DATE", help="As in 2026-10-01; up to now without --to."
    ),
    click.option("--to", "end", metavar="DATE", help="Included."),
    *(_file_option(name) for name in FILES),
    zone_option,
    factor_option,
    as_of_option,
    click.option(
        "--grid-hours",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        help="Intensities of the grid by the hour, as CSV: Electricity Maps, ENTSO-E, EIA-930 or"
        " your own. May be given again.",
    ),
    click.option(
        "--idle",
        type=click.Choice(["separate", "share", "reserve"]),
        default="separate",
        show_default=True,
        help="Idle energy on a line of its own, or divided among workloads: by processor time"
        " used, or by memory held.",
    ),
    k_anonymity_option,
    click.option(
        "--lake",
        "place",
        metavar="PLACE",
        help="Report on this lake as it is: a folder, or s3://bucket/prefix."
        "  [default: this machine's]",
    ),
    click.option(
        "--engine",
        type=click.Choice(["duckdb", "spark"]),
        default="duckdb",
        show_default=True,
        help="What computes: this process, or Spark, which one machine's memory does not limit.",
    ),
    click.option(
        "--master",
        metavar="URL",
        help="Spark's: spark://host:7077, yarn, local[2].  [default: local[*]]",
    ),
    config_option,
)
