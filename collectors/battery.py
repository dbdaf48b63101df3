"""What leaves a laptop's battery: the whole machine, screen and all.

Source: https://docs.kernel.org/power/power_supply_class.html
Reads:  /sys/class/power_supply/*/{type,scope,status}, power_now, or current_now and voltage_now
Gives:  battery_w, a gauge, while every battery of the machine discharges or rests
Doubt:  firmware refreshes it every 1 to 60 s and rounds it; on mains the battery says
        nothing about the machine, and then nothing is given. Never run on real hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotSupported
from sobriety.core.host import Host
from sobriety.core.reading import Reading

TREE = "/sys/class/power_supply"
MICRO = 1e-6


class Battery:
    """The machine's own batteries; those of a mouse or a headset have the scope Device."""

    name: ClassVar[str] = "battery"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._host: Host | None = None
        self._paths: list[str] = []

    def open(self, host: Host) -> None:
        self._host = host
        self._paths = [p for p in host.glob(f"{TREE}/*") if _powers_the_machine(host, p)]
        if not self._paths:
            raise NotSupported(f"there is no battery in {TREE}")

    def read(self) -> Iterable[Reading]:
        assert self._host
        draws = {path: self._draw_w(path) for path in self._paths}
        if not any(draws.values()):
            return ()  # on mains, or a firmware that says 0 W: nothing is known
        return [
            Reading("battery_w", watts, path.rpartition("/")[2], "gauge", "power_supply")
            for path, watts in draws.items()
        ]

    def close(self) -> None:
        self._paths.clear()

    def _draw_w(self, path: str) -> float:
        """Watts that leave a battery; 0 while it rests or charges."""
        assert self._host
        if self._host.text(f"{path}/status") != "Discharging":
            return 0.0
        try:
            return abs(int(self._host.text(f"{path}/power_now"))) * MICRO
        except NotSupported:
            amperes = abs(int(self._host.text(f"{path}/current_now"))) * MICRO
            return amperes * int(self._host.text(f"{path}/voltage_now")) * MICRO


def _powers_the_machine(host: Host, path: str) -> bool:
    try:
        if host.text(f"{path}/type") != "Battery":
            return False
    except NotSupported:
        return False
    try:
        return host.text(f"{path}/scope") != "Device"
    except NotSupported:
        return True  # most laptops have no such file
