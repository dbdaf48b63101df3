"""Energy of the processor and memory, as the Linux powercap tree reports it.

Source: https://docs.kernel.org/power/powercap/powercap.html
Reads:  /sys/class/powercap/intel-rapl:*/energy_uj and its subzones (root only by default, since
        CVE-2020-8694); AMD's processors show in the same tree
Gives:  package_j, core_j, uncore_j, dram_j, psys_j, counters per zone that wrap at
        max_energy_range_uj
Doubt:  the package only: fans, disks, screen and power supply are not in it. psys is what the
        firmware makes of it; one that stays 0 is left out. Never run on real hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading

TREE = "/sys/class/powercap"
J_PER_UJ = 1e-6
MAX_W = 2000.0
"""More than any zone of today can draw. A counter that was reset looks like one that wrapped, and
gives itself away by the power it would imply."""

_METRICS = {"core": "core_j", "uncore": "uncore_j", "dram": "dram_j", "psys": "psys_j"}


class _Zone(NamedTuple):
    metric: str
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
                metric = _metric(host.text(f"{path}/name"))
                if metric:
                    file = host.watch(f"{path}/energy_uj")
                    wraps_at_j = int(host.text(f"{path}/max_energy_range_uj")) * J_PER_UJ
                    self._zones.append(_Zone(metric, path.rpartition("/")[2], wraps_at_j, file))
        except NotPermitted:
            self.close()
            raise NotPermitted(
                f"{TREE} has {len(zones)} RAPL zones and this user may not read them",
                hint=f"sudo chmod -R a+r {TREE}/intel-rapl:*/  (until the next boot)",
            ) from None

    def read(self) -> Iterable[Reading]:
        readings: list[Reading] = []
        for zone in self._zones:
            data = zone.file.read()
            if not data.strip().isdigit():
                raise ReadError(f"{zone.subject}/energy_uj says {data[:40]!r}")
            if zone.metric == "psys_j" and int(data) == 0:
                continue  # some firmware shows the zone and never counts in it: unknown, not 0
            readings.append(
                Reading(
                    zone.metric,
                    int(data) * J_PER_UJ,
                    zone.subject,
                    source="powercap",
                    wraps_at=zone.wraps_at_j,
                    max_per_s=MAX_W,
                )
            )
        return readings

    def close(self) -> None:
        for zone in self._zones:
            zone.file.close()
        self._zones.clear()


def _metric(zone_name: str) -> str | None:
    return "package_j" if zone_name.startswith("package") else _METRICS.get(zone_name)
