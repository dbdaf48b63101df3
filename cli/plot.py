"""`sobriety plot`: one chart of a report, as a file to paste elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from sobriety.core.errors import ConfigError

from .parts.report_options import gather, report_options

if TYPE_CHECKING:
    from sobriety.publishing.request import ReportRequest


@click.command()
@click.argument("chart", required=False)
@report_options
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), help="[default: the setting, else the locale]"
)
@click.option("-o", "--output", metavar="FILE", help="An .svg or .png file.  [default: CHART.svg]")
def plot(request: ReportRequest, chart: str | None, lang: str | None, output: str | None) -> None:
    """Draw a chart of a report as SVG or PNG, for a slide, a wiki or a document.

    CHART is power, week, category, site, department, service, change-before, change-year_earlier or
    goal-ID. Without it, list the charts that the period has.

    \b
    sobriety plot power --quarter 2026-Q4 -o trend.svg
    sobriety plot site --quarter 2026-Q4 --lang fr -o sites.png
    """
    from sobriety.files.durable import write_whole
    from sobriety.reports.formats.plot import plot as draw
    from sobriety.reports.views.document import as_document, charts

    form = _form(output)
    drawn = {one.id: one for one in charts(as_document(gather(request)))}
    if chart is None:
        for name, one in drawn.items():
            click.echo(f"{name:20}  {one.title}")
        return
    if chart not in drawn:
        raise ConfigError(
            f"the report has no chart {chart!r}", hint=f"choose one of: {', '.join(drawn)}"
        )
    path = Path(output or f"{chart}.svg")
    write_whole(path, draw(drawn[chart], form))
    click.echo(path)


def _form(output: str | None) -> Literal["svg", "png"]:
    """By the file's ending. Raises ConfigError for any other."""
    ending = Path(output or "chart.svg").suffix.lower()
    if ending in (".svg", ".png"):
        return "png" if ending == ".png" else "svg"
    raise ConfigError(f"cannot draw {output}", hint="name a file that ends in .svg or .png")
