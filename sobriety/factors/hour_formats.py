"""The files of hourly intensity that people have: what columns mean, and how a row is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from sobriety.core.errors import ConfigError
from sobriety.estimators import FactorKind, technology

_GENERATED = re.compile(r"(.+?)\s+- actual aggregated \[mw\]")
_EIA_GENERATED = re.compile(r"net generation \(mw\) from ([^(]+?)( \(adjusted\))?")
_EIA_ENDS = "utc time at end of hour"


class NoSuchKind(ConfigError):
    """The file has the other kind of emissions only."""


@dataclass(frozen=True, slots=True)
class HourLayout:
    """Where a file has what. A column that it has not is None.

    generation   columns of power by technology, in place of an intensity
    clock        of times that name none; None: such a time is an error
    ends         times are in EIA's spelling, and of the end of the hour
    """

    names: Sequence[str]
    origin: str
    kind: str
    time: int
    zone: int
    value: int | None = None
    bounds: tuple[int, int] | None = None
    kinds: int | None = None
    generation: tuple[tuple[int, str], ...] = ()
    clock: str | None = None
    ends: bool = False

    @property
    def width(self) -> int:
        return len(self.names)

    def zone_of(self, row: Sequence[str]) -> str:
        """`France (FR)` and `BZN|FR` are FR, as ENTSO-E writes it."""
        name = row[self.zone].strip()
        if self.generation and not self.ends:
            name = name.rpartition("|")[2]
            if name.endswith(")"):
                name = name.rpartition("(")[2][:-1]
        return name

    def other_kind(self, row: Sequence[str]) -> bool:
        """Whether the row is of the kind that is not wanted, and says so."""
        if self.kinds is None:
            return False
        named = row[self.kinds].strip()
        return named != self.kind and named in get_args(FactorKind)


def layout_of(path: Path, header: Sequence[str], kind: str) -> HourLayout:
    """What the columns are. Raises ConfigError for a table of something else, or another kind."""
    names = [" ".join(name.lower().split()) for name in header]
    at = {name: i for i, name in enumerate(names)}
    if {"hour_utc", "zone", "kind", "value_g_per_kwh"} <= at.keys():
        both = ("low" in at, "high" in at)
        bounds = (at["low"], at["high"]) if all(both) else None
        if any(both) and bounds is None:
            raise ConfigError(f"{path} has one of the columns low and high", hint="give both")
        return HourLayout(
            header, f"{kind} factors by the hour", kind, at["hour_utc"], at["zone"],
            at["value_g_per_kwh"], bounds, at["kind"], clock="UTC",
        )  # fmt: skip
    if {"datetime (utc)", "zone id"} <= at.keys():
        ends = {"direct": ("(direct)",), "life-cycle": ("(lca)", "(life cycle)")}[kind]
        found = [i for n, i in at.items() if n.startswith("carbon intensity") and n.endswith(ends)]
        if not found:
            raise _no_kind(path, kind)
        origin = f"Electricity Maps, {kind}, consumption"
        time, zone = at["datetime (utc)"], at["zone id"]
        return HourLayout(header, origin, kind, time, zone, found[0], clock="UTC")
    if {"balancing authority", _EIA_ENDS} <= at.keys():
        return _of_eia(path, header, names, kind)
    mtu = next((n for n in names if re.fullmatch(r"mtu(?: \([a-z/]+\))?", n)), None)
    if mtu and "area" in at:
        return _of_generation(path, header, names, kind, mtu)
    raise ConfigError(
        f"{path} is no table of hourly intensity that we know; its columns are "
        f"{', '.join(header)[:200] or 'none'}",
        hint="name them hour_utc, zone, kind, value_g_per_kwh, as in docs/methods.md",
    )


def _no_kind(path: Path, kind: str) -> NoSuchKind:
    other = "life-cycle" if kind == "direct" else "direct"
    return NoSuchKind(
        f"{path} has no {kind} emissions", hint=f"use the {other} ones: --factor-kind {other}"
    )


def _of_eia(path: Path, header: Sequence[str], names: Sequence[str], kind: str) -> HourLayout:
    """Form EIA-930; its adjusted columns, where it has them, over those as reported."""
    columns: dict[str, tuple[int, str]] = {}
    for i, name in enumerate(names):
        power = _EIA_GENERATED.fullmatch(name)
        if power and (power[1] not in columns or power[2]):
            meant = technology(power[1])
            if meant is None:
                raise ConfigError(
                    f"{path}: {header[i]!r} is no type of generation that we know",
                    hint="leave the column out only if nothing stands in it",
                )
            if meant:
                columns[power[1]] = (i, meant)
    if not columns:
        raise ConfigError(
            f"{path} has no column of generation, as in 'Net Generation (MW) from Coal'",
            hint="take the balance file, which has generation by source",
        )
    return HourLayout(
        header, f"EIA-930, generation by source with {kind} factors, production", kind,
        names.index(_EIA_ENDS), names.index("balancing authority"),
        generation=tuple(columns.values()), ends=True,
    )  # fmt: skip


def _of_generation(
    path: Path, header: Sequence[str], names: Sequence[str], kind: str, mtu: str
) -> HourLayout:
    found: list[tuple[int, str]] = []
    for i, name in enumerate(names):
        power = _GENERATED.fullmatch(name)
        meant = technology(power[1]) if power else ""
        if meant is None:
            raise ConfigError(
                f"{path}: {header[i]!r} is no type of generation that we know",
                hint="leave the column out only if nothing stands in it",
            )
        if meant:
            found.append((i, meant))
    if not found:
        raise ConfigError(
            f"{path} has no column of generation, as in 'Nuclear - Actual Aggregated [MW]'",
            hint="export the actual generation per production type",
        )
    clock = mtu.partition("(")[2].rstrip(")").upper() or None
    origin = f"ENTSO-E, generation by type with {kind} factors, production"
    return HourLayout(
        header, origin, kind, names.index(mtu), names.index("area"),
        generation=tuple(found), clock=clock,
    )  # fmt: skip
