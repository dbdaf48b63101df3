"""`sobriety report`: a period, in figures that can be defended."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from .reporting import Asked, report_options


@click.command()
@report_options
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), help="[default: the setting, else the locale]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "json"]),
    help="[default: by --output's ending, else html]",
)
@click.option("-o", "--output", metavar="FILE", help="[default: report.html; - is stdout]")
def report(asked: Asked, lang: str | None, form: str | None, output: str | None) -> None:
    """Report on a period: use and making in one unit, each figure with its interval and sources.

    Everything recorded when no period is named. Writes a page that needs nothing else, and prints
    the same summary in the terminal.

    \b
    sobriety report --zone CA-QC
    sobriety report --quarter 2026-Q4 --lang fr -o rapport.html
    sobriety report --quarter 2026-Q4 --inventory devices.csv --sites sites.toml
    sobriety report --month 2026-11 --format json -o - | jq .totals
    """
    from sobriety.durable import write_whole
    from sobriety.reports import as_html, as_json, as_text

    form = form or ("json" if output and output.endswith(".json") else "html")
    found = asked.gathered()
    if form == "html":
        text = as_html(found)
    else:
        told = as_json(found, asked.settings.language)
        text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    if output == "-":
        click.echo(text, nl=False)
        return
    path = Path(output or f"report.{form}")
    write_whole(path, text)
    terminal = sys.stdout.isatty()
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(as_text(found, colour=terminal, ascii_only=not unicode), nl=False)
    click.echo(f"\n{path}")
