"""`sobriety profile`: what a command costs."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety import config as settings
from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.host import Host, LocalHost
from sobriety.costing import TOO_SHORT
from sobriety.profiler import Profile
from sobriety.shown import duration, energy, mass, memory

from .budgets import Cost, Limits, limit_options
from .options import Duration, config_option, factor_option, json_option, zone_option
from .repeat import Repeated, measurer, repeat_options

if TYPE_CHECKING:
    from sobriety.trials.doubts import Doubt
    from sobriety.trials.runs import Measure, Trial


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
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the figures there instead of stderr.",
)
@repeat_options(runs=1)
@limit_options
@click.option("--cross-check", is_flag=True, help="Run CodeCarbon's offline tracker beside ours.")
@json_option
@config_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def profile(
    ctx: click.Context,
    zone: str | None,
    factor_kind: str | None,
    interval_s: float,
    output: Path | None,
    repeated: Repeated,
    limits: Limits,
    cross_check: bool,
    as_json: bool,
    config_file: Path | None,
    command: tuple[str, ...],
) -> None:
    """Run a command; say its time, energy and CO2e, with all its children.

    The command keeps its stdin, stdout, signals and exit code. Ours goes to stderr, or to --output.
    With --runs, --warmup, --prepare or --cooldown it has nothing to read and what it writes is
    thrown away, unless --show-output, and a run that fails stops it.

    \b
    sobriety profile -- python train.py
    sobriety profile --zone CA-QC --json -o cost.json -- make test
    sobriety profile --cross-check -- ./bench.sh
    sobriety profile --runs 10 --warmup 1 --cooldown 2s --csv runs.csv -- ./bench.sh
    sobriety profile --zone CA-QC --max-energy 50J --functional-unit requests=1000 -- ./load.sh
    """
    config = settings.load({"zone": zone, "factor_kind": factor_kind}, file=config_file)
    host = LocalHost()
    plan = repeated.plan
    is_repeated = plan.runs + plan.warmup > 1 or bool(plan.prepare or plan.cooldown_s)
    quiet = is_repeated and not repeated.show_output
    measure = measurer(config, host, every_s=interval_s, quiet=quiet)
    if is_repeated:
        if cross_check:
            raise click.UsageError("--cross-check takes one run")
        ctx.exit(_again(command, repeated, limits, measure, host, as_json, output))
    peer = None
    if cross_check:
        from sobriety.cross_check import CodeCarbon

        peer = CodeCarbon(config.text("zone"))
    result = measure(command)
    cost = Cost(shlex.join(command), result.run.wall_s, result.energy, result.co2e, result.embodied)
    theirs = peer.stop() if peer else None
    if as_json:
        text = (
            json.dumps(
                as_dict(result, limits.piece(cost)) | ({"cross_check": theirs} if theirs else {}),
                indent=2,
            )
            + "\n"
        )
    else:
        text = summary(result, limits.lines(cost), colour=output is None and sys.stderr.isatty())
        if theirs:
            text += f"  {theirs['method']}: {theirs['energy_j']:,.1f} J for the whole machine\n"
    _write(text, output)
    if repeated.csv_file or repeated.markdown_file:
        from sobriety.trials.runs import Trial

        repeated.write([Trial("A", cost.name, (result,))], (), ())
    ctx.exit(limits.close(cost, result.run.exit_code))


def _again(
    command: tuple[str, ...],
    repeated: Repeated,
    limits: Limits,
    measure: Measure,
    host: Host,
    as_json: bool,
    output: Path | None,
) -> int:
    """Run it as often as asked. Shown before it is filed: it cannot be had again for free."""
    from sobriety.trials.doubts import doubts
    from sobriety.trials.statistics import median

    from .trials import as_json as trials_as_json
    from .trials import run_all

    trials = run_all([(shlex.join(command), command)], repeated, measure)
    (trial,) = trials
    cost = Cost(
        trial.shown, median(trial.values("wall_s")), trial.energy, trial.co2e, trial.embodied
    )
    found = doubts(trials, host)
    if as_json:
        text = trials_as_json(trials, repeated.plan, (), found)
    else:
        text = _table(trials, found, colour=output is None and sys.stderr.isatty())
        text += "".join(f"  {line}\n" for line in limits.lines(cost))
    _write(text, output)
    repeated.write(trials, (), found)
    return limits.close(cost, 0)


def _table(trials: tuple[Trial, ...], found: tuple[Doubt, ...], *, colour: bool) -> str:
    from .trials import table

    notes = dict.fromkeys(note for note in trials[0].runs[0].notes if note != TOO_SHORT)
    text = table(trials, (), found, list(notes))
    return text if colour else click.unstyle(text)


def as_dict(result: Profile, piece: Estimate | None = None) -> dict[str, object]:
    """As `docs/schema/profile.json` describes it."""

    def figure(estimate: Estimate | None) -> object:
        return None if estimate is None else estimate.as_dict()

    run = result.run
    return {
        "schema_version": 1,
        "command": list(run.command),
        "exit_code": run.exit_code,
        "wall_s": run.wall_s,
        "cpu_s": run.cpu_s,
        "user_s": run.user_s,
        "system_s": run.system_s,
        "max_rss_b": run.max_rss_b,
        "energy_j": figure(result.energy),
        "machine_energy_j": figure(result.machine_energy),
        "co2e_kg": figure(result.co2e),
        "embodied_kg": figure(result.embodied),
        "sci_kg": figure(piece),
        "own_cpu_s": result.own_cpu_s,
        "notes": list(result.notes),
    }


def summary(result: Profile, more: Sequence[str] = (), *, colour: bool) -> str:
    """What a person reads."""
    run = result.run

    def bold(text: str) -> str:
        return click.style(text, bold=True) if colour else text

    def dim(text: str) -> str:
        return click.style(text, dim=True) if colour else text

    lines = [
        "",
        f"  {bold(' '.join(run.command))}" + (f"  exit {run.exit_code}" if run.exit_code else ""),
        f"  time             {duration(run.wall_s)}, processor {duration(run.cpu_s)},"
        f" memory {memory(run.max_rss_b)}",
        f"  energy           {bold(energy(result.energy))}  {dim(result.energy.basis)}",
    ]
    if result.co2e:
        lines.append(f"  use, CO2e        {bold(mass(result.co2e))}")
    share = dim("the machine's, by busy time")
    lines.append(f"  making, CO2e     {bold(mass(result.embodied))}  {share}")
    if result.machine_energy:
        everybody = dim("idle and all others included")
        lines.append(f"  whole machine    {energy(result.machine_energy)}  {everybody}")
    lines.extend(f"  {line}" for line in more)
    lines.extend(f"  {dim('note: ' + note)}" for note in result.notes)
    return "\n".join(lines) + "\n"


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stderr.write(text)
        return
    from sobriety.durable import write_whole

    try:
        write_whole(output, text)
    except SobrietyError:
        sys.stderr.write(
            text
        )  # the run cannot be had again for free: what cannot be filed is shown
        raise
