"""Usage: what was seen of a host in an interval. Every column, declared once.

The SQLite table, the Parquet schema and the data dictionary in `docs/` are made from `COLUMNS`.
Every measure is an integral over time, so that a roll-up is a SUM and loses nothing.

Columns come in groups that are seen together. A row is homogeneous: the groups named in `observed`
were seen during the whole of it and the others not at all. When a sensor starts or stops answering,
the row ends there and another begins. So no column is ever partly known, and a roll-up
that groups by `observed` gives the joules of the raw rows, measured and modelled parts alike.

A row of a workload holds its share of what its host did above idle (`core.attribution`), in the
host's columns: only cpu_busy_s and memory_used_bs are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal

State = Literal["on", "asleep", "off", "unobserved"]
"""on: running and seen. asleep: suspended. off: shut down. unobserved: nobody looked, or nothing
could be read; the machine may have been on."""

How = Literal["difference", "integral", "moment"]
"""How readings become the column. difference: of a counter. integral: of a gauge over time.
moment: of utilisation, from the group's own counters."""


@dataclass(frozen=True, slots=True)
class Group:
    """Columns seen together.

    whole        a subject that is missing makes the sum unknown (a socket's joules); otherwise it
                 only takes its own part with it (a disk that was unplugged)
    one_source   several sources tell of the same joules (a meter at the plug and the board's
                 controller): the first that answers counts, and never their sum
    """

    name: str
    whole: bool
    meaning: str
    one_source: bool = False


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column that says what the row is about."""

    name: str
    type: Literal["text", "integer"]
    meaning: str


@dataclass(frozen=True, slots=True)
class Column:
    """A measure: an additive double, NULL where it was not observed.

    metric      the reading that it is made from. Joules are made from either of two: a counter of
                joules (`package_j`), or a gauge of watts (`package_w`)
    is_signed   whether it may be negative: nothing is yet, and what is negative is refused
    most_of     the column that it cannot exceed: its capacity, or the time of the row
    """

    name: str
    unit: str
    group: str
    metric: str
    how: How
    meaning: str
    is_signed: bool = False
    most_of: str = ""


KEYS = (
    KeyColumn("host", "text", "the machine's name, or its pseudonym"),
    KeyColumn(
        "kind", "text", "host, or a workload: service, container, pod, process, unattributed"
    ),
    KeyColumn("name", "text", "the workload's unit, number or executable; empty for the host"),
    KeyColumn("state", "text", "on, asleep, off or unobserved"),
    KeyColumn(
        "observed", "text", "the groups seen during the whole of the interval, space between"
    ),
    KeyColumn("start_ns", "integer", "start of the interval, nanoseconds since 1970-01-01 UTC"),
)

GROUPS = (
    Group("cpu", True, "time that processors worked and could have worked"),
    Group("frequency", True, "how fast processors ran"),
    Group("memory", True, "memory in use"),
    Group("disk", False, "whole disks, without partitions and layers above them"),
    Group("network", False, "physical network interfaces"),
    Group("package", True, "energy of the processor packages (RAPL)"),
    Group("core", True, "energy of the cores, within package (RAPL)"),
    Group("uncore", True, "energy of graphics and the rest, within package (RAPL)"),
    Group("dram", True, "energy of memory, outside package on servers (RAPL)"),
    Group("psys", True, "energy of the whole board, as the firmware gives it (RAPL)"),
    Group("battery", True, "energy drawn from the battery: the whole laptop"),
    Group("gpu", True, "energy of graphics accelerators"),
    Group("accelerator", False, "time that graphics accelerators worked"),
    Group("wall", True, "energy at the plug", one_source=True),
    Group("told", True, "energy as another tool told it, by models and sensors of its own"),
    Group(
        "presence",
        True,
        "whether anybody was there: sessions in use, left, or none",
        one_source=True,
    ),
    Group("screen", True, "whether any screen was lit"),
    Group("lid", True, "whether the lid was closed"),
    Group("agent", True, "what this toolkit itself consumed"),
)


def _measured(scope: str, meaning: str) -> Column:
    return Column(f"{scope}_j", "J", scope, f"{scope}_j", "difference", meaning)


COLUMNS = (
    Column("cpu_busy_s", "core·s", "cpu", "cpu_busy_s", "difference",
           "processor time spent working; idle, waiting for disks and stolen time are not",
           most_of="cpu_capacity_s"),
    Column("cpu_capacity_s", "core·s", "cpu", "cpu_capacity_s", "difference",
           "processor time that there was: busy, idle, waiting and stolen"),
    Column("util_sqrt_s", "s", "cpu", "cpu_busy_s", "moment", "∫ √u dt, u = busy / capacity",
           most_of="duration_s"),
    Column("util_s", "s", "cpu", "cpu_busy_s", "moment", "∫ u dt",
           most_of="duration_s"),
    Column("util_cubed_s", "s", "cpu", "cpu_busy_s", "moment", "∫ u³ dt",
           most_of="duration_s"),
    Column("speed_s", "s", "frequency", "speed_ratio", "integral",
           "∫ frequency over the highest one dt, mean over processors", most_of="duration_s"),
    Column("memory_used_bs", "B·s", "memory", "memory_used_b", "integral",
           "∫ memory in use dt: total less available"),
    Column("disk_read_b", "B", "disk", "disk_read_b", "difference", "bytes read from disks"),
    Column("disk_written_b", "B", "disk", "disk_written_b", "difference", "bytes written to disks"),
    Column("network_received_b", "B", "network", "network_received_b", "difference",
           "bytes received by physical interfaces"),
    Column("network_sent_b", "B", "network", "network_sent_b", "difference",
           "bytes sent by physical interfaces"),
    _measured("package", "joules of all processor packages"),
    _measured("core", "joules of all cores; a part of package_j"),
    _measured("uncore", "joules of integrated graphics and others; a part of package_j"),
    _measured("dram", "joules of memory"),
    _measured("psys", "joules of the platform; package_j is a part of it"),
    _measured("battery", "joules that left the battery"),
    _measured("gpu", "joules of graphics accelerators"),
    Column("gpu_busy_s", "device·s", "accelerator", "gpu_busy_ratio", "integral",
           "∫ share of time in which an accelerator worked dt, summed over accelerators"),
    _measured("wall", "joules at the plug, supply losses included"),
    Column("told_j", "J", "told", "told_j", "difference",
           "joules of the whole machine as another tool told them"),
    Column("present_s", "s", "presence", "present_ratio", "integral",
           "time in which a session of somebody's was in use, as far as the system tells",
           most_of="duration_s"),
    Column("away_s", "s", "presence", "away_ratio", "integral",
           "time in which there were sessions and none in use; in the rest nobody was logged in",
           most_of="duration_s"),
    Column("screen_on_s", "s", "screen", "screen_on_ratio", "integral",
           "time in which a screen was lit", most_of="duration_s"),
    Column("lid_closed_s", "s", "lid", "lid_closed_ratio", "integral",
           "time in which the lid was closed", most_of="duration_s"),
    Column("agent_cpu_s", "core·s", "agent", "agent_cpu_s", "difference",
           "processor time of the collector itself; a part of cpu_busy_s"),
)  # fmt: skip

DURATIONS = (
    Column(
        "duration_s", "s", "", "", "integral", "length of the interval, by a clock that nobody sets"
    ),
    Column(
        "covered_s",
        "s",
        "",
        "",
        "integral",
        "the part of it in which the processor was observed",
        most_of="duration_s",
    ),
)

MEASURES = DURATIONS + COLUMNS
GROUP_BY_NAME = {g.name: g for g in GROUPS}
MEASURE_NAMES = tuple(c.name for c in MEASURES)
KEY_NAMES = tuple(k.name for k in KEYS)
COLUMN_NAMES = KEY_NAMES + MEASURE_NAMES

host_of = itemgetter(KEY_NAMES.index("host"))
"""The host of a row's values, as `Usage.as_row` orders them."""
workload_of_row = itemgetter(KEY_NAMES.index("kind"), KEY_NAMES.index("name"))
start_ns_of = itemgetter(KEY_NAMES.index("start_ns"))

TOLERANCE = 1e-3
"""Of what cannot exceed something else: clocks of one machine differ by less."""
_LIMITED = tuple((c.name, c.most_of) for c in MEASURES if c.most_of)
_UNSIGNED = frozenset(c.name for c in MEASURES if not c.is_signed)


def broken_rule(values: Mapping[str, float | None]) -> tuple[str, str] | None:
    """The first measure that breaks a rule of its declaration, and why; None where all keep them.

    Agents ask before they write a row and gateways before they take one, so that what is sent is
    what is taken. `values` are measures by name, durations included.
    """
    for name, value in values.items():
        if value is not None and (value != value or (value < 0 and name in _UNSIGNED)):
            return name, f"{name} is {value:g}, and cannot be negative"
    for name, most_of in _LIMITED:
        value, most = values.get(name), values.get(most_of)
        if value is not None and most is not None and value > most * (1 + TOLERANCE) + TOLERANCE:
            return name, f"{name} is {value:g}, more than {most_of}: {most:g}"
    return None


@dataclass(slots=True)
class Usage:
    """One row. `measures` holds the observed columns and no others: unknown is absent, never 0."""

    host: str
    start_ns: int
    duration_s: float
    covered_s: float
    measures: dict[str, float] = field(default_factory=dict[str, float])
    observed: tuple[str, ...] = ()
    state: State = "on"
    kind: str = "host"
    name: str = ""

    def as_row(self) -> tuple[str | int | float | None, ...]:
        """The values in the order of KEY_NAMES + MEASURE_NAMES."""
        get = self.measures.get
        return (
            self.host,
            self.kind,
            self.name,
            self.state,
            " ".join(self.observed),
            self.start_ns,
            self.duration_s,
            self.covered_s,
            *(get(c.name) for c in COLUMNS),
        )
