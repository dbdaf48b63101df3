"""Output of repeated runs, for `profile` and `compare`: tables and files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from shutil import get_terminal_size
from typing import Any, TypeVar

import click

from sobriety.core.display import duration, energy, mass
from sobriety.profiling.budget import Judged
from sobriety.trials.files import as_dict
from sobriety.trials.plan import RunPlan
from sobriety.trials.runs import Measure, Trial, repeat
from sobriety.trials.statistics import median, spread_ratio
from sobriety.trials.verdict import Verdict
from sobriety.trials.warnings import Doubt

from .options import interactive
from .run_options import Repeated

F = TypeVar("F", bound=Callable[..., Any])

BAR_CELLS = 20


def run_all(
    lines: Sequence[tuple[str, tuple[str, ...]]], repeated: Repeated, measure: Measure
) -> tuple[Trial, ...]:
    """Run them, and tell somebody who looks how far it is."""
    if not interactive() or repeated.show_output:
        return repeat(lines, repeated.plan, measure)

    def tell(line: str) -> None:
        sys.stderr.write(f"\r\033[K{line[: get_terminal_size().columns - 1]}")
        sys.stderr.flush()

    try:
        return repeat(lines, repeated.plan, measure, tell=tell)
    finally:
        sys.stderr.write("\r\033[K")


def as_json(
    trials: Sequence[Trial],
    plan: RunPlan,
    said: Sequence[Verdict],
    found: Sequence[Doubt],
    judged: Sequence[Judged] = (),
) -> str:
    whole = as_dict(trials, plan, said, found)
    if judged:
        whole["judged"] = [each._asdict() for each in judged]
    return json.dumps(whole, indent=2) + "\n"


def table(
    trials: Sequence[Trial],
    said: Sequence[Verdict],
    found: Sequence[Doubt],
    notes: Sequence[str],
) -> str:
    """What a person reads: a row of figures for each command, then what they say."""
    most_j = max(median(t.values("energy_j")) for t in trials)
    has_co2e = all(t.co2e for t in trials)
    rows = [("", "time", "processor", "energy", *(["use, CO2e"] if has_co2e else []), "")]
    for trial in trials:
        share = median(trial.values("energy_j")) / most_j if most_j else 0.0
        rows.append(
            (
                trial.label,
                f"{duration(median(trial.values('wall_s')))}{_spread(trial, 'wall_s')}",
                f"{duration(median(trial.values('cpu_s')))}{_spread(trial, 'cpu_s')}",
                f"{energy(trial.energy)}{_spread(trial, 'energy_j')}",
                *([mass(trial.co2e)] if has_co2e and trial.co2e else []),
                _bar(share) if len(trials) > 1 else "",
            )
        )
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    head, *body = [
        "  " + "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines = ["", *(f"  {click.style(t.label, bold=True)}  {t.shown}" for t in trials), ""]
    lines += [click.style(head, dim=True), *body, _legend(trials)]
    lines += ["", *(f"  {click.style(v.sentence, bold=True)}" for v in said)] if said else []
    lines += [click.style(f"  doubt: {doubt}", fg="yellow") for doubt in found]
    lines += [click.style(f"  note: {note}", dim=True) for note in notes]
    return "\n".join(lines) + "\n"


def _legend(trials: Sequence[Trial]) -> str:
    said = f"  median of {len(trials[0].runs)} runs ± standard deviation between them (robust)"
    if len(trials) > 1:
        said += "; intervals of comparisons: 95 %"
    return click.style(said, dim=True)


def _spread(trial: Trial, metric: str) -> str:
    values = trial.values(metric)
    return f" ± {100 * spread_ratio(values):.1f} %" if len(values) > 1 else ""


def _bar(share: float) -> str:
    """Eighths of a cell, so that 5 % is seen."""
    eighths = round(share * BAR_CELLS * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
