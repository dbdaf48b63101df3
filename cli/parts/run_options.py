"""Options of repeated runs, and how a run is measured: what every `profile` needs."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sobriety.agent.meters import configured
from sobriety.collectors import choose
from sobriety.core.errors import ConfigError
from sobriety.core.host import LocalHost
from sobriety.factors.store import book
from sobriety.profiling.profiler import SAMPLED, Measuring, Scope, Watcher, profile_as
from sobriety.settings.config import Config, data_folder
from sobriety.settings.machine import describe
from sobriety.trials.plan import RunPlan

from .options import Duration

if TYPE_CHECKING:
    from sobriety.trials.runs import Measure, Trial
    from sobriety.trials.verdict import Verdict
    from sobriety.trials.warnings import Doubt

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Repeated:
    """The options of repeated runs, as given."""

    plan: RunPlan
    show_output: bool
    csv_file: Path | None
    markdown_file: Path | None

    @property
    def is_repeated(self) -> bool:
        plan = self.plan
        return plan.runs + plan.warmup > 1 or bool(plan.prepare or plan.cooldown_s)

    def with_runs(self, runs: int) -> Repeated:
        return replace(self, plan=replace(self.plan, runs=runs))

    def write(
        self, trials: Sequence[Trial], said: Sequence[Verdict], found: Sequence[Doubt]
    ) -> None:
        from sobriety.files.durable import write_whole
        from sobriety.trials.files import append_csv, markdown

        if self.csv_file:
            append_csv(self.csv_file, trials)
        if self.markdown_file:
            write_whole(self.markdown_file, markdown(trials, said, found))


def repeat_options(runs: int) -> Callable[[F], F]:
    """Options of repeated runs; the function gets them as `repeated`."""
    file = click.Path(path_type=Path)
    options = (
        click.option(
            "--runs", default=runs, show_default=True, type=click.IntRange(min=1),
            help="Measured runs of each command.",
        ),
        click.option(
            "--warmup", default=0, show_default=True, type=click.IntRange(min=0),
            help="Runs of each before them, whose figures are left out.",
        ),
        click.option(
            "--prepare", metavar="CMD",
            help="Before every run; in no figure. Split into words, without a shell.",
        ),
        click.option(
            "--cooldown", "cooldown_s", metavar="DURATION", default=0.0, type=Duration(),
            help="Rest before every measured run: 5s.",
        ),
        click.option(
            "--ignore-failure", is_flag=True, help="Go on when a run ends with an error."
        ),
        click.option(
            "--show-output", is_flag=True,
            help="Let repeated commands read stdin and write; else they have /dev/null.",
        ),
        click.option("--csv", "csv_file", type=file, help="Append a row for every run."),
        click.option("--markdown", "markdown_file", type=file, help="Write a table for people."),
    )  # fmt: skip

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def gathered(*args: Any, **given: Any) -> Any:
            plan = RunPlan(
                given.pop("runs"),
                given.pop("warmup"),
                words(given.pop("prepare") or "", "--prepare"),
                given.pop("cooldown_s"),
                given.pop("ignore_failure"),
            )
            repeated = Repeated(
                plan, given.pop("show_output"), given.pop("csv_file"), given.pop("markdown_file")
            )
            if repeated.csv_file:
                from sobriety.trials.files import check_csv

                check_csv(repeated.csv_file)
            return function(*args, repeated=repeated, **given)

        result: Any = gathered
        for option in reversed(options):
            result = option(result)
        decorated: F = result
        return decorated

    return decorate


def words(line: str, name: str) -> tuple[str, ...]:
    """A line as a shell splits it, without the shell. Raises ConfigError."""
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        wrong = f"{name} {line!r} cannot be split into words: {str(error).lower()}"
        raise ConfigError(wrong) from None


def measuring(config: Config, *, every_s: float, scope: Scope = "process") -> Measuring:
    """How this machine is measured."""
    host = LocalHost()
    sampled = [c for c in choose(host.system, config.names("collectors")) if c.name in SAMPLED]
    return Measuring(
        host,
        describe(host, config),
        (*configured(config, counters=False), *sampled),
        config.text("zone"),
        config.text("factor_kind") or "direct",
        book(data_folder(), config.text("factors_as_of")),
        every_s,
        scope,
    )


def measurer(
    config: Config,
    *,
    every_s: float,
    quiet: bool,
    scope: Scope = "process",
    watchers: Sequence[Watcher] = (),
) -> Measure:
    """How each run is measured, all of them alike."""
    how = measuring(config, every_s=every_s, scope=scope)
    return functools.partial(profile_as, how, quiet=quiet, watchers=watchers)
