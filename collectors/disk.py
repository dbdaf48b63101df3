"""Bytes to and from whole disks.

Source: https://docs.kernel.org/admin-guide/iostats.html
Reads:  /proc/diskstats; /sys/block/*/device, to tell disks from partitions and layers above them
Gives:  disk_read_b and disk_written_b, counters per disk, in sectors of 512 bytes whatever the
        disk's own are
Doubt:  what a disk took after the last sample before it was unplugged is not seen
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

from ._procfile import ProcFile

PATH = "/proc/diskstats"
SECTOR_B = 512
_NVME_PATH = re.compile(r"nvme(\d+)c\d+n(\d+)")
_NO_DRIVE = re.compile(r"sr\d+|fd\d+|mmcblk\d+boot\d+")


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
        if not counted(host):
            raise NotSupported("there is no physical disk in /sys/block")
        super().open(host)

    def read(self) -> Iterable[Reading]:
        assert self._host
        rows = [line.split(None, 10) for line in self.data().splitlines()]
        names = [row[2] for row in rows if len(row) > 2]
        if names != self._names:  # something was plugged in or out
            self._names = names
            self._disks = frozenset(
                name.encode(errors="surrogateescape") for name in counted(self._host)
            )
        found: list[Reading] = []
        for row in rows:
            try:
                if row[2] in self._disks:
                    disk, read, written = row[2].decode(errors="replace"), int(row[5]), int(row[9])
                    found.append(Reading("disk_read_b", read * SECTOR_B, disk, source=PATH))
                    found.append(Reading("disk_written_b", written * SECTOR_B, disk, source=PATH))
            except (IndexError, ValueError):
                raise ReadError(f"{PATH} has the line {b' '.join(row)[:60]!r}") from None
        return found


def counted(host: Host) -> set[str]:
    """The names below which whole disks' bytes are counted, each once.

    A kernel with NVMe multipath lists a disk and every path to it. The paths always count; many
    kernels leave the disk itself at 0, and newer ones count the same bytes there again.
    """
    names = _with_a_driver(host)
    return names - {f"nvme{m[1]}n{m[2]}" for m in map(_NVME_PATH.fullmatch, names) if m}


def drives(host: Host) -> set[str]:
    """The disks that draw power: not another path to one, not the boot areas of a chip, and no
    reader of media."""
    names = _with_a_driver(host)
    return {n for n in names if not (_NVME_PATH.fullmatch(n) or _NO_DRIVE.fullmatch(n))}


def _with_a_driver(host: Host) -> set[str]:
    # A slash in a disk's name (cciss/c0d0) is an exclamation mark in /sys.
    return {path.split("/")[3].replace("!", "/") for path in host.glob("/sys/block/*/device")}
