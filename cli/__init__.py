"""The command line: parse, call, print. A file per verb."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """What `sobriety` runs."""
    if sys.argv[1:] == ["--version"]:
        # Answered before click is imported: half of what this command costs.
        from sobriety import __version__

        print(f"sobriety {__version__}")  # noqa: T201
        return
    from .root import sobriety

    sobriety(prog_name="sobriety")
