"""A city's quarter as a report: 22 million hourly rows, and 132 million rows of minutes.

`sobriety report --quarter 2026-Q3 --format json` on synthetic lakes, each run a process of its own;
time and memory are the system's own account of it, imports included.

    hours     10,000 hosts, two servers in ten, × 92 days of hourly roll-ups; raw rows are gone
    minutes   1,000 servers × 92 days × 1,440 minutes, nothing rolled up: the first report does it

Written by DuckDB outside the clock into `.cache/city` (under 8 GB, one lake at a time), removed
afterwards unless --keep is given. --short takes a tenth of the hosts. Beside it an inventory of
30,000 devices, as `sobriety estimate` takes it.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

from sobriety.core.machine import Machine
from sobriety.core.usage import MEASURE_NAMES
from sobriety.lake.parquet import connect
from sobriety.spool import facts_of

from .estimate import HEADER, device

QUARTER, FIRST_DAY, DAYS = "2026-Q3", 20_635, 92  # 2026-07-01
DEVICES = 30_000
SERVER = "cpu memory disk network package core uncore dram agent"
DESK = "cpu memory disk network agent presence screen"
IMPACT_FRAMEWORK = "100,000 | | 25 to 28 s | 740 to 937 MiB"


class City(NamedTuple):
    """A lake: hosts, of which so many in ten are servers, and seconds that a row stands for."""

    name: str
    hosts: int
    servers_in_ten: int
    step_s: int
    most_s: float
    most_b: float | None

    @property
    def rows(self) -> int:
        return self.hosts * DAYS * 86_400 // self.step_s


CITIES = (City("hours", 10_000, 2, 3600, 10.0, 1e9), City("minutes", 1_000, 10, 60, 20.0, None))


# What is measured


class Cost(NamedTuple):
    wall_s: float
    cpu_s: float
    peak_b: float


def main() -> None:
    short, keep = "--short" in sys.argv, "--keep" in sys.argv
    cache = Path(__file__).parent.parent / ".cache" / ("city-short" if short else "city")
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    print("| | rows | wall | CPU | peak memory | wanted |\n|---|---|---|---|---|---|", flush=True)
    for city in CITIES:
        if names and city.name not in names:
            continue
        city = city._replace(hosts=city.hosts // 10) if short else city
        home = cache / city.name
        built = [sys.executable, "-m", "benchmarks.city", "build", city.name, str(city.hosts)]
        subprocess.run([*built, str(home)], check=True)  # so that this process stays small
        output = home / "report.json"
        stock = write_devices(home / "devices.csv", DEVICES // 10 if short else DEVICES)
        command = ("report", "--quarter", QUARTER, "--zone", "CA-QC", "-o", str(output),
                   *(("--inventory", str(stock)) if city.step_s == 3600 else ()))  # fmt: skip
        if city.step_s < 3600:
            shutil.rmtree(home / "lake" / "hourly", ignore_errors=True)
        cost = _cost(home, *command)
        _check(output, city)
        wanted = f"≤ {city.most_s:g} s" + (f", {city.most_b / 1e9:g} GB" if city.most_b else "")
        _line(f"report from {city.name}, {city.hosts:,} hosts", city.rows, cost, wanted)
        if city.step_s < 3600:
            _line("the same, asked again", city.rows, _cost(home, *command), "")
        if not keep:
            shutil.rmtree(home)
    if not names or "inventory" in names:
        devices = DEVICES // 10 if short else DEVICES
        inventory = write_inventory(cache / "inventory.csv", devices)
        cost = _cost(cache, "estimate", str(inventory), "-o", str(cache / "out.csv"))
        _line("inventory", devices, cost, "")
    print(f"| Impact Framework 1.1.0, for scale | {IMPACT_FRAMEWORK} | |")
    if not keep:
        shutil.rmtree(cache)


def _line(what: str, rows: int, cost: Cost, wanted: str) -> None:
    wall_s, cpu_s, peak_b = cost
    figures = f"{rows:,} | {wall_s:.1f} s | {cpu_s:.1f} s | {peak_b / 1e6:.0f} MB"
    print(f"| {what} | {figures} | {wanted} |", flush=True)


def _cost(home: Path, *arguments: str) -> Cost:
    """Of one run in a process of its own, as the system counts it."""
    environment = os.environ | {"SOBRIETY_HOME": str(home), "TZ": "UTC"}
    begun_s = time.perf_counter()
    command = [sys.executable, "-m", "sobriety", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - begun_s
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    peak_b = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Cost(wall_s, used.ru_utime + used.ru_stime, peak_b)


def _check(output: Path, city: City) -> None:
    """A fast report about nothing would be no feat."""
    found = json.loads(output.read_text(encoding="utf-8"))
    assert len(found["machines"]) == city.hosts, len(found["machines"])
    assert found["coverage_ratio"] > 0.999, found["coverage_ratio"]


# The lakes


def build(city: City, home: Path) -> None:
    """Write a lake as absorbed spools leave it; a day that is there already is kept."""
    lake, db = home / "lake", connect()
    machines = list(_machines(city))
    (lake / "machines").mkdir(parents=True, exist_ok=True)
    for number, machine in enumerate(machines):
        line = {"host": machine.host, "at_ns": 0, **facts_of(machine)}
        file = lake / "machines" / f"{number:016x}.jsonl"
        file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    per_day = city.rows // DAYS
    for day in range(DAYS):
        date = time.strftime("%Y-%m-%d", time.gmtime((FIRST_DAY + day) * 86_400))
        name = f"{0:016x}-{day * per_day + 1:012d}-{(day + 1) * per_day:012d}"
        kind, name = ("hourly", f"{day:016x}") if city.step_s == 3600 else ("usage", name)
        file = lake / kind / f"day={date}" / f"{name}.parquet"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            query = _rows_of(city, FIRST_DAY + day)
            db.execute(f"COPY ({query}) TO '{part}' (FORMAT parquet, COMPRESSION zstd)")
            part.rename(file)
    db.close()


def _machines(city: City) -> Iterator[Machine]:
    """48 models of server and 60 of what people sit at."""
    servers = list(product((16, 32, 64, 96), (128, 256, 512), (2018, 2020, 2022, 2024)))
    desks = list(product(("notebook", "desktop"), (4, 6, 8), (8, 16), range(2019, 2024)))
    for host in range(city.hosts):
        name = f"host-{host:05d}"
        if host % 10 < city.servers_in_ten:
            cores, memory_gb, year = servers[host // 10 % len(servers)]
            yield Machine(
                name, "server", "Dell", f"PowerEdge R{cores}", "Intel(R) Xeon(R) Gold 6230",
                2, cores, 2 * cores, 125.0, memory_gb * 1e9, 4, hw_year=year,
            )  # fmt: skip
        else:
            category, cores, memory_gb, year = desks[host // 10 % len(desks)]
            yield Machine(
                name, category, "HP", f"Elite {year}", "Intel(R) Core(TM) i5-8250U", 1, cores,
                2 * cores, 15.0, memory_gb * 1e9, 1, screen_in=14.0, hw_year=year,
            )  # fmt: skip


def _rows_of(city: City, day: int) -> str:
    """SQL: one UTC day, host by host. What people sit at sleeps from 18 to 8 o'clock.

    Values have the grain that counters have: ticks, sectors, pages, and joules of any size.
    """
    step_s = city.step_s
    known = {
        "cpu_busy_s": f"{step_s} * u * 32",
        "cpu_capacity_s": f"{step_s}.0 * 32",
        "util_sqrt_s": f"{step_s} * sqrt(u)",
        "util_s": f"{step_s} * u",
        "util_cubed_s": f"{step_s} * u * u * u",
        "memory_used_bs": f"{step_s} * 4096 * floor(5e6 + 1e6 * random())",
        "disk_read_b": "512 * floor(1e4 * random() * u)",
        "disk_written_b": "512 * floor(1e4 * random() * u)",
        "network_received_b": "floor(1e5 * random() * u)",
        "network_sent_b": "floor(1e5 * random() * u)",
        "package_j": f"CASE WHEN server THEN {step_s} * (60 + 180 * u + random()) END",
        "core_j": f"CASE WHEN server THEN {step_s} * (20 + 150 * u) END",
        "uncore_j": "CASE WHEN server THEN floor(100 * random()) END",
        "dram_j": f"CASE WHEN server THEN {step_s} * (10 + 10 * u + random()) END",
        "present_s": f"CASE WHEN NOT server THEN {step_s} * (hour % 3 <> 0)::INTEGER END",
        "away_s": f"CASE WHEN NOT server THEN {step_s} * (hour % 6 = 0)::INTEGER END",
        "screen_on_s": f"CASE WHEN NOT server THEN {step_s} * (hour % 3 <> 0)::INTEGER END",
        "agent_cpu_s": "floor(2 * random()) / 100",
    }
    columns = ", ".join(
        f"{'CASE WHEN awake THEN ' + known[n] + ' END' if n in known else 'NULL'}::DOUBLE AS {n}"
        for n in MEASURE_NAMES
        if n not in ("duration_s", "covered_s")
    )
    first_ns, steps = day * 86_400 * 10**9, 86_400 // step_s
    return f"""
        SELECT 'host-' || lpad(host::VARCHAR, 5, '0') AS host, 'host' AS kind, '' AS name,
            CASE WHEN awake THEN 'on' ELSE 'asleep' END AS state,
            CASE WHEN NOT awake THEN '' WHEN server THEN '{SERVER}' ELSE '{DESK}' END AS observed,
            {first_ns} + step * {step_s} * 1000000000 AS start_ns,
            {step_s}.0::DOUBLE AS duration_s,
            CASE WHEN awake THEN {step_s}.0 ELSE 0.0 END::DOUBLE AS covered_s, {columns}
        FROM (
            SELECT *, server OR hour BETWEEN 8 AND 17 AS awake,
                round(least(1.0, 0.02 + 0.4 * random() * (1 + sin(hour / 4))), 3) AS u
            FROM (
                SELECT host, step, step * {step_s} // 3600 AS hour,
                    host % 10 < {city.servers_in_ten} AS server
                FROM range({steps}) s(step), range({city.hosts}) h(host)
            )
        )
        ORDER BY host, start_ns"""


def write_devices(file: Path, devices: int) -> Path:
    """What a report takes: screens, phones and laptops without an agent, of forty sites."""
    kinds = ("monitor", "notebook", "smartphone", "desktop", "switch", "access point", "tablet")
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("id", "category", "model", "site", "department", "acquired"))
        for i in range(devices):
            kind = kinds[i % len(kinds)]
            day = f"{2018 + i % 8}-{1 + i % 12:02}-{1 + i % 28:02}"
            writer.writerow((f"d{i}", kind, f"model {i % 90}", f"site-{i % 40}", f"d{i % 25}", day))
    return file


def write_inventory(file: Path, devices: int) -> Path:
    """No two devices alike, and cells that are wrong."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([HEADER, *map(device, range(devices))])
    return file


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", name, hosts, home]:
            city = next(c for c in CITIES if c.name == name)
            build(city._replace(hosts=int(hosts)), Path(home))
        case _:
            main()
