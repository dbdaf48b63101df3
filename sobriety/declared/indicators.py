"""Indicators that a goal can be about: their units and names."""

from __future__ import annotations

from typing import NamedTuple

from sobriety.core.text import Text

_MASS = {"g": 0.001, "kg": 1.0, "t": 1000.0}
_ENERGY = {"J": 1.0, "Wh": 3600.0, "kWh": 3.6e6, "MWh": 3.6e9, "GWh": 3.6e12}
_SHARE = {"1": 1.0, "ratio": 1.0, "%": 0.01}

UNITS = _MASS | _ENERGY | _SHARE
_OWN = {"kg": _MASS, "J": _ENERGY, "1": _SHARE}


def own_unit(unit: str) -> str:
    """The unit that others of its kind are brought to: `t` to `kg`."""
    return next(own for own, kind in _OWN.items() if unit in kind)


class Indicator(NamedTuple):
    """`of_a_year`: a figure of a whole year, which a quarter's has to be brought to. `units` are
    those that a file may write it in, each with its size in the indicator's own."""

    id: str
    of_a_year: bool
    units: dict[str, float]
    name: Text


INDICATORS = {
    i.id: i
    for i in (
        Indicator("energy_j", True, _ENERGY, Text("énergie", "energy")),
        Indicator("use_co2e_kg", True, _MASS, Text("éq. CO₂ de l’utilisation", "CO₂e of use")),
        Indicator("embodied_share_kg", True, _MASS,
                  Text("éq. CO₂ de la fabrication, part de l’année",
                       "CO₂e of making, the year’s share")),
        Indicator("total_co2e_kg", True, _MASS, Text("éq. CO₂, fabrication et utilisation",
                                                     "CO₂e, use and making")),
        Indicator("embodied_ratio", False, _SHARE, Text("part de la fabrication",
                                                        "share of making")),
        Indicator("idle_ratio", False, _SHARE, Text("part à vide", "idle share")),
        Indicator("quiet_ratio", False, _SHARE, Text("part des heures calmes",
                                                     "share of quiet hours")),
        Indicator("unattended_ratio", False, _SHARE, Text("part sans personne",
                                                          "share with nobody there")),
        Indicator("closed_ratio", False, _SHARE, Text("part hors des heures d’ouverture",
                                                      "share of closed hours")),
        Indicator("refurbished_ratio", False, _SHARE, Text("part des appareils reconditionnés",
                                                           "share of refurbished devices")),
        Indicator("measured_ratio", False, _SHARE, Text("part mesurée", "measured share")),
        Indicator("coverage_ratio", False, _SHARE, Text("part du temps observée",
                                                        "share of time observed")),
    )
}  # fmt: skip
"""By the names that a report's JSON has."""
