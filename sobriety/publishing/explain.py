"""Explains a figure: its parts by machine and device, its factors, its formula.

Reads the same accounts as the report. Machines of few people are grouped here too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.core.period import Period
from sobriety.core.units import J_PER_KWH, S_PER_DAY
from sobriety.lake import Lake
from sobriety.reports.accounts.accounts import Books, books_of
from sobriety.reports.accounts.carbon import by_room, making_of
from sobriety.reports.accounts.hosts import HostUse
from sobriety.reports.analysis.breakdown import folded, groups_of
from sobriety.reports.formats.csv import figures_of
from sobriety.reports.model.figures import Missing
from sobriety.reports.model.settings import ReportSettings

_CARBON = ("use_co2e_kg", "total_co2e_kg")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure as the JSON has it, and lines that lead back to rows, factors and formulas."""

    figure: str
    entry: Mapping[str, Any]
    lines: tuple[str, ...]


def explain(
    lake: Lake,
    settings: ReportSettings,
    period: Period,
    report: Mapping[str, Any],
    figure: str,
    now: datetime,
) -> Explanation:
    """Explain a figure of `report`, its JSON. Raises ConfigError for a figure that it lacks."""
    figures = dict(figures_of(report))
    if figure not in figures:
        near = difflib.get_close_matches(figure, figures, n=3, cutoff=0.4)
        raise ConfigError(
            f"no figure {figure!r} in this report",
            hint=f"did you mean {' or '.join(near)}?" if near else "list them with: --format csv",
        )
    books = books_of(lake, settings, period, now)
    hosts = _hosts_of(books, figure, settings.k_anonymity)
    lines = [*_formula(figures[figure])]
    name = figure.rpartition(".")[2]
    if hosts and "energy_j" in name:
        lines += _energy(books, hosts, settings.k_anonymity)
    if hosts and name in _CARBON:
        lines += _use(books, hosts)
    if hosts and name in {"embodied_share_kg", "total_co2e_kg"}:
        lines += _making(books, hosts, settings.k_anonymity)
    files = lake.files(period.start_ns, period.end_ns)
    lines.append(f"rows: {len(books.sums)} sums of {len(files)} files of the lake")
    return Explanation(figure, figures[figure], tuple(lines))


def _hosts_of(books: Books, figure: str, k: int) -> list[HostUse]:
    """The hosts behind a figure of the totals or of a breakdown; none for any other figure."""
    if figure.startswith("totals."):
        return list(books.hosts)
    if not figure.startswith("breakdown."):
        return []
    _, dimension, rest = figure.split(".", 2)
    name = rest.rpartition(".")[0]
    name = "" if name == "-" else name
    groups = groups_of(books.hosts, dimension)
    return folded(groups, k).get(name, [])


def _formula(entry: Mapping[str, Any]) -> Iterator[str]:
    if "missing" in entry:
        yield f"unknown: {entry['why']}"
        return
    yield f"{entry['value']:.6g} {entry['unit']}, {entry['low']:.6g} to {entry['high']:.6g}"
    yield f"known how: {entry['basis']}"
    yield f"formula: {entry['method']}"
    for source in entry["sources"]:
        yield f"source: {source}"


def _energy(books: Books, hosts: Sequence[HostUse], k: int) -> Iterator[str]:
    yield "energy at the plug, kWh, by machine or line of the inventory:"
    for name, of_name in _named(hosts, k):
        kwh = sum(h.energy.value for h in of_name) / J_PER_KWH
        first = of_name[0]
        days = sum(h.observed_s for h in of_name) / S_PER_DAY
        method = first.energy.method if len(of_name) == 1 else "each by its own method"
        yield f"  {name}: {kwh:.6g} over {days:.4g} days, {first.energy.basis}: {method}"


def _use(books: Books, hosts: Sequence[HostUse]) -> Iterator[str]:
    yield "carbon of use, location-based: energy × overhead of the room × factor of the grid:"
    by_zone: dict[str | None, list[HostUse]] = {}
    for host in hosts:
        by_zone.setdefault(host.site.zone, []).append(host)
    for zone, of_zone in by_zone.items():
        use = books.accounts.footprint(of_zone).use_co2e_kg
        if isinstance(use, Missing):
            yield f"  {zone or 'no zone'}: unknown"
            continue
        for pue, in_room in by_room(of_zone).items():
            kwh = sum(h.energy.value for h in in_room) / J_PER_KWH
            value = pue.value if isinstance(pue, Estimate) else pue or 1.0
            yield f"  {zone}: {kwh:.6g} kWh × {value:g}"
        yield f"  {zone}: {use.value:.6g} kg together"
    for factor in books.grid.used:
        grams = factor.estimate
        yield (
            f"  factor: {grams.value:g} g/kWh ({grams.low:g} to {grams.high:g}), {grams.method}; "
            + "; ".join(grams.sources)
        )


def _making(books: Books, hosts: Sequence[HostUse], k: int) -> Iterator[str]:
    yield "carbon of making, kg, charged to the period:"
    for name, of_name in _named(hosts, k):
        charged = sum(making_of(h).value for h in of_name)
        first = of_name[0]
        whole = sum(h.embodied.value for h in of_name)
        device = first.device
        since = f", acquired {device.acquired}" if device and device.acquired else ""
        method = making_of(first).method
        yield f"  {name}: {charged:.6g} of {whole:.6g}{since}: {method}"


def _named(hosts: Sequence[HostUse], k: int) -> list[tuple[str, list[HostUse]]]:
    groups = folded({h.name: [h] for h in hosts}, k)
    return [("workstations together" if name == "*" else name, of) for name, of in groups.items()]
