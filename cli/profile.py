"""`sobriety profile`: what a command costs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sobriety.core.errors import ConfigError
from sobriety.core.host import LocalHost
from sobriety.settings import config as settings

from .parts.budgets import Cost, Limits, limit_options
from .parts.options import (
    Duration,
    config_option,
    factor_option,
    interactive,
    json_option,
    zone_option,
)
from .parts.profile_breakdown import Where
from .parts.profile_output import Asked, LiveLine, as_dict, summary, write_figures
from .parts.run_options import Repeated, measurer, measuring, repeat_options

if TYPE_CHECKING:
    from sobriety.profiling.profiler import Profile, Scope, Watcher
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
    help="Between samples.",
)
@click.option(
    "--scope",
    type=click.Choice(["process", "machine"]),
    default="process",
    show_default=True,
    help="Energy because of the command, idle apart; or all that the machine drew meanwhile.",
)
@click.option("--tree", "shows_tree", is_flag=True, help="Say which of its processes it went to.")
@click.option(
    "--functions", "shows_functions", is_flag=True, help="Say which Python functions it went to."
)
@click.option(
    "--flame",
    "flame_file",
    type=click.Path(path_type=Path),
    help="Write a page of functions: boxes as wide as their joules.",
)
@click.option("--pid", type=click.IntRange(min=1), help="Follow a process that runs already.")
@click.option("--container", metavar="NAME", help="Follow a container.")
@click.option("--unit", metavar="NAME", help="Follow a service of systemd.")
@click.option("--for", "for_s", metavar="DURATION", type=Duration(), help="How long to follow it.")
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
    help="A line on stderr while it goes on.  [default: where its output is not on the terminal]",
)
@repeat_options(runs=1)
@limit_options
@click.option(
    "--baseline",
    "baseline_file",
    type=click.Path(path_type=Path),
    help="Say how ten runs differ from those of `sobriety baseline save`.",
)
@click.option(
    "--max-regression",
    metavar="SHARE",
    help="Exit with 3 when energy rose by more, and the interval leaves no doubt of it: 10%.",
)
@click.option("--cross-check", is_flag=True, help="Run CodeCarbon's offline tracker beside ours.")
@json_option
@config_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def profile(
    ctx: click.Context,
    /,
    zone: str | None,
    factor_kind: str | None,
    interval_s: float,
    scope: Scope,
    pid: int | None,
    container: str | None,
    unit: str | None,
    for_s: float | None,
    shows_tree: bool,
    shows_functions: bool,
    flame_file: Path | None,
    repeated: Repeated,
    limits: Limits,
    config_file: Path | None,
    command: tuple[str, ...],
    **more: Any,
) -> None:
    """Run a command; say its time, energy and CO2e, with all its children.

    The command keeps its stdin, stdout, signals and exit code. Ours goes to stderr, or to --output.
    With --runs, --warmup, --prepare or --cooldown it has nothing to read and what it writes is
    thrown away, unless --show-output, and a run that fails stops it.

    \b
    sobriety profile -- python train.py
    sobriety profile --zone CA-QC --json -o cost.json -- make test
    sobriety profile --tree -- make -j4
    sobriety profile --flame cost.html -- python train.py
    sobriety profile --unit nginx.service --for 60s
    sobriety profile --runs 10 --warmup 1 --cooldown 2s --csv runs.csv -- ./bench.sh
    sobriety profile --zone CA-QC --max-energy 50J --functional-unit requests=1000 -- ./load.sh
    """
    asked = Asked(**more)
    targets = [t for t in (pid, container, unit) if t is not None]
    if bool(targets) == bool(command) or len(targets) > 1:
        raise click.UsageError("give a command, or one of --pid, --container and --unit")
    config = settings.load({"zone": zone, "factor_kind": factor_kind}, file=config_file)
    if asked.baseline_file and repeated.plan.runs == 1:
        repeated = repeated.with_runs(RUNS_AGAINST_BASELINE)
    for file in (asked.output, flame_file):
        if file and not file.parent.is_dir():
            raise ConfigError(f"{file} cannot be written: there is no folder {file.parent}")
    goes_where = shows_tree or shows_functions or flame_file
    if targets:
        if repeated.is_repeated or goes_where or asked.cross_check:
            raise click.UsageError("what runs already is followed once, and as a whole")
        if for_s is None:
            raise click.UsageError("say how long to follow it: --for 60s")
        result = _follow(config, scope, interval_s, pid, container, unit, for_s, asked)
        ctx.exit(_tell(result, result.run.command[0], repeated, limits, asked))
    if for_s is not None:
        raise click.UsageError("--for goes with --pid, --container or --unit")
    if repeated.is_repeated:
        if asked.cross_check or goes_where:
            raise click.UsageError("--cross-check, --tree and --functions take one run")
        quiet = not repeated.show_output
        measure = measurer(config, every_s=interval_s, quiet=quiet, scope=scope)
        from .parts.profile_runs import run_again

        ctx.exit(run_again(command, repeated, limits, measure, asked, config))
    where = Where.asked(shows_tree, shows_functions, flame_file) if goes_where else None
    every_s = min(interval_s, TREE_EVERY_S) if shows_tree else interval_s
    watchers = [*(where.watchers if where else []), *_live(asked)]
    measure = measurer(config, every_s=every_s, quiet=False, scope=scope, watchers=watchers)
    peer = None
    if asked.cross_check:
        from sobriety.profiling.cross_check import CodeCarbon

        peer = CodeCarbon(config.text("zone"))
    result = measure(command)
    theirs = peer.stop() if peer else None
    name = shlex.join(command)
    ctx.exit(_tell(result, name, repeated, limits, asked, where, theirs))


def _tell(
    result: Profile,
    name: str,
    repeated: Repeated,
    limits: Limits,
    asked: Asked,
    where: Where | None = None,
    theirs: dict[str, Any] | None = None,
) -> int:
    """Say and write what one run cost; the exit code."""
    cost = Cost(name, result.run.wall_s, result.energy, result.co2e, result.embodied)
    if asked.as_json:
        import json

        found = as_dict(result, limits.piece(cost)) | (where.as_dict(result) if where else {})
        text = json.dumps(found | ({"cross_check": theirs} if theirs else {}), indent=2) + "\n"
    else:
        colour = asked.output is None and interactive()
        text = summary(
            result, limits.lines(cost), where.lines(result) if where else (), colour=colour
        )
        if theirs:
            text += f"  {theirs['method']}: {theirs['energy_j']:,.1f} J for the whole machine\n"
    write_figures(text, asked.output)
    if where:
        where.write(result, name)
    if repeated.csv_file or repeated.markdown_file:
        from sobriety.trials.runs import Trial

        repeated.write([Trial("A", cost.name, (result,))], (), ())
    return limits.close(cost, result.run.exit_code)


def _follow(
    config: Config,
    scope: Scope,
    every_s: float,
    pid: int | None,
    container: str | None,
    unit: str | None,
    for_s: float,
    asked: Asked,
) -> Profile:
    """Measure what runs already."""
    from sobriety.profiling import attach
    from sobriety.profiling.profiler import Watching, measured

    host = LocalHost()
    target: attach.Target
    if pid is not None:
        target, every_s = attach.Tree(host, pid), min(every_s, TREE_EVERY_S)
    elif container is not None:
        target = attach.container(host, container)
    else:
        target = attach.unit(host, unit or "")
    how = measuring(config, every_s=every_s, scope=scope)
    try:
        return measured(
            lambda meanwhile: attach.follow(target, for_s, every_s, meanwhile),
            how,
            watching=Watching(_live(asked)),
        )
    finally:
        target.close()


def _live(asked: Asked) -> list[Watcher]:
    """A line while it goes on. On a terminal that the command writes to, only when asked for."""
    wanted = interactive() and not sys.stdout.isatty() if asked.is_live is None else asked.is_live
    return [LiveLine()] if wanted else []
