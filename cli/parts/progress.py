"""Progress bar on a terminal, for work that takes long. It has no words to translate."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from .options import interactive

PATIENCE_S = 1.0
"""What is done sooner needs no bar: it would only flash."""


@contextmanager
def stages(
    count: int, clock_s: Callable[[], float] = time.monotonic
) -> Generator[Callable[[], None]]:
    """Gives what to call after each of so many stages."""
    if not interactive():
        yield lambda: None
        return
    begun_s = clock_s()
    with click.progressbar(length=count, file=sys.stderr, show_eta=False, hidden=True) as bar:

        def moved() -> None:
            bar.hidden = bar.hidden and clock_s() - begun_s < PATIENCE_S
            bar.update(1)

        yield moved
