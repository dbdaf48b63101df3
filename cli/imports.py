"""`sobriety import`: what other tools recorded, into the lake."""

from __future__ import annotations

from pathlib import Path

import click

from sobriety import config as settings
from sobriety.core.errors import FactorNotFound
from sobriety.imports.codecarbon import read_emissions
from sobriety.imports.keep import append_new
from sobriety.lake import Lake

from .options import config_option


@click.group("import")
def imports() -> None:
    """Take in what other tools recorded, so that a report has it.

    \b
    sobriety import codecarbon emissions.csv
    """


@imports.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--host", metavar="NAME", help="The machine of all runs.  [default: their projects]")
@click.option("--category", metavar="WORD", help="What the machines are: server, laptop, desktop…")
@click.option("--timezone", metavar="NAME", help="Of the times in the file: America/Montreal.")
@config_option
def codecarbon(
    file: Path,
    host: str | None,
    category: str | None,
    timezone: str | None,
    config_file: Path | None,
) -> None:
    """The emissions.csv of CodeCarbon. What is there already is not taken twice.

    Kept is the energy, as told; carbon is computed anew by the report. Runs that were followed as
    a process are left out: theirs is not the whole machine's.

    \b
    sobriety import codecarbon emissions.csv --category server
    sobriety import codecarbon runs/emissions.csv --host gpu-1 --timezone Europe/Paris
    """
    from sobriety.estimators import category_of
    from sobriety.period import zone_of

    config = settings.load({"timezone": timezone}, file=config_file)
    if category is not None:
        try:
            category_of(category)
        except FactorNotFound as error:
            raise click.UsageError(f"{error.message}; {error.hint}") from None
    told = read_emissions(file, zone_of(config.text("timezone")), host=host, category=category)
    newest = {row.host: row.start_ns for row in told.rows}
    with Lake(settings.data_folder() / "lake") as lake:
        new = append_new(lake, told.rows)
        for machine in told.machines:
            lake.record_machine(machine, newest.get(machine.host, 0))
        lake.roll_up()
    hosts = ", ".join(sorted(newest)) or "none"
    click.echo(f"{told.runs} runs of {hosts}: {new} rows are new", err=True)
    if told.skipped:
        click.echo(f"{told.skipped} rows of single processes were left out", err=True)
