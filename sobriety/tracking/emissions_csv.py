"""The file `emissions.csv` as CodeCarbon 3 writes it: its columns, in its order.

Source: https://docs.codecarbon.io (output), version 3.3. What is not known is an empty cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from sobriety.core.errors import ConfigError

COLUMNS = (
    *("timestamp", "project_name", "run_id", "experiment_id", "duration"),
    *("emissions", "emissions_rate", "cpu_power", "gpu_power", "ram_power"),
    *("cpu_energy", "gpu_energy", "ram_energy", "energy_consumed", "water_consumed"),
    *("country_name", "country_iso_code", "region", "cloud_provider", "cloud_region"),
    *("os", "python_version", "codecarbon_version", "cpu_count", "cpu_model"),
    *("gpu_count", "gpu_model", "longitude", "latitude", "ram_total_size", "tracking_mode"),
    *("cpu_utilization_percent", "gpu_utilization_percent", "ram_utilization_percent"),
    *("ram_used_gb", "on_cloud", "pue", "wue"),
)
"""Energy in kWh, power in W, emissions in kg, duration in s, memory in GiB."""

Cell = str | float | None


def append(path: Path, row: Mapping[str, Cell]) -> Path | None:
    """Add a row, in the order of the file's own header. A file with other columns is kept under
    another name, which is returned, and a new one begun. Raises ConfigError."""
    try:
        header = _header(path)
        kept = None
        if header and sorted(header) != sorted(COLUMNS):
            kept = _free_name(path)
            path.rename(kept)
            header = []
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not header:
            writer.writerow(COLUMNS)
        cells = (row.get(name) for name in header or COLUMNS)
        writer.writerow("" if cell is None else cell for cell in cells)
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())  # at once: programs that end together keep their rows whole
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", hint="name a folder that is there"
        ) from None
    return kept


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return next(csv.reader(file), list[str]())
    except FileNotFoundError:
        return []


def _free_name(path: Path) -> Path:
    number = 0
    while (kept := path.with_name(f"{path.name}_{number}.bak")).exists():
        number += 1
    return kept
