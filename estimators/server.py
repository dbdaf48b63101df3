"""Watts of a server from its parts: a regression on measured servers, for whatever is known."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import exp
from typing import NamedTuple

from sobriety.core.machine import Machine

from .cpu import clock_ghz, design_power_w, is_amd
from .curve import Curve, PowerModel, power_w
from .features import OPTIONAL, terms
from .tables import table

SPEC = "SPECpower_ssj2008 results, spec.org, 2025-03"
ENERGY_STAR = "US EPA ENERGY STAR certified servers v3"

REAL_IDLE_RATIO = 1.61
"""Idle of ENERGY STAR's servers, in the configurations that are sold, over idle as SPECpower's
results predict it: the median of 167. Makers tune the latter. The interval reaches up to it."""

DISK_W = (9.8, 5.0, 15.0)
"""Watts that each disk beyond the first adds to a server, its share of fans and supply included.
The value is fitted on ENERGY STAR's servers, which the curve's fit does not know; SPECpower's
results have one disk. The bounds are assumed."""

REAL_RANGE = (0.68, 2.3)
"""Idle measured over modelled, disks counted, 5 to 95 % of 133 rack and tower servers of ENERGY
STAR: the interval of a server with several disks, which is no lean machine."""

RANGES = {
    # What the fit has seen. Beyond it squares and cubes of a fact are fantasy.
    "chips": (1, 8),
    "cores": (2, 144),
    "tdp_w": (25, 500),
    "hw_year": (2004, 2025),
    "ghz": (1.6, 3.8),
    "memory_gb": (1, 1536),
    "idle_w": (9, 300),  # a chip
    "full_w": (44, 660),  # a chip
}


class Layout(NamedTuple):
    """Chips, cores and threads to compute with, and what was assumed for it."""

    chips: int
    cores: int
    threads: int
    assumed: str


def server_power(machine: Machine) -> PowerModel:
    """From chips, cores, threads, and as much as is known of TDP, year, clock and memory.

    A server of which neither cores nor threads are known is a typical one. What was assumed, and
    what was beyond the servers of the fit, is said in the method.
    """
    layout = _layout(machine)
    found = known_facts(machine)
    known = {name: _within(name, value) for name, value in found.items()}
    label = " ".join(n for n in OPTIONAL if n in known)
    # More chips than any server of the fit has: as many of the largest as it takes.
    chips = int(_within("chips", layout.chips))
    cores = chips * _within("cores", layout.cores / layout.chips)
    row = terms(
        chips=chips,
        cores=round(cores),
        threads=round(cores * min(2.0, max(1.0, layout.threads / layout.cores))),
        amd=is_amd(machine.cpu_model),
        known=known,
    )
    fitted = coefficients()[label]
    logs = [sum(fitted[name][k] * value for name, value in row.items()) for k in range(4)]
    idle, ten, half, full = (exp(v) / chips for v in logs)
    found |= {"idle_w": idle, "full_w": full}
    known |= {name: _within(name, found[name]) for name in ("idle_w", "full_w")}
    # Facts that no machine has together (one core, a terabyte) may still give fantasy.
    middle = (min(max(w, known["idle_w"]), known["full_w"]) for w in (ten, half))
    curve = through((known["idle_w"], *middle, known["full_w"])).scaled(layout.chips)
    low, high = (curve.scaled(ratio) for ratio in errors()[label])
    least, most = 0.0, REAL_IDLE_RATIO
    more_disks = max(0, (machine.disks or 0) - 1)
    if more_disks:
        curve, low, high = (
            c.plus(Curve(watts * more_disks, 0, 0, 0))
            for c, watts in zip((curve, low, high), DISK_W, strict=True)
        )
        least, most = REAL_RANGE
    low = _idle_at_most(low, curve, least) if least else low
    high = _idle_at_least(high, curve, most)
    typical = not (machine.cores or machine.threads)
    beyond = [f"{name} {found[name]:g} taken as {known[name]:g}" for name in found
              if known[name] != found[name]]  # fmt: skip
    facts = "nothing: a typical 2 × 32 cores"
    if not typical:
        used = [*(n for n in known if n in OPTIONAL), *(["disks"] if more_disks else [])]
        facts = ", ".join(["cores", *used])
    return PowerModel(
        curve,
        low,
        high,
        "archetype" if typical else "modelled",
        "; ".join([f"server regression on {facts}", *filter(None, [layout.assumed]), *beyond]),
        (SPEC, ENERGY_STAR),
    )


def _idle_at_least(high: Curve, curve: Curve, ratio: float) -> Curve:
    """The bound, raised by as many watts at every load as its idle lacks."""
    missing_w = ratio * power_w(curve, 0) - power_w(high, 0)
    return high.plus(Curve(max(0.0, missing_w), 0, 0, 0))


def _idle_at_most(low: Curve, curve: Curve, ratio: float) -> Curve:
    excess_w = power_w(low, 0) - ratio * power_w(curve, 0)
    return low.plus(Curve(-max(0.0, excess_w), 0, 0, 0))


def _layout(machine: Machine) -> Layout:
    chips, cores, threads = machine.chips or 0, machine.cores or 0, machine.threads or 0
    if cores <= 0 and threads <= 0:
        return Layout(2, 64, 128, "")
    assumed: list[str] = []
    if cores <= 0:
        cores = max(1, threads // 2)
        assumed.append("two threads a core assumed")
    if chips <= 0:
        chips = 1
        assumed.append("one chip assumed")
    return Layout(min(chips, cores), cores, threads if threads > 0 else 2 * cores,
                  ", ".join(assumed))  # fmt: skip


def _within(name: str, value: float) -> float:
    least, most = RANGES[name]
    return min(max(value, least), most)


def known_facts(machine: Machine) -> dict[str, float]:
    """Those of OPTIONAL that are known, from the machine or its processor's name."""
    found = {
        "tdp_w": machine.tdp_w or design_power_w(machine.cpu_model),
        "hw_year": machine.hw_year,
        "ghz": clock_ghz(machine.cpu_model),
        "memory_gb": machine.memory_b / 1e9 if machine.memory_b else None,
    }
    return {name: float(value) for name, value in found.items() if value and value > 0}


@cache
def coefficients() -> dict[str, dict[str, tuple[float, ...]]]:
    """By set of known facts, by term: of the logarithm of watts at the four loads."""
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    for row in table("server_power"):
        values = tuple(float(row[f"log_w_at_{k}"]) for k in (0, 10, 50, 100))
        found.setdefault(row["known"], {})[row["term"]] = values
    return found


@cache
def errors() -> dict[str, tuple[float, float]]:
    """By set of known facts: 5 % and 95 % of measured over modelled, on silicon left out."""
    return {
        row["known"]: (float(row["low_ratio"]), float(row["high_ratio"]))
        for row in table("server_power_error")
    }


def through(watts: tuple[float, ...]) -> Curve:
    """The curve through watts at 0, 10, 50 and 100 %, kept from falling anywhere."""
    idle, ten, half, full = watts
    full = max(full, idle)
    # a is idle; b, c, d solve the other three: bs + cu + du³ = P(u) - a.
    s1, s5 = 0.1**0.5, 0.5**0.5
    r1, r5, r10 = ten - idle, half - idle, full - idle
    # eliminate c = r10 - b - d
    m11, m12, k1 = s1 - 0.1, 0.1**3 - 0.1, r1 - 0.1 * r10
    m21, m22, k2 = s5 - 0.5, 0.5**3 - 0.5, r5 - 0.5 * r10
    det = m11 * m22 - m12 * m21
    b = (k1 * m22 - m12 * k2) / det
    d = (m11 * k2 - k1 * m21) / det
    curve = Curve(idle, b, r10 - b - d, d)
    steps = [power_w(curve, u / 200) for u in range(201)]
    if b >= 0 and all(after >= before for before, after in pairwise(steps)):
        return curve
    return Curve(idle, 0.0, full - idle, 0.0)
