"""The files of hourly intensity that people have: what columns mean, and how a row is read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from sobriety.core.errors import ConfigError
from sobriety.core.units import NS_PER_S
from sobriety.estimators import Grams, generation_intensity, technology

FactorKind = Literal["direct", "life-cycle"]

_HOUR_NS = 3600 * NS_PER_S
_GENERATED = re.compile(r"(.+?)\s+- actual aggregated \[mw\]")
_MOMENT = re.compile(
    r"(\d\d)[./](\d\d)[./](\d{4}) (\d\d):(\d\d)(?::\d\d)?(?:\s*\(([A-Z]+(?:/[A-Z]+)?)\))?"
)
_CLOCKS = {
    "UTC": "UTC", "CET": "Etc/GMT-1", "CEST": "Etc/GMT-2", "CET/CEST": "Europe/Brussels",
    "WET/WEST": "Europe/Lisbon", "EET/EEST": "Europe/Athens",
}  # fmt: skip


class NoSuchKind(ConfigError):
    """The file has the other kind of emissions only."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file has what. A column that it has not is None.

    generation   columns of power by technology, in place of an intensity
    clock        of times that name none; None: such a time is an error
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

    @property
    def width(self) -> int:
        return len(self.names)

    def zone_of(self, row: Sequence[str]) -> str:
        """`France (FR)` and `BZN|FR` are FR, as ENTSO-E writes it."""
        name = row[self.zone].strip()
        if self.generation:
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


def layout_of(path: Path, header: Sequence[str], kind: str) -> Layout:
    """What the columns are. Raises ConfigError for a table of something else, or another kind."""
    names = [" ".join(name.lower().split()) for name in header]
    at = {name: i for i, name in enumerate(names)}
    if {"hour_utc", "zone", "kind", "value_g_per_kwh"} <= at.keys():
        both = ("low" in at, "high" in at)
        bounds = (at["low"], at["high"]) if all(both) else None
        if any(both) and bounds is None:
            raise ConfigError(f"{path} has one of the columns low and high", hint="give both")
        return Layout(
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
        return Layout(header, origin, kind, time, zone, found[0], clock="UTC")
    if {"timestamp", "zone", "avg_ci"} <= at.keys():
        if kind != "direct":
            raise _no_kind(path, kind)
        origin = "average of power stations by the hour (EIA), direct, production"
        return Layout(header, origin, kind, at["timestamp"], at["zone"], at["avg_ci"])
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


def _of_generation(
    path: Path, header: Sequence[str], names: Sequence[str], kind: str, mtu: str
) -> Layout:
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
    return Layout(
        header, origin, kind, names.index(mtu), names.index("area"),
        generation=tuple(found), clock=clock,
    )  # fmt: skip


class Cells:
    """The rows of a file, taken in one by one, then as hours."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.steps: dict[int, tuple[float | None, ...]] = {}
        self._step_ns = _HOUR_NS
        self._take: Callable[[Sequence[str]], tuple[tuple[float | None, ...], list[str]]] = (
            self._powers if layout.generation else self._intensity
        )

    def take(self, row: Sequence[str], number: int) -> str:
        """What is wrong with the row, one phrase a cell; empty when it was taken in."""
        values, wrong = self._take(row)
        kinds = self._layout.kinds
        if kinds is not None and row[kinds].strip() != self._layout.kind:
            wrong.append(self._of(kinds, row, "neither direct nor life-cycle"))
        try:
            start_ns = self._start_ns(row[self._layout.time], values)
        except ValueError as error:
            wrong.append(self._of(self._layout.time, row, str(error)))
        else:
            if start_ns is not None and not wrong:
                self.steps[start_ns] = values
        return "; ".join(f"row {number}, {text}" for text in wrong)

    def by_hour(self, ratio: float) -> tuple[dict[int, Grams], int]:
        """Hours that are known whole, and how many others lie between the first and the last."""
        found = self._mixed() if self._layout.generation else self._plain(ratio)
        first, last = (bound(self.steps) // _HOUR_NS for bound in (min, max))
        return found, last - first + 1 - len(found)

    def _plain(self, ratio: float) -> dict[int, Grams]:
        found: dict[int, Grams] = {}
        for hour_ns, (value, low, high) in self.steps.items():
            if value is None:
                continue
            if low is None or high is None:
                low, high = value * (1 - ratio), value * (1 + ratio)
            found[hour_ns] = Grams(value, low, high)
        return found

    def _mixed(self) -> dict[int, Grams]:
        columns = self._layout.generation
        used = [any(v[i] is not None for v in self.steps.values()) for i in range(len(columns))]
        sums: dict[int, dict[str, float]] = {}
        seen: dict[int, int] = {}
        for start_ns, powers in self.steps.items():
            hour_ns = start_ns - start_ns % _HOUR_NS
            seen.setdefault(hour_ns, 0)
            if any(p is None and u for p, u in zip(powers, used, strict=True)):
                continue
            seen[hour_ns] += 1
            into = sums.setdefault(hour_ns, {})
            for (_, name), power in zip(columns, powers, strict=True):
                into[name] = into.get(name, 0.0) + (power or 0.0)
        found: dict[int, Grams] = {}
        for hour_ns, times in seen.items():
            if times * self._step_ns == _HOUR_NS:
                grams = generation_intensity(sums[hour_ns], self._layout.kind)
                if grams is not None:
                    found[hour_ns] = grams
        return found

    def _intensity(self, row: Sequence[str]) -> tuple[tuple[float | None, ...], list[str]]:
        layout = self._layout
        columns = [layout.value or 0, *(layout.bounds or ())]
        values, wrong = self._numbers(row, columns)
        if layout.bounds is None:
            return (*values, None, None), wrong
        value, low, high = values
        if not wrong and None not in values and not low <= value <= high:  # type: ignore[operator]
            wrong.append(self._of(columns[0], row, f"not within {low:g} to {high:g}"))
        return (value, low, high), wrong

    def _powers(self, row: Sequence[str]) -> tuple[tuple[float | None, ...], list[str]]:
        values, wrong = self._numbers(row, [i for i, _ in self._layout.generation])
        return tuple(values), wrong

    def _numbers(
        self, row: Sequence[str], columns: Sequence[int]
    ) -> tuple[list[float | None], list[str]]:
        values: list[float | None] = []
        wrong: list[str] = []
        for i in columns:
            text = row[i].strip()
            value: float | None = None
            if text == "n/e":  # not expected: there is no such power station
                value = 0.0
            elif text not in ("", "-", "N/A"):
                try:
                    value = float(text)
                except ValueError:
                    wrong.append(self._of(i, row, "not a number"))
                else:
                    if not math.isfinite(value):
                        wrong.append(self._of(i, row, "not a number"))
                    elif value < 0:
                        wrong.append(self._of(i, row, "negative"))
            values.append(value)
        return values, wrong

    def _of(self, column: int, row: Sequence[str], what: str) -> str:
        return f"column {self._layout.names[column].strip()!r}: {row[column]!r} is {what}"

    def _start_ns(self, text: str, values: Sequence[float | None]) -> int | None:
        """Raises ValueError, saying what the text is. None: an hour that spring leaves out."""
        if self._layout.generation:
            return self._step_of(text, values)
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError("not a time") from None
        if moment.tzinfo is None:
            if self._layout.clock is None:
                raise ValueError("a time of no clock; write it as in 2026-01-31T13:00Z")
            moment = moment.replace(tzinfo=UTC)
        start_ns = int(moment.timestamp()) * NS_PER_S
        if start_ns % _HOUR_NS or moment.microsecond:
            raise ValueError("not the start of an hour of UTC")
        if start_ns in self.steps:
            raise ValueError("an hour told before; where clocks go back, write UTC")
        return start_ns

    def _step_of(self, text: str, values: Sequence[float | None]) -> int | None:
        found = _MOMENT.findall(text)
        if len(found) != 2:
            raise ValueError("not a time from … to …")
        (*start, first), (*end, second) = found
        name = first or second or self._layout.clock
        if name not in _CLOCKS:
            raise ValueError("a time of no clock; export it in UTC")
        try:
            begins, ends = (datetime(*(int(x[i]) for i in (2, 1, 0, 3, 4))) for x in (start, end))  # type: ignore[arg-type]
        except ValueError:
            raise ValueError("not a time") from None
        if timedelta(0) < ends - begins < timedelta(hours=1):
            self._step_ns = min(self._step_ns, int((ends - begins).total_seconds()) * NS_PER_S)
        moments = _moments(begins, name)
        if not moments:
            if all(not v for v in values):
                return None
            raise ValueError("an hour that the clock leaves out")
        free = [m for m in moments if m not in self.steps]
        if not free:
            raise ValueError("a time told before")
        return free[0]


def _moments(local: datetime, clock: str) -> list[int]:
    """The moments that a clock shows so: two where it goes back, none where it leaps."""
    zone = _zone(_CLOCKS[clock])
    found: list[int] = []
    for fold in (0, 1):
        at = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        at_ns = int(at.timestamp()) * NS_PER_S
        if at.astimezone(zone).replace(tzinfo=None) == local and at_ns not in found:
            found.append(at_ns)
    return found


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
