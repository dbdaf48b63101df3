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
from sobriety import costing
from sobriety.core.estimate import Estimate
from sobriety.core.host import Host
from sobriety.core.machine import Machine
from sobriety.core.ports import Collector
from sobriety.core.units import NS_PER_S
from sobriety.estimators import BUILT_IN, FactorBook, co2e, intensity
from sobriety.session import Session

SAMPLED = frozenset({"cpu", "rapl", "battery", "agent", "psutil"})
"""The collectors that say something of a command; the others would only cost time."""

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
    machine_energy = costing.machine_energy(machine, rows, notes)
    metered = costing.above_idle(machine, run.cpu_s, rows, machine_energy)
    used = metered or costing.by_cpu_time(machine, run.cpu_s)
    if factor is None:
        notes.append(costing.NO_ZONE)
    else:
        notes.extend(factor.notes)
    busy = [r.measures["cpu_busy_s"] for r in rows if "cpu" in r.observed]
    own = [r.measures["agent_cpu_s"] for r in rows if "agent" in r.observed]
    return Profile(
        run,
        used,
        machine_energy,
        co2e(used, factor.estimate) if factor else None,
        costing.making(machine, run.wall_s, run.cpu_s),
        sum(own) if own else None,
        tuple(notes),
        sum(busy) if busy else None,
        metered is not None,
    )


def _year(host: Host) -> int:
    import time

    return time.gmtime(host.now().wall_ns / NS_PER_S).tm_year
