"""What a command costs: its energy and carbon, beside the time that the kernel says it took.

The scope is the process: what the machine drew *because of* the command, idle power apart. Where a
sensor covers the run, what it saw above idle is shared by processor time; elsewhere each second of
a busy core costs the same, so that two cores cost twice one and short children cost as much
as long ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sobriety import command as commands
from sobriety.core.estimate import Estimate, total
from sobriety.core.host import Host
from sobriety.core.machine import Machine
from sobriety.core.ports import Collector
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.estimators import (
    BUILT_IN,
    Curve,
    FactorBook,
    amortised,
    co2e,
    embodied,
    energy,
    intensity,
    lifetime,
    plan,
    power_model,
    power_w,
)
from sobriety.session import Session

SENSORS = ("package", "psys", "battery", "wall")
"""Groups whose joules cover at least the processor."""

SAMPLED = frozenset({"cpu", "rapl", "battery", "agent", "psutil"})
"""The collectors that say something of a command; the others would only cost time."""

TOO_SHORT = "too short for the kernel's clock: the whole machine's energy is unknown"

_ONE_ROW_S = 1e9


@dataclass(frozen=True, slots=True)
class Profile:
    """A run and what it cost. A figure that nothing supports is None; `notes` says why.

    energy           of the command, idle apart
    machine_energy   of the whole machine meanwhile, idle and everybody else included
    co2e             of `energy`, location-based
    embodied         the machine's making, for the share of it that the command kept busy
    own_cpu_s        what measuring took
    busy_s           what all processors worked meanwhile, for whomever
    is_metered       whether a sensor covered the run
    """

    run: commands.Run
    energy: Estimate
    machine_energy: Estimate | None
    co2e: Estimate | None
    embodied: Estimate
    own_cpu_s: float | None
    notes: tuple[str, ...]
    busy_s: float | None = None
    is_metered: bool = False


def profile(
    command: Sequence[str],
    *,
    host: Host,
    machine: Machine,
    collectors: Iterable[Callable[[], Collector]],
    zone: str | None = None,
    factor_kind: str = "direct",
    factors: FactorBook = BUILT_IN,
    every_s: float = 1.0,
    quiet: bool = False,
) -> Profile:
    """Run a command and measure it. Raises CannotRun; FactorNotFound before it runs anything."""
    factor = None
    if zone is not None:
        factor = intensity(zone, _year(host), factor_kind, factors)
    with Session(host, collectors, row_s=_ONE_ROW_S) as session:
        rows = session.sample()
        run = commands.run(
            command,
            every_s=every_s,
            meanwhile=lambda: rows.extend(session.sample()),
            quiet=quiet,
        )
        rows += session.sample() + session.finish()
    rows = [row for row in rows if row.kind == "host"]
    notes: list[str] = []
    machine_energy = _machine_energy(machine, rows, notes)
    metered = _above_idle(machine, run, rows, machine_energy)
    used = metered or _by_cpu_time(machine, run)
    if factor is None:
        notes.append(
            "no grid zone is set, so there is no CO2e; set one with: sobriety config set zone CA-QC"
        )
    else:
        notes.extend(factor.notes)
    threads = machine.threads or 1
    share = min(1.0, run.cpu_s / (threads * run.wall_s)) if run.wall_s else 0.0
    busy = [r.measures["cpu_busy_s"] for r in rows if "cpu" in r.observed]
    own = [r.measures["agent_cpu_s"] for r in rows if "agent" in r.observed]
    return Profile(
        run,
        used,
        machine_energy,
        co2e(used, factor.estimate) if factor else None,
        amortised(embodied(machine), lifetime(machine), run.wall_s).scaled(share),
        sum(own) if own else None,
        tuple(notes),
        sum(busy) if busy else None,
        metered is not None,
    )


def _year(host: Host) -> int:
    import time

    return time.gmtime(host.now().wall_ns / NS_PER_S).tm_year


def _machine_energy(machine: Machine, rows: list[Usage], notes: list[str]) -> Estimate | None:
    """The whole machine during the run; None when a part of it was not seen."""
    parts: list[Estimate] = []
    for row in rows:
        its_plan = plan(machine, row.observed, row.state) if "cpu" in row.observed else None
        if its_plan is None:
            notes.append(TOO_SHORT)
            return None
        parts.append(
            energy(
                its_plan, {"duration_s": row.duration_s, "covered_s": row.covered_s, **row.measures}
            )
        )
    return total("energy_j", parts, shared_error=True) if parts else None


def _above_idle(
    machine: Machine, run: commands.Run, rows: list[Usage], machine_energy: Estimate | None
) -> Estimate | None:
    """What a sensor saw above idle, by share of processor time. None without a sensor."""
    if machine_energy is None or not all(set(SENSORS) & set(r.observed) for r in rows):
        return None
    busy_s = sum(r.measures["cpu_busy_s"] for r in rows)
    share = min(1.0, run.cpu_s / busy_s) if busy_s > 0 else 0.0
    wall_s = sum(r.duration_s for r in rows)
    model = power_model(machine)
    value, low, high = (
        max(0.0, joules - power_w(curve, 0.0) * wall_s) * share
        for joules, curve in (
            (machine_energy.value, model.curve),
            (machine_energy.low, model.high),
            (machine_energy.high, model.low),
        )
    )
    return Estimate(
        "energy_j",
        value,
        min(low, value),
        max(high, value),
        "mixed",
        f"({machine_energy.method}, less idle) by share of processor time",
        tuple(dict.fromkeys(machine_energy.sources + model.sources)),
    )


def _by_cpu_time(machine: Machine, run: commands.Run) -> Estimate:
    """Processor time times what one more busy thread draws."""
    model = power_model(machine)
    threads = machine.threads or 1

    def per_thread_w(curve: Curve) -> float:
        return max(0.0, power_w(curve, 1.0) - power_w(curve, 0.0)) / threads

    value = per_thread_w(model.curve)
    around = (value, per_thread_w(model.low), per_thread_w(model.high))
    return Estimate(
        "energy_j",
        value * run.cpu_s,
        min(around) * run.cpu_s,
        max(around) * run.cpu_s,
        model.basis,
        f"processor time × watts of one more busy thread ({model.method})",
        model.sources,
    )
