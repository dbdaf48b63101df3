"""Goals: what an organisation wants to reach, from where, by when, and who asks for it.

What public bodies ask for comes with the toolkit (`data/*.toml`); baselines are the organisation's
own and none is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast

from sobriety.core.errors import ConfigError
from sobriety.core.text import NO_TEXT, Text
from sobriety.files.toml_form import Entry, Form, form_of, read_form

from . import values
from .indicators import INDICATORS, UNITS, own_unit

BUILT_INS = ("montreal-2030", "itu-l1470")
Direction = Literal["decrease", "increase"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where it is written."""

    document: Text
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Framework:
    """What goals belong to: a plan, a charter. `parts` are its orientations or principles."""

    id: str
    text: Text
    reference: Reference | None
    note: Text | None
    parts: tuple[tuple[str, Text], ...]


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


@dataclass(frozen=True, slots=True)
class Goals:
    """A file of goals with those that it extends."""

    goals: dict[str, Goal]
    frameworks: dict[str, Framework]


def read_goals(path: Path) -> Goals:
    """The goals of a TOML file and of the built-ins that it extends.

    A goal of a built-in can be told further: what the file writes stands over it, key by key.
    Raises ConfigError with every fault.
    """
    return _goals(read_form(path))


def built_in(name: str) -> Goals:
    """Goals that come with the toolkit. Raises ConfigError for a name that is not held."""
    if name not in BUILT_INS:
        import difflib

        near = difflib.get_close_matches(name, BUILT_INS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {' and '.join(BUILT_INS)}"
        raise ConfigError(f"no built-in goals {name!r}", hint=hint)
    return _goals(form_of(Path(f"{name}.toml"), _shipped(name)))


def _shipped(name: str) -> str:
    from importlib.resources import files

    place = files(__name__.rpartition(".")[0]).joinpath("data", f"{name}.toml")
    return place.read_text(encoding="utf-8")


def _goals(form: Form) -> Goals:
    top = form.top()
    extended = top.take("extends", values.several(values.choice(*BUILT_INS))) or ()
    under: dict[str, dict[str, Any]] = {}
    frameworks: dict[str, Framework] = {}
    goals: dict[str, Goal] = {}
    for name in extended:
        whole = built_in(name)
        frameworks |= whole.frameworks
        goals |= whole.goals
        under |= form_of(Path(f"{name}.toml"), _shipped(name)).data.get("goal", {})
    for name, entry in top.named("framework"):
        frameworks[name] = _framework(name, entry)
    for name, entry in top.named("goal"):
        entry.data = _over(under.get(name, {}), entry.data)
        goals[name] = _goal(name, entry)
        if goals[name].framework not in {None, *frameworks}:
            known = ", ".join(frameworks) or "none is declared"
            entry.wrong(
                "framework",
                Text(
                    en=f"{goals[name].framework!r}; expected one of: {known}",
                    fr=f"{goals[name].framework!r}\xa0; attendu\xa0: un de {known}",
                ),
            )
    for name, entry in top.named("goal"):
        for other in goals[name].serves if name in goals else ():
            if other not in goals or other == name:
                entry.wrong(
                    "serves",
                    Text(
                        en=f"{other!r} is no other goal of this file",
                        fr=f"{other!r} n’est pas un autre objectif de ce fichier",
                    ),
                )
    top.close()
    if not goals:
        top.wrong(
            "",
            Text(
                en="has no [goal.NAME] and extends nothing",
                fr="n’a pas de [goal.NOM] et n’étend rien",
            ),
        )
    form.refuse()
    return Goals(goals, frameworks)


def _over(under: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """One's own over what is extended, table by table; a target of one's own replaces the other."""
    found = dict(under)
    for key, value in own.items():
        before = found.get(key)
        if isinstance(before, dict) and isinstance(value, dict) and key == "baseline":
            found[key] = {**cast("dict[str, Any]", before), **cast("dict[str, Any]", value)}
        else:
            found[key] = value
    return found


def _framework(name: str, entry: Entry) -> Framework:
    found = Framework(
        name,
        entry.must("text", values.in_both, NO_TEXT),
        _reference(entry),
        entry.take("note", values.in_both),
        tuple(_part(part) for part in entry.tables("part")),
    )
    entry.close()
    return found


def _part(entry: Entry) -> tuple[str, Text]:
    found = entry.must("id", values.identifier, "?"), entry.must("text", values.in_both, NO_TEXT)
    entry.close()
    return found


def _reference(entry: Entry) -> Reference | None:
    below = entry.table("reference")
    if below is None:
        return None
    found = Reference(
        below.must("document", values.in_both, NO_TEXT), below.take("url", values.text)
    )
    below.close()
    return found


def _goal(name: str, entry: Entry) -> Goal:
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
        _reference(entry),
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
