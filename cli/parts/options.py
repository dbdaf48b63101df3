"""Options that several verbs share, and the types that they parse."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sobriety.core.errors import NotSupported, SobrietyError
from sobriety.publishing.settings import K_ANONYMITY

if TYPE_CHECKING:
    from sobriety.settings.config import Config

F = TypeVar("F", bound=Callable[..., Any])

_UNIT_S = {"ms": 0.001, "s": 1, "": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType[float]):
    """`30s`, `500ms`, `5m`, `2h`, `1d`; a bare number is seconds. Gives seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float | int):
            return float(value)
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|min|m|h|d|)\s*", str(value))
        if not found or float(found[1]) == 0:
            self.fail(f"{value!r} is not a duration; write 30s, 500ms, 5m or 2h", param, ctx)
        return float(found[1]) * _UNIT_S[found[2]]


def options_as(kind: type[Any]) -> Callable[[F], F]:
    """Give a command its options as one object: those named as the fields of a dataclass.

    It stands next to the function, below every click.option; the argument is called `options`.
    """
    names = [field.name for field in fields(kind)]

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **words: Any) -> Any:
            options = kind(**{name: words.pop(name) for name in names})
            return function(*args, options=options, **words)

        return wrapped  # type: ignore[return-value]

    return decorate


def json_option(function: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Output JSON (docs/schema).")(
        function
    )


def zone_option(function: F) -> F:
    return click.option(
        "--zone", metavar="ZONE", help="The electricity grid: CA-QC, Québec, FR, Ontario…"
    )(function)


def factor_option(function: F) -> F:
    return click.option(
        "--factor-kind",
        type=click.Choice(["direct", "life-cycle"]),
        help="Emissions at the power stations, or with all that is upstream.  [default: direct]",
    )(function)


def as_of_option(function: F) -> F:
    return click.option(
        "--factors-as-of",
        "as_of",
        metavar="YYYY-MM",
        help="Leave out grid factors published later.  [default: the newest edition]",
    )(function)


def config_option(function: F) -> F:
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        envvar="SOBRIETY_CONFIG",
        help="Read this file instead of the system's and the user's.",
    )(function)


def k_anonymity_option(function: F) -> F:
    return click.option(
        "--k-anonymity",
        type=click.IntRange(1),
        default=K_ANONYMITY,
        show_default=True,
        metavar="K",
        help="Fewer watched workstations than this stand in no group of their own: one person's"
        " hours are personal data.",
    )(function)


def root_option(function: F) -> F:
    return click.option(
        "--root",
        default="/",
        metavar="DIR",
        help="A machine whose /proc and /sys are mounted there, as a container sees its host.",
    )(function)


def log(line: str) -> None:
    """Print a line on stderr."""
    click.echo(line, err=True)


def log_notes(config: Config) -> None:
    """Print what the user should know of the settings: old names, and until when they are read."""
    for note in config.notes:
        log(f"note: {note}")


def tell(name: str, error: SobrietyError) -> None:
    """One line on stderr about a source, and its hint."""
    click.echo(f"{name}: {error.message}" + (f" ({error.hint})" if error.hint else ""), err=True)


def tell_failures(name: str, error: SobrietyError) -> None:
    """What is forbidden, stops or answers again; what was never here is for `sobriety doctor`."""
    if not isinstance(error, NotSupported):
        tell(name, error)


def interactive() -> bool:
    """Whether somebody is looking at stderr."""
    return sys.stderr.isatty()
