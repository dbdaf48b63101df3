"""A year as it is and as it could be, line by line."""

from __future__ import annotations

from sobriety.core.estimate import Estimate
from sobriety.core.text import Tongue

from ..analysis.whatif import WhatIf, saved
from ..language.language import Language
from ..language.quantities import fitting, show, show_bounds, units_of

FIGURES = ("energy_j", "use_co2e_kg", "embodied_share_kg", "total_co2e_kg")


def as_lines(found: WhatIf, tongue: Tongue) -> list[str]:
    """Before and after, figure by figure, for a terminal."""
    words = Language(tongue)
    names = {
        "energy_j": words.say("Energy"), "use_co2e_kg": words.say("Use"),
        "embodied_share_kg": words.say("Making"), "total_co2e_kg": words.say("Together"),
    }  # fmt: skip
    lines: list[str] = []
    for key in FIGURES:
        before, after = getattr(found.before.footprint, key), getattr(found.after.footprint, key)
        if not isinstance(before, Estimate) or not isinstance(after, Estimate):
            lines.append(f"  {names[key]:14} {words.say('unknown')}")
            continue
        less = saved(before, after)
        unit = fitting(units_of(before), max(abs(x) for x in less) or 1.0)
        shown = show_bounds(words, unit, *less)
        then, now = show(words, before).text, show(words, after).text
        lines.append(
            f"  {names[key]:14} {then:>16} → {now:>16}   "
            + words.say("{amount} less a year, {between}", amount=shown.text,
                        between=shown.between(words))
        )  # fmt: skip
    for one, other in zip(found.before.costs, found.after.costs, strict=False):
        then, now = (words.money(c.cost_money.value, c.currency) for c in (one, other))
        lines.append(f"  {words.say('Cost of electricity'):14} {then:>16} → {now:>16}")
    if found.untouched:
        lines.append(
            "  " + words.say_n(
                "{n} device could not be told: its hours are not known",
                "{n} devices could not be told: their hours are not known", found.untouched,
            )
        )  # fmt: skip
    return lines
