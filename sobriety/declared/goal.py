"""One goal: its indicator, baseline and target, read from a table of TOML."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

from sobriety.core.text import NO_TEXT, Text
from sobriety.files.toml_form import Entry

from . import values
from .indicators import INDICATORS, UNITS, own_unit

Direction = Literal["decrease", "increase"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where it is written."""

    document: Text
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is compared with. A value of None is not known: the year is, and nothing is invented.

    period  a year; a quarter or a month too where the indicator is a share
    value   in `unit`: J, kg or 1; of a whole year where it is an amount
    """

    period: str
    value: float | None
    unit: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached in a year: a value, or a share off the baseline."""

    year: int
    value: float | None = None
    unit: str | None = None
    reduction_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal. `indicator` is None where no report measures it; `serves` are greater goals."""

    id: str
    text: Text
    indicator: str | None
    direction: Direction
    baseline: Baseline | None
    target: Target | None
    milestones: tuple[Target, ...]
    framework: str | None
    reference: Reference | None
    serves: tuple[str, ...] = ()


def reference_of(entry: Entry) -> Reference | None:
    below = entry.table("reference")
    if below is None:
        return None
    found = Reference(
        below.must("document", values.in_both, NO_TEXT), below.take("url", values.text)
    )
    below.close()
    return found


def goal_of(name: str, entry: Entry) -> Goal:
    indicator = entry.take("indicator", values.choice(*INDICATORS))
    direction = entry.take("direction", values.choice("decrease", "increase")) or "decrease"
    baseline = _baseline(entry, indicator)
    target = entry.table("target")
    goal = Goal(
        name,
        entry.must("text", values.in_both, NO_TEXT),
        indicator,
        cast("Direction", direction),
        baseline,
        None if target is None else _target(target, indicator, direction, baseline),
        tuple(_target(m, indicator, direction, baseline) for m in entry.tables("milestone")),
        entry.take("framework", values.text),
        reference_of(entry),
        entry.take("serves", values.several(values.text)) or (),
    )
    _see_order(entry, goal)
    entry.close()
    return goal


def _baseline(entry: Entry, indicator: str | None) -> Baseline | None:
    below = entry.table("baseline")
    if below is None:
        return None
    period = _period(below, indicator)
    value, unit = _value(below, indicator)
    source = below.take("source", values.text)
    if value is not None and "source" not in below.data:
        below.wrong(
            "value",
            Text(
                en="needs a source: who found this value, and how",
                fr="demande une source\xa0: qui a établi cette valeur, et comment",
            ),
        )
    below.close()
    return Baseline(period, value, unit, source)


def _target(
    entry: Entry, indicator: str | None, direction: str, baseline: Baseline | None
) -> Target:
    year = entry.must("year", values.year, 2199)
    ratio = entry.take("reduction_ratio", values.number(0, 1))
    value, unit = _value(entry, indicator)
    if ("value" in entry.data) == ("reduction_ratio" in entry.data):
        entry.wrong(
            "",
            Text(
                en="expected one of value and reduction_ratio",
                fr="attendu\xa0: soit value, soit reduction_ratio",
            ),
        )
    if ratio is not None and direction == "increase":
        entry.wrong(
            "reduction_ratio",
            Text(
                en="a goal to increase has a value instead",
                fr="un objectif à la hausse a plutôt une valeur",
            ),
        )
    start = baseline.value if baseline else None
    if baseline and start is not None and unit not in (None, baseline.unit):
        entry.wrong(
            "unit",
            Text(
                en=f"the baseline is in {baseline.unit}, this is in {unit}",
                fr=f"la référence est en {baseline.unit}, ceci est en {unit}",
            ),
        )
    elif value is not None and start is not None:
        wrong_way = value > start if direction == "decrease" else value < start
        if wrong_way:
            entry.wrong(
                "value",
                Text(
                    en=f"{value:g} is no {direction} from the baseline {start:g}",
                    fr=f"{value:g} ne va pas dans le sens de l’objectif depuis {start:g}",
                ),
            )
    entry.close()
    return Target(year, value, unit, ratio)


def _value(entry: Entry, indicator: str | None) -> tuple[float | None, str | None]:
    """A value in the indicator's own unit, and that unit."""
    value = entry.take("value", values.number(0, 1e15))
    units = INDICATORS[indicator].units if indicator else UNITS
    unit = entry.take("unit", values.choice(*units))
    if "value" in entry.data and "unit" not in entry.data:
        entry.wrong(
            "value",
            Text(
                en=f"has no unit; write unit, one of {', '.join(units)}",
                fr=f"n’a pas d’unité\xa0; écrivez unit, une de {', '.join(units)}",
            ),
        )
    if value is None or unit is None:
        return None, None
    return value * units[unit], own_unit(unit)


def _period(entry: Entry, indicator: str | None) -> str:
    """A year, or the name of a quarter or month."""
    year = entry.take("year", values.count(1900, 2199))
    period = entry.take("period", values.month_or_longer)
    if ("year" in entry.data) == ("period" in entry.data):
        entry.wrong(
            "",
            Text(
                en="expected one of year and period",
                fr="attendu\xa0: soit year, soit period",
            ),
        )
    of_a_year = indicator is None or INDICATORS[indicator].of_a_year
    if period is not None and of_a_year and not period.isdecimal():
        entry.wrong(
            "period",
            Text(
                en=f"{period!r}; an amount is compared by whole years",
                fr=f"{period!r}\xa0; une quantité se compare par années entières",
            ),
        )
    return period or str(year or 1900)


def _see_order(entry: Entry, goal: Goal) -> None:
    """Time goes up, from the baseline through the milestones to the target."""
    if goal.milestones and goal.target is None:
        entry.wrong(
            "milestone",
            Text(
                en="milestones lead to a target, and there is none",
                fr="des jalons mènent à une cible, et il n’y en a pas",
            ),
        )
    ends = [
        *(str(m.year) for m in goal.milestones),
        *([str(goal.target.year)] if goal.target else []),
    ]
    if goal.baseline:
        ends = [goal.baseline.period, *ends]
    for before, after in pairwise(ends):
        if after[:4] < before[:4] or (goal.milestones and after[:4] == before[:4]):
            entry.wrong(
                "",
                Text(
                    en=f"{after} does not come after {before}: baseline, milestones, target",
                    fr=f"{after} ne vient pas après {before}\xa0: référence, jalons, cible",
                ),
            )
