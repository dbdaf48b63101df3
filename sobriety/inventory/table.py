"""The desk estimate: an inventory of devices in, the same rows with their figures out.

A cell that cannot be right is left out of the estimate and told in `warnings`, so that one typing
error costs a row its precision, and never the file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sobriety.core.errors import ConfigError, FactorNotFound
from sobriety.core.machine import Machine
from sobriety.estimators import STATES, Details, category_of, is_virtual_cpu, says_virtual
from sobriety.factors.catalogue import Catalogue
from sobriety.files.tables import read_sheet, write_sheet

from .cells import meant, numbers_of
from .figures import BOUNDS, figures

LONGEST_NAME = 200
READ_W = {"server": (1.0, 20_000.0)}
"""Watts of one device that somebody can have read off a plug; of what people sit at:"""
READ_AT_A_DESK_W = (0.1, 2000.0)
TEXTS = ("manufacturer", "name", "cpu_model", "subcategory", "graphics")
_VIRTUAL = re.compile(r"\b(?:virtual|virtuel(?:le)?s?|vcpus?)\b", re.IGNORECASE)
"""A subcategory of servers that are none."""
_HYPERVISORS = re.compile(r"(?:qemu|xen|vmware|innotek|bochs|parallels)\b", re.IGNORECASE)
"""Who makes no servers: the maker that a virtual machine's firmware names."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows that were there, and those that got a figure."""

    rows: int
    estimated: int


def estimate_file(
    path: Path, out: Path, at: Sequence[int], catalogue: Catalogue | None = None
) -> Summary:
    """Write `out`: the columns of `path`, then figures with _low and _high, basis, method,
    matched_cpu and warnings, row by row in the same order. Servers have power_w_at_<load> for the
    whole percents `at`; terminals off_w, sleep_w, long_idle_w, short_idle_w; all embodied_kg, of
    a product of its name in the catalogue, else as estimated.

    `out` appears whole or not at all. Raises ConfigError where the file cannot be used.
    """
    if out.exists() and path.exists() and out.samefile(path):
        raise ConfigError(f"{out} is the inventory itself", hint="name another file with -o")
    sheet = read_sheet(path)
    added = _added(at)
    twice = [name for name in sheet.names if name in added]
    if twice:
        raise ConfigError(
            f"{path} has the column {twice[0]!r}, which an estimate adds",
            hint="take the inventory and not an estimate of it",
        )
    names, year = sheet.names, time.gmtime().tm_year
    estimated = 0
    lines: list[list[str]] = [[*sheet.header, *added]]
    for cells in sheet.rows:
        figures = estimate_row(names, cells, sheet.separator, at, year, catalogue)
        estimated += bool(figures.get("basis"))
        kept = [*cells, *[""] * (len(names) - len(cells))]
        lines.append([*kept[: len(names)], *(figures.get(name, "") for name in added)])
    write_sheet(out, sheet.separator, lines)
    return Summary(len(sheet.rows), estimated)


def _added(at: Sequence[int]) -> list[str]:
    figures = [*(f"power_w_at_{load}" for load in at), *(f"{s}_w" for s in STATES), "embodied_kg"]
    bounded = [f"{name}{bound}" for name in dict.fromkeys(figures) for bound in BOUNDS]
    return [*bounded, "basis", "method", "matched_cpu", "warnings"]


def estimate_row(
    names: Sequence[str],
    cells: Sequence[str],
    separator: str,
    at: Sequence[int],
    year: int,
    catalogue: Catalogue | None = None,
) -> dict[str, str]:
    """The added cells of one row by column; `basis` is absent where nothing could be said.

    `year` is the present one: no device is newer.
    """
    wrong: list[str] = []
    facts = _facts(names, cells, wrong)
    if len(cells) > len(names):
        wrong.append(f"{len(cells) - len(names)} cells more than columns: left out")
    numbers = numbers_of(facts, wrong, decimal_comma=separator != ",", year=year)
    found: dict[str, str] = {}
    category = _category(facts, wrong)
    if category:
        machine, details = _machine(category, facts, numbers, wrong), _details(facts, numbers)
        found = figures(category, machine, details, at, wrong, catalogue)
    return found | {"warnings": "; ".join(wrong)}


def _facts(names: Sequence[str], cells: Sequence[str], wrong: list[str]) -> dict[str, str]:
    """The cells that say something, by column, but for names of a length that no device has."""
    facts = {n: c.strip() for n, c in zip(names, cells, strict=False) if c.strip()}
    for name in TEXTS:
        text = facts.get(name, "")
        if len(text) > LONGEST_NAME:
            wrong.append(f"{name} {text[:40]!r}... has {len(text)} characters: left out")
            del facts[name]
    return facts


def _category(facts: Mapping[str, str], wrong: list[str]) -> str | None:
    """By `category`; where that is a wider word (Workplace), by `subcategory`, and says so. Of
    virtual machines it is server."""
    given, narrower = (facts.get(n, "")[:LONGEST_NAME] for n in ("category", "subcategory"))
    if not given:
        wrong.append("no category")
        return None
    if says_virtual(given):
        return "server"
    try:
        return category_of(given)
    except FactorNotFound as error:
        wrong.append(f"category {given[:40]!r} is unknown: {error.hint}")
    if not narrower:
        return None
    try:
        found = category_of(narrower)
    except FactorNotFound:
        return None
    wrong[-1] = f"category {given[:40]!r} is unknown: taken from subcategory {narrower[:40]!r}"
    return found


def _machine(
    category: str, facts: Mapping[str, str], numbers: Mapping[str, float], wrong: list[str]
) -> Machine:
    """One node of it. Whatever contradicts itself is left out."""
    nodes = numbers.get("nodes", 1)

    def count(*columns: str) -> int | None:
        given = next((numbers[c] for c in columns if c in numbers), None)
        return max(1, round(given / nodes)) if given is not None else None

    chips, cores = count("chips"), count("cores_total", "cores")
    threads = count("threads_total")
    if chips and cores and cores < chips:
        column = "cores_total" if "cores_total" in numbers else "cores"
        wrong.append(f"{column} {cores} is fewer than chips {chips}: both left out")
        chips = cores = None
    if cores and threads and threads < cores:
        wrong.append(f"threads_total {threads} is fewer than cores {cores}: left out")
        threads = None
    cpu = facts.get("cpu_model")
    virtual = category == "server" and _is_virtual(facts, wrong)
    if virtual and not threads:  # who rents one counts its threads, and calls them cores
        threads = cores
    idle_w, max_w = _readings(category, numbers, virtual, wrong)
    clock = numbers.get("ghz") or numbers.get("base_ghz")
    return Machine(
        category=category,
        manufacturer=facts.get("manufacturer"),
        model=facts.get("name"),
        cpu_model=_with_clock(cpu, clock),
        chips=chips,
        cores=cores,
        threads=threads,
        tdp_w=numbers.get("tdp_w"),
        memory_b=numbers["memory_gb"] * 1e9 / nodes if "memory_gb" in numbers else None,
        disks=round(numbers["disks"] / nodes) if "disks" in numbers else None,
        screen_in=numbers.get("screen_in"),
        virtual=True if virtual else None,
        hw_year=int(numbers["hw_year"]) if "hw_year" in numbers else None,
        idle_w=idle_w and idle_w / nodes,
        max_w=max_w and max_w / nodes,
    )


def _is_virtual(facts: Mapping[str, str], wrong: list[str]) -> bool:
    """By the category's words, the processor's, or the subcategory's; else by the name or the
    maker, and says so: those are less sure."""
    if says_virtual(facts["category"]) or is_virtual_cpu(facts.get("cpu_model")):
        return True
    narrower = facts.get("subcategory", "")
    if says_virtual(narrower) or _VIRTUAL.search(narrower):
        return True
    for column, found in (
        ("name", says_virtual(facts.get("name"))),
        ("manufacturer", _HYPERVISORS.match(facts.get("manufacturer", ""))),
    ):
        if found:
            wrong.append(f"{column} {facts[column][:40]!r} is taken as a virtual machine's")
            return True
    return False


def _readings(
    category: str, numbers: Mapping[str, float], virtual: bool, wrong: list[str]
) -> tuple[float | None, float | None]:
    """idle_w and max_w of all nodes, where a device of its kind can draw them."""
    read = {name: numbers[name] for name in ("idle_w", "max_w") if name in numbers}
    if virtual and read:
        told = " and ".join(f"{name} {value:g}" for name, value in read.items())
        wrong.append(f"{told}: a virtual machine has no plug: left out")
        return None, None
    least, most = READ_W.get(category, READ_AT_A_DESK_W)
    nodes = numbers.get("nodes", 1)
    for name, value in tuple(read.items()):
        if not least <= value / nodes <= most:
            told = f"{name} {value:g} cannot be a {category}'s, from {least:g} to {most:g}"
            wrong.append(f"{told}{meant(name, value, most * nodes)}: left out")
            del read[name]
    idle_w, max_w = read.get("idle_w"), read.get("max_w")
    if idle_w and max_w and max_w < idle_w:
        wrong.append(f"max_w {max_w:g} is below idle_w {idle_w:g}: both left out")
        return None, None
    return idle_w, max_w


def _with_clock(cpu: str | None, clock_ghz: float | None) -> str | None:
    """The base clock where Machine has it: behind the name, as /proc/cpuinfo writes it."""
    if clock_ghz is None or (cpu and "@" in cpu):
        return cpu
    return f"{cpu or ''} @ {clock_ghz:g}GHz"


def _details(facts: Mapping[str, str], numbers: Mapping[str, float]) -> Details:
    def text(name: str) -> str | None:
        return facts[name][:LONGEST_NAME] if name in facts else None

    return Details(
        base_ghz=numbers.get("ghz") or numbers.get("base_ghz"),
        nodes=int(numbers["nodes"]) if "nodes" in numbers else None,
        subcategory=text("subcategory"),
        graphics=text("graphics"),
        storage_gb=numbers.get("storage_gb"),
        weight_kg=numbers.get("weight"),
    )
