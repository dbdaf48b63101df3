"""From steps to usage rows: one a minute, and a new one whenever what can be seen changes."""

from __future__ import annotations

from ..units import NS_PER_HOUR, NS_PER_S
from ..usage import State, Usage
from .difference import Step


def unseen_hours(host: str, state: State, start_ns: int, duration_s: float) -> list[Usage]:
    """Time without any measure (asleep, off, unobserved) as rows of which none crosses an hour, so
    that an hourly roll-up puts it where it was and no hour holds more than there is of it."""
    rows: list[Usage] = []
    end_ns = start_ns + round(duration_s * NS_PER_S)
    while start_ns < end_ns:
        next_ns = min(end_ns, (start_ns // NS_PER_HOUR + 1) * NS_PER_HOUR)
        rows.append(Usage(host, start_ns, (next_ns - start_ns) / NS_PER_S, 0.0, {}, (), state))
        start_ns = next_ns
    return rows


class Rows:
    """Adds steps up. A row ends at the boundary of `row_s` on the wall clock, when a sensor starts
    or stops answering, when the machine sleeps, and when the clock is set.

    `while_asleep` is what the host did while the machine that looks slept: `unobserved` where that
    is another machine.
    """

    def __init__(self, host: str, row_s: float, while_asleep: State = "asleep") -> None:
        self._host = host
        self._while_asleep: State = while_asleep
        self._row_ns = int(row_s * NS_PER_S)
        self._open: Usage | None = None

    def add(self, step: Step) -> list[Usage]:
        """Put a step into its row; the rows that are complete by it, oldest first."""
        done: list[Usage] = []
        row = self._open
        if row is not None and (row.observed != step.observed or step.asleep_s):
            done.append(row)
            row = None
        if step.asleep_s:
            start_ns = step.start.wall_ns
            done += unseen_hours(self._host, self._while_asleep, start_ns, step.asleep_s)
        if row is None:
            row = Usage(
                self._host,
                step.start.wall_ns + int(step.asleep_s * NS_PER_S),
                0.0,
                0.0,
                {},
                step.observed,
                "on" if step.observed else "unobserved",
            )
        row.duration_s += step.duration_s
        if "cpu" in step.observed:
            row.covered_s += step.duration_s
        measures = row.measures
        for name, change in step.measures.items():
            measures[name] = measures.get(name, 0.0) + change
        if step.end.wall_ns // self._row_ns != row.start_ns // self._row_ns:
            done.append(row)
            row = None
        self._open = row
        return done

    def finish(self) -> list[Usage]:
        """End the open row, however short."""
        row, self._open = self._open, None
        return [row] if row is not None else []
