"""Warnings that weaken the figures of repeated runs, with what to do about them.

The kinds are those of hyperfine (https://github.com/sharkdp/hyperfine), and those of energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sobriety.core.errors import ReadError, Unavailable
from sobriety.core.host import Host

from .runs import Trial
from .statistics import median, modified_z_scores, spread_ratio

WarningKind = Literal[
    "first run slower",
    "outliers",
    "noisy",
    "frequency scaling",
    "too short",
    "too short for the sensor",
    "another load",
    "failures",
]

OUTLIER_SIGMAS = 10.0
"""As hyperfine: with a lower bar one trial in ten of clean runs would be told that it has one."""

NOISY_SHARE = 0.10
SHORTEST_S = 0.005
"""Below it, starting a process is most of what is measured. As hyperfine."""

KERNEL_TICK_S = 0.01
FEWEST_TICKS = 10
SENSOR_TICKS = 20
"""The kernel counts busy time in ticks; by them a sensor's joules are shared. 20 are 5 %."""

OTHERS_SHARE = 0.1
"""Of one processor, busy with something else."""

DRIFT_SHARE = 0.05
FEWEST_FOR_DRIFT = 8


@dataclass(frozen=True, slots=True)
class Doubt:
    """One warning. `label` is the command's; empty for all of them."""

    kind: WarningKind
    label: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.label + ': ' if self.label else ''}{self.message}; {self.hint}"


def doubts(trials: Sequence[Trial], host: Host) -> tuple[Doubt, ...]:
    """All of them, the commands' own first."""
    found = [doubt for trial in trials for doubt in _of(trial)]
    return (*found, *_frequency_scaling(trials, host), *_another_load(trials))


def _of(trial: Trial) -> list[Doubt]:
    found = [*_failures(trial), *_outliers(trial), *_too_short(trial)]
    spread_share = spread_ratio(trial.values("cpu_s"))
    if spread_share > NOISY_SHARE:
        found.append(
            Doubt(
                "noisy",
                trial.label,
                f"processor time differs by ± {100 * spread_share:.0f} % between runs",
                "quieten the machine, or give more --runs",
            )
        )
    return found


def _failures(trial: Trial) -> list[Doubt]:
    if not trial.failed:
        return []
    ended = f"{trial.failed} of {len(trial.runs)} runs ended with an exit code that is not 0"
    return [Doubt("failures", trial.label, ended, "compare only what does its work")]


def _outliers(trial: Trial) -> list[Doubt]:
    walls = trial.values("wall_s")
    scores = modified_z_scores(walls)
    far = [at for at, score in enumerate(scores) if abs(score) > OUTLIER_SIGMAS]
    if not far or len(walls) < 3:
        return []
    if far == [0] and scores[0] > 0:
        slower = walls[0] / median(walls)
        return [
            Doubt(
                "first run slower",
                trial.label,
                f"the first run took {slower:.2g} times the time of the others",
                "give --warmup 2, or empty caches before every run with --prepare",
            )
        ]
    count = f"{len(far)} run is" if len(far) == 1 else f"{len(far)} runs are"
    return [
        Doubt(
            "outliers",
            trial.label,
            f"{count} far from the others in time (modified z-score over {OUTLIER_SIGMAS:g})",
            "quieten the machine, or give --warmup or --prepare",
        )
    ]


def _too_short(trial: Trial) -> list[Doubt]:
    wall_s = median(trial.values("wall_s"))
    if wall_s < SHORTEST_S:
        took = f"a run takes {wall_s * 1000:.2g} ms, most of it to start a process"
        return [Doubt("too short", trial.label, took, "give it more to do")]
    metered = sum(p.is_metered for p in trial.runs)
    if 0 < metered < len(trial.runs):
        seen = (
            f"a sensor covered {metered} of {len(trial.runs)} runs, so their energy is of two kinds"
        )
    elif metered and wall_s < SENSOR_TICKS * KERNEL_TICK_S:
        seen = (
            f"a run of {wall_s:.2g} s is {wall_s / KERNEL_TICK_S:.0f} ticks of the kernel's clock"
        )
    else:
        return []
    return [Doubt("too short for the sensor", trial.label, seen, "give it more to do")]


def _frequency_scaling(trials: Sequence[Trial], host: Host) -> list[Doubt]:
    """The same work that takes more and more processor time, by every command alike."""
    drifts = [_drift_ratio(t.values("cpu_s")) for t in trials]
    least, most = min(drifts), max(drifts)
    if least < 1 + DRIFT_SHARE and most > 1 - DRIFT_SHARE:
        return []
    by_share = abs(median(drifts) - 1)
    governor = _governor(host)
    under = f" (governor {governor})" if governor and governor != "performance" else ""
    grew = "more" if least > 1 else "less"
    return [
        Doubt(
            "frequency scaling",
            "",
            f"the last runs took {100 * by_share:.0f} % {grew} processor time than the first:"
            f" the clock of the processors moves with heat and load{under}",
            "give --cooldown 5s, or fix the clock",
        )
    ]


def _drift_ratio(values: Sequence[float]) -> float:
    """The last half over the first; 1 where noise may have done it.

    All of one half beyond all of the other is once in 35 times chance for 8 runs, 126 for 10.
    """
    half = len(values) // 2
    if len(values) < FEWEST_FOR_DRIFT or median(values[:half]) <= 0:
        return 1.0
    first, last = values[:half], values[-half:]
    is_apart = min(last) > max(first) or max(last) < min(first)
    return median(last) / median(first) if is_apart else 1.0


def _governor(host: Host) -> str | None:
    try:
        return host.text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    except (Unavailable, ReadError):
        return None


def _another_load(trials: Sequence[Trial]) -> list[Doubt]:
    """Of runs that are many of the kernel's ticks: who is woken by a tick counts for all of it."""
    shortest_s = FEWEST_TICKS * KERNEL_TICK_S
    seen = [(p.busy_s, p.run) for t in trials for p in t.runs if p.run.wall_s > shortest_s]
    known = [(busy_s, run) for busy_s, run in seen if busy_s is not None]
    wall_s = sum(run.wall_s for _, run in known)
    others_s = sum(busy_s - run.cpu_s for busy_s, run in known)
    if not wall_s or others_s / wall_s < OTHERS_SHARE:
        return []
    return [
        Doubt(
            "another load",
            "",
            f"{others_s / wall_s:.1f} processors were busy with something else meanwhile",
            "stop it (sobriety top shows who it is)",
        )
    ]
