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
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading

PATH = "/proc/net/dev"
_HEAD_LINES = 2


class Network:
    """Interfaces with a device behind them."""

    name: ClassVar[str] = "network"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._file: Watched | None = None
        self._host: Host | None = None
        self._physical: frozenset[str] = frozenset()
        self._lines = -1

    def open(self, host: Host) -> None:
        self._host, self._lines = host, -1
        self._file = host.watch(PATH)

    def read(self) -> Iterable[Reading]:
        assert self._file and self._host
        lines = self._file.read().splitlines()[_HEAD_LINES:]
        if len(lines) != self._lines:  # something was plugged in or out
            found = self._host.glob("/sys/class/net/*/device")
            self._lines, self._physical = len(lines), frozenset(p.split("/")[4] for p in found)
        readings: list[Reading] = []
        for line in lines:
            label, _, counters = line.partition(b":")
            name = label.strip().decode()
            if name == "lo" or (self._physical and name not in self._physical):
                continue
            fields = counters.split()
            if len(fields) < 9:
                raise ReadError(f"{PATH} has the line {line[:60]!r}")
            readings.append(Reading("network_received_b", int(fields[0]), name, source=PATH))
            readings.append(Reading("network_sent_b", int(fields[8]), name, source=PATH))
        return readings

    def close(self) -> None:
        if self._file:
            self._file.close()
