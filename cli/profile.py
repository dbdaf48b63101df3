"""`sobriety profile`: measure what a command costs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sobriety.core.host import LocalHost
from sobriety.settings import config as settings

from .parts.budgets import Limits, RunCost, limit_options
from .parts.options import (
    Duration,
    config_option,
    factor_option,
    interactive,
    json_option,
    options_as,
    zone_option,
)
from .parts.profile_breakdown import Breakdown
from .parts.profile_options import ProfileOptions
from .parts.profile_output import LiveLine, as_dict, summary, write_figures
from .parts.run_options import Repeated, measurer, measuring, repeat_options

if TYPE_CHECKING:
    from sobriety.profiling.profiler import Profile, Watcher
    from sobriety.settings.config import Config

TREE_EVERY_S = 0.2
"""Most processes of a build live no longer."""
RUNS_AGAINST_BASELINE = 10


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@zone_option
@factor_option
@click.option(
    "--interval",
    "interval_s",
    default="1s",
    show_default=True,
    type=Duration(),
    help="Sampling interval.",
)
@click.option(
    "--scope",
    type=click.Choice(["process", "machine"]),
    default="process",
    show_default=True,
    help="Energy above idle that the command caused, or all that the machine drew meanwhile.",
)
@click.option("--tree", "shows_tree", is_flag=True, help="Break the energy down by process.")
@click.option(
    "--functions", "shows_functions", is_flag=True, help="Break the energy down by Python function."
)
@click.option(
    "--flame",
    "flame_file",
    type=click.Path(path_type=Path),
    help="Write an HTML flame graph: boxes as wide as their joules.",
)
@click.option("--pid", type=click.IntRange(min=1), help="Follow a process that runs already.")
@click.option("--container", metavar="NAME", help="Follow a container.")
@click.option("--unit", metavar="NAME", help="Follow a service of systemd.")
@click.option("--for", "for_s", metavar="DURATION", type=Duration(), help="Time to follow it.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the figures there instead of stderr.",
)
@click.option(
    "--live/--no-live",
    "is_live",
    default=None,
    help="Show a live line on stderr.  [default: unless the command writes to the terminal]",
)
@repeat_options(runs=1)
@limit_options
@click.option(
    "--baseline",
    "baseline_file",
    type=click.Path(path_type=Path),
    help="Compare ten runs with those of `sobriety baseline save`.",
)
@click.option(
    "--max-regression",
    metavar="SHARE",
    help="Exit with 3 when energy rose by more than this, interval included: 10%.",
)
@click.option("--cross-check", is_flag=True, help="Run CodeCarbon's offline tracker beside ours.")
@json_option
@config_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
@options_as(ProfileOptions)
def profile(
    ctx: click.Context,
    /,
    options: ProfileOptions,
    repeated: Repeated,
    limits: Limits,
    command: tuple[str, ...],
) -> None:
    """Run a command and report its time, energy and CO2e, all its children included.

    The command keeps its stdin, stdout, signals and exit code; figures go to stderr or --output.
    With --runs, --warmup, --prepare or --cooldown its stdin is empty and its output is discarded
    unless --show-output, and a failed run stops the series.

    \b
    sobriety profile -- python train.py
    sobriety profile --zone CA-QC --json -o cost.json -- make test
    sobriety profile --tree -- make -j4
    sobriety profile --flame cost.html -- python train.py
    sobriety profile --unit nginx.service --for 60s
    sobriety profile --runs 10 --warmup 1 --cooldown 2s --csv runs.csv -- ./bench.sh
    sobriety profile --zone CA-QC --max-energy 50J --functional-unit requests=1000 -- ./load.sh
    """
    if options.baseline_file and repeated.plan.runs == 1:
        repeated = repeated.with_runs(RUNS_AGAINST_BASELINE)
    options.check(command, repeated)
    config = settings.load(
        {"zone": options.zone, "factor_kind": options.factor_kind}, file=options.config_file
    )
    if options.targets:
        cost = _follow(config, options)
        ctx.exit(_report(cost, cost.run.command[0], repeated, limits, options))
    if repeated.is_repeated:
        from .parts.profile_runs import run_again

        quiet = not repeated.show_output
        measure = measurer(config, every_s=options.interval_s, quiet=quiet, scope=options.scope)
        ctx.exit(run_again(command, repeated, limits, measure, options, config))
    ctx.exit(_run_once(command, config, repeated, limits, options))


def _run_once(
    command: tuple[str, ...],
    config: Config,
    repeated: Repeated,
    limits: Limits,
    options: ProfileOptions,
) -> int:
    breakdown = Breakdown.of(options) if options.has_breakdown else None
    every_s = options.interval_s
    if options.shows_tree:
        every_s = min(every_s, TREE_EVERY_S)
    watchers = [*(breakdown.watchers if breakdown else []), *_live(options)]
    measure = measurer(config, every_s=every_s, quiet=False, scope=options.scope, watchers=watchers)
    peer = None
    if options.cross_check:
        from sobriety.profiling.cross_check import CodeCarbon

        peer = CodeCarbon(config.text("zone"))
    result = measure(command)
    theirs = peer.stop() if peer else None
    return _report(result, shlex.join(command), repeated, limits, options, breakdown, theirs)


def _report(
    result: Profile,
    name: str,
    repeated: Repeated,
    limits: Limits,
    options: ProfileOptions,
    breakdown: Breakdown | None = None,
    theirs: dict[str, Any] | None = None,
) -> int:
    """Print and write what one run cost; return the exit code."""
    cost = RunCost(name, result.run.wall_s, result.energy, result.co2e, result.embodied)
    if options.as_json:
        import json

        content = as_dict(result, limits.piece(cost))
        content |= breakdown.as_dict(result) if breakdown else {}
        content |= {"cross_check": theirs} if theirs else {}
        text = json.dumps(content, indent=2) + "\n"
    else:
        colour = options.output is None and interactive()
        lines = breakdown.lines(result) if breakdown else ()
        text = summary(result, limits.lines(cost), lines, colour=colour)
        if theirs:
            text += f"  {theirs['method']}: {theirs['energy_j']:,.1f} J for the whole machine\n"
    write_figures(text, options.output)
    if breakdown:
        breakdown.write(result, name)
    if repeated.csv_file or repeated.markdown_file:
        from sobriety.trials.runs import Trial

        repeated.write([Trial("A", cost.name, (result,))], (), ())
    return limits.close(cost, result.run.exit_code)


def _follow(config: Config, options: ProfileOptions) -> Profile:
    """Measure what runs already."""
    from sobriety.profiling import attach
    from sobriety.profiling.profiler import Watching, measured

    host, every_s, for_s = LocalHost(), options.interval_s, options.for_s
    assert for_s is not None
    target: attach.AttachTarget
    if options.pid is not None:
        target, every_s = attach.Tree(host, options.pid), min(every_s, TREE_EVERY_S)
    elif options.container is not None:
        target = attach.container(host, options.container)
    else:
        target = attach.unit(host, options.unit or "")
    how = measuring(config, every_s=every_s, scope=options.scope)
    try:
        return measured(
            lambda meanwhile, _: attach.follow(target, for_s, every_s, meanwhile),
            how,
            watching=Watching(_live(options)),
        )
    finally:
        target.close()


def _live(options: ProfileOptions) -> list[Watcher]:
    """The live line; on a terminal that the command writes to, only when requested."""
    wanted = (
        interactive() and not sys.stdout.isatty() if options.is_live is None else options.is_live
    )
    return [LiveLine()] if wanted else []
