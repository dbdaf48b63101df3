"""A device has the same figures in `estimate`, in `inventory` and in a report."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from sobriety.core.period import choose
from sobriety.core.units import J_PER_KWH, S_PER_DAY, S_PER_YEAR
from sobriety.inventory.devices import CATEGORIES, Inventory
from sobriety.inventory.figures import figures_of
from sobriety.inventory.reading import read_devices
from sobriety.inventory.table import estimate_file
from sobriety.reports.accounts.assets import Holdings, holdings
from sobriety.reports.accounts.device_facts import Stock
from sobriety.reports.model.declared import Declared
from sobriety.reports.model.settings import ReportSettings

TODAY = date(2026, 11, 23)
Row = dict[str, str]
SAMPLES: list[Row] = [
    *({"category": category} for category in CATEGORIES),
    {"category": "server", "cpu": "Intel Xeon Gold 6230", "chips": "2", "cores": "40"},
    {"category": "server", "model": "PowerEdge R740", "manufacturer": "Dell", "quantity": "4"},
    {"category": "server", "nodes": "4", "chips": "8", "cores": "112", "memory_gb": "512"},
    {"category": "server", "idle_w": "120", "max_w": "400"},
    {"category": "VM", "cores": "4"},
    {"category": "machine virtuelle"},
    {"category": "server", "model": "VMware Virtual Platform"},
    {"category": "server", "cpu": "QEMU Virtual CPU version 2.5+", "threads": "2"},
    {"category": "server", "virtual": "oui", "quantity": "12"},
    {"category": "server", "model": "vm-01", "virtual": "no"},
    {"category": "laptop", "manufacturer": "Dell", "model": "Latitude 7390", "weight_kg": "1.2"},
    {"category": "laptop", "refurbished": "yes", "acquired": "2024-03-01", "screen_in": "14"},
    {"category": "desktop", "cores": "6", "graphics": "G7", "hw_year": "2020"},
    {"category": "monitor", "screen_in": "24", "quantity": "25"},
    {"category": "access point", "power_w": "12", "use_ratio": "0.5"},
    {"category": "switch", "yearly_kwh": "410", "embodied_kg": "160", "quantity": "2"},
]
COLUMNS = ("id", *dict.fromkeys(name for row in SAMPLES for name in row))


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="")
    table.writeheader()
    for number, row in enumerate(SAMPLES):
        table.writerow({"id": f"d{number}"} | row)
    path = tmp_path / "devices.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def reported(inventory: Inventory) -> Holdings:
    settings = ReportSettings(timezone="UTC", declared=Declared(inventory=inventory))
    period = choose(year="2025", timezone="UTC")
    assert period
    return holdings((), settings, period, TODAY, Stock(None))


def estimated(path: Path) -> dict[str, Row]:
    out = path.with_name("out.csv")
    estimate_file(path, out, (0, 100))
    with out.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_a_device_has_the_same_figures_everywhere(listed: Path) -> None:
    inventory = read_devices(listed, TODAY)
    rows = estimated(listed)
    lines = {line.name: line for line in reported(inventory).lines}
    assert len(rows) == len(SAMPLES)
    for device in inventory.devices:
        row, line, figures = rows[device.id], lines.get(device.id), figures_of(device)
        year_kwh = figures.year and figures.year.value / J_PER_KWH
        assert (row["yearly_kwh"] or None) == (year_kwh and as_written(year_kwh)), device
        making = figures.making
        assert (row["embodied_kg"] or None) == (making and as_written(making.value)), device
        assert not row["warnings"] or not (year_kwh and making) or "taken as" in row["warnings"]
        if line is None:
            assert figures.year is None and making is None
            continue
        if making:
            assert line.embodied.value == pytest.approx(making.value * device.quantity, rel=1e-12)
        in_2025 = (year_kwh or 0.0) * device.quantity * 365 * S_PER_DAY / S_PER_YEAR
        assert line.energy.value / J_PER_KWH == pytest.approx(in_2025, rel=1e-12)


def as_written(value: float) -> str:
    """A figure as `estimate` writes it."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def test_a_virtual_machine_is_a_share_of_a_host(listed: Path) -> None:
    devices = read_devices(listed, TODAY).devices
    virtual = [device for device in devices if device.hardware.virtual]
    assert len(virtual) == 5
    for device in virtual:
        figures = figures_of(device)
        assert figures.making and figures.making.value < 40
        assert figures.year and figures.year.value / S_PER_YEAR < 15


def test_an_access_point_has_its_typical_power(listed: Path) -> None:
    row = estimated(listed)[f"d{CATEGORIES.index('access point')}"]
    assert (row["yearly_kwh"], row["mean_w"][:5]) == ("88", "10.03")
