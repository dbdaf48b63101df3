"""Emission factors of electricity by zone, year and edition.

The figure of another zone or another kind is never the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, get_args

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind, noted, vocabulary

from ..tables import table
from .codecarbon import SOURCE as CODECARBON
from .codecarbon import energy_mixes, regions
from .zones import countries, resolve_zone, zone_name

FactorKind = Literal["direct", "life-cycle"]
"""direct: what leaves the power stations. life-cycle: with all that is upstream of them."""

FactorBasis = Literal["consumption", "production"]
"""consumption: of what is used in the zone, trade included. production: of what is made there."""

vocabulary("factor_kind", {"direct": "direct", "life-cycle": "life-cycle"})
vocabulary("factor_basis", {"consumption": "consumption", "production": "production"})
FACTOR = MethodKind(
    "grid-factor", "{year:year} {kind:factor_kind} factor of {zone}, {basis:factor_basis}"
)
MIX = MethodKind("production-mix", "{year:year} production mix of {zone}")
OWN = MethodKind("own-factor", "its user's own")

MIX_RATIO = 0.2
"""Interval of a national production mix times median factors by source: sources for one country and
year differ by this much."""


@dataclass(frozen=True, slots=True)
class GridFactor:
    """A published factor, with what to know before using it.

    edition   the month that it was published or retrieved, as in 2026-11; empty where nobody says
    own       the name under which its user keeps it; None for one that comes with the toolkit
    """

    zone: str
    year: int
    kind: FactorKind
    estimate: Estimate
    status: str
    notes: tuple[str, ...]
    edition: str
    basis: FactorBasis
    source: str
    licence: str
    own: str | None = None


@dataclass(frozen=True, slots=True)
class FactorBook:
    """The factors to choose from: those that come with the toolkit, and a user's own.

    own     a user's; of the same zone, year and kind they precede ours
    as_of   a month, as in 2026-06: editions after it are not there, nor those that nobody dated
    """

    own: tuple[GridFactor, ...] = ()
    as_of: str | None = None

    def zones(self) -> frozenset[str]:
        """Those of its user's factors."""
        return frozenset(factor.zone for factor in self.own)

    def dated(self, factor: GridFactor) -> bool:
        """Whether its edition was out."""
        return self.as_of is None or "" < factor.edition <= self.as_of


BUILT_IN = FactorBook()


def intensity(
    zone: str, year: int, kind: str = "direct", book: FactorBook = BUILT_IN
) -> GridFactor:
    """The factor of a zone: of the year, else of the last one before it, else of the first after.

    Another year than asked is said in `notes`, and one that is older than the year before as stale.

    Raises FactorNotFound when the zone has none of this kind. The other kind is not the answer.
    """
    if kind not in get_args(FactorKind):
        raise FactorNotFound(f"unknown kind of factor {kind!r}", hint="use direct or life-cycle")
    code = resolve_zone(zone, book.zones())
    every = all_factors(code, book)
    held = [f for f in every if f.kind == kind and book.dated(f)]
    if not held:
        later = [f for f in every if f.kind == kind]
        if later:
            raise FactorNotFound(
                f"no {kind} factor of {code} was out in {book.as_of}", hint=_way_back(later)
            )
        raise FactorNotFound(
            f"no {kind} factor is held for {code}", hint=_way_out(code, kind, every)
        )
    before = [f for f in held if f.year <= year]
    # all_factors lists the preferred one first: of the same year, the first wins.
    best = max(before, key=lambda f: f.year) if before else min(held, key=lambda f: f.year)
    return replace(best, notes=_notes(best, year))


def _way_back(later: list[GridFactor]) -> str:
    editions = [f.edition for f in later if f.edition]
    if not editions:
        return "leave factors_as_of out: nobody says when the factor held came out"
    return f"set factors_as_of to {min(editions)} or later: before it none was out"


def _way_out(code: str, kind: str, every: list[GridFactor]) -> str:
    other = "life-cycle" if kind == "direct" else "direct"
    if any(f.kind == other for f in every):
        return f"use the {other} one: --factor-kind {other}"
    if code in countries() and not energy_mixes():
        return "pip install 'sobriety[codecarbon]' brings more countries"
    ours = ", ".join(factor_zones())
    return f"give your own: sobriety factors import FILE.csv; ours are of {ours}"


def factor_zones() -> tuple[str, ...]:
    """The zones that have a factor without any of a user's own."""
    return tuple(dict.fromkeys(f.zone for f in _ours()))


def all_factors(zone: str, book: FactorBook = BUILT_IN) -> list[GridFactor]:
    """Every factor held of a zone, whenever it came out: its user's first, then by source, each
    with the newest year and edition first.

    Raises FactorNotFound for an unknown zone.
    """
    code = resolve_zone(zone, book.zones())
    own = [f for f in book.own if f.zone == code]
    ours = [f for f in _ours() if f.zone == code]
    rank = {f.source: i for i, f in reversed(list(enumerate(ours)))}
    # Sorting is stable: the last key counts first.
    own.sort(key=lambda f: (f.year, f.edition), reverse=True)
    ours.sort(key=lambda f: f.edition, reverse=True)
    ours.sort(key=lambda f: (-f.year, rank[f.source]))
    return [*own, *ours, *_mix(code), *_region(code)]


@cache
def _ours() -> tuple[GridFactor, ...]:
    return tuple(grid_factor(row) for row in table("grid"))


def _mix(code: str) -> list[GridFactor]:
    """CodeCarbon's. A province has no national mix, and neither have the EU and the world."""
    mix = energy_mixes().get(countries().get(code, ""))
    if mix is None:
        return []
    value = mix.intensity_g_per_kwh
    figure = Estimate(
        "intensity_g_per_kwh", value, value * (1 - MIX_RATIO), value * (1 + MIX_RATIO), "declared",
        MIX(year=mix.year, zone=code), (CODECARBON,),
    )  # fmt: skip
    factor = GridFactor(
        code, mix.year, "life-cycle", figure, "final", (), "", "production", CODECARBON, "CC BY 4.0"
    )
    return [factor]


def _region(code: str) -> list[GridFactor]:
    """CodeCarbon's of a province or a state."""
    name = zone_name(code).lower() if code.startswith("CA-") else code
    regional = regions().get(name)
    if regional is None:
        return []
    value = regional.intensity_g_per_kwh
    figure = Estimate(
        "intensity_g_per_kwh", value, value * (1 - MIX_RATIO), value * (1 + MIX_RATIO), "declared",
        FACTOR(year=regional.year, kind="direct", zone=code, basis="production"),
        (regional.source,),
    )  # fmt: skip
    return [GridFactor(code, regional.year, "direct", figure, "final", (), "", "production",
                       regional.source, regional.licence)]  # fmt: skip


def grid_factor(row: Mapping[str, str], own: str | None = None) -> GridFactor:
    """The factor of a checked row of `data/grid.csv`, or of a user's file that is kept as `own`."""
    value, low, high = (float(row[f"{b}_g_per_kwh"]) for b in ("value", "low", "high"))
    kind: FactorKind = "direct" if row["kind"] == "direct" else "life-cycle"
    basis: FactorBasis = "production" if row["basis"] == "production" else "consumption"
    method = FACTOR(year=int(row["year"]), kind=kind, zone=row["zone"], basis=basis)
    sources: tuple[str, ...] = (row["source"],)
    if own is not None:
        method, sources = noted(method, OWN()), (*sources, f"own factors, {own}")
    figure = Estimate("intensity_g_per_kwh", value, low, high, "declared", method, sources)
    notes = (row["note"],) if row["note"] else ()
    return GridFactor(
        row["zone"], int(row["year"]), kind, figure, row["status"], notes, row["retrieved"], basis,
        row["source"], row["licence"], own,
    )  # fmt: skip


def _notes(factor: GridFactor, year: int) -> tuple[str, ...]:
    said = list(factor.notes)
    if factor.own is not None:
        said.append(f"the factor is its user's own, {factor.own}")
    if factor.status == "preliminary":
        said.append(f"the {factor.year} factor of {factor.zone} is preliminary")
    if factor.year < year - 1:
        said.append(
            f"stale: the newest {factor.kind} factor held for {factor.zone} is of {factor.year}"
        )
    elif factor.year > year:
        said.append(f"the oldest {factor.kind} factor held for {factor.zone} is of {factor.year}")
    return tuple(said)
