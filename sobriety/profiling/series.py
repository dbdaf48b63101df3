"""Keeps the shape of a run between samples, in a bounded number of intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sobriety.core.counting.difference import Step
from sobriety.core.units import NS_PER_S

MOST = 512
"""Stretches kept. Beyond, neighbours become one: a run of days keeps its shape in 200 kB."""

_QUIET_RATIO = 0.02
"""Graphics cards that are busy for less than this are idle."""


@dataclass(slots=True)
class Stretch:
    """Between two samples. `cpu_s` is the command's; None where only the whole machine is seen."""

    start_ns: int
    duration_s: float
    cpu_s: float | None
    observed: tuple[str, ...]
    measures: dict[str, float] = field(default_factory=dict[str, float])
    steps: int = 1


class Series:
    """Stretches of one run, in order."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._each = 1
        self._stretches: list[Stretch] = []

    def __iter__(self) -> Iterator[Stretch]:
        return iter(self._stretches)

    def __len__(self) -> int:
        return len(self._stretches)

    def add(self, step: Step, cpu_s: float | None) -> None:
        """What a sample says of the time since the one before."""
        new = Stretch(
            step.start.monotonic_ns, step.duration_s, cpu_s, step.observed, dict(step.measures)
        )
        last = self._stretches[-1] if self._stretches else None
        if last is not None and last.steps < self._each:
            _join(last, new)
        else:
            self._stretches.append(new)
        if len(self._stretches) > self._most:
            for even, odd in zip(self._stretches[::2], self._stretches[1::2], strict=False):
                _join(even, odd)
            self._stretches = self._stretches[::2]
            self._each *= 2

    @property
    def last(self) -> Stretch | None:
        return self._stretches[-1] if self._stretches else None

    @property
    def end_ns(self) -> int:
        """By the clock that nobody sets; when there is a stretch."""
        last = self._stretches[-1]
        return last.start_ns + round(last.duration_s * NS_PER_S)

    def at_s(self, stretch: Stretch) -> float:
        """Since the first."""
        return (stretch.start_ns - self._stretches[0].start_ns) / NS_PER_S

    def gpu_idle_w(self) -> float | None:
        """The least that graphics cards drew while they were idle; None where that was not seen."""
        return min(
            (
                s.measures["gpu_j"] / s.duration_s
                for s in self._stretches
                if {"gpu", "accelerator"} <= set(s.observed)
                and s.measures["gpu_busy_s"] < _QUIET_RATIO * s.duration_s
            ),
            default=None,
        )


def _join(first: Stretch, second: Stretch) -> None:
    """The sum of what is known in both."""
    first.steps += second.steps
    first.duration_s += second.duration_s
    known = (first.cpu_s, second.cpu_s)
    first.cpu_s = None if None in known else sum(cpu_s or 0.0 for cpu_s in known)
    first.observed = tuple(g for g in first.observed if g in second.observed)
    first.measures = {
        name: value + second.measures[name]
        for name, value in first.measures.items()
        if name in second.measures
    }
