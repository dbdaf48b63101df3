"""The figures of the opening, rounded together: what the HTML and the terminal both begin with."""

from __future__ import annotations

from dataclasses import dataclass

from sobriety.core.estimate import Estimate

from ..language.language import Language
from ..language.quantities import Shown, column, share_texts, show
from ..model.report import Footprint, Missing, Report
from .sentences import of_one_machine


@dataclass(frozen=True, slots=True)
class Weights:
    """Making, use and both, in one unit, printed so that they add up.

    use and both are None when the carbon of use is not known; then there are no shares.
    making_share is a number from 0 to 1 for a bar; `largest` is the scale that whiskers share.
    """

    making: Shown
    use: Shown | None
    both: Shown | None
    making_text: str
    use_text: str
    making_share: float
    largest: float


def weights(language: Language, footprint: Footprint) -> Weights:
    """A footprint's carbon, ready to print."""
    making, use = footprint.embodied_share_kg, footprint.use_co2e_kg
    both = footprint.total_co2e_kg
    if isinstance(use, Missing) or isinstance(both, Missing):
        shown = show(language, making)
        return Weights(shown, None, None, "", "", 1.0, shown.in_unit[2])
    printed = column(language, both, (making, use))
    texts = share_texts(language, (making.value, use.value))
    return Weights(
        printed.parts[0],
        printed.parts[1],
        printed.total,
        texts[0],
        texts[1],
        making.value / both.value if both.value else 0.0,
        max(s.in_unit[2] for s in (*printed.parts, printed.total)),
    )


def lead(language: Language, report: Report) -> str:
    """The one sentence to take away."""
    ratio = report.totals.embodied_ratio
    one = of_one_machine(report)
    if isinstance(ratio, Missing):
        return language.say("What it draws is known; the carbon of it is not.")
    share = show(language, ratio)
    rest = show(language, _complement(ratio))
    words = {"share": share.text, "between": share.between(language)}
    other = {"share": rest.text, "between": rest.between(language)}
    if ratio.low > 0.5 and one:
        return language.say(
            "Making it weighs more than using it: {share} of its carbon, {between}.", **words
        )
    if ratio.low > 0.5:
        return language.say(
            "Making them weighs more than using them: {share} of their carbon, {between}.", **words
        )
    if ratio.high < 0.5 and one:
        return language.say(
            "Using it weighs more than making it: {share} of its carbon, {between}.", **other
        )
    if ratio.high < 0.5:
        return language.say(
            "Using them weighs more than making them: {share} of their carbon, {between}.", **other
        )
    return language.say(
        "Making and using weigh about the same: making is {share} of the carbon, {between}.",
        **words,
    )


def _complement(ratio: Estimate) -> Estimate:
    return Estimate(
        ratio.metric,
        1 - ratio.value,
        1 - ratio.high,
        1 - ratio.low,
        ratio.basis,
        ratio.method,
        ratio.sources,
    )
