"""`sobriety profile`: what a command costs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sobriety import config as settings
from sobriety.collectors import choose
from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.host import LocalHost
from sobriety.factor_store import book
from sobriety.meters import configured
from sobriety.profiler import SAMPLED, Profile
from sobriety.profiler import profile as measure
from sobriety.this_machine import describe

from .figures import duration, energy, mass, memory
from .options import Duration, config_option, factor_option, json_option, zone_option


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
    cross_check: bool,
    as_json: bool,
    config_file: Path | None,
    command: tuple[str, ...],
) -> None:
    """Run a command; say its time, energy and CO2e, with all its children.

    The command keeps its stdin, stdout, signals and exit code. Ours goes to stderr, or to --output.

    \b
    sobriety profile -- python train.py
    sobriety profile --zone CA-QC --json -o cost.json -- make test
    sobriety profile --cross-check -- ./bench.sh
    """
    config = settings.load({"zone": zone, "factor_kind": factor_kind}, file=config_file)
    host = LocalHost()
    names = config.names("collectors")
    sampled = [c for c in choose(host.system, names) if c.name in SAMPLED]
    machine = describe(host, config)
    zone_set = config.text("zone")
    peer = None
    if cross_check:
        from sobriety.cross_check import CodeCarbon

        peer = CodeCarbon(zone_set)
    result = measure(
        command,
        host=host,
        machine=machine,
        collectors=[*configured(config, counters=False), *sampled],
        zone=zone_set,
        factor_kind=config.text("factor_kind") or "direct",
        factors=book(config),
        every_s=interval_s,
    )
    theirs = peer.stop() if peer else None
    if as_json:
        text = (
            json.dumps(as_dict(result) | ({"cross_check": theirs} if theirs else {}), indent=2)
            + "\n"
        )
    else:
        text = summary(result, colour=output is None and sys.stderr.isatty())
        if theirs:
            text += f"  {theirs['method']}: {theirs['energy_j']:,.1f} J for the whole machine\n"
    _write(text, output)
    ctx.exit(result.run.exit_code)


def as_dict(result: Profile) -> dict[str, object]:
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
        "own_cpu_s": result.own_cpu_s,
        "notes": list(result.notes),
    }


def summary(result: Profile, *, colour: bool) -> str:
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
