"""`sobriety token`: manage the gateway's access tokens."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

import click

from sobriety.core.units import NS_PER_S
from sobriety.fleet.intake import tokens
from sobriety.fleet.intake.state import explained, open_state
from sobriety.settings import config as settings

from .parts.options import json_option

_lake_option = click.option(
    "--lake",
    type=click.Path(path_type=Path, file_okay=False),
    help="Lake folder of the gateway.  [default: lake in the data folder]",
)


@click.group()
def token() -> None:
    """Manage the gateway's access tokens.

    \b
    sobriety token create             for the first machine that uses it
    sobriety token create web-1       for that machine alone
    sobriety token create --read      for the dashboard and for Prometheus
    sobriety token revoke 1f3a09bc    at once, also where the gateway runs
    """


@token.command()
@click.argument("hosts", metavar="[HOST]...", nargs=-1)
@click.option("--read", "is_read", is_flag=True, help="For the dashboard and for Prometheus.")
@_lake_option
def create(hosts: tuple[str, ...], is_read: bool, lake: Path | None) -> None:
    """Make a token and print it, this once. It writes for HOST alone, or, where none is named, for
    the first machine that uses it.

    \b
    sobriety token create > /etc/sobriety/token
    sobriety token create web-1
    sobriety token create --read
    """
    if is_read and hosts:
        raise click.UsageError("A read token is for no host.")
    with _state(lake) as db:
        _, text = tokens.create(db, "read" if is_read else "write", hosts)
    click.echo(text)


@token.command("list")
@json_option
@_lake_option
def list_(as_json: bool, lake: Path | None) -> None:
    """Show the tokens that there are: never their secrets.

    \b
    sobriety token list
    sobriety token list --json
    """
    with _state(lake) as db:
        found = tokens.all_tokens(db)
    if as_json:
        click.echo(json.dumps([t._asdict() for t in found], indent=2, ensure_ascii=False))
        return
    for each in found:
        until = f", revoked {_day(each.revoked_ns)}" if each.revoked_ns else ""
        whose = " ".join(each.hosts) or ("first to use it" if each.kind == "write" else "all")
        click.echo(f"{each.id}  {each.kind:5}  {whose}  made {_day(each.created_ns)}{until}")
    if not found:
        click.echo("no token yet; make one with: sobriety token create", err=True)


@token.command()
@click.argument("id_", metavar="ID")
@click.argument("hosts", metavar="HOST...", nargs=-1, required=True)
@_lake_option
def allow(id_: str, hosts: tuple[str, ...], lake: Path | None) -> None:
    """Let token ID write for HOST too: a machine that got another name has rows of both.

    \b
    sobriety token allow 1f3a09bc web-1-new
    """
    with _state(lake) as db:
        tokens.allow(db, id_, hosts)


@token.command()
@click.argument("id_", metavar="ID")
@_lake_option
def revoke(id_: str, lake: Path | None) -> None:
    """Let nobody in with token ID any more. Its rows stay.

    \b
    sobriety token revoke 1f3a09bc
    """
    with _state(lake) as db:
        tokens.revoke(db, id_)


@contextmanager
def _state(lake: Path | None) -> Generator[Connection]:
    place = lake or settings.data_folder() / "lake"
    with explained(place), closing(open_state(place)) as db:
        yield db


def _day(moment_ns: int) -> str:
    return f"{datetime.fromtimestamp(moment_ns / NS_PER_S, tz=UTC):%Y-%m-%d}"
