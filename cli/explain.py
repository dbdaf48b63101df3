"""`sobriety explain`: a figure of a report, back to its rows, factors and formula."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError

from .parts.options import log
from .parts.report_options import report_options

if TYPE_CHECKING:
    from sobriety.publishing.request import ReportRequest


@click.command()
@click.argument("figure")
@report_options
@click.option("--json", "as_json", is_flag=True, help="Output JSON.")
def explain(request: ReportRequest, figure: str, as_json: bool) -> None:
    """Say where a figure comes from. Figures are named by their path in the JSON, as --format csv
    lists them.

    \b
    sobriety explain totals.total_co2e_kg --quarter 2026-Q3
    sobriety explain breakdown.site.bibliotheque-nord.energy_j --quarter 2026-Q3
    """
    from datetime import datetime

    from sobriety.publishing.explain import explain as explained
    from sobriety.reports import as_json as told_as_json
    from sobriety.reports import gather

    if request.period is None:
        raise ConfigError("a figure is of a period", hint="name it, as in: --quarter 2026-Q3")
    now = datetime.now().astimezone()
    with request.lake(log) as lake:
        report = gather(lake, request.settings, request.period, now=now)
        found = explained(lake, request.settings, request.period, told_as_json(report), figure, now)
    if as_json:
        told = {"figure": found.figure, **found.entry, "lines": list(found.lines)}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo(found.figure)
    for line in found.lines:
        click.echo(f"  {line}")
