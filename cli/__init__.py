"""The command line: parse, call, print. A file per verb."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False  # type checkers know the name; importing typing for it takes 3 ms
if TYPE_CHECKING:
    from click import Group

__all__ = ["command", "main"]


def main() -> None:
    """What `sobriety` runs."""
    if sys.argv[1:] == ["--version"]:
        # Answered before click is imported: half of what this command costs.
        from sobriety.core import __version__

        print(f"sobriety {__version__}")  # noqa: T201
        return
    # What is imported lives as long as the process: looking through it for garbage, again and
    # again while it grows, is a twentieth of what `profile` costs. `root` turns it on again.
    gc.disable()
    command()(prog_name="sobriety")


def command() -> Group:
    """The `sobriety` group, for whoever documents or embeds it."""
    from .root import sobriety

    return sobriety
