"""Emission factors of electricity by zone and year. Another zone's figure is never the answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate

from .categories import folded
from .codecarbon import SOURCE as CODECARBON
from .codecarbon import energy_mixes
from .tables import table

FactorKind = Literal["direct", "life-cycle"]
"""direct: what leaves the power stations. life-cycle: with all that is upstream of them."""

MIX_RATIO = 0.2
"""Interval of a national production mix times median factors by source: sources for one country and
year differ by this much."""


@dataclass(frozen=True, slots=True)
class GridFactor:
    """A published factor, with what to know before using it."""

    zone: str
    year: int
    kind: FactorKind
    estimate: Estimate
    status: str
    notes: tuple[str, ...] = ()


def resolve_zone(text: str) -> str:
    """The code of a zone: `QC`, `Québec`, `quebec` and `CA-QC` are one.

    Raises FactorNotFound with the nearest names.
    """
    found = _names().get(folded(text))
    if found is None:
        import difflib

        near = difflib.get_close_matches(folded(text), _names(), n=8, cutoff=0.6)
        zones = list(dict.fromkeys(f"{_names()[n]}" for n in near))[:4]
        raise FactorNotFound(
            f"unknown grid zone {text!r}",
            hint=f"did you mean {' or '.join(zones)}?" if zones else "write it as in CA-QC or FR",
        )
    return found


def intensity(zone: str, year: int, kind: str = "direct") -> GridFactor:
    """The factor of a zone: of the year, else of the last one before it, else of the first after.

    Another year than asked is said in `notes`, and one that is older than the year before as stale.

    Raises FactorNotFound when the zone has none of this kind. The other kind is not the answer.
    """
    if kind not in get_args(FactorKind):
        raise FactorNotFound(f"unknown kind of factor {kind!r}", hint="use direct or life-cycle")
    code = resolve_zone(zone)
    held = [f for f in all_factors(code) if f.kind == kind]
    if not held:
        raise FactorNotFound(f"no {kind} factor is held for {code}", hint=_way_out(code, kind))
    before = [f for f in held if f.year <= year]
    # all_factors lists the preferred source first: of the same year, the first wins.
    best = max(before, key=lambda f: f.year) if before else min(held, key=lambda f: f.year)
    return GridFactor(
        best.zone, best.year, best.kind, best.estimate, best.status, _notes(best, year)
    )


def _way_out(code: str, kind: str) -> str:
    other = "life-cycle" if kind == "direct" else "direct"
    if any(f.kind == other for f in all_factors(code)):
        return f"use the {other} one: --factor-kind {other}"
    if code in _countries() and not energy_mixes():
        return "pip install 'sobriety[codecarbon]' brings more countries"
    return "name a zone that has one, such as " + ", ".join(
        dict.fromkeys(row["zone"] for row in table("grid"))
    )


def all_factors(zone: str) -> list[GridFactor]:
    """Every factor of a zone, the preferred source first, then the newest.

    Raises FactorNotFound for an unknown zone.
    """
    code = resolve_zone(zone)
    own = [_from_row(row) for row in table("grid") if row["zone"] == code]
    own.sort(key=lambda f: -f.year)
    # A province has no national mix, and neither have the EU and the world.
    mix = energy_mixes().get(_countries().get(code, ""))
    if mix:
        low, high = (
            mix.intensity_g_per_kwh * (1 - MIX_RATIO),
            mix.intensity_g_per_kwh * (1 + MIX_RATIO),
        )
        figure = Estimate(
            "intensity_g_per_kwh", mix.intensity_g_per_kwh, low, high, "declared",
            f"{mix.year} production mix of {code}", (CODECARBON,),
        )  # fmt: skip
        own.append(GridFactor(code, mix.year, "life-cycle", figure, "final"))
    return own


def country_of(zone: str) -> str:
    """The three-letter code of a zone's country: `CA-QC` → `CAN`. Raises FactorNotFound."""
    code = resolve_zone(zone).split("-")[0]
    if code not in _countries():
        raise FactorNotFound(f"the zone {zone} is no country's", hint="name a country, such as FR")
    return _countries()[code]


@cache
def _countries() -> dict[str, str]:
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


def _from_row(row: dict[str, str]) -> GridFactor:
    value, low, high = (float(row[f"{b}_g_per_kwh"]) for b in ("value", "low", "high"))
    kind: FactorKind = "direct" if row["kind"] == "direct" else "life-cycle"
    figure = Estimate(
        "intensity_g_per_kwh", value, low, high, "declared",
        f"{row['year']} {kind} factor of {row['zone']}, {row['basis']}", (row["source"],),
    )  # fmt: skip
    notes = (row["note"],) if row["note"] else ()
    return GridFactor(row["zone"], int(row["year"]), kind, figure, row["status"], notes)


def _notes(factor: GridFactor, year: int) -> tuple[str, ...]:
    said = list(factor.notes)
    if factor.status == "preliminary":
        said.append(f"the {factor.year} factor of {factor.zone} is preliminary")
    if factor.year < year - 1:
        said.append(
            f"stale: the newest {factor.kind} factor held for {factor.zone} is of {factor.year}"
        )
    elif factor.year > year:
        said.append(f"the oldest {factor.kind} factor held for {factor.zone} is of {factor.year}")
    return tuple(said)
