"""The `sobriety` group. Verbs are imported when they are called, so that none pays for another."""

from __future__ import annotations

import gc
import importlib
from typing import Any

import click

from sobriety.core import __version__
from sobriety.core.errors import SobrietyError

VERBS = (
    "collect",
    "profile",
    "compare",
    "baseline",
    "report",
    "plot",
    "explain",
    "whatif",
    "verify",
    "sign",
    "export",
    "estimate",
    "import",
    "top",
    "factors",
    "inventory",
    "sites",
    "services",
    "goals",
    "doctor",
    "calibrate",
    "status",
    "push",
    "serve",
    "token",
    "forget",
    "service",
    "capture",
    "config",
)
"""In the order in which a newcomer meets them; each is `cli/<verb>.py`."""

MODULES = {"import": "imports"}
"""Verbs that are words of Python's."""


class Explained(click.ClickException):
    """A SobrietyError on its way to the terminal: one line, one hint, its own exit code."""

    def __init__(self, error: SobrietyError) -> None:
        super().__init__(error.message)
        self.hint = error.hint
        self.exit_code = error.exit_code  # type: ignore[misc]  # click reads it off the instance

    def show(self, file: Any = None) -> None:
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(self.message, err=True)
        if self.hint:
            click.secho("hint:  ", fg="cyan", nl=False, err=True)
            click.echo(self.hint, err=True)


class Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        name = MODULES.get(cmd_name, cmd_name)
        module = importlib.import_module(f".{name}", __package__)
        command: click.Command = getattr(module, name)
        if not gc.isenabled():  # as `main` left it
            gc.freeze()
            gc.enable()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            if not near:
                raise
            message = f"{error.message} Did you mean {near[0]!r}?"
            raise click.UsageError(message, ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SobrietyError as error:
            raise Explained(error) from error


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings: sobriety config. Sensors of this machine: sobriety doctor.",
)
@click.version_option(__version__, message="sobriety %(version)s")
def sobriety() -> None:
    """What machines and programs consume, in joules and CO2e, with the doubt beside every figure.

    \b
    sobriety collect --for 30s          watch this machine
    sobriety report --zone CA-QC        what it consumed and emitted
    sobriety profile -- make test       what a command costs
    sobriety compare 'gzip a' 'zstd a'  which of two costs less
    sobriety estimate inventory.csv     watts and embodied carbon of devices without an agent
    """
