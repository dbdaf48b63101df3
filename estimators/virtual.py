"""Watts of a virtual machine: its threads' share of a host that cannot be seen."""

from __future__ import annotations

from sobriety.core.machine import Machine

from .curve import Curve, PowerModel, power_w
from .server import ENERGY_STAR, SPEC, as_sold
from .tables import table

TYPICAL_THREADS = 2
HOST_CHIPS, HOST_DISKS, HOST_THREADS = 2, 8, 224
"""Of the host that cannot be seen: median of the fit, but for the disks, which are assumed."""


def virtual_power(machine: Machine) -> PowerModel:
    """Watts a thread of two-chip servers since 2017, times the threads that the machine has.

    The share is by reserved threads: a host that is sold twice over draws less for each.
    """
    threads = machine.threads or TYPICAL_THREADS
    curves = {
        row["bound"]: Curve(*(float(row[k]) for k in ("a_w", "b_w", "c_w", "d_w"))).scaled(threads)
        for row in table("virtual_machine_power")
    }
    value, high = curves["value"], curves["high"]
    # The fit's hosts are lean; this one may be as others are sold.
    sold_w = power_w(value, 0) + as_sold().watts(HOST_CHIPS, HOST_DISKS) * threads / HOST_THREADS
    high = high.plus(Curve(max(0.0, sold_w - power_w(high, 0)), 0, 0, 0))
    count = str(threads) if machine.threads else f"{TYPICAL_THREADS} (assumed)"
    return PowerModel(
        value,
        curves["low"],
        high,
        "archetype",
        f"virtual machine: {count} threads of a typical host that cannot be seen",
        (SPEC, ENERGY_STAR),
    )
