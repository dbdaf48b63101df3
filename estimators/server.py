"""Watts of a server from its parts: a regression on measured servers, for whatever is known."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from math import exp

from sobriety.core.machine import Machine

from .cpu import design_power_w, is_amd
from .curve import Curve, PowerModel, power_w
from .features import OPTIONAL, terms
from .tables import table

SPEC = "SPECpower_ssj2008 results, spec.org, 2025-03"
ENERGY_STAR = "US EPA ENERGY STAR certified servers v3"

REAL_IDLE_RATIO = 1.94
"""Idle of ENERGY STAR's servers, in the configurations that are sold, over idle as SPECpower's
results predict it: the median of 167. Makers tune the latter. The interval reaches up to it."""


def server_power(machine: Machine) -> PowerModel:
    """From chips, cores, threads, and as much as is known of TDP, year, clock and memory.

    A server of which not even the cores are known is a typical one, and says so.
    """
    cores, chips = machine.cores, machine.chips or 1
    typical = cores is None
    if cores is None:
        cores, chips = 64, 2
    known = known_facts(machine)
    label = " ".join(n for n in OPTIONAL if n in known)
    row = terms(
        chips=chips,
        cores=cores,
        threads=machine.threads if machine.threads and not typical else 2 * cores,
        amd=is_amd(machine.cpu_model),
        known=known,
    )
    fitted = coefficients()[label]
    logs = [sum(fitted[name][k] * value for name, value in row.items()) for k in range(4)]
    curve = through(tuple(exp(v) for v in logs))
    error = errors()[label]
    high = curve.scaled(error[1])
    missing_w = REAL_IDLE_RATIO * power_w(curve, 0) - power_w(high, 0)
    if missing_w > 0:
        high = high.plus(Curve(missing_w, 0, 0, 0))
    facts = ", ".join(["cores", *known]) if not typical else "nothing: a typical 2 × 32 cores"
    return PowerModel(
        curve,
        curve.scaled(error[0]),
        high,
        "archetype" if typical else "modelled",
        f"server regression on {facts}",
        (SPEC, ENERGY_STAR),
    )


def known_facts(machine: Machine) -> dict[str, float]:
    """Those of OPTIONAL that are known, from the machine or its processor's name."""
    found = {
        "tdp_w": machine.tdp_w or design_power_w(machine.cpu_model),
        "hw_year": machine.hw_year,
        "ghz": clock_ghz(machine.cpu_model),
        "memory_gb": machine.memory_b / 1e9 if machine.memory_b else None,
    }
    return {name: float(value) for name, value in found.items() if value}


def clock_ghz(cpu_model: str | None) -> float | None:
    """`Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz` says its base clock; newer ones do not."""
    found = re.search(r"@\s*(\d+(?:\.\d+)?)\s*GHz", cpu_model or "")
    return float(found[1]) if found else None


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
    steps = [power_w(curve, u / 50) for u in range(51)]
    if all(after >= before for before, after in pairwise(steps)):
        return curve
    return Curve(idle, 0.0, full - idle, 0.0)
