"""Bytes to and from whole disks.

Source: https://docs.kernel.org/admin-guide/iostats.html
Reads:  /proc/diskstats; /sys/block/*/device, to tell disks from partitions and layers above them
Gives:  disk_read_b and disk_written_b, counters per disk, in sectors of 512 bytes whatever the
        disk's own are
Doubt:  what a disk took after the last sample before it was unplugged is not seen
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

from .procfile import ProcFile

PATH = "/proc/diskstats"
SECTOR_B = 512


class Disk(ProcFile):
    """Physical disks; not loops, memory disks, partitions, or what LVM and RAID build of them."""

    name: ClassVar[str] = "disk"
    path: ClassVar[str] = PATH
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        super().__init__()
        self._host: Host | None = None
        self._disks: frozenset[bytes] = frozenset()
        self._names: list[bytes] = []

    def open(self, host: Host) -> None:
        self._host, self._names = host, []
        if not self._physical():
            raise NotSupported("there is no physical disk in /sys/block")
        super().open(host)

    def read(self) -> Iterable[Reading]:
        rows = [line.split(None, 10) for line in self.data().splitlines()]
        if any(len(fields) < 11 for fields in rows):
            raise ReadError(f"{PATH} has a line that is no disk's")
        names = [fields[2] for fields in rows]
        if names != self._names:  # something was plugged in or out
            self._names, self._disks = names, self._physical()
        found: list[Reading] = []
        for fields in rows:
            if fields[2] in self._disks:
                disk = fields[2].decode()
                found.append(Reading("disk_read_b", int(fields[5]) * SECTOR_B, disk, source=PATH))
                found.append(
                    Reading("disk_written_b", int(fields[9]) * SECTOR_B, disk, source=PATH)
                )
        return found

    def _physical(self) -> frozenset[bytes]:
        """Whatever a driver is behind; NVMe disks with several paths are listed once."""
        assert self._host
        return frozenset(
            path.split("/")[3].encode() for path in self._host.glob("/sys/block/*/device")
        )
