"""The number of runs of a trial; its own module, since every `profile` needs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How often and how.

    prepare      a command before every run, warm-up or not; its cost is in no figure
    cooldown_s   rest before every measured run, after `prepare`
    """

    runs: int = 10
    warmup: int = 0
    prepare: tuple[str, ...] = ()
    cooldown_s: float = 0.0
    ignore_failure: bool = False
