"""Options of the verbs that make reports: a period, grids, and what is declared."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sobriety.publishing.request import ReportOptions, request_of
from sobriety.publishing.settings import FILES

from .options import (
    as_of_option,
    config_option,
    factor_option,
    k_anonymity_option,
    log,
    zone_option,
)
from .progress import stages

if TYPE_CHECKING:
    from sobriety.publishing.request import ReportRequest
    from sobriety.reports import Report

F = TypeVar("F", bound=Callable[..., Any])
_FILE_HELP = {
    "inventory": "Inventory of devices, CSV.",
    "sites": "Sites of the devices, TOML.",
    "services": "Digital services, TOML.",
    "goals": "Goals, TOML.",
}


def report_options(function: F) -> F:
    """Give the command these options, as one argument `request`. `lang` stays the command's own."""

    @functools.wraps(function)
    def wrapped(**words: Any) -> Any:
        named = [f.name for f in fields(ReportOptions) if f.name != "lang"]
        options = ReportOptions(**{name: words.pop(name) for name in named}, lang=words.get("lang"))
        files = {name: words.pop(name) for name in FILES}
        return function(request=request_of(options, files), **words)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def gather(request: ReportRequest) -> Report:
    """Make the report, with a bar on the terminal where it takes long."""
    from sobriety.reports import STAGES

    with stages(STAGES) as moved:
        return request.gather(moved=moved, log=log)


def _file_option(name: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"{_FILE_HELP[name]}  [default: the setting]",
    )


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--quarter", metavar="YYYY-QN", help="Quarter, as in 2026-Q4."),
    click.option("--month", metavar="YYYY-MM", help="Month, as in 2026-11."),
    click.option("--year", metavar="YYYY", help="Year, as in 2026."),
    click.option(
        "--from",
        "start",
        metavar="DATE",
        help="First day, as in 2026-10-01; until now without --to.",
    ),
    click.option("--to", "end", metavar="DATE", help="Last day, included."),
    *(_file_option(name) for name in FILES),
    zone_option,
    factor_option,
    as_of_option,
    click.option(
        "--grid-hours",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        help="Intensities of the grid by the hour, as CSV: Electricity Maps, ENTSO-E, EIA-930 or"
        " your own. May be given again.",
    ),
    click.option(
        "--idle",
        type=click.Choice(["separate", "share", "reserve"]),
        default="separate",
        show_default=True,
        help="Idle energy on a line of its own, or divided among workloads: by processor time"
        " used, or by memory held.",
    ),
    k_anonymity_option,
    click.option(
        "--lake",
        "place",
        metavar="PLACE",
        help="Report on this lake as it is: a folder, or s3://bucket/prefix."
        "  [default: this machine's]",
    ),
    click.option(
        "--engine",
        type=click.Choice(["duckdb", "spark"]),
        default="duckdb",
        show_default=True,
        help="Compute engine: this process, or Spark for more than one machine's memory.",
    ),
    click.option(
        "--master",
        metavar="URL",
        help="Spark's: spark://host:7077, yarn, local[2].  [default: local[*]]",
    ),
    config_option,
)
