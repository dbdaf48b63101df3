"""The numbers of an inventory's cells, and the range that a device can have of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

COUNTS = {"chips": 64, "cores_total": 4096, "cores": 4096, "threads_total": 8192, "nodes": 1024,
          "disks": 10_000}  # fmt: skip
"""Whole numbers and the most that a device has; one at least, but for disks."""

AMOUNTS = {
    "ghz": (0.1, 10.0),
    "base_ghz": (0.1, 10.0),
    "tdp_w": (1.0, 2000.0),
    "memory_gb": (0.01, 100_000.0),
    "screen_in": (1.0, 150.0),
    "weight": (0.01, 5000.0),
    "storage_gb": (0.0, 1e7),
    "utilisation": (0.0, 1.0),
    "idle_w": (0.1, 20_000.0),
    "max_w": (0.1, 50_000.0),
}
HINTS = {
    "tdp_w": ("watts, not kilowatts", "watts of one chip, not milliwatts"),
    "idle_w": ("watts, not kilowatts", "watts, not milliwatts"),
    "max_w": ("watts, not kilowatts", "watts, not milliwatts"),
    "utilisation": ("", "a share, not percent"),
}
"""What was probably meant by too little, and by too much."""
FIRST_YEAR = 1980


def numbers_of(
    facts: Mapping[str, str], wrong: list[str], *, decimal_comma: bool, year: int
) -> dict[str, float]:
    """The cells that are numbers a device can have; of the others, why not, into `wrong`."""
    ranges = {name: (0.0 if name == "disks" else 1.0, float(most)) for name, most in COUNTS.items()}
    ranges |= AMOUNTS | {"hw_year": (float(FIRST_YEAR), float(year))}
    found: dict[str, float] = {}
    for name, (least, most) in ranges.items():
        if name not in facts:
            continue
        text = facts[name]
        if name == "disks":
            text = _count_of(text)
        whole = name in COUNTS or name == "hw_year"
        value = _number(text.replace(",", ".") if decimal_comma else text)
        if isfinite(value) and least <= value <= most and (not whole or value.is_integer()):
            found[name] = value
            continue
        kind = "a whole number" if whole else "a number"
        hint = meant(name, value, most)
        wrong.append(f"{name} {text[:40]!r} is not {kind} from {least:g} to {most:g}{hint}")
    return found


def _number(text: str) -> float:
    """Not a number where it is none. Python alone reads 1_000."""
    try:
        return float(text) if "_" not in text else float("nan")
    except ValueError:
        return float("nan")


def meant(name: str, value: float, largest: float) -> str:
    """What was probably meant by a value that is out of its range, in brackets; else empty."""
    too_little, too_much = HINTS.get(name, ("", ""))
    hint = (
        too_much if largest < value < float("inf") else too_little if 0 < value <= largest else ""
    )
    return f" ({hint})" if hint else ""


def _count_of(text: str) -> str:
    """`2 x 300 GB SAS` is 2."""
    found = re.match(r"(\d{1,3})\s*[x×]\s*\S", text)
    return found[1] if found else text
