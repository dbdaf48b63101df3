"""The opening of a report: the figures to take away, and the sentence that leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sobriety.core.estimate import Estimate

from ..language.language import Language
from ..language.quantities import Shown, column, duration, share_texts, show
from ..model.figures import Footprint, Missing
from ..model.report import Report
from . import changes, goals, organisation
from . import sentences as wording
from .actions import action_items
from .blocks import Block, Fact, FactList, Item, Items, Paragraph


@dataclass(frozen=True, slots=True)
class Weights:
    """Making, use and both, in one unit, printed so that they add up.

    use and both are None when the carbon of use is not known; then there are no shares.
    """

    making: Shown
    use: Shown | None
    both: Shown | None
    making_text: str
    use_text: str


def weights(language: Language, footprint: Footprint) -> Weights:
    """A footprint's carbon, ready to print."""
    making, use = footprint.embodied_share_kg, footprint.use_co2e_kg
    both = footprint.total_co2e_kg
    if isinstance(use, Missing) or isinstance(both, Missing):
        return Weights(show(language, making), None, None, "", "")
    printed = column(language, both, (making, use))
    texts = share_texts(language, (making.value, use.value))
    return Weights(printed.parts[0], printed.parts[1], printed.total, *texts)


def opening(language: Language, report: Report, _most: int) -> Iterator[Block]:
    """The figures of the first page."""
    yield _headline(language, report)
    title = language.say("Making beside use") if report.devices else language.say(
        "Carbon of that time"
    )  # fmt: skip
    yield FactList(tuple(weight_facts(language, report.totals)), title, "weights")
    beside = list(_beside(language, report))
    if beside:
        yield FactList(tuple(beside), id="beside")
    yield Items(tuple(_brief(language, report)), "brief")
    if isinstance(report.pace, Missing):
        why = report.pace.because
        yield Paragraph(f"{why.title(language)}. {why.hint(language)}")
        return
    footprint = report.pace.footprint
    year = [fact(language, language.say("Energy"), footprint.energy_j)]
    year += weight_facts(language, footprint)
    yield FactList(tuple(year), language.say("At this pace, a year is"), "year")
    yield Paragraph(
        language.say(
            "If every hour were like those observed. It is no forecast: the intervals do not know"
            " the hours that nobody saw."
        ),
        soft=True,
    )


def fact(language: Language, name: str, estimate: Estimate) -> Fact:
    """An estimate with its interval."""
    shown = show(language, estimate)
    return Fact(name, shown.text, shown.between(language), shown)


def weight_facts(language: Language, footprint: Footprint) -> Iterator[Fact]:
    """Making, use and both; why use is not known where it is not."""
    w = weights(language, footprint)
    yield Fact(
        language.say("Making"), w.making.text, w.making.between(language), w.making, w.making_text
    )
    if w.use and w.both:
        yield Fact(language.say("Use"), w.use.text, w.use.between(language), w.use, w.use_text)
        yield Fact(language.say("Together"), w.both.text, w.both.between(language), w.both)
    elif isinstance(footprint.use_co2e_kg, Missing):
        why = footprint.use_co2e_kg.because
        note = f"{why.title(language)}. {why.hint(language)}"
        yield Fact(language.say("Use"), language.say("Unknown"), note)


def _headline(language: Language, report: Report) -> FactList:
    both = weights(language, report.totals).both
    power = fact(language, language.say("Power drawn, on average"), report.mean_power_w)
    if not report.devices or both is None:
        return FactList((power,), id="headline")
    name = language.say("Carbon of use and making")
    return FactList((Fact(name, both.text, both.between(language), both),), id="headline")


def _beside(language: Language, report: Report) -> Iterator[Fact]:
    totals = report.totals
    energy = fact(language, language.say("Energy"), totals.energy_j)
    if report.devices and not isinstance(totals.total_co2e_kg, Missing):
        yield energy
        yield fact(language, language.say("Power drawn, on average"), report.mean_power_w)
    else:
        time = duration(language, report.coverage.observed_s)
        yield Fact(energy.name, energy.text,
                   language.say("in {time}, {between}", time=time, between=energy.note),
                   energy.figure)  # fmt: skip
    yield from organisation.cost_facts(language, report)
    if report.market and not isinstance(report.market.use_co2e_kg, Missing):
        name = language.say("Use by contract (market-based), apart")
        yield fact(language, name, report.market.use_co2e_kg)


def _brief(language: Language, report: Report) -> Iterator[Item]:
    compared = changes.comparisons(language, report)
    if compared:
        lines = tuple(language.say("{name}: {value}", name=c.title, value=c.says) for c in compared)
        yield Item(language.say("Change"), notes=lines)
        yield Item(language.say("Main causes"), notes=compared[0].top)
    first = goals.goal_items(language, report)[:3]
    said = [language.say("{name}: {value}", name=g.title, value=g.value) for g in first]
    yield Item(language.say("Goals"), notes=tuple(said) or (language.say("No baseline set"),))
    actions = [
        language.say("{name}: {value}", name=a.title,
                     value=language.say("{amount} a year", amount=a.value))
        for a in list(action_items(language, report))[:3]
    ]  # fmt: skip
    if actions:
        yield Item(language.say("What to do first"), notes=tuple(actions))
    yield Item(language.say("How far to believe it"), notes=tuple(_belief(language, report)))


def _belief(language: Language, report: Report) -> Iterator[str]:
    if report.coverage.span_s:
        observed = language.share_seen(report.coverage.ratio)
        yield language.say("{share} of the watched machines’ time was observed", share=observed)
    yield language.say(
        "{share} of the energy was measured by sensors", share=language.share(report.measured_ratio)
    )
    if report.devices:
        yield language.say_n(
            "{n} device without an agent: declared or typical",
            "{n} devices without an agent: declared or typical",
            report.devices,
        )
    yield wording.status(language, report.status)


def lead(language: Language, report: Report) -> str:
    """The one sentence to take away."""
    ratio = report.totals.embodied_ratio
    if isinstance(ratio, Missing):
        return language.say("The energy is known; its carbon is not.")
    share = show(language, ratio)
    rest = show(language, _complement(ratio))
    words = {"share": share.text, "between": share.between(language)}
    other = {"share": rest.text, "between": rest.between(language)}
    if ratio.low > 0.5:
        return language.say(
            "Manufacturing (embodied carbon) outweighs use: {share} of the carbon, {between}.",
            **words,
        )
    if ratio.high < 0.5:
        return language.say(
            "Use outweighs manufacturing (embodied carbon): {share} of the carbon, {between}.",
            **other,
        )
    return language.say(
        "Manufacturing (embodied carbon) and use weigh about the same: manufacturing is {share}"
        " of the carbon, {between}.",
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
