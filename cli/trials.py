"""What `profile` and `compare` share: options of repeated runs, their table, their files."""

from __future__ import annotations

import functools
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, TypeVar

import click

from sobriety.collectors import choose
from sobriety.config import Config
from sobriety.core.errors import ConfigError
from sobriety.core.host import Host
from sobriety.durable import write_whole
from sobriety.factor_store import book
from sobriety.meters import configured
from sobriety.profiler import SAMPLED
from sobriety.profiler import profile as measure
from sobriety.shown import duration, energy, mass
from sobriety.this_machine import describe
from sobriety.trials.doubts import Doubt
from sobriety.trials.files import append_csv, as_dict, check_csv, markdown
from sobriety.trials.runs import Measure, Plan, Trial, repeat
from sobriety.trials.statistics import median, spread_ratio
from sobriety.trials.verdict import Verdict

from .options import Duration, interactive

F = TypeVar("F", bound=Callable[..., Any])

BAR_CELLS = 20


@dataclass(frozen=True, slots=True)
class Repeated:
    """The options of repeated runs, as given."""

    plan: Plan
    show_output: bool
    csv_file: Path | None
    markdown_file: Path | None

    def write(
        self, trials: Sequence[Trial], said: Sequence[Verdict], found: Sequence[Doubt]
    ) -> None:
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
            plan = Plan(
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


def measurer(config: Config, host: Host, *, every_s: float, quiet: bool) -> Measure:
    """How each run is measured, all of them alike."""
    sampled = [c for c in choose(host.system, config.names("collectors")) if c.name in SAMPLED]
    return functools.partial(
        measure,
        host=host,
        machine=describe(host, config),
        collectors=[*configured(config, counters=False), *sampled],
        zone=config.text("zone"),
        factor_kind=config.text("factor_kind") or "direct",
        factors=book(config),
        every_s=every_s,
        quiet=quiet,
    )


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
    trials: Sequence[Trial], plan: Plan, said: Sequence[Verdict], found: Sequence[Doubt]
) -> str:
    return json.dumps(as_dict(trials, plan, said, found), indent=2) + "\n"


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
