"""`sobriety report`: a period, in figures that can be defended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError

from .parts.options import log
from .parts.report_options import gather, report_options

if TYPE_CHECKING:
    from sobriety.publishing.request import ReportRequest

FORMAT_NAMES = ("html", "pdf", "xlsx", "csv", "json", "md")
BREAKDOWNS = ("site", "department", "category", "service", "device")


@click.command()
@report_options
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), help="[default: the setting, else the locale]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMAT_NAMES),
    help="[default: by --output's ending, else html]",
)
@click.option(
    "--by",
    type=click.Choice(BREAKDOWNS),
    multiple=True,
    help="Break the total down by this alone. May be given again.  [default: all that is declared]",
)
@click.option("-o", "--output", metavar="FILE", help="[default: report.html; - is stdout]")
@click.option(
    "--seal",
    is_flag=True,
    help="Keep the report, its figures, settings and inputs in a folder that can be verified"
    " and signed.",
)
@click.option("--because", metavar="TEXT", help="With --seal: the cause of a restatement.")
def report(
    request: ReportRequest,
    lang: str | None,
    form: str | None,
    by: tuple[str, ...],
    output: str | None,
    seal: bool,
    because: str | None,
) -> None:
    """Report on a period: use and making in one unit, each figure with its interval and sources.

    Everything recorded when no period is named. Writes a page that needs nothing else, and prints
    the same summary in the terminal.

    \b
    sobriety report --zone CA-QC
    sobriety report --quarter 2026-Q4 --lang fr -o rapport.pdf
    sobriety report --quarter 2026-Q4 --inventory devices.csv --sites sites.toml -o report.xlsx
    sobriety report --month 2026-11 --format json -o - | jq .totals
    sobriety report --quarter 2026-Q3 --seal
    """
    from dataclasses import replace

    from sobriety.files.durable import write_whole
    from sobriety.reports import as_text
    from sobriety.reports.formats.render import format_of, render

    if seal:
        from sobriety.publishing.sealing import seal_report

        found, folder = seal_report(request, because, log)
        click.echo(as_text(found, colour=sys.stdout.isatty(), ascii_only=not _unicode()), nl=False)
        click.echo(f"\n{folder}")
        return
    form = form or format_of(output)
    found = gather(request)
    if by:
        wanted = {"host" if name == "device" else name for name in by}
        kept = {name: parts for name, parts in found.breakdown.items() if name in wanted}
        found = replace(found, breakdown=kept)
    data = render(found, form)
    if output == "-":
        _to_stdout(data, form)
        return
    path = Path(output or f"report.{form}")
    write_whole(path, data)
    click.echo(as_text(found, colour=sys.stdout.isatty(), ascii_only=not _unicode()), nl=False)
    click.echo(f"\n{path}")


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")


def _to_stdout(data: str | bytes, form: str) -> None:
    if isinstance(data, str):
        click.echo(data, nl=False)
    elif sys.stdout.isatty():
        raise ConfigError(f"a terminal cannot show {form}", hint="write a file with -o, or a pipe")
    else:
        sys.stdout.buffer.write(data)
