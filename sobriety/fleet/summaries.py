"""When what the dashboard shows is computed again: after a drain, as a process of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .app import Gateway

PAUSE_RATIO = 50.0
"""It takes at most this part of the time: a city's report takes 15 s, and comes every 13 min."""


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
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "sobriety.fleet.summary", *words,
                stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:  # tried again after the next drain
            self._fail(gateway, f"no process can be started: {error.strerror}")
            return
        try:
            _, told = await process.communicate()
        except asyncio.CancelledError:  # the gateway ends: nobody will look
            process.kill()
            await process.wait()
            raise
        self._next_s = time.monotonic() + PAUSE_RATIO * (time.monotonic() - began_s)
        gateway.summary_error = None
        if process.returncode:
            self._fail(gateway, told.decode(errors="replace").strip()[-500:] or "it was ended")

    def _fail(self, gateway: Gateway, reason: str) -> None:
        gateway.summary_error = reason
        self._say(f"the dashboard could not be computed: {reason}")
