"""CodeCarbon's emissions.csv as usage rows.

A row of theirs is a run: when it ended, how long it took, and kilowatt-hours by their own models
and sensors. What we keep of it is that energy as told, and what the machine is; carbon is
computed from it anew, with factors that can be named.

Source: https://docs.codecarbon.io (output), version 3.3
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.core.machine import Machine
from sobriety.core.units import J_PER_KWH, NS_PER_HOUR, NS_PER_S
from sobriety.core.usage import Usage
from sobriety.files.faults import Fault, cell_fault, refuse
from sobriety.files.tables import Row, cells, read_sheet

NEEDED = ("timestamp", "duration", "energy_consumed")
FIRST_YEAR = 2019
LONGEST_S = 10 * 366 * 86_400.0
MOST_W = 1e6
"""Of one machine: more is kilowatts written as watts, or two columns changed about."""

_B_PER_GIB = 2**30


@dataclass(frozen=True, slots=True)
class EmissionsRuns:
    """What a file says.

    skipped   rows of runs that were followed as a process: not the whole machine
    """

    rows: tuple[Usage, ...]
    machines: tuple[Machine, ...]
    runs: int
    skipped: int


class _Run(NamedTuple):
    """A row, or what it adds to the one before it of the same run."""

    number: int
    host: str
    start_ns: int
    duration_s: float
    energy_j: float


def read_emissions(
    path: Path, zone: tzinfo | None, *, host: str | None = None, category: str | None = None
) -> EmissionsRuns:
    """The runs of a file; times in it are of `zone`, or of this system. Hosts are named as its
    projects, unless named here. Raises ConfigError with every wrong cell, and for runs of one
    host that overlap."""
    sheet = read_sheet(path, needs="energy_consumed")
    missing = [repr(name) for name in NEEDED if name not in sheet.names]
    if missing:
        raise ConfigError(
            f"{path} has no column {', '.join(missing)}", hint="it is to be CodeCarbon's own file"
        )
    wrong: list[Fault] = []
    totals: dict[str, tuple[float, float]] = {}
    runs: list[_Run] = []
    machines: dict[str, Machine] = {}
    skipped = 0
    for number, row in cells(sheet, sheet.names):
        if row.get("tracking_mode", "machine") == "process":
            skipped += 1
            continue
        end_ns = _end_ns(row, number, zone, wrong)
        duration_s = _number(row, "duration", number, LONGEST_S, wrong)
        kwh = _number(row, "energy_consumed", number, 1e9, wrong)
        pue = _number(row, "pue", number, 10.0, wrong) if row.get("pue") else 1.0
        if end_ns is None or duration_s is None or kwh is None or not pue:
            continue
        name = host or row.get("project_name") or path.stem
        # A run that was written down on its way has several rows, each from its beginning.
        run = row.get("run_id") or f"row {number}"
        before_s, before_j = totals.get(run, (0.0, 0.0))
        energy_j = kwh * J_PER_KWH / pue
        totals[run] = (duration_s, energy_j)
        new = _Run(
            number, name, end_ns - round((duration_s - before_s) * NS_PER_S),
            duration_s - before_s, energy_j - before_j,
        )  # fmt: skip
        if new.duration_s < 0 or new.energy_j < 0:
            said = "less than an earlier row of the same run"
            wrong.append(cell_fault(number, "duration", row["duration"], said))
        elif new.energy_j > MOST_W * max(new.duration_s, 1e-3):
            said = f"more than {MOST_W:g} W over its duration"
            wrong.append(cell_fault(number, "energy_consumed", row["energy_consumed"], said))
        elif new.duration_s > 0:
            runs.append(new)
        machines[name] = _machine(name, category, row)
    wrong += _overlaps(runs)
    refuse(path, wrong, "correct them, or name the machines of each file with --host")
    rows = tuple(row for run in runs for row in _by_hour(run))
    return EmissionsRuns(rows, tuple(machines.values()), len(totals), skipped)


def _end_ns(row: Row, number: int, zone: tzinfo | None, wrong: list[Fault]) -> int | None:
    text = row["timestamp"]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        wrong.append(
            cell_fault(number, "timestamp", text, "expected a time, as in 2026-11-23T14:05:00")
        )
        return None
    if at.tzinfo is None and zone is not None:
        at = at.replace(tzinfo=zone)
    end_ns = round(at.timestamp() * NS_PER_S)
    if at.year < FIRST_YEAR or at.astimezone(UTC) > datetime.now(UTC) + timedelta(days=1):
        wrong.append(cell_fault(number, "timestamp", text, f"expected from {FIRST_YEAR} to today"))
        return None
    return end_ns


def _number(row: Row, name: str, number: int, most: float, wrong: list[Fault]) -> float | None:
    try:
        value = float(row[name])
    except ValueError:
        value = float("nan")
    if not isfinite(value) or not 0 <= value <= most:
        wrong.append(cell_fault(number, name, row[name], f"expected a number from 0 to {most:g}"))
        return None
    return value


def _overlaps(runs: Sequence[_Run]) -> Iterator[Fault]:
    """Two runs at once on one machine: each has its whole energy, which would count twice."""
    last: dict[str, _Run] = {}
    for run in sorted(runs, key=lambda r: (r.host, r.start_ns)):
        before = last.get(run.host)
        # Their times are whole seconds.
        if before and run.start_ns < _end(before) - NS_PER_S:
            said = f"the run of row {before.number} went on then, on the same machine {run.host!r}"
            yield cell_fault(run.number, "timestamp", "", said)
        if before is None or _end(run) > _end(before):
            last[run.host] = run


def _end(run: _Run) -> int:
    return run.start_ns + round(run.duration_s * NS_PER_S)


def _by_hour(run: _Run) -> Iterator[Usage]:
    """Rows of which none crosses an hour, so that an hourly roll-up puts them where they were."""
    start_ns, end_ns = run.start_ns, _end(run)
    while start_ns < end_ns:
        next_ns = min(end_ns, (start_ns // NS_PER_HOUR + 1) * NS_PER_HOUR)
        share = (next_ns - start_ns) / (end_ns - run.start_ns)
        told = {"told_j": run.energy_j * share}
        length_s = (next_ns - start_ns) / NS_PER_S
        yield Usage(run.host, start_ns, length_s, 0.0, told, ("told",))
        start_ns = next_ns


def _machine(host: str, category: str | None, row: Row) -> Machine:
    memory_gib, threads, gpus = (
        _fact(row, n) for n in ("ram_total_size", "cpu_count", "gpu_count")
    )
    return Machine(
        host,
        category,
        cpu_model=row.get("cpu_model") or None,
        threads=int(threads) if threads else None,
        memory_b=memory_gib * _B_PER_GIB if memory_gib else None,
        gpus=int(gpus) if gpus else None,
    )


def _fact(row: Row, name: str) -> float | None:
    """A positive number; None where there is none: facts only make an estimate narrower."""
    try:
        value = float(row.get(name, ""))
    except ValueError:
        return None
    return value if isfinite(value) and value > 0 else None
