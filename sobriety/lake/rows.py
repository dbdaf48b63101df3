"""Rows on their way into a lake: their values stand in the order of `core.usage`."""

from __future__ import annotations

from typing import Any, NamedTuple

from sobriety.core.usage import host_of, start_ns_of, workload_of_row


class NumberedRow(NamedTuple):
    """A row's values with its number in the spool or with the keeper that it comes from."""

    number: int
    values: tuple[Any, ...]


def by_workload(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The order of a file's rows: those of a workload together compress well, and a reader of one
    host skips the others."""
    return host_of(values), workload_of_row(values), start_ns_of(values)
