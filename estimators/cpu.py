"""What a processor's name says. Never a guess at another processor: unknown is None."""

from __future__ import annotations

import re
from functools import cache

_NOISE = re.compile(
    r"\((?:r|tm|c)\)|[®™©]|@.*|\bcpu\b|\bprocessor\b|\b\d+-core\b|\bwith\b.*"
    r"|\bamd\b|\bintel\b|\bgenuine\b|\b0\b$",
    re.IGNORECASE,
)


def plain_name(cpu_model: str) -> str:
    """One spelling for what /proc/cpuinfo, WMI and datasheets write differently."""
    return " ".join(_NOISE.sub(" ", cpu_model.replace("?", " ")).lower().split())


def is_amd(cpu_model: str | None) -> bool:
    name = (cpu_model or "").lower()
    return any(word in name for word in ("amd", "epyc", "opteron", "ryzen"))


def design_power_w(cpu_model: str | None) -> float | None:
    """Thermal design power by exact name from CodeCarbon's table, where that is installed."""
    return _design_powers().get(plain_name(cpu_model)) if cpu_model else None


@cache
def _design_powers() -> dict[str, float]:
    from .codecarbon import cpu_table

    return {plain_name(name): watts for name, watts in cpu_table()}
