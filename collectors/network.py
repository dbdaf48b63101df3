"""Bytes through physical network interfaces.

Source: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html
Reads:  /proc/net/dev; /sys/class/net/*/device, to tell cards from bridges and tunnels
Gives:  network_received_b and network_sent_b, counters per interface
Doubt:  where no interface has a device (a container), all but the loopback count, so that bytes
        that stayed on the machine may be among them
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

from .procfile import ProcFile

PATH = "/proc/net/dev"
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
        self._names: list[bytes] = []

    def open(self, host: Host) -> None:
        self._host, self._names = host, []
        super().open(host)

    def read(self) -> Iterable[Reading]:
        assert self._host
        lines = self.data().splitlines()[_HEAD_LINES:]
        rows = [
            (label.strip(), counters.split())
            for label, _, counters in (line.partition(b":") for line in lines)
        ]
        names = [name for name, _ in rows]
        if names != self._names:  # something was plugged in or out
            found = self._host.glob("/sys/class/net/*/device")
            self._names, self._physical = names, frozenset(p.split("/")[4] for p in found)
        readings: list[Reading] = []
        for label, fields in rows:
            name = label.decode()
            if name == "lo" or (self._physical and name not in self._physical):
                continue
            if len(fields) < 9:
                raise ReadError(f"{PATH} has an odd line for {name!r}")
            readings.append(Reading("network_received_b", int(fields[0]), name, source=PATH))
            readings.append(Reading("network_sent_b", int(fields[8]), name, source=PATH))
        return readings
