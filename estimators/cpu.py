"""What a processor's name says. Never a guess at another processor: unknown is None."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_NOISE = re.compile(
    r"\((?:r|tm|c)\)|[®™©]|@.*|\bcpu\b|\bprocessor\b|\bwith\b.*|\bamd\b|\bintel\b|\bgenuine\b"
    r"|\b(?:\d{1,3}|dual|triple|quad|six|eight|twelve|sixteen)-core\b|\b\d\d?th gen\b",
    re.IGNORECASE,
)
_STEPPING = re.compile(r"\s0\s*$")
"""`E5-2640 0 @ 2.50GHz`: the first version of a processor that later had a v2."""


def plain_name(cpu_model: str) -> str:
    """One spelling for what /proc/cpuinfo, WMI and datasheets write differently."""
    bare = _STEPPING.sub("", _NOISE.sub(" ", cpu_model.replace("?", " ")))
    return " ".join(bare.lower().split())


def is_amd(cpu_model: str | None) -> bool:
    name = (cpu_model or "").lower()
    return any(word in name for word in ("amd", "epyc", "opteron", "ryzen"))


class Known(NamedTuple):
    """A processor as a public table spells it, and its thermal design power."""

    name: str
    tdp_w: float


def cpu_match(cpu_model: str | None) -> Known | None:
    """The same processor in CodeCarbon's table; None where it is not there, where the table says
    two things of it, or where the table is not installed. Never the nearest one.
    """
    return _known().get(plain_name(cpu_model)) if cpu_model else None


def design_power_w(cpu_model: str | None) -> float | None:
    """Thermal design power of one chip."""
    found = cpu_match(cpu_model)
    return found.tdp_w if found else None


@cache
def _known() -> dict[str, Known]:
    from .codecarbon import cpu_table

    rows: dict[str, set[Known]] = {}
    for name, watts in cpu_table():
        rows.setdefault(plain_name(name), set()).add(Known(" ".join(name.split()), watts))
    agreed = {key: same for key, same in rows.items() if key and len({k.tdp_w for k in same}) == 1}
    return {key: min(same) for key, same in agreed.items()}
