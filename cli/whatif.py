"""`sobriety whatif`: a year as it is, beside a year as it could be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sobriety.core.errors import ConfigError
from sobriety.settings.language import language_of

from .parts.options import log
from .parts.report_options import report_options

if TYPE_CHECKING:
    from sobriety.publishing.request import ReportRequest
    from sobriety.reports.analysis.whatif import WhatIf, Year


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@report_options
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), help="[default: the setting, else the locale]"
)
@click.option("--json", "as_json", is_flag=True, help="Output JSON.")
def whatif(request: ReportRequest, scenario: Path, lang: str | None, as_json: bool) -> None:
    """Say what a year would cost otherwise: kept longer, fewer, off at night, on another grid.

    \b
    sobriety whatif scenario.toml --quarter 2026-Q3 --inventory devices.csv
    """
    from datetime import datetime

    from sobriety.declared.scenario import read_scenario
    from sobriety.reports.analysis.whatif import what_if
    from sobriety.reports.views.whatif import as_lines

    if request.period is None:
        raise ConfigError("a year is like a period", hint="name it, as in: --quarter 2026-Q3")
    wanted = read_scenario(scenario)
    with request.lake(log) as lake:
        found = what_if(lake, request.settings, request.period, wanted, datetime.now().astimezone())
    if as_json:
        click.echo(json.dumps(_told(found), indent=2, ensure_ascii=False))
        return
    tongue = language_of(lang or request.config.text("language"))
    click.echo(wanted.name.of(tongue))
    for line in as_lines(found, tongue):
        click.echo(line)


def _told(found: WhatIf) -> dict[str, Any]:
    return {
        "before": _year(found.before), "after": _year(found.after), "untouched": found.untouched,
    }  # fmt: skip


def _year(year: Year) -> dict[str, Any]:
    from sobriety.core.estimate import Estimate
    from sobriety.reports.views.whatif import FIGURES

    figures = {key: getattr(year.footprint, key) for key in FIGURES}
    return {
        **{k: f.as_dict() if isinstance(f, Estimate) else None for k, f in figures.items()},
        "costs": [{"currency": c.currency, "cost_money": c.cost_money.as_dict()}
                  for c in year.costs],
    }  # fmt: skip
