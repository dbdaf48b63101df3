"""CodeCarbon's data files as one source of factors, read without importing CodeCarbon.

Source: https://github.com/mlco2/codecarbon (MIT);
its energy mixes are Our World in Data's (CC BY 4.0)
"""

from __future__ import annotations

from functools import cache
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "CodeCarbon's energy mix (Our World in Data, CC BY 4.0)"


class Mix(NamedTuple):
    """Yearly life-cycle intensity of a country's production. `iso3` as in CAN."""

    iso3: str
    name: str
    year: int
    intensity_g_per_kwh: float


def data_folder() -> Path | None:
    """Where its data is; None when it is not installed."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("codecarbon")  # finds, and does not import
    if spec is None or not spec.origin:
        return None
    return Path(spec.origin).parent / "data"


@cache
def energy_mixes() -> dict[str, Mix]:
    """By three-letter code; empty when CodeCarbon is not installed."""
    import json

    folder = data_folder()
    if folder is None:
        return {}
    path = folder / "private_infra" / "global_energy_mix.json"
    if not path.is_file():  # another edition of CodeCarbon, with other tables
        return {}
    table = json.loads(path.read_text(encoding="utf-8"))
    return {
        iso3: Mix(iso3, row["country_name"], int(row["year"]), float(row["carbon_intensity"]))
        for iso3, row in table.items()
        if row.get("carbon_intensity") and row.get("year")
    }


@cache
def cpu_table() -> tuple[tuple[str, float], ...]:
    """Processor names and thermal design power in watts; empty when it is not installed."""
    import csv

    folder = data_folder()
    if folder is None:
        return ()
    path = folder / "hardware" / "cpu_power.csv"
    if not path.is_file():
        return ()
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    powers = ((row["Name"] or "", _watts(row["TDP"] or "")) for row in rows)
    return tuple((name, watts) for name, watts in powers if name and watts)


def _watts(text: str) -> float | None:
    """None for what is no positive number: the table has an empty one and a `27.29.5`."""
    try:
        watts = float(text)
    except ValueError:
        return None
    return watts if 0 < watts < inf else None
