"""Processor time, as the kernel's scheduler accounts it.

Source: https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat
Reads:  /proc/stat, its first line
Gives:  cpu_busy_s (user, nice, system, interrupts) and cpu_capacity_s (that, idle, waiting and
        stolen), counters over all processors, in ticks of 10 ms
Doubt:  time stolen by a hypervisor was there and was not ours: it is capacity and not work; idle
        time may fall by a tick when a processor is unplugged, which costs that step
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import ReadError
from sobriety.core.reading import Reading

from ._procfile import ProcFile

PATH = "/proc/stat"
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
"""What the kernel counts user-visible time in: 100 on every architecture of today."""


class Cpu(ProcFile):
    """Busy and available processor time."""

    name: ClassVar[str] = "cpu"
    path: ClassVar[str] = PATH
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def read(self) -> Iterable[Reading]:
        data = self.data()
        try:
            user, nice, system, idle, wait, irq, softirq, steal = map(
                int, data[: data.index(b"\n")].split()[1:9]
            )
        except ValueError:
            raise ReadError(f"{PATH} begins with {data[:40]!r}") from None
        busy = user + nice + system + irq + softirq  # guests are within user
        return (
            Reading("cpu_busy_s", busy / TICKS_PER_S, source=PATH),
            Reading("cpu_capacity_s", (busy + idle + wait + steal) / TICKS_PER_S, source=PATH),
        )
