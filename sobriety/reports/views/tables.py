"""Breakdowns as tables, in which every printed column and every printed row adds up."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sobriety.core.estimate import Estimate, total
from sobriety.core.rounding import apportioned, decimals_of_sum

from ..language.language import NBSP, Language
from ..language.quantities import Unit, column, share_texts, symbol, unit_for
from ..model.figures import Footprint, Missing, Slice, WorkShares
from ..model.report import Dimension, Report
from .blocks import Table, TableCell, TableColumn
from .organisation import dimension_words, slice_name
from .sentences import workload_kind


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
    measured = [TableCell(language.share(p.measured_ratio), p.measured_ratio) for p in shown]
    if rest:
        names.append(language.say_n("{n} other", "{n} others", len(rest)))
        footprints.append(_together(rest))
        measured.append(TableCell(""))
    whole = report.totals
    energy = column(language, whole.energy_j, [f.energy_j for f in footprints])
    unit, carbon = _carbon(language, whole, footprints)
    measured.append(TableCell(language.share(report.measured_ratio), report.measured_ratio))
    rows = [
        (TableCell(name), TableCell(e.value, e.in_unit[0]), *cells, *((m,) if sensed else ()))
        for name, e, cells, m in zip(
            [*names, language.say("Together")],
            [*energy.parts, energy.total],
            carbon,
            measured,
            strict=True,
        )
    ]
    caption, head = dimension_words(language, dimension)
    columns = _columns(language, head, energy.unit, symbol(language, unit), len(carbon[-1]))
    if sensed:
        columns += (TableColumn(language.say("Energy measured"), numeric=True),)
    return Table(caption, columns, tuple(rows[:-1]), rows[-1], id=dimension)


def _columns(
    language: Language, head: str, energy_unit: str, carbon_unit: str, carbons: int
) -> tuple[TableColumn, ...]:
    heads = (
        language.say("Energy, {unit}", unit=energy_unit),
        language.say("Making, {unit}", unit=carbon_unit),
        language.say("Use, {unit}", unit=carbon_unit),
        language.say("Together, {unit}", unit=carbon_unit),
    )
    numbers = tuple(TableColumn(text, numeric=True, sums=True) for text in heads[: 1 + carbons])
    return (TableColumn(head), *numbers)


def _name(language: Language, report: Report, dimension: Dimension, part: Slice) -> str:
    """With the number of pieces where one line is many."""
    name = slice_name(language, report, dimension, part.name)
    many = dimension in ("host", "category") and part.machines > 1
    return f"{name} ×{NBSP}{language.number(part.machines)}" if many else name


def work_table(language: Language, work: WorkShares, *, most: int) -> Table:
    """The largest workloads, the others together, unattributed work, then idle. It adds up.
    Workloads that did nothing are left out."""
    worked = [w for w in work.workloads if w.energy_j.value > 0]
    shown, rest = worked[:most], worked[most:]
    named = [(w.name, workload_kind(language, w.kind)) for w in shown]
    energies = [w.energy_j for w in shown]
    if rest:
        named.append((language.say_n("{n} other", "{n} others", len(rest)), ""))
        energies.append(total("energy_j", [w.energy_j for w in rest], shared_error=True))
    for name, estimate in (
        (language.say("Unattributed work"), work.unattributed),
        (language.say("Idle"), work.idle),
    ):
        if estimate is not None:
            named.append((name, ""))
            energies.append(estimate)
    whole = total("energy_j", energies, shared_error=True)
    printed = column(language, whole, energies)
    shares = share_texts(language, [e.value for e in energies])
    rows = tuple(
        (TableCell(name), TableCell(kind), TableCell(part.value, part.in_unit[0]),
         TableCell(share, estimate.value / whole.value if whole.value else None))
        for (name, kind), part, share, estimate in zip(
            named, printed.parts, shares, energies, strict=True
        )
    )  # fmt: skip
    captions = {
        "separate": language.say("By service and program, above idle"),
        "share": language.say("By service and program, idle divided by processor time"),
        "reserve": language.say("By service and program, idle divided by memory held"),
    }
    columns = (
        TableColumn(language.say("Name")),
        TableColumn(language.say("Kind")),
        TableColumn(language.say("Energy, {unit}", unit=printed.unit), numeric=True, sums=True),
        TableColumn(language.say("Share"), numeric=True),
    )
    together = (
        TableCell(language.say("Together")), TableCell(""),
        TableCell(printed.total.value, printed.total.in_unit[0]), TableCell(language.share(1), 1.0),
    )  # fmt: skip
    return Table(captions[work.idle_by], columns, rows, together, id="work")


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
) -> tuple[Unit, list[tuple[TableCell, ...]]]:
    """Making, use and both of every part and, last, of all: whole steps, so that sums are exact.
    Making alone where the carbon of use is not known."""
    both = whole.total_co2e_kg
    if isinstance(both, Missing):
        making = column(language, whole.embodied_share_kg, [p.embodied_share_kg for p in parts])
        alone: list[tuple[TableCell, ...]] = [
            (TableCell(s.value, s.in_unit[0]),) for s in (*making.parts, making.total)
        ]
        return unit_for(whole.embodied_share_kg), alone
    unit = unit_for(both)
    makings = [p.embodied_share_kg.value / unit.factor for p in parts]
    uses = [_value(p.use_co2e_kg) / unit.factor for p in parts]
    interval = (both.value / unit.factor, both.low / unit.factor, both.high / unit.factor)
    places = decimals_of_sum(interval, makings + uses)
    made, used = apportioned(makings, places), apportioned(uses, places)

    def cell(cut: float, value: float) -> TableCell:
        if cut == 0:
            step = "<" + NBSP + language.number(10.0**-places, places)
            return TableCell(step if value > 0 else "0", value)
        return TableCell(language.number(cut, places), value)

    made.append(math.fsum(made))
    used.append(math.fsum(used))
    makings.append(math.fsum(makings))
    uses.append(math.fsum(uses))
    return unit, [
        (cell(m, x), cell(u, y), cell(m + u, x + y))
        for m, x, u, y in zip(made, makings, used, uses, strict=True)
    ]


def _value(figure: Estimate | Missing) -> float:
    return 0.0 if isinstance(figure, Missing) else figure.value
