"""Power of a virtual machine: its threads' share of a typical host."""

from __future__ import annotations

import re

from sobriety.core.machine import Machine
from sobriety.core.method import MethodKind
from sobriety.core.text import folded

from ..tables import table
from .curve import Curve, PowerModel, power_w
from .server import ENERGY_STAR, SPEC, as_sold

TYPICAL_THREADS = 2
LIKELY_THREADS = (1, 16)
"""Where nobody says how many. Assumed, all three: clouds sell most with one to four."""
HOST_CHIPS, HOST_DISKS, HOST_THREADS = 2, 8, 224
"""Of the host that cannot be seen: median of the fit, but for the disks, which are assumed."""

OVERBOOKED = 2.0
"""Threads that hypervisors sell for one, at most: a share is then half as much. Assumed."""

THREADS = MethodKind(
    "virtual-machine",
    "virtual machine: {threads:number} threads of a typical host that cannot be seen",
)
ASSUMED_THREADS = MethodKind(
    "virtual-machine-assumed",
    "virtual machine: {threads:number} (assumed) threads of a typical host that cannot be seen",
)

_SAYS = re.compile(
    r"\b(?:vms?\d*|vps|virtual (?:machines?|servers?|platform)|virtualbox|hvm domu|openstack nova"
    r"|(?:machines?|serveurs?) virtuel(?:le)?s?)\b|^standard pc \("
)
_HOST = re.compile(r"\b(?:hosts?|hotes?|hypervis\w*|esxi?)\b")


def says_virtual(text: str | None) -> bool:
    """Whether the owner's or the firmware's words mean a virtual machine: `vm-web-01`, `machine
    virtuelle`, `VMware Virtual Platform`; and not the host of some: `VM host 3`."""
    words = folded(text or "")
    return bool(_SAYS.search(words)) and not _HOST.search(words)


def virtual_power(machine: Machine) -> PowerModel:
    """Watts a thread of two-chip servers since 2017, times the threads that the machine has.

    The share is by reserved threads: a host that is sold twice over draws less for each, which the
    lower bound allows for.
    """
    threads = machine.threads or TYPICAL_THREADS
    curves = {
        row["bound"]: Curve(*(float(row[k]) for k in ("a_w", "b_w", "c_w", "d_w"))).scaled(threads)
        for row in table("virtual_machine_power")
    }
    value, high = curves["value"], curves["high"]
    low = curves["low"].scaled(1 / OVERBOOKED)
    # The fit's hosts are lean; this one may be as others are sold.
    sold_w = power_w(value, 0) + as_sold().watts(HOST_CHIPS, HOST_DISKS) * threads / HOST_THREADS
    high = high.plus(Curve(max(0.0, sold_w - power_w(high, 0)), 0, 0, 0))
    method = THREADS(threads=threads)
    if not machine.threads:
        method = ASSUMED_THREADS(threads=threads)
        least, most = LIKELY_THREADS
        low, high = low.scaled(least / threads), high.scaled(most / threads)
    return PowerModel(
        value,
        low,
        high,
        "archetype",
        method,
        (SPEC, ENERGY_STAR),
    )
