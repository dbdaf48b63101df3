"""Comparisons with earlier periods, and the causes of change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sobriety.estimators import UG_PER_KG, Cause, Change

from ..language.language import NBSP, Language
from ..language.quantities import CARBON, fitting, symbol
from ..model.findings import Comparison
from ..model.report import Report
from .blocks import Table, TableCell, TableColumn
from .sentences import period as period_words

MINUS = "−"
_MOST_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Comparing:
    """An earlier period beside this one. `bridge` adds up as printed; `notes` qualify it.

    top   the largest causes, each with its amount
    """

    title: str
    says: str
    energy: str
    unit: str
    bridge: Table
    top: tuple[str, ...]
    notes: tuple[str, ...]


def comparisons(language: Language, report: Report) -> list[Comparing]:
    """One for each earlier period of which the carbon is known."""
    return [
        _comparing(language, report, comparison, comparison.change)
        for comparison in report.comparisons
        if comparison.change is not None
    ]


def _comparing(
    language: Language, report: Report, comparison: Comparison, change: Change
) -> Comparing:
    unit = fitting(CARBON, max(change.before_ug, change.after_ug) / UG_PER_KG)
    size_ug, mass = unit.factor * UG_PER_KG, symbol(language, unit)
    moved: list[tuple[Cause, int]] = [(c, ug) for c, ug in change.parts.items() if ug]
    places = _places(max((abs(ug) for _, ug in moved), default=change.after_ug) / size_ug)
    step_ug = size_ug / 10**places
    before, after = round(change.before_ug / step_ug), round(change.after_ug / step_ug)
    cut = apportioned_signed([ug / step_ug for _, ug in moved], after - before)
    causes: list[tuple[Cause, int, int]] = sorted(
        [(cause, steps, ug) for (cause, ug), steps in zip(moved, cut, strict=True)],
        key=lambda cause: -abs(cause[1]),
    )

    def cell(steps: int, ug: int, *, signed: bool = True) -> TableCell:
        text = _signed(language, steps / 10**places, places, signed=signed)
        if ug and not steps:  # what is there and too small for these places is not nothing
            text = (MINUS if ug < 0 else "+") + f"<{NBSP}{language.number(10.0**-places, places)}"
        return TableCell(text, ug / size_ug)

    rows = [
        (TableCell(cause_words(language, cause)[0]), cell(steps, ug),
         TableCell(cause_words(language, cause)[1]))
        for cause, steps, ug in causes
    ]  # fmt: skip
    then = (TableCell(language.say("Then")), cell(before, change.before_ug, signed=False),
            TableCell(""))  # fmt: skip
    difference = cell(after - before, change.after_ug - change.before_ug).text
    now = (TableCell(language.say("Now")), cell(after, change.after_ug, signed=False),
           TableCell(f"{difference} {mass}"))  # fmt: skip
    columns = (
        TableColumn(language.say("Cause")),
        TableColumn(mass, numeric=True, sums=True),
        TableColumn(language.say("What it means")),
    )
    title = _title(language, comparison)
    bridge = Table(
        language.say("{title}: the causes, in {unit}", title=title, unit=mass),
        columns, (then, *rows), now, id=f"change-{comparison.kind}", kind="bridge",
    )  # fmt: skip
    top = tuple(
        language.say("{name}: {value}", name=name.text, value=f"{amount.text}\u00a0{mass}")
        for name, amount, _ in rows[:_MOST_CAUSES]
    )
    return Comparing(
        title, _says(language, change), _energy(language, report, comparison), mass, bridge, top,
        tuple(_notes(language, comparison)),
    )  # fmt: skip


def _notes(language: Language, comparison: Comparison) -> Iterator[str]:
    if comparison.coverage_ratio:
        share = language.share_seen(comparison.coverage_ratio)
        yield language.say("{share} of that period was observed.", share=share)
    else:
        yield language.say("Nothing was observed then; what is declared or typical was counted.")
    if comparison.published_kg is not None:
        yield language.say("It begins at what was published then.")


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


def _says(language: Language, change: Change) -> str:
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
