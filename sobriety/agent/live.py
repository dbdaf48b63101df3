"""Computes live watts of a machine and its workloads, for `sobriety top` and others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.estimators import EnergyPlan, active, energy, plan

from .session import Session

UNATTRIBUTED = "unattributed"
LEAST_STEP_S = 0.1


@dataclass(frozen=True, slots=True)
class Load:
    """A workload in the time between two looks. power is above idle; memory_b None is unknown."""

    kind: str
    name: str
    power: Estimate
    cpu_s: float
    memory_b: float | None


@dataclass(frozen=True, slots=True)
class LiveSample:
    """The machine in the time between two looks. Loads, unattributed and idle add up to power.

    busy_ratio     of the processors; None where they were not observed
    own_cpu_s      what looking took
    """

    start_ns: int
    duration_s: float
    power: Estimate
    idle_w: float
    unattributed_w: float
    loads: tuple[Load, ...]
    busy_ratio: float | None
    own_cpu_s: float | None


def moments(session: Session, machine: Machine, interval_s: float) -> Iterator[LiveSample]:
    """Look every `interval_s`, until the host has nothing more to see or `host.wake` is called.

    Raises SobrietyError where what can be seen here gives no power.
    """
    host = session.host
    session.sample()
    session.finish()
    due_ns = host.now().monotonic_ns
    while True:
        due_ns = max(due_ns + int(interval_s * NS_PER_S), host.now().monotonic_ns)
        if not host.sleep_until(due_ns):
            return
        rows = session.sample() + session.finish()
        found = moment(machine, rows)
        if found is not None:
            yield found


def moment(machine: Machine, rows: Iterable[Usage]) -> LiveSample | None:
    """The last stretch of rows in which the machine was on; None where there is none.

    Raises SobrietyError where its rows give no power.
    """
    rows = list(rows)
    host = next((r for r in reversed(rows) if r.kind == "host" and r.state == "on"), None)
    if host is None or host.duration_s < LEAST_STEP_S:
        return None
    its_plan = plan(machine, host.observed, host.state)
    if its_plan is None:
        raise SobrietyError(
            f"what can be seen here gives no power: {', '.join(host.observed) or 'nothing'}",
            hint="see why with: sobriety doctor",
        )
    whole = _joules(its_plan, host)
    above = active(its_plan)
    shares = [r for r in rows if r.kind != "host" and r.observed == host.observed]
    loads = [_load(above, r) for r in shares if r.kind != UNATTRIBUTED]
    nobody_w = math.fsum(_watts(above, r).value for r in shares if r.kind == UNATTRIBUTED)
    power = whole.scaled(1 / host.duration_s, "power_w")
    loads.sort(key=lambda load: (-load.power.value, -load.cpu_s, load.name))
    busy, capacity = (host.measures.get(f"cpu_{n}_s") for n in ("busy", "capacity"))
    return LiveSample(
        host.start_ns,
        host.duration_s,
        power,
        max(0.0, power.value - nobody_w - math.fsum(load.power.value for load in loads)),
        nobody_w,
        tuple(loads),
        busy / capacity if busy is not None and capacity else None,
        host.measures.get("agent_cpu_s"),
    )


def _load(above: EnergyPlan, row: Usage) -> Load:
    used_bs = row.measures.get("memory_used_bs")
    return Load(
        row.kind,
        row.name,
        _watts(above, row),
        row.measures.get("cpu_busy_s", 0.0),
        None if used_bs is None else used_bs / row.duration_s,
    )


def _watts(above: EnergyPlan, row: Usage) -> Estimate:
    return _joules(above, row).scaled(1 / row.duration_s, "power_w")


def _joules(its_plan: EnergyPlan, row: Usage) -> Estimate:
    durations = {"duration_s": row.duration_s, "covered_s": row.covered_s}
    return energy(its_plan, {**durations, **row.measures})
