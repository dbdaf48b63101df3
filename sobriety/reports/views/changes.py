"""Changes as people read them: against earlier periods, their causes, and the lines of goals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.estimators import UG_PER_KG, Cause, Change

from ..language.language import Language
from ..language.quantities import CARBON, fitting, show, symbol
from ..model.report import Comparison, Report, Standing
from .sentences import period as period_words

GOAL = MethodKind("goal", "as the goal states")

MINUS = "−"
_MOST_CAUSES = 3
WAITING = frozenset(("no baseline set", "no target set", "not measured"))
"""Statuses of goals that nothing can be said of yet."""


@dataclass(frozen=True, slots=True)
class CauseRow:
    """`share` is of the largest, for a bar; negative where it made the total smaller."""

    name: str
    meaning: str
    amount: str
    share: float


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """before, after, parts and change are printed so that they add up. `small`: causes that are
    there, and less than the last digit."""

    title: str
    said: str
    energy: str
    coverage: str
    before: str
    after: str
    change: str
    unit: str
    rows: tuple[CauseRow, ...]
    small: str
    top: tuple[CauseRow, ...]
    published: bool


def comparison_views(language: Language, report: Report) -> list[ComparisonView]:
    """One for each earlier period of which the carbon is known."""
    return [
        _view(language, report, comparison, comparison.change)
        for comparison in report.comparisons
        if comparison.change is not None
    ]


def _view(
    language: Language, report: Report, comparison: Comparison, change: Change
) -> ComparisonView:
    unit = fitting(CARBON, max(change.before_ug, change.after_ug) / UG_PER_KG)
    size_ug = unit.factor * UG_PER_KG
    moved: list[tuple[Cause, int]] = [(c, ug) for c, ug in change.parts.items() if ug]
    places = _places(max((abs(ug) for _, ug in moved), default=change.after_ug) / size_ug)
    step_ug = size_ug / 10**places
    before, after = round(change.before_ug / step_ug), round(change.after_ug / step_ug)
    cut = apportioned_signed([ug / step_ug for _, ug in moved], after - before)
    pairs: list[tuple[Cause, int]] = [
        (cause, steps) for (cause, _), steps in zip(moved, cut, strict=True)
    ]
    shown = sorted(pairs, key=lambda row: -abs(row[1]))
    largest = max((abs(steps) for _, steps in shown), default=1) or 1

    def text(steps: int, *, signed: bool = True) -> str:
        return _signed(language, steps / 10**places, places, signed=signed)

    rows = tuple(
        CauseRow(*cause_words(language, cause), text(steps), steps / largest)
        for cause, steps in shown
        if steps
    )
    small = [cause_words(language, cause)[0] for cause, steps in shown if not steps]
    return ComparisonView(
        _title(language, comparison),
        _said(language, change),
        _energy(language, report, comparison),
        language.share_seen(comparison.coverage_ratio) if comparison.coverage_ratio else "",
        text(before, signed=False), text(after, signed=False), text(after - before),
        symbol(language, unit), rows, _small(language, small), rows[:_MOST_CAUSES],
        comparison.published_kg is not None,
    )  # fmt: skip


def _small(language: Language, names: Sequence[str]) -> str:
    if not names:
        return ""
    lowered = [name[0].lower() + name[1:] for name in names]
    return language.say("Too small to be printed: {names}.", names=" · ".join(lowered))


def apportioned_signed(parts: Sequence[float], whole: int) -> list[int]:
    """Parts of either sign as whole steps that add up to the whole, by largest remainder."""
    floors = [math.floor(p) for p in parts]
    left = whole - sum(floors)
    order = sorted(range(len(parts)), key=lambda i: parts[i] - floors[i], reverse=left > 0)
    sign = 1 if left > 0 else -1
    for n in range(abs(left)):
        floors[order[n % len(order)]] += sign
    return floors


def _places(largest: float) -> int:
    """Three digits of the largest cause."""
    return max(0, 2 - math.floor(math.log10(largest))) if largest > 0 else 0


def _signed(language: Language, value: float, places: int, *, signed: bool) -> str:
    text = language.number(abs(value), places)
    if not signed:
        return text
    return (MINUS if value < 0 else "+" if value > 0 else "") + text


def signed_share(language: Language, ratio: float) -> str:
    """`+12 %`."""
    sign = MINUS if ratio < 0 else "+"
    places = 0 if abs(ratio) >= 0.095 else 1
    number = language.number(abs(ratio) * 100, places)
    return sign + language.say("{number}%", number=number)


def _title(language: Language, comparison: Comparison) -> str:
    words = period_words(language, comparison.period)
    words = words[0].lower() + words[1:] if language.tongue == "fr" else words
    if comparison.kind == "before":
        return language.say("Against the period before, {period}", period=words)
    return language.say("Against a year earlier, {period}", period=words)


def _said(language: Language, change: Change) -> str:
    if not change.before_ug:
        return language.say("Nothing was counted then.")
    ratio = change.after_ug / change.before_ug - 1
    return language.say("{share} of carbon", share=signed_share(language, ratio))


def _energy(language: Language, report: Report, comparison: Comparison) -> str:
    before, after = comparison.footprint.energy_j.value, report.totals.energy_j.value
    if before <= 0:
        return ""
    return language.say("{share} of energy", share=signed_share(language, after / before - 1))


def cause_words(language: Language, cause: Cause) -> tuple[str, str]:
    """A cause's name and what it means."""
    words = {
        "fleet": (
            language.say("Number of devices"),
            language.say("Devices held longer or for fewer days, bought or retired."),
        ),
        "coverage": (
            language.say("How much was observed"),
            language.say("Hours seen of the hours held: more seen is more counted."),
        ),
        "activity": (
            language.say("Hours switched on"),
            language.say("Of the hours observed, those in which machines ran."),
        ),
        "efficiency": (
            language.say("Watts while on"),
            language.say("What machines drew while they ran: their age, their work, their mix."),
        ),
        "overhead": (
            language.say("Overhead of rooms"),
            language.say("Cooling and supplies of the servers’ rooms."),
        ),
        "grid": (
            language.say("Grid factor"),
            language.say("Grams a kilowatt-hour emits, which the organisation does not decide."),
        ),
        "boundary": (
            language.say("Boundary"),
            language.say("Machines that are counted now and were not, or the other way round."),
        ),
        "making_bought": (
            language.say("Making, bought"),
            language.say("Devices whose making began to be charged."),
        ),
        "making_ended": (
            language.say("Making, ended"),
            language.say("Devices written off, passed on, or charged in full."),
        ),
        "making_kept": (
            language.say("Making, kept"),
            language.say("Devices charged in both periods; the number of days differs."),
        ),
        "method": (
            language.say("Method"),
            language.say("Measured now and typical before, or the other way round."),
        ),
        "correction": (
            language.say("Correction"),
            language.say("The earlier period as it is known today, less what was published."),
        ),
    }
    return words[cause]


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A goal as printed. `status` is its code, for a colour that is never alone."""

    text: str
    indicator: str
    framework: str
    status: str
    status_words: str
    detail: str
    source: str


def standing_rows(language: Language, report: Report) -> list[StandingRow]:
    """Those with a baseline first."""
    rows = [_standing(language, s) for s in report.standings]
    return sorted(rows, key=lambda row: row.status in WAITING)


def _standing(language: Language, standing: Standing) -> StandingRow:
    from sobriety.declared.indicators import INDICATORS

    goal, position = standing.goal, standing.position
    assert goal.indicator
    document = goal.reference.document if goal.reference else None
    return StandingRow(
        goal.text.of(language.tongue),
        INDICATORS[goal.indicator].name.of(language.tongue),
        goal.framework or "",
        position.status,
        status_words(language, standing),
        _detail(language, standing),
        document.of(language.tongue) if document else "",
    )


def status_words(language: Language, standing: Standing) -> str:
    """`late by 12 t and 14 months`."""
    position = standing.position
    if position.status == "late" and position.late_by is not None:
        by = _amount(language, position.late_by, position.unit)
        if position.late_months:
            months = language.say_n("{n} month", "{n} months", position.late_months)
            return language.say("Late by {amount}, or {months}", amount=by, months=months)
        return language.say("Late by {amount}", amount=by)
    words = {
        "on track": language.say("On track"),
        "undecided": language.say("Undecided: the line lies within the interval"),
        "not begun": language.say("Not begun"),
        "no baseline set": language.say("No baseline set"),
        "no target set": language.say("No target set"),
        "not measured": language.say("Not measured in this period"),
    }
    return words[position.status]


def _detail(language: Language, standing: Standing) -> str:
    figure, position = standing.figure, standing.position
    if figure is None or position.expected is None:
        return ""
    shown = show(language, figure)
    line = _amount(language, position.expected, position.unit)
    said = language.say(
        "{value}, {between}; the line has {line} by now.",
        value=shown.text, between=shown.between(language), line=line,
    )  # fmt: skip
    if standing.by_pace:
        said += " " + language.say("Of a year at this period’s pace.")
    return said


def _amount(language: Language, value: float, unit: str | None) -> str:
    metric = {"kg": "total_co2e_kg", "J": "energy_j", "1": "share_ratio"}[unit or "1"]
    size = abs(value)
    return show(language, Estimate(metric, size, size, size, "declared", GOAL(), ("goals",))).text
