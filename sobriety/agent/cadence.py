"""Chooses the sampling interval: slower where accuracy suffers little, or on battery.

The host is sampled every 5 s and its tasks every 30 s. Where less than 5 % of the processors was
used for a minute, half as often; on battery, half as often; both, a quarter. What that errs by
is in docs/agent.md.
"""

from __future__ import annotations

from sobriety.core.counting.difference import Step

IDLE_RATIO = 0.05
IDLE_AFTER_S = 60.0
MARGIN_RATIO = 0.8
"""Of the time in which a counter could wrap twice: a sample may come late."""


class Cadence:
    """Told of every step; says what the next ones should be."""

    def __init__(self, interval_s: float = 5.0, work_s: float = 30.0, *, adaptive: bool = False):
        self._interval_s, self._work_s = interval_s, work_s
        self._adaptive = adaptive
        self._idle_s = 0.0
        self._slower = 1

    @property
    def work_s(self) -> float:
        """Between two looks at the tasks."""
        return self._work_s * self._slower

    def interval_s(self, longest_s: float | None = None) -> float:
        """Between two samples. `longest_s`: beyond it a counter may wrap unseen; only a slowing
        down is cut short by it, never what the user asked for."""
        slow_s = self._interval_s * self._slower
        if longest_s is not None and slow_s > MARGIN_RATIO * longest_s:
            return self._interval_s
        return slow_s

    def note(self, step: Step | None) -> None:
        """What happened between the last two samples."""
        if not self._adaptive or step is None or "cpu" not in step.observed:
            self._idle_s, self._slower = 0.0, 1
            return
        idle = step.measures["util_s"] < IDLE_RATIO * step.duration_s
        self._idle_s = self._idle_s + step.duration_s if idle else 0.0
        self._slower = (2 if self._idle_s >= IDLE_AFTER_S else 1) * (
            2 if "battery" in step.observed else 1
        )
