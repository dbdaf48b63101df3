"""Sums a spool in SQLite: no row comes into Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from sobriety.core.units import NS_PER_S
from sobriety.core.usage import MEASURE_NAMES, State, Usage
from sobriety.spool import SpoolReader
from sobriety.spool.retention import Counts, read


class HostSum(NamedTuple):
    """Rows of a host in one state with the same groups observed. What is unknown is absent."""

    host: str
    state: State
    observed: tuple[str, ...]
    rows: int
    measures: dict[str, float]


class SpoolSums(SpoolReader):
    """Sums of the host's own rows; workloads' rows are only counted."""

    def sums(self) -> list[HostSum]:
        """By host, state and groups observed."""
        there = [name for name in MEASURE_NAMES if name in self.column_names]
        columns = ", ".join(f"sum({name})" for name in there)
        found = self.ask(
            f"SELECT host, state, observed, count(*), {columns} FROM usage WHERE kind = 'host'"
            " GROUP BY host, state, observed"
        )
        return [
            HostSum(host, cast(State, state), tuple(observed.split()), rows, {
                name: value for name, value in zip(there, values, strict=True) if value is not None
            })
            for host, state, observed, rows, *values in found
        ]  # fmt: skip

    def extent(self) -> tuple[int | None, int | None]:
        """Start of the first row and end of the last, in nanoseconds; None without rows."""
        ((first, last),) = self.ask(
            f"SELECT min(start_ns), max(start_ns + CAST(duration_s * {NS_PER_S} AS INTEGER))"
            " FROM usage WHERE kind = 'host'"
        )
        return first, last

    def newest(self) -> Usage | None:
        """The host's row that was written last."""
        found = self.ask("SELECT host FROM usage WHERE kind = 'host' ORDER BY id DESC LIMIT 1")
        return self.last_row(found[0][0]) if found else None

    def count_workload_rows(self) -> int:
        ((count,),) = self.ask("SELECT count(*) FROM usage WHERE kind <> 'host'")
        return int(count)

    def last_of_states(self, states: Sequence[str], most: int) -> list[tuple[int, float, State]]:
        """Start, seconds and state of the host's last rows in some states, the newest first."""
        marks = ", ".join("?" * len(states))
        return [
            (start_ns, duration_s, cast(State, state))
            for start_ns, duration_s, state in self.ask(
                "SELECT start_ns, duration_s, state FROM usage"
                f" WHERE kind = 'host' AND state IN ({marks}) ORDER BY id DESC LIMIT ?",
                (*states, most),
            )
        ]

    def dropped(self) -> Counts:
        """What retention took away, since the file was begun."""
        with self.snapshot() as db:
            return read(db)
