"""Encodes facts of a server as numbers and words of its regression, for fit and product."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import log
from typing import NamedTuple

from sobriety.core.machine import Machine
from sobriety.core.method import Method, MethodKind, significant, vocabulary

from .cpu import clock_ghz, cpu_generation, design_power_w, is_amd, is_one_cpu, plain_name
from .device_features import Features, brand

RANGES = {
    # What the fit has seen. Beyond it a fact says no more than the last one seen.
    "chips": (1, 8),
    "cores": (2, 144),
    "tdp_w": (25, 500),
    "hw_year": (2004, 2025),
    "ghz": (1.6, 3.8),
    "memory_gb": (1, 1536),
}

FACTS = (("tdp_w",), ("hw_year", "series"), ("ghz",), ("memory_gb",), ("maker",))
"""What may be known beyond chips, cores and threads: one of each, or none of it."""


vocabulary(
    "fact",
    {"cores": "cores", "tdp_w": "design power", "hw_year": "year of sale", "ghz": "clock",
     "series": "processor series", "memory_gb": "memory", "maker": "maker", "disks": "disks",
     "line": "product line", "weight_kg": "weight", "screen_in": "screen",
     "storage_gb": "disk space"},
)  # fmt: skip
vocabulary("unit", {"tdp_w": "W", "ghz": "GHz", "memory_gb": "GB"})
TWO_THREADS = MethodKind("two-threads-a-core", "two threads a core assumed")
ONE_CHIP = MethodKind("one-chip", "one chip assumed")
BEYOND = MethodKind(
    "fact-beyond",
    "{fact:fact} {value:number} {unit:unit} taken as {taken:number} {unit:unit}",
)
YEAR_BEYOND = MethodKind("year-beyond", "year of sale {year:year} taken as {taken:year}")


class Layout(NamedTuple):
    """Chips, cores and threads to compute with, and what was assumed for it."""

    chips: int
    cores: int
    threads: int
    assumed: tuple[Method, ...]


class ServerFacts(NamedTuple):
    """What the regression is asked.

    known    facts that were there, of FACTS; their order is theirs
    beyond   facts outside of what the fit has seen, and what they were taken as
    """

    features: Features
    known: tuple[str, ...]
    beyond: tuple[Method, ...]


def known_sets() -> list[tuple[str, ...]]:
    """Every set of facts that may be known, the fullest first."""
    choices = product(*((*ways, "") for ways in FACTS))
    return sorted((tuple(filter(None, c)) for c in choices), key=len, reverse=True)


def layout_of(machine: Machine) -> Layout:
    """Two chips of 32 cores where nothing is known."""
    chips, cores, threads = machine.chips or 0, machine.cores or 0, machine.threads or 0
    if cores <= 0 and threads <= 0:
        return Layout(2, 64, 128, ())
    assumed: list[Method] = []
    if cores <= 0:
        cores = max(1, threads // 2)
        assumed.append(TWO_THREADS())
    if chips <= 0:
        chips = 1
        assumed.append(ONE_CHIP())
    return Layout(min(chips, cores), cores, threads if threads > 0 else 2 * cores,
                  tuple(assumed))  # fmt: skip


def server_facts(machine: Machine) -> ServerFacts:
    """Everything that is known of a server, within what the fit has seen."""
    layout = layout_of(machine)
    amounts = _amounts(machine)
    taken = {name: within(name, value) for name, value in amounts.items()}
    series = cpu_generation(machine.cpu_model)
    year = taken.get("hw_year", series.year if series else None)
    # More chips than any server of the fit has: as many of the largest as it takes.
    chips = within("chips", layout.chips)
    cores = within("cores", layout.cores / layout.chips)
    amd = float(is_amd(machine.cpu_model))
    numbers = {
        "chips": log(chips),
        "cores": log(cores),
        "smt": min(2.0, max(1.0, layout.threads / layout.cores)),
        "amd": amd,
    }
    if year is not None:
        numbers["hw_year"] = (year - 2016) / 6
        numbers["hw_year of amd"] = amd * numbers["hw_year"]
    for name in ("tdp_w", "ghz"):
        if name in taken:
            numbers[name] = log(taken[name])
    if "memory_gb" in taken:
        numbers["memory_gb"] = log(taken["memory_gb"] / chips)
    words = _words(machine, series.name if series else None)
    given = taken.keys() | ({"series"} if series and "hw_year" not in taken else set[str]())
    given |= {"maker"} if any(w.startswith("brand") for w in words) else set[str]()
    return ServerFacts(
        (numbers, words),
        tuple(fact for ways in FACTS for fact in ways if fact in given),
        tuple(_beyond(n, v, taken[n]) for n, v in amounts.items() if taken[n] != v),
    )


def _beyond(name: str, value: float, taken: float) -> Method:
    if name == "hw_year":
        return YEAR_BEYOND(year=int(value), taken=int(taken))
    return BEYOND(fact=name, value=significant(value, 6), unit=name, taken=taken)


def _amounts(machine: Machine) -> Mapping[str, float]:
    """Those that are known, from the machine or its processor's name."""
    amounts = {
        "tdp_w": machine.tdp_w or design_power_w(machine.cpu_model),
        "hw_year": machine.hw_year,
        "ghz": clock_ghz(machine.cpu_model),
        "memory_gb": machine.memory_b / 1e9 if machine.memory_b else None,
    }
    return {name: float(value) for name, value in amounts.items() if value and value > 0}


def _words(machine: Machine, series: str | None) -> list[str]:
    maker, cpu = brand(machine.manufacturer), machine.cpu_model
    words = [f"brand {maker}"] if maker else []
    words += [f"series {series}"] if series else []
    return [*words, f"cpu {plain_name(cpu)}"] if cpu and is_one_cpu(cpu) else words


def within(name: str, value: float) -> float:
    """A fact as the fit has seen it."""
    least, most = RANGES[name]
    return min(max(value, least), most)
