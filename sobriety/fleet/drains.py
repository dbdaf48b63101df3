"""When the gateway's rows go into the lake, and when the dashboard's figures are made: each by a
process of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from . import aside
from .app import Gateway
from .summaries import Summaries


class Drains:
    """Starts the drain as a process of its own, now and then, and then the summary."""

    def __init__(
        self,
        lake: Path,
        every_s: float,
        keep_s: float | None,
        say: Callable[[str], None],
        summaries: Summaries,
    ) -> None:
        self._lake, self._every_s, self._say = lake, every_s, say
        self._summaries = summaries
        self._rolled_up: date | None = None
        self._of_a_day = ("--roll-up",) if keep_s is None else ("--roll-up", "--keep", str(keep_s))

    async def run(self, gateway: Gateway) -> None:
        """For ever. It waits first: a gateway that begins again and again must not only drain.
        What is in hand at the end is waited for: it holds the lake's lock."""
        while True:
            await asyncio.sleep(self._every_s)
            in_hand = asyncio.create_task(self.once(gateway))
            try:
                await asyncio.shield(in_hand)
            except asyncio.CancelledError:
                await in_hand
                raise
            await self._summaries.once(gateway)

    async def once(self, gateway: Gateway, *words: str) -> None:
        """Sums of days that are over are made when a day begins, and once after a start."""
        today = datetime.now(UTC).date()
        words = words if self._rolled_up == today else (*self._of_a_day, *words)
        reason = await aside.run("drain", str(self._lake), *words)
        if reason is None:
            gateway.drained_s, gateway.drain_error = time.time(), None
            self._rolled_up = today
        else:
            gateway.drain_failures += 1
            gateway.drain_error = reason
            self._say(f"the lake could not be written: {reason}")
