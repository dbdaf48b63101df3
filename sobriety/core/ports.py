"""Protocols between rooms: collectors, slow collectors, task sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol, runtime_checkable

from .counting.task import Task
from .host import Host
from .reading import Reading


class Collector(Protocol):
    """One source of readings. A file each in `collectors/`; guests come by the entry-point group
    `sobriety.collectors`."""

    name: ClassVar[str]
    """What the user calls it, in the configuration and in `sobriety doctor`."""

    systems: ClassVar[frozenset[str]]
    """Where it is opened unasked: `linux`, `darwin`, `windows`."""

    def open(self, host: Host) -> None:
        """Find the source and keep it open. May be called again after a failure.

        Raises NotSupported or NotPermitted. Heavy imports belong here.
        """
        ...

    def read(self) -> Iterable[Reading]:
        """The raw values now. Raises ReadError."""
        ...

    def close(self) -> None:
        """Give back what `open` took. Harmless when called twice."""
        ...


@runtime_checkable
class Slow(Protocol):
    """A collector that may take seconds to answer: asked by a thread of its own, every `pace_s`.

    Between two answers the last one stands, so it gives gauges rather than counters.
    """

    pace_s: float


@runtime_checkable
class TaskSource(Protocol):
    """A collector that tells who works: its tasks are read at a slower pace than readings."""

    def tasks(self) -> Iterable[Task]:
        """Every task that can be seen now. Raises ReadError."""
        ...
