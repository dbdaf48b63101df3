"""`sobriety report`: a period, in figures that can be defended."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError

from .reporting import Asked, report_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from sobriety.reports import Report


FORMS = {
    "html": ".html .htm", "pdf": ".pdf", "xlsx": ".xlsx", "csv": ".csv", "json": ".json",
    "md": ".md .markdown",
}  # fmt: skip
"""Formats, and the endings of files that ask for them."""
_LARGE = 2000
"""Parts of a report whose JSON nobody reads by eye."""
DIMENSIONS = ("site", "department", "category", "service", "device")


@click.command()
@report_options
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), help="[default: the setting, else the locale]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMS)),
    help="[default: by --output's ending, else html]",
)
@click.option(
    "--by",
    type=click.Choice(DIMENSIONS),
    multiple=True,
    help="Break the total down by this alone. May be given again.  [default: all that is declared]",
)
@click.option("-o", "--output", metavar="FILE", help="[default: report.html; - is stdout]")
@click.option(
    "--seal",
    is_flag=True,
    help="Keep it with its figures, settings and inputs in a folder that can be verified and"
    " signed.",
)
@click.option("--because", metavar="TEXT", help="With --seal: why it restates an earlier one.")
def report(
    asked: Asked,
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

    if seal:
        from .sealing import sealed

        found, folder = sealed(asked, because)
        click.echo(as_text(found, colour=sys.stdout.isatty(), ascii_only=not _unicode()), nl=False)
        click.echo(f"\n{folder}")
        return
    form = form or _form_of(output)
    found = asked.gathered()
    if by:
        wanted = {"host" if name == "device" else name for name in by}
        kept = {name: parts for name, parts in found.breakdown.items() if name in wanted}
        found = replace(found, breakdown=kept)
    data = rendered(found, form)
    if output == "-":
        _to_stdout(data, form)
        return
    path = Path(output or f"report.{form}")
    write_whole(path, data)
    click.echo(as_text(found, colour=sys.stdout.isatty(), ascii_only=not _unicode()), nl=False)
    click.echo(f"\n{path}")


def rendered(found: Report, form: str) -> str | bytes:
    """The report in a format, in its own language."""
    from sobriety import reports

    if form == "json":
        told = reports.as_json(found, found.language)
        large = sum(map(len, found.breakdown.values())) > _LARGE
        # Python indents what C could write ten times as fast.
        return json.dumps(told, indent=None if large else 2, ensure_ascii=False) + "\n"
    render: dict[str, Callable[[Report], str | bytes]] = {
        "html": reports.as_html, "pdf": reports.as_pdf, "xlsx": reports.as_xlsx,
        "csv": reports.as_csv, "md": reports.as_markdown,
    }  # fmt: skip
    return render[form](found)


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")


def _form_of(output: str | None) -> str:
    ending = Path(output or "").suffix.lower()
    return next((form for form, endings in FORMS.items() if ending in endings.split()), "html")


def _to_stdout(data: str | bytes, form: str) -> None:
    if isinstance(data, str):
        click.echo(data, nl=False)
    elif sys.stdout.isatty():
        raise ConfigError(f"a terminal cannot show {form}", hint="write a file with -o, or a pipe")
    else:
        sys.stdout.buffer.write(data)
