"""Schedules the gateway's jobs: drain into the lake, copy, summarize."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from ..intake.gateway import Gateway
from . import subprocess as aside
from .copy_schedule import Copies
from .summary_schedule import Summaries


class Drains:
    """Starts the drain as a process of its own, now and then, and then the copy and the summary."""

    def __init__(
        self,
        lake: Path,
        every_s: float,
        keep_s: float | None,
        say: Callable[[str], None],
        summaries: Summaries,
        copies: Copies | None = None,
    ) -> None:
        self._lake, self._every_s, self._say = lake, every_s, say
        self._summaries, self._copies = summaries, copies
        self._rolled_up: date | None = None
        self._of_a_day = ("--roll-up",) if keep_s is None else ("--roll-up", "--keep", str(keep_s))

    async def run(self, gateway: Gateway) -> None:
        """For ever. It waits first: a gateway that begins again and again must not only drain.
        A drain in hand at the end is waited for: it holds the lake's lock."""
        try:
            while True:
                await asyncio.sleep(self._every_s)
                await self._finished(gateway)
                if self._copies and not gateway.drain_error:
                    self._copies.begin(gateway)
                await self._summaries.once(gateway)
        finally:
            if self._copies:
                await self._copies.end()

    async def _finished(self, gateway: Gateway) -> None:
        in_hand = asyncio.create_task(self.once(gateway))
        try:
            await asyncio.shield(in_hand)
        except asyncio.CancelledError:
            await in_hand
            raise

    async def once(self, gateway: Gateway, *words: str) -> None:
        """Sums of days that are over are made when a day begins, and once after a start."""
        today = datetime.now(UTC).date()
        words = words if self._rolled_up == today else (*self._of_a_day, *words)
        reason = await aside.run("sobriety.fleet.jobs.drain", str(self._lake), *words)
        if reason is None:
            gateway.drained_s, gateway.drain_error = time.time(), None
            self._rolled_up = today
        else:
            gateway.drain_failures += 1
            gateway.drain_error = reason
            self._say(f"the lake could not be written: {reason}")
