"""Power drawn from a laptop's battery: the whole machine, screen included.

Source: https://docs.kernel.org/power/power_supply_class.html
Reads:  /sys/class/power_supply/*/{type,scope,status,online}, power_now, or current_now and
        voltage_now
Gives:  battery_w, a gauge, while a battery of the machine discharges and nothing else feeds it
Doubt:  firmware refreshes it every 1 to 60 s and rounds it; on mains the battery says
        nothing about the machine, and then nothing is given. Never run on real hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

from ._sysfs import MICRO

TREE = "/sys/class/power_supply"


class Battery:
    """The machine's own batteries; those of a mouse or a headset have the scope Device."""

    name: ClassVar[str] = "battery"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._host: Host | None = None
        self._paths: list[str] = []
        self._mains: list[str] = []

    def open(self, host: Host) -> None:
        self._host = host
        supplies = {p: _type(host, p) for p in host.glob(f"{TREE}/*")}
        self._paths = [p for p, what in supplies.items() if what == "Battery"]
        self._mains = [p for p, what in supplies.items() if what.startswith(("Mains", "USB"))]
        if not self._paths:
            raise NotSupported(f"there is no battery in {TREE}")

    def read(self) -> Iterable[Reading]:
        draws = {path: self._draw_w(path) for path in self._paths}
        if not any(draws.values()):
            return ()  # on mains, or a firmware that says 0 W: nothing is known
        if any(self._says(path, "online") not in ("", "0") for path in self._mains):
            return ()  # a charger too weak: the battery gives a part of what the machine draws
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
            # Some drivers give what leaves a battery a negative sign.
            if self._says(path, "power_now"):
                return abs(int(self._says(path, "power_now"))) * MICRO
            amperes = abs(int(self._host.text(f"{path}/current_now"))) * MICRO
            return amperes * int(self._host.text(f"{path}/voltage_now")) * MICRO
        except ValueError as error:
            raise ReadError(f"{path} says a power that is no number: {error}") from None

    def _says(self, path: str, name: str) -> str:
        assert self._host
        return _text(self._host, f"{path}/{name}")


def _type(host: Host, path: str) -> str:
    """Battery, Mains, USB…; nothing for what feeds a mouse or a headset."""
    return "" if _text(host, f"{path}/scope") == "Device" else _text(host, f"{path}/type")


def _text(host: Host, path: str) -> str:
    """A file that not every driver has; empty without it."""
    try:
        return host.text(path)
    except NotSupported:
        return ""
