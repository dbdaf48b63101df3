"""Schedules the dashboard's figures: computed after each drain, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..intake.gateway import Gateway
from . import subprocess as aside

PAUSE_RATIO = 50.0
"""Of the time that it took: it takes a fiftieth of a processor at most, however large the fleet."""


class Summaries:
    """One at a time, of one lake."""

    def __init__(self, lake: Path, config: Path | None, say: Callable[[str], None]) -> None:
        self._lake, self._config, self._say = lake, config, say
        self._next_s = 0.0

    async def once(self, gateway: Gateway) -> None:
        """Unless the last one was a short while ago, or the lake could not be written."""
        began_s = time.monotonic()
        if gateway.drain_error or began_s < self._next_s:
            return
        words = [str(self._lake), str(gateway.k_anonymity)]
        words += [str(self._config)] if self._config else []
        reason = await aside.run("sobriety.fleet.dashboard.summary", *words)
        self._next_s = time.monotonic() + PAUSE_RATIO * (time.monotonic() - began_s)
        gateway.summary_error = reason
        if reason is not None:
            gateway.summary_failures += 1
            self._say(f"the dashboard could not be computed: {reason}")
