"""What a fleet needs, computed from what was measured: `docs/scale.md` is made by this.

`python -m benchmarks.scale` prints the tables; with `measure`, first what a report costs a host
beyond its rows, on this machine. The constants below are of `benchmarks.engines`, of that, and of
`docs/benchmarks.md`; those in ASSUMED were not measured here, and are to be replaced.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HOURS_A_YEAR, HOURS_A_QUARTER = 8760, 2190
FLEETS = (30_000, 1_000_000, 30_000_000)
MACHINE_CORES, MACHINE_B = 16, 64e9
"""The one machine that everything is compared with."""

# Measured

PUSH_EVERY_S = 300
ROWS_AN_HOUR = 60 + 183
"""Of a host and of who works on it, by an hour of the agent (docs/benchmarks.md)."""

MINUTE_ROW_B, HOUR_ROW_B = 95.0, 93.0
"""Of a host with RAPL and disks, zstd; a workload's row has fewer columns and is smaller."""

DUCKDB_ROWS_PER_S, SPARK_ROWS_PER_S = 4.3e6, 0.67e6
"""A core, 100 million minute rows."""

HOST_S, HOST_B = 0.0011, 22e3
"""What the report costs the process that writes it for each host, after the sums."""

PASSES = 5
"""Over the rows, by one report: hosts, who works, power over time, overlaps, grid hours."""

GATEWAY_S, GATEWAY_ROW_S = 4.9e-3, 17e-6
"""Processor time of a gateway, which is one process: a batch of five minutes over TLS, each with a
handshake (RSA of 2,048 bits); and a row of a long batch (benchmarks.load)."""

DRAIN_ROW_S = 16e-6
"""Into the lake, which one process at a time writes."""

DRAIN_EVERY_S, DRAIN_FILE_ROWS = 300, 100_000
"""As built: each gateway drains then, into files of so many rows."""

LIST_FILE_S, READ_FILE_S = 13e-6, 2e-3
"""What a file costs a report that finds it, and a roll-up that reads it, beyond its rows; processor
time, of 60,480 names, and of a day of 1.44 million rows in 288 and 2,016 files."""

MACHINE_S = 17e-6
"""What the facts of a host cost each drain, which compares them with those that the lake has."""

# Not measured here

ASSUMED = {
    "HOUR_ROWS": (11.0, "rows of an hour rolled up: the host's, and ten of who works"),
    "DUCKDB_SCALES": (0.7, "what of a core's rate is left on 16 of them"),
    "SPARK_SCALES": (0.7, "what of a core's rate is left among hundreds of them"),
    "USD_PER_GB_MONTH": (0.023, "assumed price of object storage; put your own"),
    "USD_PER_CORE_H": (
        0.05,
        "assumed price of a virtual processor with 4 GB for an hour; put your own",
    ),
}
RAW_DAYS = 30
"""Days that minute rows are kept before the roll-ups alone stay; an operator's choice."""


class Need(NamedTuple):
    """Of one fleet. Of `loads` each is a share of what one machine of 16 cores can do."""

    hosts: int
    hours_b: float
    minutes_b: float
    rows_per_s: float
    gateways: int
    missed_h: float
    files_a_day: int
    duckdb_h: float
    cores: int
    usd_a_year: float
    loads: dict[str, float]


def assumed(name: str) -> float:
    return ASSUMED[name][0]


def need(hosts: int) -> Need:
    """All of it for one year and for a quarter's report within an hour."""
    hours_b = hosts * HOURS_A_YEAR * assumed("HOUR_ROWS") * HOUR_ROW_B
    minutes_b = hosts * HOURS_A_YEAR * ROWS_AN_HOUR * MINUTE_ROW_B
    rows_per_s = hosts * ROWS_AN_HOUR / 3600
    batches_per_s = hosts / PUSH_EVERY_S
    gateways = math.ceil(batches_per_s * GATEWAY_S)
    missed_h = 24 * hosts * ROWS_AN_HOUR * GATEWAY_ROW_S / gateways / 3600
    drained = rows_per_s * DRAIN_EVERY_S / gateways
    files_a_day = gateways * 86_400 // DRAIN_EVERY_S * math.ceil(drained / DRAIN_FILE_ROWS)
    quarter = PASSES * hosts * HOURS_A_QUARTER * assumed("HOUR_ROWS")
    duckdb_per_s = DUCKDB_ROWS_PER_S * MACHINE_CORES * assumed("DUCKDB_SCALES")
    cores = math.ceil(quarter / (SPARK_ROWS_PER_S * assumed("SPARK_SCALES") * 3600))
    kept_gb = (hours_b + minutes_b * RAW_DAYS / 365) / 1e9
    usd = (
        kept_gb * 12 * assumed("USD_PER_GB_MONTH")
        + gateways * 2 * HOURS_A_YEAR * assumed("USD_PER_CORE_H")
        + 4 * cores * assumed("USD_PER_CORE_H")
    )
    loads = {
        "batches received": batches_per_s * GATEWAY_S / MACHINE_CORES,
        "rows written into one lake, by one process": rows_per_s * DRAIN_ROW_S
        + hosts * MACHINE_S / DRAIN_EVERY_S,
        "files of the day before, rolled up within an hour": files_a_day * READ_FILE_S / 3600,
        f"files of {RAW_DAYS} days that the report lists": files_a_day * RAW_DAYS * LIST_FILE_S
        / 3600,
        "sums of a quarter in an hour": quarter / (duckdb_per_s * 3600),
        "one line a host in the report: its time": hosts * HOST_S / 3600,
        "one line a host in the report: its memory": hosts * HOST_B / MACHINE_B,
    }  # fmt: skip
    duckdb_h = quarter / duckdb_per_s / 3600
    return Need(
        hosts,
        hours_b,
        minutes_b,
        rows_per_s,
        gateways,
        missed_h,
        files_a_day,
        duckdb_h,
        cores,
        usd,
        loads,
    )


def table() -> str:
    """Markdown: what each fleet needs."""
    needs = [need(hosts) for hosts in FLEETS]
    rows: dict[str, list[str]] = {
        "roll-ups by hour, a year": [_bytes(n.hours_b) for n in needs],
        "minute rows, a year": [_bytes(n.minutes_b) for n in needs],
        "rows a second, all day": [_count(n.rows_per_s) for n in needs],
        "gateways of two cores, full": [_count(n.gateways) for n in needs],
        "a day that they missed, taken by them": [_hours(n.missed_h) for n in needs],
        "files of raw rows, a day": [_count(n.files_a_day) for n in needs],
        "sums of a quarter, DuckDB on 16 cores": [_hours(n.duckdb_h) for n in needs],
        "Spark cores for them in an hour": [_count(n.cores) for n in needs],
        "a year, rough": [f"US$ {_count(n.usd_a_year)}" for n in needs],
        "the same, a host": [f"US$ {n.usd_a_year / n.hosts:.2f}" for n in needs],
    }
    head = f"| | {' | '.join(f'{hosts:,} hosts' for hosts in FLEETS)} |"
    lines = [head, "|---|" + "---|" * len(FLEETS)]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(row)} |" for name, row in rows.items())])


def bottlenecks() -> str:
    """Markdown: how much of one machine of 16 cores each part fills; the first is in bold."""
    needs = [need(hosts) for hosts in FLEETS]
    lines = [f"| | {' | '.join(f'{hosts:,} hosts' for hosts in FLEETS)} |"]
    lines.append("|---|" + "---|" * len(FLEETS))
    for name in needs[0].loads:
        cells = [
            f"**{_times(n.loads[name])}**"
            if n.loads[name] == max(n.loads.values())
            else _times(n.loads[name])
            for n in needs
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def assumptions() -> str:
    """Markdown: what was not measured here."""
    lines = ["| | value | what |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| `{n}` | {v:g} | {what} |" for n, (v, what) in ASSUMED.items())])


def measured() -> str:
    """Markdown: what was."""
    told = {
        "rows an hour of a host and of who works on it": f"{ROWS_AN_HOUR}",
        "a minute row": f"{MINUTE_ROW_B:.0f} B",
        "an hour's row": f"{HOUR_ROW_B:.0f} B",
        "DuckDB, rows a second and core": _count(DUCKDB_ROWS_PER_S),
        "Spark, rows a second and core": _count(SPARK_ROWS_PER_S),
        "times that a report goes over its rows": f"{PASSES}",
        "a gateway, a batch of five minutes over TLS": f"{GATEWAY_S * 1e3:.1f} ms",
        "a gateway, a row of a long batch": f"{GATEWAY_ROW_S * 1e6:.0f} µs",
        "a row on its way into the lake": f"{DRAIN_ROW_S * 1e6:.0f} µs",
        "a file, listed by a report": f"{LIST_FILE_S * 1e6:.0f} µs",
        "a file, read by a roll-up beyond its rows": f"{READ_FILE_S * 1e3:.0f} ms",
        "a host's facts, compared by each drain": f"{MACHINE_S * 1e6:.0f} µs",
        "the report itself, a host": f"{HOST_S * 1e3:.2f} ms and {HOST_B / 1e3:.0f} kB",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {n} | {v} |" for n, v in told.items())])


def _bytes(size_b: float) -> str:
    for unit, scale in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if size_b >= scale:
            return f"{size_b / scale:.3g} {unit}"
    return f"{size_b / 1e6:.3g} MB"


def _count(number: float) -> str:
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def _hours(hours: float) -> str:
    return f"{hours * 60:.2g} min" if hours < 1 else f"{_count(hours)} h"


def _times(load: float) -> str:
    if load < 1:
        return f"{load:.1%}"
    return f"{load:.1f} machines" if load < 10 else f"{_count(load)} machines"


# What a report costs a host beyond its rows


def report_of(hosts: int) -> dict[str, float]:
    """In a fresh process: a report of that many hosts, a day of rows by the hour each."""
    from sobriety.core.machine import Machine
    from sobriety.core.usage import Usage
    from sobriety.lake import Lake
    from sobriety.reports import ReportSettings, as_json, gather

    def rows(first: int, last: int) -> Iterator[Usage]:
        moments = {"util_sqrt_s": 1800.0, "util_s": 900.0, "util_cubed_s": 60.0}
        known = {"cpu_busy_s": 7200.0, "cpu_capacity_s": 28_800.0, **moments}
        for number in range(first, last):
            for hour in range(24):
                start_ns = (495_000 + hour) * 3_600_000_000_000
                yield Usage(f"host-{number}", start_ns, 3600.0, 3600.0, known, ("cpu",))

    with tempfile.TemporaryDirectory() as folder:
        with Lake(folder) as lake:
            for first in range(0, hosts, 1000):
                lake.append(list(rows(first, min(hosts, first + 1000))))
            lake.roll_up()
        facts = Path(folder) / "machines" / "0123456789abcdef.jsonl"
        facts.parent.mkdir()
        with facts.open("w") as file:
            for number in range(hosts):
                one = {"host": f"host-{number}", "at_ns": 1, "category": "server", "threads": 8}
                assert Machine(host=one["host"])  # type: ignore[arg-type]
                file.write(json.dumps(one) + "\n")
        begun_s = time.perf_counter()
        with Lake(folder) as lake:
            json.dumps(as_json(gather(lake, ReportSettings(zone="CA-QC"))))
        wall_s = time.perf_counter() - begun_s
    return {"wall_s": wall_s, "peak_b": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def measure() -> None:
    """Of two sizes, so that what is the same for both falls out."""
    found: dict[int, dict[str, float]] = {}
    for hosts in (2_000, 8_000):
        command = [sys.executable, "-m", "benchmarks.scale", "report", str(hosts)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found[hosts] = json.loads(done.stdout)
    for name in ("wall_s", "peak_b"):
        each = (found[8_000][name] - found[2_000][name]) / 6_000
        print(f"{name} a host: {each:.3g} ({found[2_000][name]:.3g}, {found[8_000][name]:.3g})")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["report", hosts]:
            print(json.dumps(report_of(int(hosts))))
        case ["measure"]:
            measure()
        case _:
            print("\n\n".join((measured(), table(), bottlenecks(), assumptions())))
