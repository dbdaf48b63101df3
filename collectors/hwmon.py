"""What the whole machine draws, as the power meter that its firmware shows by ACPI.

Source: https://docs.kernel.org/hwmon/acpi_power_meter.html and
        https://docs.kernel.org/hwmon/sysfs-interface.html
Reads:  /sys/class/hwmon/hwmon*/name; of those named power_meter power1_average, or else
        power1_input, in microwatts
Gives:  wall_w, a gauge, every 5 s
Doubt:  what the firmware makes of the power supplies' input: which supplies are in it, how
        exact it is and over how long it is a mean (power1_average_interval) are the maker's own.
        Where there are several meters, nothing says that they measure different supplies, and
        the first alone counts. 0 W is no measure of a machine that runs. Never run on real
        hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading

TREE = "/sys/class/hwmon"
METER = "power_meter"
FILES = ("power1_average", "power1_input")
W_PER_UW = 1e-6


class Hwmon:
    """The ACPI power meter; other sensors of hwmon are of parts, and are left out."""

    name: ClassVar[str] = "hwmon"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})
    pace_s: float = 5.0  # the firmware often asks the management controller, which may take long

    def __init__(self) -> None:
        self._path = ""
        self._file: Watched | None = None

    def open(self, host: Host) -> None:
        for path in host.glob(f"{TREE}/hwmon*/name"):
            if host.text(path) != METER:
                continue
            folder = path.rpartition("/")[0]
            for name in FILES:
                if host.glob(f"{folder}/{name}"):
                    self._path = f"{folder}/{name}"
                    self._file = host.watch(self._path)
                    return
        raise NotSupported(f"there is no power meter (ACPI 4.0) in {TREE}")

    def read(self) -> Iterable[Reading]:
        assert self._file, "read before open"
        data = self._file.read().strip()
        if not data.isdigit():
            raise ReadError(f"{self._path} says {data[:40]!r}")
        if int(data) == 0:
            raise ReadError(f"{self._path} says 0 W")
        return (Reading("wall_w", int(data) * W_PER_UW, METER, "gauge", "hwmon"),)

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
