"""From steps to usage rows: one a minute, and a new one whenever what can be seen changes."""

from __future__ import annotations

from .difference import Step
from .units import NS_PER_S
from .usage import Usage


class Rows:
    """Adds steps up. A row ends at the boundary of `row_s` on the wall clock, when a sensor starts
    or stops answering, when the machine sleeps, and when the clock is set.
    """

    def __init__(self, host: str, row_s: float) -> None:
        self._host = host
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
            done.append(Usage(self._host, step.start.wall_ns, step.asleep_s, 0.0, {}, (), "asleep"))
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
