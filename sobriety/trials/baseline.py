"""Runs kept to compare later ones with: what a command cost when somebody was content with it.

Nothing personal is kept: no host, no user, no folder; the command as it was written, and the
processor, since figures of another one cannot be compared.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sobriety.core.errors import ConfigError
from sobriety.core.machine import Machine

from .runs import Trial
from .statistics import FEWEST_ROUNDS, Ratio, unpaired_ratio
from .verdict import QUANTITIES, said_of

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class SavedBaseline:
    """Runs of a command. `values` has those of QUANTITIES, one for each run."""

    command: str
    made_utc: str
    cpu_model: str | None
    threads: int | None
    is_metered: bool
    values: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure now over the baseline's. `ratio` is None where nothing can be said, and why."""

    metric: str
    ratio: Ratio | None
    sentence: str

    def is_regression(self, most_ratio: float) -> bool:
        """Whether even the lower end of the interval is beyond this: 0.1 for a tenth more."""
        return self.ratio is not None and self.ratio.low > 1 + most_ratio


def of_trial(trial: Trial, machine: Machine) -> SavedBaseline:
    """Raises ConfigError for runs too few for an interval."""
    if len(trial.runs) < FEWEST_ROUNDS:
        raise ConfigError(
            f"{len(trial.runs)} runs are too few for a baseline",
            hint=f"give --runs {FEWEST_ROUNDS} or more",
        )
    return SavedBaseline(
        trial.shown,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        machine.cpu_model,
        machine.threads,
        all(p.is_metered for p in trial.runs),
        {metric: tuple(trial.values(metric)) for metric in QUANTITIES},
    )


def as_text(baseline: SavedBaseline) -> str:
    """As `docs/schema/baseline.json` describes it."""
    kept = {
        "schema_version": SCHEMA_VERSION,
        "command": baseline.command,
        "made_utc": baseline.made_utc,
        "cpu_model": baseline.cpu_model,
        "threads": baseline.threads,
        "is_metered": baseline.is_metered,
        "runs": {metric: list(values) for metric, values in baseline.values.items()},
    }
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def read(path: Path) -> SavedBaseline:
    """A kept one. Raises ConfigError for what is none."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}",
            hint=f"make one with: sobriety baseline save {path} -- COMMAND",
        ) from None
    except ValueError as error:
        raise ConfigError(f"{path} is no baseline: {error}", hint="make it again") from None
    try:
        if found["schema_version"] != SCHEMA_VERSION:
            raise ConfigError(
                f"{path} is a baseline of version {found['schema_version']}", hint="make it again"
            )
        values = {metric: _figures(found["runs"][metric]) for metric in QUANTITIES}
        return SavedBaseline(
            str(found["command"]),
            str(found["made_utc"]),
            found["cpu_model"],
            found["threads"],
            bool(found["is_metered"]),
            values,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{path} is no baseline: {type(error).__name__.lower()} {error}", hint="make it again"
        ) from None


def _figures(values: Sequence[Any]) -> tuple[float, ...]:
    found = tuple(float(v) for v in values)
    if len(found) < FEWEST_ROUNDS or not all(math.isfinite(v) and v >= 0 for v in found):
        raise ValueError(f"{len(found)} runs, of which each is to be a figure")
    return found


def changes(baseline: SavedBaseline, now: SavedBaseline) -> tuple[FigureChange, ...]:
    """Each figure now against then, in energy, time and processor time."""
    return tuple(_change(metric, baseline, now) for metric in QUANTITIES)


def _change(metric: str, before: SavedBaseline, now: SavedBaseline) -> FigureChange:
    what = QUANTITIES[metric]
    if metric == "energy_j" and before.is_metered != now.is_metered:
        said = "a sensor covered one and not the other"
        return FigureChange(metric, None, f"nothing can be said of {what}: {said}")
    ratio = unpaired_ratio(before.values[metric], now.values[metric])
    if ratio is None:
        return FigureChange(
            metric, None, f"nothing can be said of {what}: a figure of 0 has no ratio"
        )
    return FigureChange(metric, ratio, said_of(metric, "it", ratio))


def differences(before: SavedBaseline, now: SavedBaseline) -> list[str]:
    """What makes the two hard to compare, in words."""
    found: list[str] = []
    if (before.cpu_model, before.threads) != (now.cpu_model, now.threads):
        found.append(
            f"the baseline is of another processor: {before.cpu_model or 'unknown'},"
            f" {before.threads or 'unknown'} threads"
        )
    if before.command != now.command:
        found.append(f"the baseline is of another command: {before.command}")
    return found
