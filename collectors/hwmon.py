"""The whole machine's power, where the firmware or its power supplies measure it.

Source: https://docs.kernel.org/hwmon/sysfs-interface.html,
        https://docs.kernel.org/hwmon/acpi_power_meter.html
Reads:  /sys/class/hwmon/hwmon*/name, and of the first of these that there is: power1_average of
        the ACPI power meter; what ibmpowernv labels System; the inputs (pin) of all power supplies
Gives:  wall_w, a gauge; wall_j, a counter, where ibmpowernv counts joules
Doubt:  taken for the plug. Whether the losses of the power supplies are in it, and how exact it is,
        differs by maker (power1_accuracy). The ACPI meter gives the mean over
        power1_average_interval, often 1 s and up to minutes: short steps get their neighbours'
        joules. A supply whose driver is not loaded is not missed. Meters of parts are left out:
        hot-swap controllers, regulators, rails, the several ACPI meters of NVIDIA Grace. Never run
        on real hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading, ReadingKind

from ._sysfs import MICRO, whole_number, word

TREE = "/sys/class/hwmon"
SUPPLIES = frozenset(
    ("acbel_fsg032", "bpa_rs600", "cffps", "cffps1", "cffps2", "crps", "dps920ab", "intel_crps185",
     "ipsps1", "pfe1100", "pfe3000", "yh5151", "ym2151")
)  # fmt: skip
"""Drivers of power supplies for mains. Other PMBus chips say `pin` too, and mean a part's."""
PROCESSORS = ("LNXCPU", "ACPI0007")
UNKNOWN_UW = 0xFFFF_FFFF * 1000
"""What ACPI says when it does not know, in milliwatts; sensors shows it as 4.29 MW:
https://github.com/lm-sensors/lm-sensors/issues/460"""


class _Place(NamedTuple):
    kind: ReadingKind
    subject: str
    path: str


class Hwmon:
    """One source for the machine: a second one would count the same joules again."""

    name: ClassVar[str] = "hwmon"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})
    # The firmware may ask the management controller in its turn, and wait for it.
    pace_s: float = 5.0

    def __init__(self) -> None:
        self._meters: list[tuple[_Place, Watched]] = []

    def open(self, host: Host) -> None:
        chips = [
            (path, word(host, f"{path}/name") or word(host, f"{path}/device/name"))
            for path in host.glob(f"{TREE}/hwmon*")
        ]
        places = _acpi_meter(host, chips) or _system(host, chips) or _supplies(host, chips)
        if not places:
            raise NotSupported(f"no meter in {TREE} measures the whole machine")
        try:
            self._meters += [(place, host.watch(place.path)) for place in places]
        except (NotPermitted, NotSupported, ReadError):
            self.close()
            raise

    def read(self) -> Iterable[Reading]:
        readings: list[Reading] = []
        for place, file in self._meters:
            number = whole_number(file, place.path)
            if place.kind == "gauge" and number >= UNKNOWN_UW:
                raise ReadError(f"{place.path} says {number}, which stands for unknown")
            metric = "wall_w" if place.kind == "gauge" else "wall_j"
            readings.append(Reading(metric, number * MICRO, place.subject, place.kind, "hwmon"))
        # A supply in reserve may say 0. All of them, on a machine that runs: unknown.
        return readings if any(r.value for r in readings) else ()

    def close(self) -> None:
        for _place, file in self._meters:
            file.close()
        self._meters.clear()


Chips = Sequence[tuple[str, str]]


def _acpi_meter(host: Host, chips: Chips) -> list[_Place]:
    """The only ACPI power meter; of several, each measures a part."""
    meters = [path for path, name in chips if name == "power_meter"]
    mains = [m for m in meters if word(host, _file(host, m, "power1_is_battery")) != "1"]
    if len(mains) != 1:
        return []
    (meter,) = mains
    measured = [
        device.rpartition("/")[2]
        for folder in (meter, f"{meter}/device")
        for device in host.glob(f"{folder}/measures/*")
    ]
    if measured and all(device.startswith(PROCESSORS) for device in measured):
        return []
    file = _file(host, meter, "power1_average") or _file(host, meter, "power1_input")
    return [_Place("gauge", "acpi", file)] if file else []


def _file(host: Host, chip: str, name: str) -> str:
    """Where a file of a chip is: drivers of the older kind put it with the device; or empty."""
    return next(iter(host.glob(f"{chip}/{name}") or host.glob(f"{chip}/device/{name}")), "")


def _system(host: Host, chips: Chips) -> list[_Place]:
    """What POWER's firmware labels as the system; its joules rather than its watts."""
    kinds: tuple[tuple[ReadingKind, str], ...] = (("counter", "energy"), ("gauge", "power"))
    for kind, sensor in kinds:
        labels = [
            label
            for path, name in chips
            if name == "ibmpowernv"
            for label in host.glob(f"{path}/{sensor}*_label")
            if word(host, label).lower() in ("system", "system power")
        ]
        if len(labels) == 1:
            return [_Place(kind, "system", labels[0].removesuffix("label") + "input")]
    return []


def _supplies(host: Host, chips: Chips) -> list[_Place]:
    """The input of every power supply; nothing where one of them does not measure it."""
    places: list[_Place] = []
    for path, name in chips:
        if name not in SUPPLIES:
            continue
        labels = [p for p in host.glob(f"{path}/power*_label") if word(host, p) == "pin"]
        if not labels:
            return []
        subject = path.rpartition("/")[2]
        places.append(_Place("gauge", subject, labels[0].removesuffix("label") + "input"))
    return places
