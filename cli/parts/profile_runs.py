"""`sobriety profile --runs N`: measure one command repeatedly."""

from __future__ import annotations

import shlex

import click

from sobriety.core.host import LocalHost
from sobriety.profiling.budget import Judged
from sobriety.profiling.costing import TOO_SHORT
from sobriety.settings.config import Config
from sobriety.settings.machine import describe
from sobriety.trials.baseline import differences, of_trial
from sobriety.trials.runs import Measure, Trial
from sobriety.trials.statistics import median
from sobriety.trials.warnings import Doubt, doubts

from ..baseline import Against
from .budgets import Limits, RunCost
from .options import interactive
from .profile_options import ProfileOptions
from .profile_output import write_figures
from .run_options import Repeated
from .trial_output import as_json, run_all, table


def run_again(
    command: tuple[str, ...],
    repeated: Repeated,
    limits: Limits,
    measure: Measure,
    options: ProfileOptions,
    config: Config,
) -> int:
    """Run it as often as options. Shown before it is filed: it cannot be had again for free."""
    against = Against.read(options.baseline_file, options.max_regression)
    trials = run_all([(shlex.join(command), command)], repeated, measure)
    (trial,) = trials
    cost = RunCost(
        trial.shown, median(trial.values("wall_s")), trial.energy, trial.co2e, trial.embodied
    )
    found = doubts(trials, LocalHost())
    judged: tuple[Judged, ...] = ()
    notes: list[str] = []
    if against is not None:
        now = of_trial(trial, describe(LocalHost(), config))
        judged = against.judged(now)
        notes = [f"warning: {doubt}" for doubt in differences(against.before, now)]
    if options.as_json:
        text = as_json(trials, repeated.plan, (), found, judged)
    else:
        text = _table(trials, found, colour=options.output is None and interactive())
        text += "".join(f"  {line}\n" for line in limits.lines(cost))
        text += "".join(f"  {line}\n" for line in (*notes, *(each.said for each in judged)))
    write_figures(text, options.output)
    repeated.write(trials, (), found)
    return limits.close(cost, 0, judged)


def _table(trials: tuple[Trial, ...], found: tuple[Doubt, ...], *, colour: bool) -> str:
    notes = dict.fromkeys(note for note in trials[0].runs[0].notes if note != TOO_SHORT)
    text = table(trials, (), found, list(notes))
    return text if colour else click.unstyle(text)
