"""A lake of fifteen machines, the same to the last bit wherever and whenever it is built.

It holds no random number and no time of its making. Every share of a processor is the square of
sixteenths and every power a multiple of 1/16 W, so that sums of rows are exact in any order and a
figure does not depend on how many threads add them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sobriety.core.machine import Machine
from sobriety.core.usage import State, Usage
from sobriety.lake import Lake

TZ = ZoneInfo("America/Montreal")
HOUR_S = 3600.0
HOUR_NS = 3_600 * 10**9

SPANS = ((datetime(2024, 10, 7), 4), (datetime(2025, 7, 10), 5), (datetime(2025, 10, 29), 12))
"""First days, and numbers of days; summer time ends in the last one, and it has a whole week of
November for the hours of the week."""
WORK_FROM = datetime(2025, 7, 7, tzinfo=TZ)
"""Workloads are recorded from here on."""
ROLLED_UP_TO = datetime(2025, 11, 7, tzinfo=TZ)
"""Rows from here on are in the lake as they were collected."""

SERVER = Machine(
    "web-1", "server", "Dell Inc.", "PowerEdge R750", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz",
    chips=2, cores=64, threads=128, tdp_w=205.0, memory_b=256e9, disks=4, hw_year=2021,
    virtual=False, system="linux",
)  # fmt: skip
OTHER_SERVER = Machine(
    "lot-1", "server", "HPE", "ProLiant DL385 Gen10 Plus", "AMD EPYC 7742 64-Core Processor",
    chips=2, cores=128, threads=256, tdp_w=225.0, memory_b=512e9, disks=8, hw_year=2020,
    virtual=False, system="linux", idle_w=180.0, max_w=640.0, readings="50=420", meter_ratio=0.02,
)  # fmt: skip
VIRTUAL = Machine(
    "atelier-3", "server", cpu_model="Intel(R) Xeon(R) Platinum 8488C", chips=1, cores=1,
    threads=2, memory_b=8e9, virtual=True, system="linux",
)  # fmt: skip
WORKSTATION = Machine(
    "studio-1", "workstation", "Dell Inc.", "Precision 5820", "Intel(R) Xeon(R) W-2245 CPU",
    chips=1, cores=8, threads=16, tdp_w=155.0, memory_b=64e9, disks=2, gpus=1, hw_year=2020,
    virtual=False, system="linux",
)  # fmt: skip
NOTEBOOK = Machine(
    "portable-0", "notebook", "Lenovo", "ThinkPad T14 Gen 3",
    "12th Gen Intel(R) Core(TM) i5-1245U", chips=1, cores=10, threads=12, memory_b=16e9, disks=1,
    screen_in=14.0, hw_year=2022, virtual=False, system="linux",
)  # fmt: skip
DESKTOP = Machine(
    "poste-0", "desktop", "HP", "EliteDesk 800 G6", "Intel(R) Core(TM) i5-10500 CPU @ 3.10GHz",
    chips=1, cores=6, threads=12, tdp_w=65.0, memory_b=16e9, disks=1, hw_year=2020,
    virtual=False, system="windows", lifetime_years=6.0, embodied_kg=265.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Watched:
    """A machine and what its rows hold.

    sensors   of those that `_read_sensor_w` knows
    asleep    it sleeps out of hours; else it goes on
    facts     whether the lake knows what it is
    """

    machine: Machine
    number: int
    sensors: tuple[str, ...] = ()
    desk: bool = False
    asleep: bool = False
    facts: bool = True
    workloads: Mapping[str, int] | None = None


def list_machines() -> tuple[Watched, ...]:
    """List servers with and without sensors, a virtual one, workstations, and one without facts."""
    notebooks = (
        Watched(
            replace(NOTEBOOK, host=f"portable-{k}"),
            10 + k,
            ("battery",) if k == 1 else ("package",) if k == 2 else (),
            desk=True,
            asleep=k != 4,
        )
        for k in range(6)
    )
    desktops = (Watched(replace(DESKTOP, host=f"poste-{k}"), 20 + k, desk=True) for k in range(2))
    return (
        Watched(
            SERVER, 1, ("package", "dram"),
            workloads={"service:nginx.service": 3, "container:loans-app": 2, "process:cron": 1},
        ),
        Watched(replace(SERVER, host="db-1"), 2, workloads={"service:postgresql.service": 5}),
        Watched(OTHER_SERVER, 3, workloads={"service:backup.service": 6}),
        Watched(replace(SERVER, host="wall-1", hw_year=None), 4, ("wall", "package")),
        Watched(VIRTUAL, 5, workloads={"container:ci": 4}),
        Watched(WORKSTATION, 6, ("gpu",), desk=True),
        Watched(Machine("sans-fiche"), 7, facts=False),
        *notebooks,
        *desktops,
    )  # fmt: skip


def build(folder: Path) -> None:
    """Write the lake; its last days are not rolled up."""
    watched = list_machines()
    rows = sorted(
        (row for one in watched for row in _make_rows(one)),
        key=lambda r: (r.start_ns, r.host, r.kind, r.name),
    )
    last_ns = _to_ns(ROLLED_UP_TO)
    first_ns = rows[0].start_ns
    lake = Lake(folder)
    try:
        for one in watched:
            if one.facts:
                lake.record_machine(one.machine, first_ns)
        lake.append([r for r in rows if r.start_ns < last_ns])
        lake.roll_up()
        lake.append([r for r in rows if r.start_ns >= last_ns])
    finally:
        lake.close()


def _make_rows(one: Watched) -> Iterator[Usage]:
    for span, (first_day, days) in enumerate(SPANS):
        if one.number % 5 == 3 and span == 0:
            continue  # bought since
        for start_ns, local in _each_hour(first_day, days):
            yield from _make_hour(one, start_ns, local)


def _each_hour(first_day: datetime, days: int) -> Iterator[tuple[int, datetime]]:
    """List the hours of the days with the local time: 25 on the day on which summer time ends."""
    start_ns = _to_ns(first_day.replace(tzinfo=TZ))
    end_ns = _to_ns((first_day + timedelta(days=days)).replace(tzinfo=TZ))
    for at_ns in range(start_ns, end_ns, HOUR_NS):
        yield at_ns, datetime.fromtimestamp(at_ns // 10**9, tz=TZ)


def _to_ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def _make_hour(one: Watched, start_ns: int, local: datetime) -> Iterator[Usage]:
    """Make a row, or several: a gap, sleep, three rows of twenty minutes, workloads."""
    host, turn = one.machine.host, local.toordinal() * 24 + local.hour
    at_work = 8 <= local.hour < (12 if local.month == 7 else 18) and local.weekday() < 5
    if (turn + 31 * one.number) % 173 == 0:
        return  # nothing was recorded
    if (turn + 17 * one.number) % 211 == 0:
        yield Usage(host, start_ns, HOUR_S, 0.0, state="unobserved")
        return
    if one.asleep and not at_work:
        state: State = "off" if local.weekday() >= 5 else "asleep"
        yield Usage(host, start_ns, HOUR_S, 0.0, state=state)
        return
    busy = _choose_sixteenths(one, turn, local, at_work)
    cut = one.number in (2, 11) and turn % 9 == 0
    for part in range(3 if cut else 1):
        row_s = HOUR_S / 3 if cut else HOUR_S
        begins_ns = start_ns + part * HOUR_NS // 3
        row = _make_row(one, begins_ns, row_s, min(16, busy + part), local)
        yield row
        if one.workloads and local >= WORK_FROM:
            yield from _share_out(row, one, local)


def _choose_sixteenths(one: Watched, turn: int, local: datetime, at_work: bool) -> int:
    """Return the square root of the processor's utilization, in sixteenths."""
    varied = (turn * 7 + one.number * 5) % 4
    if one.number == 3:  # a job at the end of the afternoon, and little else
        return 11 + varied if 16 <= local.hour < 19 else 1 + varied // 2
    if one.desk:
        if one.number >= 20:  # hardly ever does more than idle
            return 1 + varied // 3
        return 3 + varied + one.number % 3 if at_work else 1 + varied // 2
    return (6 if at_work else 2 if local.month == 7 else 3) + varied


def _make_row(one: Watched, start_ns: int, row_s: float, sixteenths: int, local: datetime) -> Usage:
    threads = one.machine.threads or 8
    util = sixteenths**2 / 256
    measures = {
        "cpu_busy_s": util * threads * row_s,
        "cpu_capacity_s": threads * row_s,
        "util_sqrt_s": sixteenths / 16 * row_s,
        "util_s": util * row_s,
        "util_cubed_s": util**3 * row_s,
        "memory_used_bs": (2**30 * (2 + sixteenths)) * row_s,
        "disk_read_b": 4096.0 * sixteenths * 700,
        "disk_written_b": 4096.0 * sixteenths * 300,
        "network_received_b": 1024.0 * sixteenths * 9000,
        "network_sent_b": 1024.0 * sixteenths * (2500 + one.number),
        "agent_cpu_s": row_s / 4096,
    }
    groups = ["cpu", "memory", "disk", "network"]
    for sensor in one.sensors:
        measures[f"{sensor}_j"] = _read_sensor_w(sensor, sixteenths) * row_s
        groups.append(sensor)
    if "gpu" in one.sensors:
        measures["gpu_busy_s"] = util * row_s / 2
        groups.append("accelerator")
    if one.desk:
        measures |= _observe_presence(one, row_s, local)
        groups += ["presence", "screen"]
    groups.append("agent")
    return Usage(one.machine.host, start_ns, row_s, row_s, measures, tuple(groups))


def _read_sensor_w(sensor: str, sixteenths: int) -> float:
    """Return watts that are exact in binary, by a curve for each sensor."""
    square = sixteenths**2
    curves = {
        "package": 60 + square,
        "dram": 12 + square / 16,
        "wall": 140 + 1.5 * square,
        "battery": 5 + square / 16,
        "gpu": 9 + square / 2,
    }
    return curves[sensor]


def _observe_presence(one: Watched, row_s: float, local: datetime) -> dict[str, float]:
    """Put somebody there at work, who leaves for lunch and in one evening of three."""
    there = 9 <= local.hour < 17 and local.weekday() < 5 and local.hour != 12
    left = not there and 8 <= local.hour < 22 and (local.toordinal() + one.number) % 3 == 0
    return {
        "present_s": row_s if there else 0.0,
        "away_s": row_s / 2 if left else 0.0,
        "screen_on_s": row_s * 0.75 if there else row_s / 8 if left else 0.0,
    }


def _share_out(row: Usage, one: Watched, local: datetime) -> Iterable[Usage]:
    """Divide what a host did above idle among its workloads, in eighths; the rest is nobody's."""
    assert one.workloads
    eighths = dict(one.workloads)
    if one.number == 3 and not 16 <= local.hour < 19:
        eighths = {}
    rest = {"unattributed:": 8 - sum(eighths.values())}
    for name, parts in (eighths | rest).items():
        kind, _, workload = name.partition(":")
        share = parts / 8
        measures = {
            column: share * row.measures[column]
            for column in ("cpu_busy_s", "util_sqrt_s", "util_s", "util_cubed_s")
        }
        for column, idle_w in (("package_j", 60.0), ("dram_j", 12.0)):
            if column in row.measures:
                measures[column] = share * (row.measures[column] - idle_w * row.duration_s)
        if workload:
            measures["memory_used_bs"] = 2.0**28 * parts * row.duration_s
        yield replace(row, measures=measures, kind=kind, name=workload)
