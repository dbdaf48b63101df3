"""`sobriety baseline`: keep what a command costs, and see later whether it costs more."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import click

from sobriety.core.display import duration, quantity
from sobriety.core.errors import ConfigError
from sobriety.core.host import LocalHost
from sobriety.files.durable import write_whole
from sobriety.profiling.budget import Judged
from sobriety.settings import config as settings
from sobriety.settings.machine import describe
from sobriety.trials.baseline import (
    SavedBaseline,
    as_text,
    changes,
    differences,
    of_trial,
    read,
)
from sobriety.trials.statistics import median, spread_ratio
from sobriety.trials.verdict import QUANTITIES
from sobriety.trials.warnings import doubts

from .parts.budgets import BROKEN
from .parts.options import config_option
from .parts.run_options import Repeated, measurer, repeat_options
from .parts.trial_output import run_all, table


@click.group()
def baseline() -> None:
    """Save what a command costs as a baseline, and compare later runs with it.

    \b
    sobriety baseline save bench.json -- python bench.py
    sobriety baseline compare bench.json --max-regression 10% -- python bench.py
    """


@baseline.command()
@click.argument("file", type=click.Path(path_type=Path))
@repeat_options(runs=10)
@config_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def save(
    file: Path, repeated: Repeated, config_file: Path | None, command: tuple[str, ...]
) -> None:
    """Run a command and keep its figures; a file of that name is replaced.

    \b
    sobriety baseline save bench.json -- python bench.py
    sobriety baseline save bench.json --runs 20 --warmup 2 -- make test
    """
    write_whole(file, as_text(_measured(command, repeated, config_file)))
    click.echo(f"{file}: {repeated.plan.runs} runs kept", err=True)


@baseline.command()
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Show what is kept.

    \b
    sobriety baseline show bench.json
    """
    kept = read(file)
    click.echo(f"{kept.command}\n  {kept.made_utc}, {kept.cpu_model or 'an unknown processor'}")
    for metric, name in QUANTITIES.items():
        values = kept.values[metric]
        shown = duration if metric.endswith("_s") else quantity
        click.echo(
            f"  {name:<15} {shown(median(values))} ± {100 * spread_ratio(values):.1f} %,"
            f" {len(values)} runs"
        )


@baseline.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--max-regression",
    metavar="SHARE",
    help="Exit with 3 when energy rose by more, and the interval leaves no doubt of it: 10%.",
)
@repeat_options(runs=10)
@config_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def compare(
    ctx: click.Context,
    file: Path,
    max_regression: str | None,
    repeated: Repeated,
    config_file: Path | None,
    command: tuple[str, ...],
) -> None:
    """Run a command again and say whether it costs more than the baseline.

    \b
    sobriety baseline compare bench.json -- python bench.py
    sobriety baseline compare bench.json --max-regression 10% -- python bench.py
    """
    against = Against(read(file), _share(max_regression))  # read before anything runs
    now = _measured(command, repeated, config_file)
    for doubt in differences(against.before, now):
        click.echo(f"  doubt: {doubt}", err=True)
    judged = against.judged(now)
    for each in judged:
        click.echo(f"  {each.said}", err=each.is_broken)
    if any(each.is_broken for each in judged):
        ctx.exit(BROKEN)


@dataclass(frozen=True, slots=True)
class Against:
    """What later runs are compared with, and how much more they may use."""

    before: SavedBaseline
    most_ratio: float | None

    @classmethod
    def read(cls, file: Path | None, max_regression: str | None) -> Against | None:
        """Raises ConfigError."""
        if file is not None:
            return cls(read(file), _share(max_regression))
        if max_regression is not None:
            raise click.UsageError("--max-regression needs a --baseline to compare with")
        return None

    def judged(self, now: SavedBaseline) -> tuple[Judged, ...]:
        """What is told, in order; a regression last."""
        seen = changes(self.before, now)
        found = [
            Judged(f"{QUANTITIES[c.metric]} against the baseline", c.sentence, False) for c in seen
        ]
        if self.most_ratio is not None and seen[0].is_regression(self.most_ratio):
            most = f"{100 * self.most_ratio:g} %"
            said = f"a regression: more than {most} more energy; {seen[0].sentence}"
            found.append(Judged("regression", said, True))
        return tuple(found)


def _measured(
    command: tuple[str, ...], repeated: Repeated, config_file: Path | None
) -> SavedBaseline:
    config, host = settings.load({}, file=config_file), LocalHost()
    quiet = not repeated.show_output
    measure = measurer(config, every_s=1.0, quiet=quiet)
    trials = run_all([(shlex.join(command), command)], repeated, measure)
    found = doubts(trials, host)
    click.echo(table(trials, (), found, []), nl=False, err=True)
    repeated.write(trials, (), found)
    return of_trial(trials[0], describe(host, config))


def _share(text: str | None) -> float | None:
    """`10%` or `0.1`; None for none. Raises ConfigError."""
    if text is None:
        return None
    bare = text.strip()
    try:
        value = float(bare.removesuffix("%")) / (100 if bare.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value < 10:
        raise ConfigError(f"--max-regression {text!r} is no share", hint="write it as 10%")
    return value
