"""The desk estimate: an inventory of devices in, the same rows with their figures out.

A cell that cannot be right is left out of the estimate and told in `warnings`, so that one typing
error costs a row its precision, and never the file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from sobriety.catalogue import Catalogue
from sobriety.core.errors import ConfigError, FactorNotFound
from sobriety.core.machine import Machine
from sobriety.desk_estimate import BOUNDS, STATES, figures
from sobriety.estimators import Details, category_of, is_virtual_cpu
from sobriety.sheet import read_sheet, write_sheet

LONGEST_NAME = 200
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
HINTS = {"tdp_w": "watts, not kilowatts", "utilisation": "a share, not percent"}
FIRST_YEAR = 1980
_VIRTUAL = re.compile(r"\b(?:vms?|virtual|virtuelles?|vcpu)\b", re.IGNORECASE)
"""A subcategory of servers that are none."""


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
    facts = {n: c.strip() for n, c in zip(names, cells, strict=False) if c.strip()}
    wrong: list[str] = []
    if len(cells) > len(names):
        wrong.append(f"{len(cells) - len(names)} cells more than columns: left out")
    numbers = _numbers(facts, wrong, decimal_comma=separator != ",", year=year)
    found: dict[str, str] = {}
    category = _category(facts, wrong)
    if category:
        machine, details = _machine(category, facts, numbers, wrong), _details(facts, numbers)
        found = figures(category, machine, details, at, wrong, catalogue)
    return found | {"warnings": "; ".join(wrong)}


def _category(facts: Mapping[str, str], wrong: list[str]) -> str | None:
    """By `category`; where that is a wider word (Workplace), by `subcategory`, and says so."""
    given, narrower = (facts.get(n, "")[:LONGEST_NAME] for n in ("category", "subcategory"))
    if not given:
        wrong.append("no category")
        return None
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


def _numbers(
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
        try:
            value = float(text.replace(",", ".") if decimal_comma else text)
        except ValueError:
            value = float("nan")
        if isfinite(value) and least <= value <= most and (not whole or value.is_integer()):
            found[name] = value
            continue
        kind = "a whole number" if whole else "a number"
        hint = f" ({HINTS[name]})" if name in HINTS else ""
        wrong.append(f"{name} {text[:40]!r} is not {kind} from {least:g} to {most:g}{hint}")
    return found


def _count_of(text: str) -> str:
    """`2 x 300 GB SAS` is 2."""
    found = re.match(r"(\d{1,3})\s*[x×]\s*\S", text)
    return found[1] if found else text


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
        wrong.append(f"cores_total {cores} is fewer than chips {chips}: both left out")
        chips = cores = None
    if cores and threads and threads < cores:
        wrong.append(f"threads_total {threads} is fewer than cores {cores}: left out")
        threads = None
    idle_w, max_w = numbers.get("idle_w"), numbers.get("max_w")
    if idle_w and max_w and max_w < idle_w:
        wrong.append(f"max_w {max_w:g} is below idle_w {idle_w:g}: both left out")
        idle_w = max_w = None
    cpu = facts.get("cpu_model")
    if cpu and len(cpu) > LONGEST_NAME:
        wrong.append(f"cpu_model has {len(cpu)} characters: left out")
        cpu = None
    virtual = category == "server" and (
        is_virtual_cpu(cpu) or bool(_VIRTUAL.search(facts.get("subcategory", "")))
    )
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
