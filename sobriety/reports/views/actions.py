"""What could be done, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from sobriety.core.estimate import Estimate

from ..language.language import Language
from ..language.quantities import show
from ..model.report import Report
from . import sentences as wording


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action as printed: what a year of it saves at most, of carbon where that is known, and
    then of `energy` as well."""

    name: str
    meaning: str
    saved: str
    between: str
    energy: str


def action_rows(language: Language, report: Report) -> tuple[ActionRow, ...]:
    """In the report's order."""
    rows: list[ActionRow] = []
    for item in report.actions:
        saved, energy = item.co2e_kg, ""
        if not isinstance(saved, Estimate):
            assert item.energy_j
            saved = item.energy_j
        elif item.energy_j:
            told = show(language, item.energy_j)
            energy = language.say(
                "{energy} a year, {between}.", energy=told.text, between=told.between(language)
            )
        shown = show(language, saved)
        name, meaning = wording.action(language, item)
        rows.append(ActionRow(name, meaning, shown.text, shown.between(language), energy))
    return tuple(rows)
