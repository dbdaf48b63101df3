"""Devices that an organization has: a line for each, or for many that are alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sobriety.estimators import OTHER, categories, is_personal

from .columns import COLUMNS, DeviceColumn

CATEGORIES = (*categories(), OTHER)
WORKSTATIONS = frozenset(filter(is_personal, CATEGORIES))
"""What one person uses: their hours are hers or his."""
PASSED_ON = frozenset(("reused", "donated"))


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a list states of the machine itself; None is what nobody declared.

    chips, cores, threads, disks, idle_w and max_w are of all nodes together.
    """

    subcategory: str | None = None
    virtual: bool | None = None
    hw_year: int | None = None
    chips: int | None = None
    cores: int | None = None
    threads: int | None = None
    nodes: int | None = None
    disks: int | None = None
    ghz: float | None = None
    tdp_w: float | None = None
    graphics: str | None = None
    storage_gb: float | None = None
    weight_kg: float | None = None
    utilisation: float | None = None
    idle_w: float | None = None
    max_w: float | None = None


NO_HARDWARE = Hardware()


@dataclass(frozen=True, slots=True)
class Device:
    """A line of a list of devices; None is what nobody declared.

    category       one of CATEGORIES
    host           the name under which its agent reports; its id where nothing is written
    quantity       pieces; yearly_kwh, power_w and embodied_kg are of one
    use_ratio      the share of the year that it draws power_w
    end            what became of it: reused, donated, recycled, scrapped
    hardware       what describes the machine itself
    row            in its file
    """

    id: str
    category: str
    manufacturer: str | None = None
    model: str | None = None
    quantity: int = 1
    site: str | None = None
    department: str | None = None
    service: str | None = None
    host: str | None = None
    acquired: date | None = None
    retired: date | None = None
    lifetime_years: float | None = None
    refurbished: bool | None = None
    cpu: str | None = None
    memory_gb: float | None = None
    screen_in: float | None = None
    yearly_kwh: float | None = None
    power_w: float | None = None
    use_ratio: float | None = None
    embodied_kg: float | None = None
    end: str | None = None
    hardware: Hardware = NO_HARDWARE
    row: int = 0

    @property
    def host_name(self) -> str:
        return self.host or self.id


@dataclass(frozen=True, slots=True)
class Inventory:
    """The devices of a file, and its digest: a report says what it was made from."""

    devices: tuple[Device, ...]
    path: Path
    sha256: str


def cell_of(device: Device, column: DeviceColumn) -> str:
    """What a device has in a column, as a file holds it; empty for what nobody declared."""
    value: object = getattr(device.hardware if column.hardware else device, column.name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)


def written(devices: Iterable[Device]) -> list[list[str]]:
    """Lines that read_devices reads as these devices, the header first.

    Columns of hardware that no device has are left out.
    """
    every = list(devices)
    used = {
        column.name
        for column in COLUMNS
        if not column.hardware or any(cell_of(device, column) for device in every)
    }
    columns = [column for column in COLUMNS if column.name in used]
    lines = [[column.name for column in columns]]
    lines += [[cell_of(device, column) for column in columns] for device in every]
    return lines
