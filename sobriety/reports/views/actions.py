"""Actions and what became of them, as items."""

from __future__ import annotations

from collections.abc import Iterator

from sobriety.core.estimate import Estimate

from ..language.language import Language
from ..language.quantities import show
from ..model.findings import Action
from ..model.report import Report
from . import sentences as wording
from .blocks import Item


def action_items(language: Language, report: Report) -> Iterator[Item]:
    """What a year of each action saves at most, of carbon where that is known, in the report's
    order."""
    for action in report.actions:
        yield _item(language, action)


def _item(language: Language, action: Action) -> Item:
    saved = action.co2e_kg
    notes: list[str] = []
    if not isinstance(saved, Estimate):
        assert action.energy_j
        saved = action.energy_j
    elif action.energy_j:
        energy = show(language, action.energy_j)
        notes.append(
            language.say(
                "{energy} a year, {between}.", energy=energy.text, between=energy.between(language)
            )
        )
    notes += [
        language.say("{amount} a year", amount=language.money(c.cost_money.value, c.currency))
        for c in action.costs
    ]
    name, meaning = wording.action(language, action)
    figure = show(language, saved)
    between = language.say("a year, {between}", between=figure.between(language))
    return Item(name, meaning, figure.text, between, tuple(notes), figure=figure, code=action.id)


def outcome_items(language: Language, report: Report) -> Iterator[Item]:
    """What became of the actions of an earlier sealed report."""
    for outcome in report.outcomes:
        name, saved, meaning = wording.outcome(language, outcome)
        yield Item(name, meaning, saved, code=outcome.id)
