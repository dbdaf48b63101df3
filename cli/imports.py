"""`sobriety import`: read into the lake what other tools recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from sobriety.core.errors import FactorNotFound
from sobriety.core.units import NS_PER_HOUR, NS_PER_S
from sobriety.imports.codecarbon import read_emissions
from sobriety.imports.keep import append_hours, append_new, hours_held
from sobriety.lake import Lake
from sobriety.settings import config as settings

from .parts.options import Duration, config_option, options_as


@click.group("import")
def imports() -> None:
    """Take in what other tools recorded, so that a report has it.

    \b
    sobriety import codecarbon emissions.csv
    sobriety import prometheus http://127.0.0.1:9090 --from 2026-10-01
    """


@imports.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--host", metavar="NAME", help="The machine of all runs.  [default: their projects]")
@click.option("--category", metavar="WORD", help="Category of the machines: server, laptop…")
@click.option("--timezone", metavar="NAME", help="Time zone of the file, as in America/Montreal.")
@config_option
def codecarbon(
    file: Path,
    host: str | None,
    category: str | None,
    timezone: str | None,
    config_file: Path | None,
) -> None:
    """Import CodeCarbon's emissions.csv; rows that are there already are skipped.

    The declared energy is kept; reports compute the carbon. Runs that were tracked as
    a process are left out: theirs is not the whole machine's.

    \b
    sobriety import codecarbon emissions.csv --category server
    sobriety import codecarbon runs/emissions.csv --host gpu-1 --timezone Europe/Paris
    """
    from sobriety.core.period import zone_of

    config = settings.load({"timezone": timezone}, file=config_file)
    _known(category)
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


@dataclass(frozen=True, slots=True)
class PrometheusOptions:
    """Options of `import prometheus`, as given."""

    url: str
    start: str | None
    end: str | None
    step_s: float
    match: str
    label: str
    category: str | None
    token_file: str | None
    ca_file: str | None
    config_file: Path | None


@imports.command()
@click.argument("url")
@click.option("--from", "start", metavar="DATE", help="As in 2026-10-01.  [default: 15 days ago]")
@click.option("--to", "end", metavar="DATE", help="Included.  [default: the last whole hour]")
@click.option(
    "--step",
    "step_s",
    type=Duration(),
    default="1m",
    show_default=True,
    metavar="TIME",
    help="Step between points: at least the scrape interval, and a whole part of an hour.",
)
@click.option(
    "--match", default="", metavar="MATCHERS", help='Label matchers: job="node",site="montreal".'
)
@click.option(
    "--label",
    default="instance",
    show_default=True,
    help="The label that names a machine; a port at its end is cut.",
)
@click.option("--category", metavar="WORD", help="Category of the machines: server, laptop…")
@click.option("--token-file", metavar="FILE", help="File with a bearer token, or USER:PASSWORD.")
@click.option("--ca-file", metavar="FILE", help="CA certificates to trust.")
@config_option
@options_as(PrometheusOptions)
def prometheus(options: PrometheusOptions) -> None:
    """node_exporter's history, from Prometheus, VictoriaMetrics or what answers like them.

    A machine's hour of which the lake has rows already is not taken again. What nobody scraped is
    not covered, and a counter that fell is a gap.

    \b
    sobriety import prometheus http://127.0.0.1:9090 --from 2026-10-01 --category server
    sobriety import prometheus https://metrics.example.org --match 'job="node"' --token-file token
    """
    from sobriety.collectors import JsonClient, checked_url, read_secret
    from sobriety.imports.prometheus import LONGEST_B, PATIENCE_S, Prometheus

    _known(options.category)
    if options.step_s < 1 or 3600 % options.step_s:
        raise click.UsageError(
            f"--step {options.step_s:g}s is no whole part of an hour; write 15s, 1m or 5m"
        )
    timezone = settings.load({}, file=options.config_file).text("timezone")
    start_s, end_s = _whole_hours(options.start, options.end, timezone)
    secret = read_secret(options.token_file) if options.token_file else ""
    client = JsonClient(options.ca_file or "", secret, PATIENCE_S, LONGEST_B)
    source = Prometheus(
        checked_url(options.url), client, label=options.label, match=options.match,
        step_s=int(options.step_s),
    )  # fmt: skip
    new = rows = 0
    with Lake(settings.data_folder() / "lake") as lake:
        held = hours_held(lake, start_s * NS_PER_S, end_s * NS_PER_S)
        for part in source.usage(start_s, end_s):
            rows += len(part)
            new += append_hours(lake, part, held)
        machines = source.machines(start_s, end_s, options.category)
        for machine in machines:
            lake.record_machine(machine, end_s * NS_PER_S)
        lake.roll_up()
    click.echo(f"{len(machines)} machines, {rows} rows: {new} are new", err=True)


def _known(category: str | None) -> None:
    from sobriety.estimators import category_of

    if category is not None:
        try:
            category_of(category)
        except FactorNotFound as error:
            raise click.UsageError(f"{error.message}; {error.hint}") from None


def _whole_hours(start: str | None, end: str | None, timezone: str | None) -> tuple[int, int]:
    from datetime import datetime, timedelta

    from sobriety.core.period import choose

    now = datetime.now().astimezone()
    first = start or (now - timedelta(days=15)).isoformat(timespec="minutes")
    period = choose(start=first, end=end, timezone=timezone, now=now)
    assert period
    end_ns = min(period.end_ns, int(now.timestamp()) * NS_PER_S)
    return period.start_ns // NS_PER_HOUR * 3600, end_ns // NS_PER_HOUR * 3600
