"""The `sobriety` group. Verbs are imported when they are called, so that none pays for another."""

from __future__ import annotations

import gc
import importlib
from typing import TYPE_CHECKING, Any

import click

from sobriety.core import __version__
from sobriety.core.errors import ConfigError, SobrietyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sobriety.core.text import Tongue

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

_WORDS = "sobriety.words"
"""Of a context: the words that were typed."""
MODULES = {"import": "imports"}
"""Verbs that are words of Python's."""


class Explained(click.ClickException):
    """A SobrietyError on its way to the terminal: one line, one hint, its own exit code."""

    def __init__(self, error: SobrietyError, tongue: Tongue) -> None:
        super().__init__(error.message_in(tongue))
        self.hint = error.hint_in(tongue)
        self.labels = ("erreur\xa0: ", "piste\xa0:  ") if tongue == "fr" else ("error: ", "hint:  ")
        self.exit_code = error.exit_code  # type: ignore[misc]  # click reads it off the instance

    def show(self, file: Any = None) -> None:
        click.secho(self.labels[0], fg="red", bold=True, nl=False, err=True)
        click.echo(self.message, err=True)
        if self.hint:
            click.secho(self.labels[1], fg="cyan", nl=False, err=True)
            click.echo(self.hint, err=True)


def _tongue(error: SobrietyError, words: Sequence[str]) -> Tongue:
    """The language of an error: `--lang` among the words typed, else the setting, else the locale.

    English for a message that has one language.
    """
    if error.message_in("fr") == error.message:
        return "en"
    from sobriety.settings import config as settings
    from sobriety.settings.language import language_of

    for word, after in zip(words, (*words[1:], ""), strict=True):
        if word == "--lang" or word.startswith("--lang="):
            return language_of(after if word == "--lang" else word.partition("=")[2])
    try:
        return language_of(settings.load().text("language"))
    except ConfigError:
        return language_of(None)


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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SobrietyError as error:
            raise Explained(error, _tongue(error, ctx.meta[_WORDS])) from error


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
