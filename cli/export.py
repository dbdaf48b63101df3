"""`sobriety export`: figures for the public, with a dictionary and a catalogue's entry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError

from .parts.report_options import gather, report_options

if TYPE_CHECKING:
    from sobriety.publishing.request import ReportRequest


@click.command()
@report_options
@click.option("--open-data", is_flag=True, required=True, help="The one form that there is.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("open-data"),
    show_default=True,
    metavar="DIR",
    help="Folder for the three files.",
)
def export(request: ReportRequest, open_data: bool, output: Path) -> None:
    """Write a period's figures as open data: CSV, a data dictionary, DCAT metadata, CC BY 4.0.
    Nothing by machine is in it, and nothing of people.

    \b
    sobriety export --open-data --quarter 2026-Q3 -o open-data
    """
    from sobriety.publishing.open_data import write_open_data

    if request.period is None:
        raise ConfigError("open data are of a period", hint="name it, as in: --quarter 2026-Q3")
    for path in write_open_data(output, gather(request)):
        click.echo(path)
