"""`sobriety factors`: compare every source of a grid's emission factors, and keep your own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sobriety.settings import config as settings

from .parts.options import as_of_option, config_option, json_option

if TYPE_CHECKING:
    from sobriety.core.estimate import Estimate
    from sobriety.factors.choice import Choice, Held


@click.group()
def factors() -> None:
    """Emission factors of electricity: those that come with the toolkit, and your own.

    Reports, profiles and metrics use the newest edition of the year that they need, and your own
    before ours.

    \b
    sobriety factors show CA-QC
    sobriety factors import grid.csv
    """


@factors.command()
@click.argument("zone")
@click.option("--year", type=click.IntRange(1950, 2099), help="Year of use.  [default: this year]")
@as_of_option
@config_option
@json_option
def show(
    zone: str, year: int | None, as_of: str | None, config_file: Path | None, as_json: bool
) -> None:
    """Show every factor held of a zone side by side, which one is used, and why.

    Direct and life-cycle factors answer two questions and are never mixed. Years and editions that
    are not used stand below the one that is.

    \b
    sobriety factors show CA-QC
    sobriety factors show France --year 2023 --json
    sobriety factors show CA-QC --factors-as-of 2026-06
    """
    from sobriety.estimators import resolve_zone, zone_name
    from sobriety.factors.choice import choices
    from sobriety.factors.store import book, market

    config = settings.load({"factors_as_of": as_of}, file=config_file)
    held = book(settings.data_folder(), config.text("factors_as_of"))
    contract = market(
        config.number("market_g_per_kwh"),
        config.text("market_source"),
        config.origin("market_g_per_kwh"),
    )
    code = resolve_zone(zone, held.zones())
    year = year or int(_month()[:4])
    found = choices(code, year, held)
    if as_json:
        _say_json(
            {
                "schema_version": 1,
                "zone": code,
                "name": zone_name(code),
                "year": year,
                "as_of": held.as_of,
                "kinds": [_choice_dict(choice) for choice in found],
                "market_g_per_kwh": contract.as_dict() if contract else None,
            }
        )
        return
    click.echo(f"{code}  {zone_name(code)}, for use in {year}")
    for choice in found:
        _show_choice(choice)
    if contract:
        _show_market(contract)


@factors.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List your own files of factors, and the zones that have factors without them.

    \b
    sobriety factors list
    sobriety factors list --json
    """
    from sobriety.estimators import factor_zones
    from sobriety.factors.store import held, summary

    files = [summary(kept) for kept in held(settings.data_folder())]
    if as_json:
        _say_json(
            {
                "schema_version": 1,
                "own": [f._asdict() for f in files],
                "zones": list(factor_zones()),
            }
        )
        return
    width = max([len(f.name) for f in files], default=0)
    for f in files:
        click.echo(f"{f.name:<{width}}  {f.form}, {f.rows} rows  {' '.join(f.zones)}".rstrip())
    if not files:
        click.echo("none of your own; keep some with: sobriety factors import FILE", err=True)
    click.echo(f"\ncome with the toolkit  {' '.join(factor_zones())}")


@factors.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="To keep it under.  [default: the file's own]")
def import_(file: Path, name: str | None) -> None:
    """Check a file of your own factors and keep it; it overrides built-in factors.

    Every wrong cell is reported at once, and a file with one is refused. docs/methods.md lists the
    columns. A yearly CSV of Electricity Maps is taken as it is.

    \b
    sobriety factors import grid.csv
    sobriety factors import grid.csv --name campus-2026
    """
    from sobriety.factors.store import take

    kept, form, taken = take(settings.data_folder(), file, name, month=_month())
    for note in taken.notes:
        click.echo(note, err=True)
    rows = "1 row" if len(taken.rows) == 1 else f"{len(taken.rows)} rows"
    click.echo(f"{kept.name}: {form.name}, {rows} kept in {kept.path}", err=True)


@factors.command("remove")
@click.argument("name")
def remove_(name: str) -> None:
    """Forget a file of your own factors. Those that come with the toolkit stay.

    \b
    sobriety factors list
    sobriety factors remove campus-2026
    """
    from sobriety.factors.store import remove

    kept = remove(settings.data_folder(), name)
    click.echo(f"{kept.name}: removed {kept.path}", err=True)


def _month() -> str:
    from datetime import datetime

    return f"{datetime.now():%Y-%m}"


def _say_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _show_choice(choice: Choice) -> None:
    click.echo(f"\n{choice.kind}: {choice.why}")
    for warning in choice.warnings:
        click.echo(f"  ! {warning}")
    if choice.held:
        heads = f"{'g/kWh':>9}{'low':>9}{'high':>9}"
        click.echo(f"    year{heads}  {'basis':<11}  {'retrieved':<9}  why")
    for line in choice.held:
        f = line.factor
        figures = "".join(f"{x:>9.4g}" for x in (f.estimate.value, f.estimate.low, f.estimate.high))
        click.echo(
            f"  {'*' if line.used else ' '} {f.year}{figures}  {f.basis:<11}  {f.edition or '-':<9}"
            f"  {line.why}"
        )
        said = [f.source, f.licence, *([f.status] if f.status != "final" else [])]
        said += [f"own file {f.own}"] if f.own else []
        click.echo(f"          {'; '.join(said)}")


def _show_market(contract: Estimate) -> None:
    click.echo(
        f"\nmarket-based: {contract.value:g} g/kWh, {contract.sources[0]}; shown apart, never mixed"
    )


def _choice_dict(choice: Choice) -> dict[str, Any]:
    return {
        "kind": choice.kind,
        "why": choice.why,
        "warnings": list(choice.warnings),
        "factors": [_held_dict(line) for line in choice.held],
    }


def _held_dict(line: Held) -> dict[str, Any]:
    f = line.factor
    return {
        "year": f.year,
        "value_g_per_kwh": f.estimate.value,
        "low_g_per_kwh": f.estimate.low,
        "high_g_per_kwh": f.estimate.high,
        "kind": f.kind,
        "basis": f.basis,
        "status": f.status,
        "source": f.source,
        "licence": f.licence,
        "retrieved": f.edition or None,
        "own": f.own,
        "used": line.used,
        "why": line.why,
    }
