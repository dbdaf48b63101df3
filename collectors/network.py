"""Bytes through physical network interfaces.

Source: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html
Reads:  /proc/net/dev, with --root /proc/1/net/dev; /sys/class/net/*/device, to tell cards from
        bridges and tunnels
Gives:  network_received_b and network_sent_b, counters per interface
Doubt:  where no interface ever had a device (a container), all but the loopback count, so that
        bytes that stayed on the machine may be among them
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

from ._procfile import ProcFile

PATH = "/proc/net/dev"
PATH_OF_INIT = "/proc/1/net/dev"
"""/proc/net is what the reader's own network namespace has: of a container that looks at its host,
the container's card. The first process has the host's."""
_HEAD_LINES = 2


class Network(ProcFile):
    """Interfaces with a device behind them."""

    name: ClassVar[str] = "network"
    path: ClassVar[str] = PATH
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        super().__init__()
        self._host: Host | None = None
        self._physical: frozenset[str] = frozenset()
        self._names: list[str] = []
        self._has_cards = False

    def open(self, host: Host) -> None:
        self._host, self._names = host, []
        self._file = host.watch(PATH_OF_INIT if host.is_mounted else PATH)

    def read(self) -> Iterable[Reading]:
        assert self._host
        text = self.data().decode(errors="replace")
        rows = [line.rpartition(":") for line in text.splitlines()[_HEAD_LINES:]]
        names = [label.strip() for label, _, _ in rows]
        if names != self._names:  # plugged in or out, or named anew while the machine starts
            self._names = names
            found = self._host.glob("/sys/class/net/*/device")
            self._physical = frozenset(path.split("/")[4] for path in found)
            # A card that was pulled out must not make its bridges count instead.
            self._has_cards = self._has_cards or bool(found)
        readings: list[Reading] = []
        for name, (_, _, counters) in zip(names, rows, strict=True):
            if name == "lo" or (self._has_cards and name not in self._physical):
                continue
            try:
                fields = counters.split()
                received, sent = int(fields[0]), int(fields[8])
            except (IndexError, ValueError):
                raise ReadError(f"{PATH} says {counters[:60]!r} of {name!r}") from None
            readings.append(Reading("network_received_b", received, name, source=PATH))
            readings.append(Reading("network_sent_b", sent, name, source=PATH))
        return readings
