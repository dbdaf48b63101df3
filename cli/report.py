"""`sobriety report`: a period, in figures that can be defended."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from sobriety import config as settings
from sobriety.core.errors import ConfigError

from .options import as_of_option, config_option, factor_option, language_of, zone_option

if TYPE_CHECKING:
    from sobriety.grid_hours import Hours
    from sobriety.lake import Lake


@click.command()
@click.option("--quarter", metavar="YYYY-QN", help="As in 2026-Q4.")
@click.option("--month", metavar="YYYY-MM", help="As in 2026-11.")
@click.option("--year", metavar="YYYY", help="As in 2026.")
@click.option("--from", "start", metavar="DATE", help="As in 2026-10-01; up to now without --to.")
@click.option("--to", "end", metavar="DATE", help="Included.")
@zone_option
@factor_option
@as_of_option
@click.option(
    "--grid-hours",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Intensities of the grid by the hour, as CSV: Electricity Maps, ENTSO-E, EIA-930 or your"
    " own. May be given again.",
)
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), help="[default: the setting, else the locale]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "json"]),
    help="[default: by --output's ending, else html]",
)
@click.option(
    "--idle",
    type=click.Choice(["separate", "share", "reserve"]),
    default="separate",
    show_default=True,
    help="Idle energy on a line of its own, or divided among workloads: by processor time used, or"
    " by memory held.",
)
@click.option("-o", "--output", metavar="FILE", help="[default: report.html; - is stdout]")
@config_option
def report(
    quarter: str | None,
    month: str | None,
    year: str | None,
    start: str | None,
    end: str | None,
    zone: str | None,
    factor_kind: str | None,
    as_of: str | None,
    grid_hours: tuple[Path, ...],
    lang: str | None,
    form: str | None,
    idle: Literal["separate", "share", "reserve"],
    output: str | None,
    config_file: Path | None,
) -> None:
    """Report on a period: use and making in one unit, each figure with its interval and sources.

    Everything recorded when no period is named. Writes a page that needs nothing else, and prints
    the same summary in the terminal.

    \b
    sobriety report --zone CA-QC
    sobriety report --quarter 2026-Q4 --lang fr -o rapport.html
    sobriety report --month 2026-11 --format json -o - | jq .totals
    """
    from sobriety import period as periods
    from sobriety.core.host import LocalHost
    from sobriety.durable import write_whole
    from sobriety.factor_store import book, kept_products, market, overhead
    from sobriety.lake import Lake
    from sobriety.reports import ReportSettings, as_html, as_json, as_text, gather
    from sobriety.this_machine import own_calibration

    config = settings.load(
        {"zone": zone, "factor_kind": factor_kind, "factors_as_of": as_of, "language": lang},
        file=config_file,
    )
    timezone = config.text("timezone")
    chosen = periods.choose(
        quarter=quarter, month=month, year=year, start=start, end=end, timezone=timezone
    )
    form = form or ("json" if output and output.endswith(".json") else "html")
    wanted = ReportSettings(
        zone=config.text("zone"),
        kind="life-cycle" if config.text("factor_kind") == "life-cycle" else "direct",
        pue=overhead(config),
        language=language_of(config.text("language")),
        idle=idle,
        timezone=timezone,
        factors=book(config),
        hours=_hours(grid_hours, config),
        catalogue=kept_products(),
        market=market(config),
        overrides=own_calibration(LocalHost(), config, settings.data_folder()),
    )
    with Lake(settings.data_folder() / "lake") as lake:
        _take_in_the_spool(lake)
        found = gather(lake, wanted, chosen)
    if form == "html":
        text = as_html(found)
    else:
        text = json.dumps(as_json(found, wanted.language), indent=2, ensure_ascii=False) + "\n"
    if output == "-":
        click.echo(text, nl=False)
        return
    path = Path(output or f"report.{form}")
    write_whole(path, text)
    terminal = sys.stdout.isatty()
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(as_text(found, colour=terminal, ascii_only=not unicode), nl=False)
    click.echo(f"\n{path}")


def _hours(files: tuple[Path, ...], config: settings.Config) -> tuple[Hours, ...]:
    """Those of --grid-hours, else of the setting."""
    from sobriety.grid_hours import read_files

    paths = list(files) or [Path(name) for name in config.names("grid_hours") or ()]
    zone = config.text("zone")
    if not paths:
        return ()
    if zone is None:
        raise ConfigError(
            "--grid-hours without a zone: whose hours?", hint="name it with --zone CA-QC"
        )
    return read_files(paths, zone, config.text("factor_kind") or "direct")


def _take_in_the_spool(lake: Lake) -> None:
    """What was collected on this machine since the last report."""
    spool = settings.data_folder() / "spool.sqlite3"
    if spool.exists():
        lake.absorb(spool)
        for note in lake.notes:
            click.echo(note, err=True)
        lake.roll_up()
    elif not lake.machines():
        raise ConfigError(
            f"nothing has been collected in {settings.data_folder()} yet",
            hint="report on the service's data with: sudo sobriety report"
            if settings.closed_service_data()
            else "watch this machine first: sobriety collect --for 1m",
        )
