"""Reads a processor's name: its model, series and design power. Unknown is None."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ..tables import table

LONGEST = 200
"""A name of more characters is none."""

_NOISE = re.compile(
    r"\((?:r|tm|c)\)|[®™©]|@.*|\bcpu\b|\bprocessor\b|\bwith\b.*|\bamd\b|\bintel\b|\bgenuine\b"
    r"|\b(?:\d{1,3}|dual|triple|quad|six|eight|twelve|sixteen)-core\b|\b\d\d?th gen\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"@\s*(\d+(?:\.\d+)?)\s*GHz")
_STEPPING = re.compile(r"\s0\s*$")
"""`E5-2640 0 @ 2.50GHz`: the first version of a processor that later had a v2."""


def plain_name(cpu_model: str) -> str:
    """One spelling for what /proc/cpuinfo, WMI and datasheets write differently."""
    bare = _STEPPING.sub("", _NOISE.sub(" ", cpu_model.replace("?", " ")))
    return " ".join(bare.lower().split())


def clock_ghz(cpu_model: str | None) -> float | None:
    """`Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz` says its base clock; newer ones do not."""
    clock = _CLOCK.search(cpu_model or "")
    return float(clock[1]) if clock else None


_HYPERVISORS = re.compile(
    r"qemu|kvm|virtual|\bvcpu|hyper-v|\bepyc-(?:rome|milan|genoa|turin)|processor \([^)]+\)\s*$"
    r"|xx\b[^()]*\([^()]+\)\s*$|\bclass cpu\s*$",
    re.IGNORECASE,
)


def is_virtual_cpu(cpu_model: str | None) -> bool:
    """Whether a name is one that a hypervisor makes up: `QEMU Virtual CPU`, `AMD EPYC-Rome
    Processor`, `Intel Xeon Processor (Skylake, IBRS)`, or a server's brand without a number."""
    name = (cpu_model or "")[:LONGEST]
    return bool(_HYPERVISORS.search(name)) or plain_name(name) in ("epyc", "xeon")


def is_one_cpu(cpu_model: str) -> bool:
    """Whether a name identifies one model: a number or three words, and no hypervisor's word."""
    name = plain_name(cpu_model)
    if len(cpu_model) > LONGEST or is_virtual_cpu(cpu_model):
        return False
    return any(c.isdigit() for c in name) or len(name.split()) > 2


def is_amd(cpu_model: str | None) -> bool:
    name = (cpu_model or "").lower()
    return any(word in name for word in ("amd", "epyc", "opteron", "ryzen"))


class Generation(NamedTuple):
    """A maker's series of processors, and the year in which it came out."""

    name: str
    year: int


def cpu_generation(cpu_model: str | None) -> Generation | None:
    """The series that a number belongs to; None where the number says nothing."""
    if not cpu_model or len(cpu_model) > LONGEST:
        return None
    name = plain_name(cpu_model)
    return next((g for pattern, g in _generations() if pattern.search(name)), None)


def cpu_label(cpu_model: str) -> str:
    """The one processor that a name means; with its series where nothing more is known of it, and
    empty where it means no one model."""
    matched, series = cpu_match(cpu_model), cpu_generation(cpu_model)
    if matched:
        return matched.name
    if series:
        return f"{plain_name(cpu_model)} (series: {series.name}, {series.year})"
    return plain_name(cpu_model) if is_one_cpu(cpu_model) else ""


@cache
def _generations() -> list[tuple[re.Pattern[str], Generation]]:
    return [
        (re.compile(row["pattern"]), Generation(row["generation"], int(row["year"])))
        for row in table("cpu_generations")
    ]


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
    matched = cpu_match(cpu_model)
    return matched.tdp_w if matched else None


@cache
def _known() -> dict[str, Known]:
    from ..grid.codecarbon import cpu_table

    rows: dict[str, set[Known]] = {}
    for name, watts in cpu_table():
        rows.setdefault(plain_name(name), set()).add(Known(" ".join(name.split()), watts))
    agreed = {key: same for key, same in rows.items() if key and len({k.tdp_w for k in same}) == 1}
    return {key: min(same) for key, same in agreed.items()}
