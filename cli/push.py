"""`sobriety push`: send what waits to the gateway, now."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from sobriety.push import Pusher, sender_of
from sobriety.settings import config as settings

from .parts.options import config_option


@click.command()
@click.argument("url", required=False)
@click.option("--all", "everything", is_flag=True,
              help="Every row of the spool again: for a gateway that lost some.")  # fmt: skip
@config_option
def push(url: str | None, everything: bool, config_file: Path | None) -> None:
    """Send every row that the gateway has not yet, and stop. A collector with the setting `push`
    does so by itself, a batch every five minutes.

    \b
    sobriety push https://gateway:9846
    sobriety push                         to the gateway of the settings
    sobriety push --all                   after it was put back from a backup
    """
    config = settings.load({"push": url}, file=config_file)
    pusher = Pusher(settings.data_folder(), sender_of(config), say=partial(click.echo, err=True))
    if everything:
        pusher.begin_again()
    rows = pusher.all()
    click.echo(f"{rows} row{'s' if rows != 1 else ''} sent to {pusher.pushed.url}", err=True)
