"""`sobriety sites`: check the sites that an organization declares."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def sites() -> None:
    """Check sites: grid, room, contract, price and opening hours of each.

    \b
    sobriety sites check sites.toml
    """


@sites.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a file of sites and report every wrong entry. docs/declared.md lists the keys.

    \b
    sobriety sites check sites.toml
    """
    from sobriety.core.estimate import Estimate
    from sobriety.declared.sites import read_sites

    found = read_sites(file)
    for site in found.values():
        pue = site.pue.value if isinstance(site.pue, Estimate) else site.pue
        facts = (
            site.zone or "no zone",
            "no PUE" if pue is None else f"PUE {pue:g}",
            "no hours" if site.hours is None else f"open {site.hours.hours_a_week:g} h a week",
        )
        click.echo(f"{site.id}  {site.name.en}: {', '.join(facts)}")
    click.echo(f"{file}: {len(found)} sites, nothing wrong", err=True)
