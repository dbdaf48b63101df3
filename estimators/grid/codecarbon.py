"""Reads CodeCarbon's data files as a source of factors, without importing CodeCarbon.

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


PROVINCES_SOURCE = "CodeCarbon's mixes of Canada's provinces, tables of 2023"
STATES_SOURCE = "US EPA eGRID2023, total output emission rate, by CodeCarbon"
_PROVINCES, _STATES, _TABLES_YEAR = "canada_energy_mix", "usa_emissions", 2023
_FUELS_G_PER_KWH = {"coal": 995.725971, "petroleum": 816.6885263, "naturalGas": 743.8415916}
"""What CodeCarbon multiplies a province's shares with; the rest of its mix counts nothing."""
G_PER_LB = 453.59237


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


class Regional(NamedTuple):
    """Emissions at the power stations of a province or state, by where it was generated."""

    intensity_g_per_kwh: float
    year: int
    source: str
    licence: str


@cache
def regions() -> dict[str, Regional]:
    """By zone; empty when CodeCarbon is not installed. Provinces of Canada by the rule that
    CodeCarbon itself applies to their mix, states of the USA as eGRID has them."""
    import json

    folder = data_folder()
    if folder is None:
        return {}
    regional: dict[str, Regional] = {}
    paths = [folder / "private_infra" / "2023" / f"{c}.json" for c in (_PROVINCES, _STATES)]
    if not all(path.is_file() for path in paths):
        return {}
    provinces, states = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    for name, mix in provinces.items():
        grams = sum(mix[fuel] / mix["total"] * g for fuel, g in _FUELS_G_PER_KWH.items())
        regional[name] = Regional(grams, _TABLES_YEAR, PROVINCES_SOURCE, "MIT")
    for name, state in states.items():
        if not name.startswith("_"):
            grams = state["emissions"] * G_PER_LB / 1000
            regional[f"US-{state['regionCode']}"] = Regional(
                grams, int(states["_source"]["year"]), STATES_SOURCE, "public domain"
            )
    return regional


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
