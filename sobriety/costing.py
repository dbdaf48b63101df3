"""What work costs: the formulas that a command and a section of a program share.

Where a sensor covers the work, what it saw above idle is shared by processor time; elsewhere each
second of a busy core costs the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from sobriety.core.estimate import Estimate, total
from sobriety.core.machine import Machine
from sobriety.core.usage import Usage
from sobriety.estimators import (
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

TOO_SHORT = "too short for the kernel's clock: the whole machine's energy is unknown"
NO_ZONE = "no grid zone is set, so there is no CO2e; set one with: sobriety config set zone CA-QC"


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
        f"({whole.method}, less idle) by share of processor time",
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
        f"processor time × watts of one more busy thread ({model.method})",
        model.sources,
    )


def making(machine: Machine, wall_s: float, cpu_s: float) -> Estimate:
    """The machine's making, for the share of it that the work kept busy."""
    threads = machine.threads or 1
    share = min(1.0, cpu_s / (threads * wall_s)) if wall_s else 0.0
    return amortised(embodied(machine), lifetime(machine), wall_s).scaled(share)
