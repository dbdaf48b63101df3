"""Energy of AMD's and Intel's graphics cards, as their drivers show it.

Source: https://docs.kernel.org/gpu/amdgpu/thermal.html,
        https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon and
        https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-driver-intel-xe-hwmon
Reads:  /sys/class/drm/card*/device/hwmon/hwmon*/name; where it is amdgpu, i915 or xe the first
        there is of energy1_input, a counter of microjoules (xe: or energy2_input), and
        for amdgpu power1_average or power1_input, microwatts
Gives:  gpu_j, a counter per card, or gpu_w, a gauge; which of the two is settled at `open`
Doubt:  an integrated processor's joules are within package_j and must not count twice. That a card
        is not one is taken from mem_info_vram_vendor (amdgpu), which names the maker of a
        card's memory and is missing or `unknown` for an APU; and from i915 and xe showing hwmon
        for cards only. Some cards tell the chip alone, without memory and fans. Looking may
        keep a laptop's card from falling asleep. Never run on real hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading

TREE = "/sys/class/drm"
MICRO = 1e-6

# Exact names: i915 also shows i915_gt0, i915_gt1…, the tiles that its own counter has in it.
FILES = {
    "amdgpu": ("energy1_input", "power1_average", "power1_input"),
    "i915": ("energy1_input",),
    # energy1 is the card; where the driver has only energy2, the chip with its package.
    "xe": ("energy1_input", "energy2_input"),
}


class _Meter(NamedTuple):
    subject: str
    path: str
    file: Watched


class Gpu:
    """Every card of these drivers that is not a part of the processor; all must answer."""

    name: ClassVar[str] = "gpu"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._meters: list[_Meter] = []

    def open(self, host: Host) -> None:
        try:
            for path in host.glob(f"{TREE}/card[0-9]*/device/hwmon/hwmon*"):
                self._open_card(host, path)
        except (NotSupported, NotPermitted, ReadError):
            self.close()
            raise
        if not self._meters:
            raise NotSupported(f"there is no AMD or Intel graphics card with a meter in {TREE}")

    def read(self) -> Iterable[Reading]:
        return [_reading(meter) for meter in self._meters]

    def close(self) -> None:
        for meter in self._meters:
            meter.file.close()
        self._meters.clear()

    def _open_card(self, host: Host, folder: str) -> None:
        driver = host.text(f"{folder}/name")
        card = folder.removeprefix(f"{TREE}/").partition("/")[0]
        if driver not in FILES or (driver == "amdgpu" and _is_integrated(host, card)):
            return
        for name in FILES[driver]:
            if host.glob(f"{folder}/{name}"):
                path = f"{folder}/{name}"
                self._meters.append(_Meter(card, path, host.watch(path)))
                return
        raise NotSupported(f"{card} ({driver}) tells neither its energy nor its power")


def _is_integrated(host: Host, card: str) -> bool:
    """Whether an amdgpu is a part of the processor: its memory is the machine's own."""
    path = f"{TREE}/{card}/device/mem_info_vram_vendor"
    return not host.glob(path) or host.text(path) in ("", "unknown")


def _reading(meter: _Meter) -> Reading:
    data = meter.file.read().strip()
    if not data.isdigit():
        raise ReadError(f"{meter.path} says {data[:40]!r}")
    if "/energy" in meter.path:
        return Reading("gpu_j", int(data) * MICRO, meter.subject, source="drm")
    if int(data) == 0:
        raise ReadError(f"{meter.path} says 0 W")
    return Reading("gpu_w", int(data) * MICRO, meter.subject, "gauge", "drm")
