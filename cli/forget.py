"""`sobriety forget`: delete what a lake has of a host."""

from __future__ import annotations

from pathlib import Path

import click

from sobriety.core.errors import ConfigError
from sobriety.fleet.jobs.forget import forget as forget_host
from sobriety.fleet.jobs.forget import known
from sobriety.settings import config as settings


@click.command()
@click.argument("host")
@click.option("--lake", type=click.Path(path_type=Path, file_okay=False, exists=True),
              help="Lake folder of the gateway.  [default: lake in the data folder]")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(host: str, lake: Path | None, yes: bool) -> None:
    """Delete every row and every fact of HOST from the lake and from its gateway, and revoke the
    tokens that write for it alone. It cannot be undone.

    The gateway may run meanwhile. Sealed reports are records: they stay as they were signed. The
    host's own spool is on the host: remove its agent there.

    \b
    sobriety forget web-1
    sobriety forget h-3f2a9c --lake /var/lib/sobriety/lake --yes
    """
    place = lake or settings.data_folder() / "lake"
    there = known(place, host)
    if not any(there):
        raise ConfigError(
            f"{place} has nothing of {host!r}",
            hint="its name there may be a pseudonym: ask sobriety status on that host",
        )
    rows = there.rows + there.waiting_rows
    if not yes:
        click.confirm(f"delete {rows} rows of {host} from {place}?", abort=True, err=True)
    done = forget_host(place, host)
    click.echo(f"{done.rows + done.waiting_rows} rows of {host} are gone", err=True)
    for id_ in done.tokens:
        click.echo(f"token {id_} is revoked", err=True)
