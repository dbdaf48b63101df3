"""Rows of one host on their way to the disk, and their numbers as runs.

Packed as soon as they are checked: as objects they would be five times as large, and a thousand
batches may wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from sobriety.core.units import NS_PER_S
from sobriety.core.usage import KEY_NAMES

Values = Sequence[Any]
"""A row as the lake takes it: KEY_NAMES, MEASURE_NAMES; None is unknown."""

Runs = list[tuple[int, int]]
"""Of consecutive numbers, in order, with at least one missing between two."""

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode
_START, _DURATION = KEY_NAMES.index("start_ns"), len(KEY_NAMES)


class HostRows(NamedTuple):
    """`packed` are the rows by their numbers; `end_ns` is when the last ended."""

    host: str
    runs: Runs
    packed: bytes
    end_ns: int


def parts_of(numbered: Iterable[tuple[int, Values]]) -> list[HostRows]:
    """Of rows in the order of their numbers, a part for each host."""
    by_host: dict[str, tuple[list[int], list[Values]]] = {}
    for number, values in numbered:
        numbers, rows = by_host.setdefault(values[0], ([], []))
        numbers.append(number)
        rows.append(values)
    return [HostRows(host, runs_of(numbers), pack(rows), _end_ns(rows[-1]))
            for host, (numbers, rows) in by_host.items()]  # fmt: skip


def _end_ns(values: Values) -> int:
    return int(values[_START]) + int(values[_DURATION] * NS_PER_S)


def runs_of(numbers: Iterable[int]) -> Runs:
    """Of numbers in order."""
    return joined((n, n) for n in numbers)


def joined(pieces: Iterable[tuple[int, int]]) -> Runs:
    """Runs of pieces in order of which none overlap."""
    found: Runs = []
    for first, last in pieces:
        if found and first == found[-1][1] + 1:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def numbers_of(runs: Runs) -> Iterator[int]:
    return (n for first, last in runs for n in range(first, last + 1))


def count(runs: Runs) -> int:
    return sum(last - first + 1 for first, last in runs)


def missing(runs: Runs, numbers: Sequence[int]) -> list[bool]:
    """For each of the numbers, whether the runs have not got it."""
    return [not any(first <= n <= last for first, last in reversed(runs)) for n in numbers]
