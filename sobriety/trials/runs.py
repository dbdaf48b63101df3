"""Commands run again and again: A B B A…, so that what drifts with time is in each alike."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.profiling import command as commands
from sobriety.profiling.profiler import Profile

from .plan import RunPlan
from .statistics import median

Measure = Callable[[Sequence[str]], Profile]
RunReporter = Callable[[str], object]

STOPPED = frozenset(
    commands.SIGNALLED + getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
    if hasattr(signal, name)
)
"""Exit codes of a command that somebody ended: the next must not begin."""

MEDIAN = MethodKind("median-of-runs", "median of {runs:number} runs: {methods:alternatives}")
_NO_SAMPLES_S = 3600.0


class RunFailed(SobrietyError):
    """A run ended badly; the exit code is the run's own."""

    def __init__(self, message: str, exit_code: int, hint: str | None) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Trial:
    """A command and all its measured runs, in their order. `shown` is as the user wrote it."""

    label: str
    shown: str
    runs: tuple[Profile, ...]

    def values(self, metric: str) -> list[float]:
        """A figure of every run: energy_j, wall_s, cpu_s."""
        if metric == "energy_j":
            return [p.energy.value for p in self.runs]
        return [float(getattr(p.run, metric)) for p in self.runs]

    @property
    def energy(self) -> Estimate:
        """Of the run in the middle. Its interval is the model's, and the same for every run."""
        return _middle([p.energy for p in self.runs])

    @property
    def co2e(self) -> Estimate | None:
        known = [p.co2e for p in self.runs if p.co2e]
        return _middle(known) if len(known) == len(self.runs) else None

    @property
    def embodied(self) -> Estimate:
        return _middle([p.embodied for p in self.runs])

    @property
    def failed(self) -> int:
        return sum(p.run.exit_code != 0 for p in self.runs)


def repeat(
    lines: Sequence[tuple[str, tuple[str, ...]]],
    plan: RunPlan,
    measure: Measure,
    *,
    tell: RunReporter = lambda _line: None,
) -> tuple[Trial, ...]:
    """Run every command `plan.runs` times, in turns. `lines` are what was written, and its words.

    Raises RunFailed for the first run that fails, unless failures are ignored; CannotRun.
    """
    seen: list[list[Profile]] = [[] for _ in lines]
    for shown, words in lines:
        for number in range(1, plan.warmup + 1):
            what = _what("warm-up", number, plan.warmup, shown)
            tell(what)
            _prepare(plan, what)
            _check(measure(words), plan, what)
    for number in range(1, plan.runs + 1):
        order = range(len(lines)) if number % 2 else reversed(range(len(lines)))
        for at in order:
            shown, words = lines[at]
            what = _what("run", number, plan.runs, shown)
            tell(what)
            _prepare(plan, what)
            time.sleep(plan.cooldown_s)
            seen[at].append(_check(measure(words), plan, what))
    return tuple(
        Trial(label(at), shown, tuple(runs))
        for at, ((shown, _), runs) in enumerate(zip(lines, seen, strict=True))
    )


def label(at: int) -> str:
    """A, B, … Z, then numbers."""
    return chr(ord("A") + at) if at < 26 else str(at + 1)


def _middle(estimates: Sequence[Estimate]) -> Estimate:
    first = estimates[0]
    bases = {e.basis for e in estimates}
    return Estimate(
        first.metric,
        median([e.value for e in estimates]),
        median([e.low for e in estimates]),
        median([e.high for e in estimates]),
        first.basis if len(bases) == 1 else "mixed",
        MEDIAN(runs=len(estimates), methods=tuple(dict.fromkeys(e.method for e in estimates))),
        tuple(dict.fromkeys(s for e in estimates for s in e.sources)),
    )


def _what(kind: str, number: int, of: int, shown: str) -> str:
    return f"{kind} {number} of {of} of {shown!r}"


def _prepare(plan: RunPlan, what: str) -> None:
    if not plan.prepare:
        return
    done = commands.run(plan.prepare, every_s=_NO_SAMPLES_S, meanwhile=lambda: None, quiet=True)
    if done.exit_code:
        shown = " ".join(plan.prepare)
        raise RunFailed(
            f"what prepares {what}, {shown!r}, ended with exit code {done.exit_code}",
            done.exit_code,
            "run it by itself to see what it says",
        )


def _check(seen: Profile, plan: RunPlan, what: str) -> Profile:
    code = seen.run.exit_code
    if code in STOPPED or (code and not plan.ignore_failure):
        raise RunFailed(
            f"{what} ended with exit code {code}",
            code,
            None
            if code in STOPPED
            else "see what it says with --show-output, or go on with --ignore-failure",
        )
    return seen
