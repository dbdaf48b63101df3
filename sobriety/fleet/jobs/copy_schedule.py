"""Schedules copies of the lake to an object store: after each drain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from ..intake.gateway import Gateway
from . import subprocess as aside


class Copies:
    """One at a time, of one lake. The first one of a large lake may take hours."""

    def __init__(self, lake: Path, url: str, say: Callable[[str], None]) -> None:
        self._lake, self._url, self._say = lake, url, say
        self._in_hand: asyncio.Task[None] | None = None
        self._looked: date | None = None

    def begin(self, gateway: Gateway) -> None:
        """Unless one is in hand."""
        if self._in_hand is None or self._in_hand.done():
            self._in_hand = asyncio.create_task(self._once(gateway))

    async def end(self) -> None:
        """What is in hand goes on with the next one."""
        if self._in_hand is not None:
            self._in_hand.cancel()
            await asyncio.gather(self._in_hand, return_exceptions=True)

    async def _once(self, gateway: Gateway) -> None:
        """The store is asked what it has after a start, and when a day begins."""
        began_s, today = time.time(), datetime.now(UTC).date()
        words = () if self._looked == today else ("--look",)
        reason = await aside.run("sobriety.fleet.jobs.copy", str(self._lake), self._url, *words)
        gateway.copy_error = reason
        if reason is None:
            gateway.copied_s, self._looked = began_s, today
        else:
            gateway.copy_failures += 1
            self._say(f"the lake could not be copied: {reason}")
