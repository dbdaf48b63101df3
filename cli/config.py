"""`sobriety config`: show every setting with its origin, or write one."""

from __future__ import annotations

from pathlib import Path

import click

from sobriety.settings import config as settings
from sobriety.settings.keys import SETTINGS
from sobriety.settings.writing import save

from .parts.options import config_option, json_option


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def config(ctx: click.Context, config_file: Path | None, as_json: bool) -> None:
    """Show every setting, its value and its origin; or write one.

    \b
    sobriety config
    sobriety config set grid.zone CA-QC
    SOBRIETY_INTERVAL_S=1 sobriety config --json
    """
    if ctx.invoked_subcommand:
        ctx.obj = config_file
        return
    values = settings.load(file=config_file)
    rows = [(s.path, values.value(s.name), values.origin(s.name), s.meaning) for s in SETTINGS]
    if as_json:
        import json

        click.echo(
            json.dumps(
                {name: {"value": value, "origin": origin} for name, value, origin, _ in rows},
                indent=2,
                ensure_ascii=False,
            )
        )
        return
    width = max(len(name) for name, *_ in rows)
    origin_width = max(len(origin) for _, _, origin, _ in rows)
    for name, value, origin, meaning in rows:
        shown = (
            "-" if value is None else " ".join(value) if isinstance(value, tuple) else str(value)
        )
        click.echo(f"{name:<{width}}  {shown:<12}  {origin:<{origin_width}}  {meaning}")
    for note in values.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"\nuser's file   {config_file or settings.user_file()}", err=True)
    click.echo(f"data folder   {settings.data_folder()}", err=True)


@config.command("set")
@click.argument("name")
@click.argument("value")
@click.pass_context
def set_(ctx: click.Context, name: str, value: str) -> None:
    """Write one setting into the configuration file.

    \b
    sobriety config set grid.zone CA-QC
    sobriety config set machine.idle_w 41.5
    """
    path: Path = ctx.obj or settings.user_file()
    setting = save(name, value, path)
    if name != setting.path:
        click.echo(f"{name} is now {setting.path}", err=True)
    click.echo(f"{setting.path} = {value} in {path}", err=True)
