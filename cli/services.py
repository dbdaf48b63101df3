"""`sobriety services`: check the digital services that an organization declares."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def services() -> None:
    """Check digital services: their machines, workloads and functional units.

    \b
    sobriety services check services.toml
    sobriety services check services.toml --count
    """


@services.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--count", is_flag=True, help="Read the access logs that it names, and say counts.")
def check(file: Path, count: bool) -> None:
    """Check a file of services; report every wrong entry, and machines claimed twice.

    With --count access logs are read. Nothing of a line but its month is kept.

    \b
    sobriety services check services.toml
    sobriety services check services.toml --count
    """
    from sobriety.declared.overlaps import overlaps
    from sobriety.declared.services import read_services

    found = read_services(file)
    for service in found.values():
        behind = ", ".join((*service.hosts, *service.workloads))
        unit = service.unit.text.en if service.unit else "no functional unit"
        click.echo(f"{service.id}  {service.name.en}: {behind}; {unit}")
        for label, units in sorted(service.units.items()):
            click.echo(f"    {label}  {units:,}")
        if service.access_log:
            click.echo(f"    counted in {service.access_log.pattern}")
        if service.access_log and count:
            _count(service.access_log.pattern, service.access_log.wanted)
    for overlap in overlaps(found):
        click.echo(f"  ! {overlap.says}", err=True)
    click.echo(f"{file}: {len(found)} services, nothing wrong", err=True)


def _count(pattern: str, wanted: object) -> None:
    from sobriety.declared.access_log import LogFilter, count_requests

    assert isinstance(wanted, LogFilter)
    requests = count_requests(pattern, wanted)
    for month, number in sorted(requests.by_month.items()):
        why = requests.why_not_whole(month)
        click.echo(f"    {month}  {number:,}{f', not whole: {why}' if why else ''}")
    click.echo(
        f"    {requests.lines:,} lines of {requests.files} files, {requests.broken:,} broken,"
        f" {requests.left_out:,} left out; {requests.lines_per_s:,.0f} lines/s",
        err=True,
    )
    for unread in requests.unread:
        click.echo(f"  ! {unread}", err=True)
