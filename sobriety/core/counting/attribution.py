"""Attributes a host's energy above idle to workloads, by processor time.

A host's row says what the whole machine did. A workload's row says its share of what was done
ABOVE IDLE: of the moments of utilisation, and of the joules that sensors gave beyond the least
draw ever seen of them. All shares are of one step's facts and linear, so that workloads,
`unattributed` and idle add up to the host's joules, in a minute and in a quarter, whatever the
plan that turns rows into joules (`estimators.energy.active`).

`unattributed` is work of which nobody is known to have done it: interrupts, processes that
cannot be seen. It is a row like the others and never spread over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..units import NS_PER_HOUR, NS_PER_S
from ..usage import COLUMNS, Usage
from .difference import Step
from .task import Task
from .work import Tally, Work, WorkloadKey

UNATTRIBUTED: WorkloadKey = ("unattributed", "")

WORTH_A_ROW_RATIO = 0.01
"""A workload gets its row at the end of a minute in which it has come to this share of what the
processors could have done in it; else it waits, at most to the end of the hour."""

_LEAST_STEP_S = 1.0
_FLOOR_RISE_PER_S = 0.01 / 86_400
"""The least draw is forgotten slowly, 1 % a day: disks are taken out and firmware changes."""

_MOMENTS = ("util_sqrt_s", "util_s", "util_cubed_s")
_JOULES = tuple(c.name for c in COLUMNS if c.unit == "J")


@dataclass(slots=True)
class _Piece:
    """Neighbouring steps in which the same was observed, of one hour."""

    start_ns: int
    observed: tuple[str, ...]
    duration_s: float = 0.0
    covered_s: float = 0.0
    busy_s: float = 0.0
    capacity_s: float = 0.0
    active: dict[str, float] = field(default_factory=dict[str, float])


class Attribution:
    """Takes a host's steps; at every look at its tasks, shares out what happened since the last.

    `least_w` holds the least draw seen of every sensor, by column; give it back at the next start.
    `on_share` is told every share at once, long before its row is worth writing.
    """

    def __init__(self, host: str, row_s: float, least_w: Mapping[str, float] | None = None) -> None:
        self.least_w = dict(least_w or {})
        self.on_share: Callable[[Usage], None] | None = None
        self._host = host
        self._row_ns = int(row_s * NS_PER_S)
        self._tally = Tally()
        self._pieces: list[_Piece] = []
        self._open: dict[WorkloadKey, Usage] = {}
        self._capacity_s: float = 0.0

    def add(self, step: Step) -> None:
        """What the host did between two samples."""
        start_ns = step.start.wall_ns + int(step.asleep_s * NS_PER_S)
        last = self._pieces[-1] if self._pieces else None
        if (
            last is None
            or last.observed != step.observed
            or step.asleep_s
            or last.start_ns // NS_PER_HOUR != start_ns // NS_PER_HOUR
        ):
            last = _Piece(start_ns, step.observed)
            self._pieces.append(last)
        last.duration_s += step.duration_s
        if "cpu" in step.observed:
            last.covered_s += step.duration_s
            last.busy_s += step.measures["cpu_busy_s"]
            last.capacity_s += step.measures["cpu_capacity_s"]
        for name, value in self._above_idle(step).items():
            last.active[name] = last.active.get(name, 0.0) + value

    def look(self, tasks: Iterable[Task] | None, now_s: float) -> list[Usage]:
        """Share out what was done since the last look; the workloads' rows complete by it.

        None: the tasks cannot be seen. What was done since then is nobody's that we know.
        """
        if tasks is None:
            self._tally.forget()
            work = None
        else:
            work = self._tally.work(tasks, now_s)
        pieces, self._pieces = self._pieces, []
        work = work or {}
        done: list[Usage] = []
        busy_s = sum(piece.busy_s for piece in pieces)
        for piece in pieces:
            done += self._close_unless(piece)
            self._share(piece, work, busy_s)
            end_ns = piece.start_ns + int(piece.duration_s * NS_PER_S)
            if end_ns // self._row_ns != piece.start_ns // self._row_ns:
                done += self._worth_writing(end_ns)
        return done

    def finish(self) -> list[Usage]:
        """Every open row."""
        rows = list(self._open.values())
        self._open.clear()
        return rows

    def forget(self) -> None:
        """Another boot: no counter of a task goes on."""
        self._tally.forget()

    def _above_idle(self, step: Step) -> dict[str, float]:
        active: dict[str, float] = {}
        measures = step.measures
        if "cpu" in step.observed:
            for name in _MOMENTS:
                active[name] = measures[name]
        for name in _JOULES:
            joules = measures.get(name)
            if joules is None:
                continue
            watts = joules / step.duration_s
            least = self.least_w.get(name)
            if least is None:
                least = watts
            elif step.duration_s >= _LEAST_STEP_S:  # a shorter one says little of power
                least = min(watts, least * (1 + _FLOOR_RISE_PER_S * step.duration_s))
            self.least_w[name] = least
            active[name] = max(0.0, joules - least * step.duration_s)
        return active

    def _share(self, piece: _Piece, work: Mapping[WorkloadKey, Work], busy_s: float) -> None:
        """A part of the work for each piece, by how busy the host was in it; clocks of tasks and of
        the host tick differently, and what tasks say together may be more than the host's."""
        part = piece.busy_s / busy_s if busy_s > 0 else 0.0
        told_s = sum(each.cpu_s for each in work.values()) * part
        whole_s = max(piece.busy_s, told_s)
        self._capacity_s += piece.capacity_s
        shared = 0.0
        for workload, each in work.items():
            cpu_s = each.cpu_s * part
            share = cpu_s / whole_s if whole_s > 0 else 0.0
            shared += share
            if cpu_s or workload in self._open or each.memory_b:
                self._put(workload, piece, cpu_s, share, each.memory_b)
        rest_s = max(0.0, piece.busy_s - told_s)
        self._put(UNATTRIBUTED, piece, rest_s, max(0.0, 1.0 - shared), None)

    def _put(
        self,
        workload: WorkloadKey,
        piece: _Piece,
        cpu_s: float,
        share: float,
        memory_b: float | None,
    ) -> None:
        row = self._open.get(workload)
        knows_memory = row is None or "memory_used_bs" in row.measures
        if row is None:
            kind, name = workload
            row = Usage(self._host, piece.start_ns, 0.0, 0.0, {}, piece.observed, "on", kind, name)
            self._open[workload] = row
        row.duration_s += piece.duration_s
        row.covered_s += piece.covered_s
        measures = row.measures
        for name, value in _measures(piece, cpu_s, share).items():
            measures[name] = measures.get(name, 0.0) + value
        if self.on_share is not None:
            part = _measures(piece, cpu_s, share)
            self.on_share(
                replace(row, start_ns=piece.start_ns, duration_s=piece.duration_s,
                        covered_s=piece.covered_s, measures=part)
            )  # fmt: skip
        if memory_b is not None and knows_memory:
            used_bs = memory_b * piece.duration_s
            measures["memory_used_bs"] = measures.get("memory_used_bs", 0.0) + used_bs
        else:
            measures.pop("memory_used_bs", None)  # a part of the row is not known

    def _close_unless(self, piece: _Piece) -> list[Usage]:
        """End every open row that this piece does not go on: another hour, other sensors, a gap."""
        ended = [
            workload
            for workload, row in self._open.items()
            if row.observed != piece.observed
            or row.start_ns // NS_PER_HOUR != piece.start_ns // NS_PER_HOUR
        ]
        return [self._open.pop(workload) for workload in ended]

    def _worth_writing(self, end_ns: int) -> list[Usage]:
        """The open rows that have come to something; at the end of the hour all."""
        worth_s = WORTH_A_ROW_RATIO * self._capacity_s
        self._capacity_s = 0.0
        ended = [
            workload
            for workload, row in self._open.items()
            if row.measures.get("cpu_busy_s", 0.0) >= worth_s
            or row.start_ns // NS_PER_HOUR != end_ns // NS_PER_HOUR
        ]
        return [self._open.pop(workload) for workload in ended]


def _measures(piece: _Piece, cpu_s: float, share: float) -> dict[str, float]:
    """A workload's part of a piece."""
    own = {"cpu_busy_s": cpu_s} if "cpu" in piece.observed else {}
    return own | {name: share * value for name, value in piece.active.items()}
