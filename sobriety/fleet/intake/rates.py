"""Limits the request rate of each token with a token bucket."""

from __future__ import annotations

import time
from collections import OrderedDict

BURST = 60
PER_S = 5.0
"""An agent sends one batch at a time, with a pause: only somebody else's program needs more."""
_MOST_KNOWN = 100_000


class Rates:
    """Of the tokens seen last, in this process."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, name: str) -> float:
        """0 where the request is within its rate, and counted; else how long to wait."""
        now_s = time.monotonic()
        left, at_s = self._left.pop(name, (float(BURST), now_s))
        left = min(BURST, left + (now_s - at_s) * PER_S)
        wait_s = 0.0 if left >= 1 else max(1.0, (1 - left) / PER_S)
        self._left[name] = (left - (not wait_s), now_s)
        if len(self._left) > _MOST_KNOWN:
            self._left.popitem(last=False)
        return wait_s
