"""Memory in use.

Source: https://docs.kernel.org/filesystems/proc.html#meminfo
Reads:  /proc/meminfo, MemTotal and MemAvailable
Gives:  memory_used_b, a gauge: what could not be given to a new program without swapping
Doubt:  a gauge between two samples is taken as their mean
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import ReadError
from sobriety.core.reading import Reading

from ._procfile import ProcFile

PATH = "/proc/meminfo"


class Memory(ProcFile):
    """Total less available."""

    name: ClassVar[str] = "memory"
    path: ClassVar[str] = PATH
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def read(self) -> Iterable[Reading]:
        data = self.data()
        used_b = (kib(data, b"MemTotal:") - kib(data, b"MemAvailable:")) * 1024
        return (Reading("memory_used_b", used_b, kind="gauge", source=PATH),)


def kib(data: bytes, label: bytes) -> int:
    """A line of meminfo. Raises ReadError when it is not there."""
    start = data.find(label)
    if start < 0:
        raise ReadError(f"{PATH} has no {label.decode()}")
    try:
        return int(data[start + len(label) : data.index(b"kB", start)])
    except ValueError:
        raise ReadError(f"{PATH} has the line {data[start : start + 40]!r}") from None
