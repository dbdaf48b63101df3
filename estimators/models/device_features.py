"""Encodes facts of terminals and of manufacture as numbers and words of regressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import log

from sobriety.core.machine import Machine
from sobriety.core.text import folded

from ..categories import made, terminals
from .cpu import clock_ghz
from .details import Details

Features = tuple[dict[str, float], list[str]]

_TERMINAL_RANGES = {"cores": (1.0, 18.0), "ghz": (0.8, 5.0), "memory_gb": (1.0, 256.0)}
_TERMINAL_YEARS = (2015, 2020)
_MAKING_RANGES = {"weight_kg": (0.1, 50.0), "screen_in": (4.0, 86.0), "storage_gb": (8.0, 32_000.0)}
_MAKING_YEARS = (2010, 2022)


def _logarithms(
    known: Mapping[str, float | None], ranges: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Of what is known, within what the fit has seen."""
    return {
        name: log(min(max(value, ranges[name][0]), ranges[name][1]))
        for name, value in known.items()
        if value and value > 0
    }


def _year(hw_year: int | None, seen: tuple[int, int]) -> dict[str, float]:
    return {"hw_year": float(min(max(hw_year, seen[0]), seen[1]) - 2019)} if hw_year else {}


_BRANDS = {
    "hp": "hpe", "hewlett": "hpe", "micro": "msi", "super": "supermicro", "international": "ibm",
}  # fmt: skip


def brand(manufacturer: str | None) -> str | None:
    """The maker's first name: `Dell Inc.` and `DELL EMC` are one."""
    words = re.findall(r"[a-z]+", folded(manufacturer or ""))
    return _BRANDS.get(words[0], words[0]) if words else None


def plain_words(name: str | None) -> list[str]:
    """A product's name without case, accents and signs: `ThinkPad T14 (Gen 3)` has four words."""
    return re.findall(r"[a-z0-9]+", folded(name or ""))


def terminal_features(machine: Machine, category: str, details: Details) -> Features:
    """Of what people sit at."""
    numbers = {f"is {c}": float(c == category) for c in terminals()}
    known: dict[str, float | None] = {
        "cores": machine.cores,
        "ghz": details.base_ghz or clock_ghz(machine.cpu_model),
        "memory_gb": machine.memory_b / 1e9 if machine.memory_b else None,
    }
    numbers |= _logarithms(known, _TERMINAL_RANGES) | _year(machine.hw_year, _TERMINAL_YEARS)
    graphics = re.match(r"g([1-7])$", folded(details.graphics or ""))
    numbers["graphics"] = float(graphics[1]) if graphics else 0.0
    return numbers, list(
        _terminal_words(machine, category, details, graphics[0] if graphics else "none")
    )


def _terminal_words(
    machine: Machine, category: str, details: Details, graphics: str
) -> Iterator[str]:
    yield f"type {folded(details.subcategory or category)}"
    yield f"graphics {graphics}"
    yield f"graphics {graphics} {category}"
    maker = brand(machine.manufacturer)
    if maker:
        yield f"brand {maker}"
        yield f"brand {maker} {category}"
    cpu = (machine.cpu_model or "").partition("@")[0].lower()
    yield from (f"cpu {w}" for w in dict.fromkeys(re.findall(r"[a-z]+|\d", cpu)[:4]))
    tier = re.search(r"i[3579]", cpu)
    if tier:
        yield f"cpu {tier[0]} {category}"
    suffix = re.search(r"\d{4,5}([a-z]+)", cpu)
    if suffix:
        yield f"cpu suffix {suffix[1]}"
    elif re.search(r"\d{4}\s*$", cpu):
        yield f"cpu without suffix {category}"
    names = re.findall(r"[a-z]+|\d+", folded(machine.model or ""))
    yield from (f"name {w}" for w in dict.fromkeys(names))
    if names:
        yield f"name first {names[0]}"
        yield f"name first {' '.join(names[:2])}"


def making_features(machine: Machine, category: str, details: Details) -> Features:
    """Of the making of a device."""
    numbers = {f"is {c}": float(c == category) for c in made()}
    known: Mapping[str, float | None] = {
        "weight_kg": details.weight_kg,
        "screen_in": machine.screen_in,
        "storage_gb": details.storage_gb,
    }
    numbers |= _logarithms(known, _MAKING_RANGES) | _year(machine.hw_year, _MAKING_YEARS)
    words = [f"no {name}" for name, value in known.items() if not value]
    return numbers, [*words, *_making_words(machine, category)]


def making_line(machine: Machine) -> str | None:
    """The word of a maker's product line: `latitude`."""
    names = re.findall(r"[a-z]+", folded(machine.model or ""))
    maker = brand(machine.manufacturer)
    return f"line {maker} {names[0]}" if names and maker else None


def _making_words(machine: Machine, category: str) -> Iterator[str]:
    maker = brand(machine.manufacturer) or "?"
    year = machine.hw_year or "?"
    screen = round(machine.screen_in) if machine.screen_in else "?"
    yield f"type {category}"
    yield f"screen {screen} {category}"
    if machine.manufacturer:
        yield f"brand {maker}"
        yield f"brand {maker} {category}"
        yield f"brand {maker} {year}"
        yield f"brand {maker} {category} {year}"
        yield f"brand {maker} {category} screen {screen}"
    line = making_line(machine)
    if line:
        yield line
    names = re.findall(r"[a-z0-9]+", folded(machine.model or ""))
    for word in dict.fromkeys(names):
        yield f"name {word}"
    yield from dict.fromkeys(_shapes(names))
    if names:
        then = names[1] if len(names) > 1 else ""
        yield f"name first {names[0]}"
        yield f"name first {names[0]} {then}"
        yield f"name first {names[0]} {then[:1]} year {year} screen {screen}"


def _shapes(names: list[str]) -> Iterator[str]:
    """Model numbers run in series: 7380 and 7390 begin alike."""
    for word in names:
        if any(c.isdigit() for c in word):
            yield f"number {word[:2]}…"
            yield f"number {word[:3]}…"
            yield f"number {word[:1]}… of {len(word)}"
