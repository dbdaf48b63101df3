"""Facts as the terms of the fitted models. The fits and the predictions share this file."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import log

OPTIONAL = ("tdp_w", "hw_year", "ghz", "memory_gb")
"""Facts that may be unknown; there is a model for each set of those that are known."""

_PAIRS = (
    ("year", "tdp"), ("year", "chips"), ("year", "cores"), ("year", "amd"), ("tdp", "cores"),
    ("tdp", "chips"), ("year", "memory"), ("amd", "tdp"), ("year", "ghz"), ("cores", "ghz"),
    ("memory", "cores"), ("memory", "chips"), ("amd", "cores"), ("amd", "year²"),
)  # fmt: skip


def terms(
    *,
    chips: int,
    cores: int,
    threads: int,
    amd: bool,
    known: Mapping[str, float],
) -> dict[str, float]:
    """The terms by name. `known` holds those of OPTIONAL that are known, and no others."""
    base = {
        "chips": log(chips),
        "cores": log(cores / chips),
        "smt": threads / cores,
        "amd": float(amd),
    }
    if "tdp_w" in known:
        base["tdp"] = log(known["tdp_w"])
    if "hw_year" in known:
        base["year"] = (known["hw_year"] - 2016) / 6
    if "ghz" in known:
        base["ghz"] = log(known["ghz"])
    if "memory_gb" in known:
        base["memory"] = log(known["memory_gb"])
    squares = {f"{n}²": v * v for n, v in base.items() if n not in ("smt", "amd")}
    plain = base | squares
    products = {f"{a}·{b}": plain[a] * plain[b] for a, b in _PAIRS if a in plain and b in plain}
    cube = {"year³": base["year"] ** 3} if "year" in base else {}
    return {"1": 1.0, **base, **squares, **products, **cube}


def known_sets() -> list[tuple[str, ...]]:
    """Every set of optional facts, the fullest first."""
    return [c for n in range(len(OPTIONAL), -1, -1) for c in combinations(OPTIONAL, n)]
