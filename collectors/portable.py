"""Processors, memory, disks and network where there is no /proc: macOS and Windows, by psutil.

Source: https://psutil.readthedocs.io
Reads:  the platform's own calls
Gives:  cpu_busy_s, cpu_capacity_s, memory_used_b, disk_*_b, network_*_b, as those for Linux
Doubt:  no waiting and no stolen time apart; interfaces without a device cannot be told on macOS and
        Windows, so all but the loopback count. Run by us on Linux only, where it can be forced
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from sobriety.core.errors import NotSupported
from sobriety.core.host import Host
from sobriety.core.reading import Reading

if TYPE_CHECKING:
    from types import ModuleType

_IDLE = ("idle", "iowait", "steal")
_WITHIN_OTHERS = ("guest", "guest_nice", "interrupt", "dpc")
"""guest is within user (Linux); interrupt and dpc are within system (Windows)."""
_NOT_A_DISK = re.compile(r"loop|ram|zram|dm-|md\d|sr\d")
_LOOPBACK = re.compile(r"lo\d*$|Loopback ")  # not Windows' "Local Area Connection"


class Portable:
    """One source for the four, since one library gives them."""

    name: ClassVar[str] = "psutil"
    systems: ClassVar[frozenset[str]] = frozenset({"darwin", "windows"})

    def __init__(self) -> None:
        self._psutil: ModuleType | None = None
        self._linux = False

    def open(self, host: Host) -> None:
        if not host.is_here:
            raise NotSupported("psutil sees only the machine that it runs on")
        import psutil

        self._psutil, self._linux = psutil, host.system == "linux"

    def read(self) -> Iterable[Reading]:
        assert self._psutil
        times = self._psutil.cpu_times()._asdict()
        spent = {name: value for name, value in times.items() if name not in _WITHIN_OTHERS}
        busy = sum(value for name, value in spent.items() if name not in _IDLE)
        yield Reading("cpu_busy_s", busy, source="psutil")
        yield Reading("cpu_capacity_s", sum(spent.values()), source="psutil")
        memory = self._psutil.virtual_memory()
        yield Reading("memory_used_b", memory.total - memory.available, "", "gauge", "psutil")
        for disk, io in self._psutil.disk_io_counters(perdisk=True, nowrap=False).items():
            if not (self._linux and (_NOT_A_DISK.match(disk) or _is_partition(disk))):
                yield Reading("disk_read_b", io.read_bytes, disk, source="psutil")
                yield Reading("disk_written_b", io.write_bytes, disk, source="psutil")
        for card, io in self._psutil.net_io_counters(pernic=True, nowrap=False).items():
            if not _LOOPBACK.match(card):
                yield Reading("network_received_b", io.bytes_recv, card, source="psutil")
                yield Reading("network_sent_b", io.bytes_sent, card, source="psutil")

    def close(self) -> None:
        """psutil keeps nothing open."""


def _is_partition(disk: str) -> bool:
    return bool(re.fullmatch(r"(?:[a-z]+d[a-z]+|(?:nvme\d+n|mmcblk)\d+p)\d+", disk))
