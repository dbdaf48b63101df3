"""The public goals that a report's indicators serve. What is published, and no baseline invented.

An organisation's own baselines and targets come from its goals file; until then a report says that
there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from .language import Language

PLAN_CLIMAT = "Ville de Montréal, Plan climat 2020-2030 (2020)"
PLAN_DIRECTEUR = (
    "Ville de Montréal, Plan directeur de gestion des matières résiduelles 2020-2025 (2020)"
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal of a public body, and where it is written."""

    id: str
    framework: str
    source: str


GOALS = {
    "municipal_operations": Goal("municipal_operations", "Montréal 2030", PLAN_CLIMAT),
    "community_emissions": Goal("community_emissions", "Montréal 2030", PLAN_CLIMAT),
    "reduce_at_source": Goal("reduce_at_source", "Montréal 2030", PLAN_DIRECTEUR),
}


def goal_text(language: Language, goal: str) -> str:
    """What the goal asks for."""
    if goal == "municipal_operations":
        return language.say("the city’s own operations carbon neutral by 2040")
    if goal == "community_emissions":
        return language.say("emissions of the community 55% below those of 1990 by 2030")
    return language.say("less waste at the source, on the way to zero waste by 2030")
