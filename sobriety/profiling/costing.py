"""Prices work: the formulas that commands and sections of programs share.

Where a sensor covers the work, what it saw above idle is shared by processor time; elsewhere each
second of a busy core costs the same. Graphics cards have sensors of their own, and beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from sobriety.core.estimate import Estimate, total
from sobriety.core.machine import Machine
from sobriety.core.method import MethodKind
from sobriety.core.usage import Usage
from sobriety.estimators import (
    GPU,
    Curve,
    amortised,
    embodied,
    energy,
    lifetime,
    plan,
    power_model,
    power_w,
)

SENSORS = ("package", "psys", "battery", "wall")
"""Groups whose joules cover at least the processor."""

GRAPHICS = MethodKind(
    "graphics", "graphics cards above the least that they drew while idle, measured"
)
GRAPHICS_WITH_IDLE = MethodKind(
    "graphics-with-idle",
    "graphics cards, their idle included since they were never seen idle, measured",
)
IDLE = MethodKind("idle-of", "idle ({method:method})")
BY_SHARE = MethodKind("by-share", "({method:method}, less idle) by share of processor time")
BY_CPU_TIME = MethodKind(
    "by-cpu-time", "processor time × watts of one more busy thread ({method:method})"
)

TOO_SHORT = "too short for the kernel's clock: the whole machine's energy is unknown"
NO_ZONE = (
    "no grid zone is set, so there is no CO2e; set one with: sobriety config set grid.zone CA-QC"
)


def machine_energy(machine: Machine, rows: Iterable[Usage], notes: list[str]) -> Estimate | None:
    """The whole machine meanwhile; None when a part of it was not seen."""
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


class Because(NamedTuple):
    """The joules because of some work, and whether a sensor covered its processor time."""

    energy: Estimate
    is_metered: bool


def because_of(
    machine: Machine, cpu_s: float, rows: Sequence[Usage], gpu_idle_w: float | None = None
) -> Because:
    """What work of `cpu_s` on this machine cost during `rows`, idle apart.

    `gpu_idle_w` is what graphics cards drew when they did nothing; None where nobody saw it.
    """
    without = [replace(r, observed=tuple(g for g in r.observed if g != "gpu")) for r in rows]
    metered = above_idle(machine, cpu_s, without, machine_energy(machine, without, []))
    used = metered or by_cpu_time(machine, cpu_s)
    cards = graphics(machine, rows, gpu_idle_w)
    if cards is not None:
        used = total("energy_j", (used, cards), shared_error=True)
    return Because(used, metered is not None)


def graphics(machine: Machine, rows: Sequence[Usage], gpu_idle_w: float | None) -> Estimate | None:
    """Joules of graphics cards above their idle; None without a sensor of theirs, and where one of
    the whole machine has them in it already."""
    if not rows or not all("gpu" in r.observed and _is_apart(machine, r) for r in rows):
        return None
    joules = sum(r.measures["gpu_j"] for r in rows)
    idle_j = (gpu_idle_w or 0.0) * sum(r.duration_s for r in rows)
    value = max(0.0, joules - idle_j)
    if gpu_idle_w is None:
        method, low = GRAPHICS_WITH_IDLE(), 0.0
    else:
        method, low = GRAPHICS(), value * 0.95
    return Estimate("energy_j", value, low, value, "measured", method, (GPU,))


def _is_apart(machine: Machine, row: Usage) -> bool:
    its_plan = plan(machine, row.observed, row.state)
    return its_plan is not None and its_plan.value.gpu_j > 0


def whole_machine(
    machine: Machine, wall_s: float, cpu_s: float, rows: Sequence[Usage], notes: list[str]
) -> Estimate:
    """What the machine drew meanwhile; where a run is too short to see it, idle and what the work
    added, and a note says so."""
    seen = machine_energy(machine, rows, [])
    if seen is not None:
        return seen
    notes.append("too short for the kernel's clock: others on the machine were not seen")
    model = power_model(machine)
    value, low, high = (power_w(c, 0.0) * wall_s for c in (model.curve, model.low, model.high))
    idle = Estimate(
        "energy_j",
        value,
        low,
        high,
        model.basis,
        IDLE(method=model.method),
        model.sources,
    )
    return total("energy_j", (idle, by_cpu_time(machine, cpu_s)), shared_error=True)


def above_idle(
    machine: Machine, cpu_s: float, rows: list[Usage], whole: Estimate | None
) -> Estimate | None:
    """What a sensor saw above idle, by share of processor time. None without a sensor.

    `whole` is the machine's energy during `rows`.
    """
    if whole is None or not all(set(SENSORS) & set(r.observed) for r in rows):
        return None
    busy_s = sum(r.measures["cpu_busy_s"] for r in rows)
    share = min(1.0, cpu_s / busy_s) if busy_s > 0 else 0.0
    wall_s = sum(r.duration_s for r in rows)
    model = power_model(machine)
    value, low, high = (
        max(0.0, joules - power_w(curve, 0.0) * wall_s) * share
        for joules, curve in (
            (whole.value, model.curve),
            (whole.low, model.high),
            (whole.high, model.low),
        )
    )
    return Estimate(
        "energy_j",
        value,
        min(low, value),
        max(high, value),
        "mixed",
        BY_SHARE(method=whole.method),
        tuple(dict.fromkeys(whole.sources + model.sources)),
    )


def by_cpu_time(machine: Machine, cpu_s: float) -> Estimate:
    """Processor time times what one more busy thread draws."""
    model = power_model(machine)
    threads = machine.threads or 1

    def per_thread_w(curve: Curve) -> float:
        return max(0.0, power_w(curve, 1.0) - power_w(curve, 0.0)) / threads

    value = per_thread_w(model.curve)
    around = (value, per_thread_w(model.low), per_thread_w(model.high))
    return Estimate(
        "energy_j",
        value * cpu_s,
        min(around) * cpu_s,
        max(around) * cpu_s,
        model.basis,
        BY_CPU_TIME(method=model.method),
        model.sources,
    )


def making(machine: Machine, wall_s: float, cpu_s: float) -> Estimate:
    """The machine's making, for the share of it that the work kept busy."""
    threads = machine.threads or 1
    share = min(1.0, cpu_s / (threads * wall_s)) if wall_s else 0.0
    return making_of_all(machine, wall_s).scaled(share)


def making_of_all(machine: Machine, wall_s: float) -> Estimate:
    """The whole machine's making, for the time that passed."""
    return amortised(embodied(machine), lifetime(machine), wall_s)
