"""Resolves grid zones by code and by name in two languages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sobriety.core.errors import FactorNotFound
from sobriety.core.text import folded

from ..tables import table


def resolve_zone(text: str, own: Iterable[str] = ()) -> str:
    """The code of a zone: `QC`, `Québec`, `quebec` and `CA-QC` are one. `own` are codes of zones
    that only their owner knows.

    Raises FactorNotFound with the nearest names.
    """
    names = {folded(code): code for code in own} | _names()
    code = names.get(folded(text))
    if code is None:
        import difflib

        near = difflib.get_close_matches(folded(text), names, n=8, cutoff=0.75)
        codes = dict.fromkeys(names[n] for n in near)
        zones = " or ".join([f"{near_code} ({zone_name(near_code)})" for near_code in codes][:4])
        raise FactorNotFound(
            f"unknown grid zone {text!r}",
            hint=f"did you mean {zones}?" if zones else "write it as in CA-QC or FR",
        )
    return code


def zone_name(code: str) -> str:
    """What people call it; the code itself for a zone that only its owner knows."""
    return next((row["name_en"] for row in table("zones") if row["zone"] == code), code)


def country_of(zone: str) -> str:
    """The three-letter code of a zone's country: `CA-QC` → `CAN`. Raises FactorNotFound."""
    code = resolve_zone(zone).split("-")[0]
    if code not in countries():
        raise FactorNotFound(f"the zone {zone} is no country's", hint="name a country, such as FR")
    return countries()[code]


@cache
def countries() -> dict[str, str]:
    """Three-letter codes of countries by zone."""
    return {row["zone"]: row["iso3"] for row in table("zones") if row["iso3"]}


@cache
def _names() -> dict[str, str]:
    """Codes by every folded name."""
    names: dict[str, str] = {}
    for row in table("zones"):
        for name in (
            row["zone"],
            row["iso3"],
            row["name_en"],
            row["name_fr"],
            *row["others"].split("|"),
        ):
            if name:
                names.setdefault(folded(name), row["zone"])
    return names
