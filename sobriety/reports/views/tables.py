"""Breakdowns as tables: every printed column and every printed row adds up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sobriety.core.estimate import Estimate, total
from sobriety.core.rounding import apportioned, decimals_of_sum

from ..language.language import NBSP, Language
from ..language.quantities import Unit, column, share_texts, symbol, unit_for
from ..model.report import Dimension, Footprint, Missing, Report, Slice, Work
from .organisation import slice_name
from .sentences import workload_kind


@dataclass(frozen=True, slots=True)
class Row:
    """A part, as printed. use and both are empty when the carbon of use is not known; measured is
    where no sensor measured anything."""

    name: str
    energy: str
    making: str
    use: str
    both: str
    measured: str


@dataclass(frozen=True, slots=True)
class Table:
    """A breakdown in two units, one for energy and one for carbon."""

    dimension: Dimension
    energy_unit: str
    carbon_unit: str
    rows: tuple[Row, ...]
    total: Row


def breakdown_tables(language: Language, report: Report, *, most: int) -> list[Table]:
    """Those of more than one part; beyond `most` rows the smallest become one."""
    return [
        _table(language, report, dimension, parts, most)
        for dimension, parts in report.breakdown.items()
        if len(parts) > 1 and any(p.name for p in parts)
    ]


def _table(
    language: Language, report: Report, dimension: Dimension, parts: Sequence[Slice], most: int
) -> Table:
    shown, rest = parts[:most], parts[most:]
    names = [_name(language, report, dimension, p) for p in shown]
    footprints = [p.footprint for p in shown]
    sensed = report.measured_ratio > 0
    measured = [language.share(p.measured_ratio) if sensed else "" for p in shown]
    if rest:
        names.append(language.say_n("{n} other", "{n} others", len(rest)))
        footprints.append(_together(rest))
        measured.append("")
    whole = report.totals
    energy = column(language, whole.energy_j, [f.energy_j for f in footprints])
    unit, carbon = _carbon(language, whole, footprints)
    rows = tuple(
        Row(name, e.value, *cells, m)
        for name, e, cells, m in zip(names, energy.parts, carbon[:-1], measured, strict=True)
    )
    sum_row = Row(
        language.say("Together"),
        energy.total.value,
        *carbon[-1],
        language.share(report.measured_ratio) if sensed else "",
    )
    return Table(dimension, energy.unit, symbol(language, unit), rows, sum_row)


def _name(language: Language, report: Report, dimension: Dimension, part: Slice) -> str:
    """With the number of pieces where one line of an inventory is many."""
    name = slice_name(language, report, dimension, part.name)
    many = dimension == "host" and part.machines > 1
    return f"{name} ×{NBSP}{language.number(part.machines)}" if many else name


@dataclass(frozen=True, slots=True)
class WorkTable:
    """Who worked: name, kind, energy and share of each, the total last."""

    unit: str
    rows: tuple[tuple[str, str, str, str], ...]
    total: tuple[str, str]


def work_table(language: Language, work: Work, *, most: int) -> WorkTable:
    """The largest, the others together, then what nobody did, then idle. It adds up. Who was there
    and did nothing is left out."""
    worked = [w for w in work.workloads if w.energy_j.value > 0]
    shown, rest = worked[:most], worked[most:]
    named = [(w.name, workload_kind(language, w.kind)) for w in shown]
    energies = [w.energy_j for w in shown]
    if rest:
        named.append((language.say_n("{n} other", "{n} others", len(rest)), ""))
        energies.append(total("energy_j", [w.energy_j for w in rest], shared_error=True))
    for name, estimate in (
        (language.say("Work of which nobody is known"), work.unattributed),
        (language.say("Idle"), work.idle),
    ):
        if estimate is not None:
            named.append((name, ""))
            energies.append(estimate)
    whole = total("energy_j", energies, shared_error=True)
    printed = column(language, whole, energies)
    shares = share_texts(language, [e.value for e in energies])
    rows = tuple(
        (name, kind, part.value, share)
        for (name, kind), part, share in zip(named, printed.parts, shares, strict=True)
    )
    return WorkTable(printed.unit, rows, (printed.total.value, language.share(1)))


def _together(parts: Sequence[Slice]) -> Footprint:
    """Many small parts as one; only its values are printed, so its interval is the simple sum."""

    def add(name: str) -> Estimate:
        return total(name, [getattr(p.footprint, name) for p in parts], shared_error=True)

    first = parts[0].footprint
    if isinstance(first.use_co2e_kg, Missing):
        use = first.use_co2e_kg
        return Footprint(add("energy_j"), use, add("embodied_share_kg"), use, use)
    return Footprint(
        add("energy_j"),
        add("use_co2e_kg"),
        add("embodied_share_kg"),
        add("total_co2e_kg"),
        first.embodied_ratio,
    )


def _carbon(
    language: Language, whole: Footprint, parts: Sequence[Footprint]
) -> tuple[Unit, list[tuple[str, str, str]]]:
    """Making, use and both of every part and, last, of all: whole steps, so that sums are exact."""
    both = whole.total_co2e_kg
    if isinstance(both, Missing):
        making = column(language, whole.embodied_share_kg, [p.embodied_share_kg for p in parts])
        cells = [(s.value, "", "") for s in (*making.parts, making.total)]
        return unit_for(whole.embodied_share_kg), cells
    unit = unit_for(both)
    makings = [p.embodied_share_kg.value / unit.factor for p in parts]
    uses = [_value(p.use_co2e_kg) / unit.factor for p in parts]
    interval = (both.value / unit.factor, both.low / unit.factor, both.high / unit.factor)
    places = decimals_of_sum(interval, makings + uses)
    made, used = apportioned(makings, places), apportioned(uses, places)

    def text(cut: float, value: float) -> str:
        if cut == 0:
            return "<" + NBSP + language.number(10.0**-places, places) if value > 0 else "0"
        return language.number(cut, places)

    cells = [
        (text(m, x), text(u, y), text(m + u, x + y))
        for m, x, u, y in zip(made, makings, used, uses, strict=True)
    ]
    made_sum, used_sum = math.fsum(made), math.fsum(used)
    cells.append(
        (
            language.number(made_sum, places),
            language.number(used_sum, places),
            language.number(made_sum + used_sum, places),
        )
    )
    return unit, cells


def _value(figure: Estimate | Missing) -> float:
    return 0.0 if isinstance(figure, Missing) else figure.value
