"""Bounds the memory that request bodies use, in all and for each token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager

from sobriety.push.limits import UNPACKED_B

from .wire import Refused

MOST_B = 8 * UNPACKED_B
"""Agents that come back together, after a day without network, send a megabyte each."""
MOST_OF_ONE_B = 2 * UNPACKED_B
"""An agent has one batch on its way."""


class InHand:
    """What is being received, unpacked, judged, and not on the disk yet, in this process."""

    def __init__(self) -> None:
        self.total_b = 0
        self._by_token: Counter[str] = Counter()

    @contextmanager
    def held_by(self, token: str) -> Generator[Callable[[int], None]]:
        """Tell it of every byte that is kept; at the end they are let go. Raises Refused (429, 503)
        where there is no room."""
        held_b = 0

        def hold(more_b: int) -> None:
            nonlocal held_b
            if self._by_token[token] + more_b > MOST_OF_ONE_B:
                raise Refused(
                    429, "too much at once with this token", "send one batch at a time", retry_s=5.0
                )
            if self.total_b + more_b > MOST_B:
                raise Refused(503, "too much is in hand already", "try again later", retry_s=30.0)
            held_b += more_b
            self.total_b += more_b
            self._by_token[token] += more_b

        try:
            yield hold
        finally:
            self.total_b -= held_b
            self._by_token[token] -= held_b
            if not self._by_token[token]:
                del self._by_token[token]
