"""Energy of the processor and memory, as the Linux powercap tree reports it.

Source: https://docs.kernel.org/power/powercap/powercap.html
Reads:  /sys/class/powercap/intel-rapl:*/energy_uj and its subzones (root only by default, since
        CVE-2020-8694); AMD's processors show in the same tree
Gives:  package_j, core_j, uncore_j, dram_j, psys_j, counters per zone that wrap at
        max_energy_range_uj
Doubt:  the package only: fans, disks, screen and power supply are not in it. psys is what the
        firmware makes of it; a zone that stays 0 (psys, dram) is left out. Never run on real
        hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading

TREE = "/sys/class/powercap"
J_PER_UJ = 1e-6


class ZoneKind(NamedTuple):
    """What a zone's name says.

    max_w   about twice what any of today can draw: a counter that was reset looks like one that
            wrapped, and gives itself away by the power it would imply
    """

    metric: str
    max_w: float


KINDS = {
    "package": ZoneKind("package_j", 1000.0),
    "core": ZoneKind("core_j", 1000.0),
    "uncore": ZoneKind("uncore_j", 500.0),
    "dram": ZoneKind("dram_j", 500.0),
    "psys": ZoneKind("psys_j", 4000.0),
}


class _Zone(NamedTuple):
    kind: ZoneKind
    subject: str
    wraps_at_j: float
    file: Watched


class Rapl:
    """Every zone of intel-rapl; intel-rapl-mmio shows the same package again and is left out."""

    name: ClassVar[str] = "rapl"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._zones: list[_Zone] = []

    def open(self, host: Host) -> None:
        zones = host.glob(f"{TREE}/intel-rapl:*")
        if not zones:
            raise NotSupported(f"there is no RAPL zone in {TREE}")
        try:
            for path in zones:
                self._open_zone(host, path)
        except NotPermitted:
            self.close()
            raise NotPermitted(
                f"{TREE} has {len(zones)} RAPL zones and this user may not read them",
                hint=f"sudo chmod a+r {TREE}/intel-rapl:*/*_uj",
            ) from None
        except (NotSupported, ReadError):
            self.close()
            raise

    def read(self) -> Iterable[Reading]:
        readings: list[Reading] = []
        for zone in self._zones:
            data = zone.file.read()
            if not data.strip().isdigit():
                raise ReadError(f"{zone.subject}/energy_uj says {data[:40]!r}")
            energy_uj = int(data)
            if energy_uj == 0:
                continue  # some firmware shows a zone and never counts in it: unknown, not 0
            readings.append(
                Reading(
                    zone.kind.metric,
                    energy_uj * J_PER_UJ,
                    zone.subject,
                    source="powercap",
                    wraps_at=zone.wraps_at_j,
                    max_per_s=zone.kind.max_w,
                )
            )
        return readings

    def close(self) -> None:
        for zone in self._zones:
            zone.file.close()
        self._zones.clear()

    def _open_zone(self, host: Host, path: str) -> None:
        # package-0, and package-0-die-1 where a package has several dies
        kind = KINDS.get(host.text(f"{path}/name").partition("-")[0])
        if kind is None:
            return
        largest_uj = host.text(f"{path}/max_energy_range_uj")
        if not largest_uj.isdecimal():
            raise ReadError(f"{path}/max_energy_range_uj says {largest_uj[:40]!r}")
        file = host.watch(f"{path}/energy_uj")
        self._zones.append(_Zone(kind, path.rpartition("/")[2], int(largest_uj) * J_PER_UJ, file))
