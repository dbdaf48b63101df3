"""`sobriety doctor`: list what can be measured on this machine, and how well."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from sobriety.agent.checkup import Checkup, examine
from sobriety.core.display import rounded
from sobriety.core.estimate import Estimate
from sobriety.core.host import LocalHost
from sobriety.core.machine import Machine
from sobriety.settings import config as settings

from .parts.options import (
    config_option,
    factor_option,
    json_option,
    log_notes,
    root_option,
    zone_option,
)

_MARKS = {
    "answers": ("✓", "green"),
    "forbidden": ("!", "yellow"),
    "failing": ("!", "red"),
    "absent": ("·", None),
}


@click.command()
@zone_option
@factor_option
@json_option
@root_option
@config_option
def doctor(
    zone: str | None, factor_kind: str | None, as_json: bool, root: str, config_file: Path | None
) -> None:
    """Say which sensors this machine has, which are forbidden, and what accuracy to expect.

    A forbidden sensor comes with the exact command that opens it.

    \b
    sobriety doctor
    sobriety doctor --zone CA-QC --json
    """
    config = settings.load({"zone": zone, "factor_kind": factor_kind}, file=config_file)
    log_notes(config)
    found = examine(LocalHost(root), config, year=time.gmtime().tm_year)
    click.echo(json.dumps(as_dict(found), indent=2, ensure_ascii=False) if as_json else page(found))


def as_dict(found: Checkup) -> dict[str, object]:
    """As `docs/schema/doctor.json` describes it."""
    machine = found.machine
    return {
        "schema_version": 1,
        "machine": {name: getattr(machine, name) for name in Machine.__dataclass_fields__},
        "sources": [
            {"name": s.name, "state": s.state, "message": s.message, "hint": s.hint}
            for s in found.sources
        ],
        "metered": list(found.metered),
        "idle_w": found.idle.as_dict(),
        "busy_w": found.busy.as_dict(),
        "tested": {
            "machines": found.tested.machines,
            "idle_ratio": found.tested.idle_ratio,
            "load_ratio": found.tested.load_ratio,
        },
        "zone": found.zone,
        "intensity_g_per_kwh": found.factor.as_dict() if found.factor else None,
        "missing_extras": list(found.missing_extras),
        "too_slow_s": found.too_slow_s,
    }


def page(found: Checkup) -> str:
    """What a person reads."""
    lines = [click.style("Machine", bold=True), f"  {_describe(found.machine)}", ""]
    lines.append(click.style("Sources", bold=True))
    width = max(len(s.name) for s in found.sources)
    for source in found.sources:
        mark, colour = _MARKS[source.state]
        said = source.message or source.state
        lines.append(f"  {click.style(mark, fg=colour)} {source.name:<{width}}  {said}")
        if source.hint:
            lines.append(f"    {'':<{width}}  → {source.hint}")
    lines += ["", click.style("Accuracy to expect", bold=True)]
    if found.too_slow_s is not None:
        lines.append(
            f"  interval_s is too long: a counter here may wrap within {found.too_slow_s:.0f} s,"
            " and its joules are then unknown"
        )
    if found.metered:
        lines.append(f"  measured: {', '.join(found.metered)}; what is outside of it is modelled")
    else:
        lines.append("  no energy sensor answers: power is modelled from the machine's parts")
    lines.append(f"  idle  {_watts(found.idle)}")
    lines.append(f"  busy  {_watts(found.busy)}")
    lines.append(f"  {click.style(found.idle.method, dim=True)}")
    lines.append(f"  {_tested(found)}")
    if found.machine.virtual:
        lines.append("  → collect on the physical host to see what it draws")
    elif found.idle.basis != "measured":
        lines.append(
            "  → a reading at the plug narrows this most: sobriety calibrate --idle-w 41.5"
        )
    lines += ["", click.style("Grid", bold=True)]
    if found.factor:
        lines.append(
            f"  {found.zone}: {found.factor.value:g} g CO2e/kWh, {found.factor.sources[0]}"
        )
    elif found.zone_problem:
        lines.append(f"  {found.zone_problem}")
    else:
        lines.append("  no zone is set, so no CO2e → sobriety config set grid.zone CA-QC")
    if found.missing_extras:
        extras = ",".join(found.missing_extras)
        lines += [
            "",
            click.style("Not installed", bold=True),
            f"  → pip install 'sobriety[{extras}]'",
        ]
    return "\n".join(lines)


def _watts(power: Estimate) -> str:
    value, low, high = rounded(power.value, power.low, power.high)
    return f"{value} W at the plug, 90 % within {low} to {high} W ({power.basis})"


def _tested(found: Checkup) -> str:
    machines, idle, load = found.tested
    if idle is None:
        return "never tested: nobody has published such machines measured at the plug"
    said = f"{100 * idle:.0f} % off at idle" + (f", {100 * load:.0f} % at any load" if load else "")
    never = "" if load else "; full load was never measured"
    return f"tested on {machines} such machines that the fit had not seen: median {said}{never}"


def _describe(machine: Machine) -> str:
    kind = "virtual machine" if machine.virtual else machine.category or "unknown kind"
    parts = [machine.host or "unnamed", kind]
    parts += [p for p in (machine.manufacturer, machine.model, machine.cpu_model) if p]
    if machine.threads:
        parts.append(f"{machine.threads} threads")
    if machine.memory_b:
        parts.append(f"{machine.memory_b / 1e9:.0f} GB")
    return ", ".join(parts)
