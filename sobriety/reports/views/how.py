"""The section on methods: what is counted, methods, factors, allocations, gaps, sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sobriety.core.estimate import Estimate

from ..language.language import Language
from ..language.methods import method
from ..language.quantities import amount, show
from ..model.figures import Missing
from ..model.report import Report
from . import sentences as wording
from .blocks import (
    Block,
    Bullets,
    Fact,
    FactList,
    Paragraph,
    Subheading,
    Table,
    TableCell,
    TableColumn,
)
from .opening import fact

_MOST_GAPS = 5
_MOST_MACHINES = 200


def how(language: Language, report: Report, _most: int) -> Iterator[Block]:
    """The section's blocks, each part under a heading of its own."""
    yield Subheading(language.say("What is counted"))
    yield from _boundary(language, report)
    sources: list[str] = []
    yield Subheading(language.say("Figures"))
    yield _figures(language, report, sources)
    yield Paragraph(
        language.say(
            "Sensors gave {share} of the joules; the rest is modelled.",
            share=language.share(report.measured_ratio),
        ),
        soft=True,
    )
    yield from _grid(language, report)
    yield from _networks(language, report)
    yield from _contract(language, report)
    if report.narrowings:
        yield Subheading(language.say("What would narrow the interval most"))
        yield Bullets(tuple(wording.narrowing(language, n) for n in report.narrowings))
    yield from _gaps(language, report)
    if report.own:
        yield Subheading(language.say("What measuring cost"))
        own, share = show(language, report.own.energy_j), show(language, report.own.ratio)
        yield Paragraph(
            language.say(
                "{energy}, {between}: {share} of the energy above.",
                energy=own.text, between=own.between(language), share=share.text,
            )
        )  # fmt: skip
    if len(report.machines) > 1:
        yield Bullets(tuple(_machines(language, report)), folded=language.say("The machines"))
    yield Subheading(language.say("Sources"))
    yield Bullets(tuple(sources), numbered=True, english=True)


def _boundary(language: Language, report: Report) -> Iterator[Block]:
    if report.devices:
        yield Paragraph(
            language.say(
                "Energy at the plug of the devices of the inventory: of those watched, for the time"
                " in which they were observed; of the others, as declared or typical of their kind,"
                " for the days on which the organisation had them. Networks and data centres"
                " elsewhere are not in it. Carbon of use is location-based: the grid’s average,"
                " whatever the contract says. Carbon of making is everything but use (materials,"
                " manufacture, transport, end of life), charged by the day over the lifetime."
            )
        )
    else:
        yield Paragraph(
            language.say(
                "Energy at the plug of the machines themselves, for the time in which they were"
                " observed; screens, networks and data centres elsewhere are not in it. Carbon of"
                " use is location-based: the grid’s average, whatever the contract says. Carbon of"
                " making is everything but use (materials, manufacture, transport, end of life),"
                " spread evenly over the lifetime."
            )
        )
    yield Paragraph(
        language.say(
            "Each interval is meant to hold the true value nine times in ten. Rounding happens"
            " here, on display, and nowhere before."
        )
    )


def _figures(language: Language, report: Report, sources: list[str]) -> Table:
    """Each figure of the opening, its method, and the numbers of its sources."""
    totals = report.totals
    named: list[tuple[str, object]] = [
        (language.say("Energy"), totals.energy_j),
        (language.say("Carbon of use"), totals.use_co2e_kg),
        (language.say("Carbon of making, this period’s share"), totals.embodied_share_kg),
        (language.say("Making’s share"), totals.embodied_ratio),
    ]
    named += [
        (language.say("Idle share"), i.figure) for i in report.indicators if i.id == "idle_ratio"
    ]
    if report.market:
        named.append((language.say("Carbon of use, by contract"), report.market.use_co2e_kg))
    if report.own:
        named.append((language.say("Energy of measuring"), report.own.energy_j))
    rows = tuple(
        _figure_row(language, name, figure, sources)
        for name, figure in named
        if isinstance(figure, Estimate)
    )
    heads = ("Figure", "Value", "Interval", "Known how", "Method", "Sources")
    words = (
        language.say("Figure"), language.say("Value"), language.say("Interval"),
        language.say("Known how"), language.say("Method"), language.say("Sources"),
    )  # fmt: skip
    columns = tuple(
        TableColumn(word, numeric=head == "Value") for head, word in zip(heads, words, strict=True)
    )
    return Table(language.say("Figures"), columns, rows, id="figures", kind="wide")


def _figure_row(
    language: Language, name: str, figure: Estimate, sources: list[str]
) -> tuple[TableCell, ...]:
    shown = show(language, figure)
    numbers = ", ".join(map(str, _numbers(sources, figure.sources)))
    return (
        TableCell(name), TableCell(shown.text), TableCell(shown.range(language)),
        TableCell(wording.basis(language, figure.basis)),
        TableCell(method(language, figure.method)), TableCell(numbers),
    )  # fmt: skip


def _numbers(known: list[str], sources: Sequence[str]) -> list[int]:
    """Their places among all sources, in the order in which figures name them."""
    known.extend(s for s in sources if s not in known)
    return sorted(known.index(s) + 1 for s in sources)


def _grid(language: Language, report: Report) -> Iterator[Block]:
    if not report.zone:
        return
    yield Subheading(language.say("Carbon of a kilowatt-hour in {zone}", zone=report.zone))
    if not isinstance(report.other_use_co2e_kg, Missing):
        other = show(language, report.other_use_co2e_kg)
        yield Paragraph(
            language.say(
                "The totals count emissions {kind}. Counted {other_kind}, use alone would be"
                " {mass}, {between}. The two are never added or mixed.",
                kind=wording.factor_kind(language, report.factor_kind),
                other_kind=wording.factor_kind(language, report.other_kind),
                mass=other.text, between=other.between(language),
            )
        )  # fmt: skip
    columns = (
        TableColumn(language.say("Year"), numeric=True), TableColumn(language.say("Kind")),
        TableColumn(language.say("Grams of CO₂e"), numeric=True),
        TableColumn(language.say("Interval")), TableColumn(language.say("In this report")),
        TableColumn(language.say("Source")),
    )  # fmt: skip
    rows = tuple(_factors(language, report))
    yield Table(language.say("Grid factors"), columns, rows, id="factors", kind="wide")


def _factors(language: Language, report: Report) -> Iterator[tuple[TableCell, ...]]:
    """What every source says of the zone, those used first."""
    used = list(report.factors)
    others = [f for f in report.other_factors if f.estimate not in [u.estimate for u in used]]
    for factor in (*used, *others):
        shown = show(language, factor.estimate)
        yield (
            TableCell(str(factor.year)),
            TableCell(wording.factor_kind(language, factor.kind)),
            TableCell(shown.value, shown.in_unit[0]),
            TableCell(shown.range(language)),
            TableCell(language.say("used") if factor in used else language.say("for comparison")),
            TableCell("; ".join((*factor.estimate.sources, factor.licence)), english=True),
        )


def _networks(language: Language, report: Report) -> Iterator[Block]:
    network = report.network
    if network is None:
        return
    yield Subheading(language.say("Networks"))
    rows = [
        Fact(language.say("Sent and received"), amount(language, network.transferred_b)),
        fact(language, language.say("Energy of networks"), network.energy_j),
    ]
    if not isinstance(network.co2e_kg, Missing):
        rows.append(fact(language, language.say("Its carbon on this grid"), network.co2e_kg))
    yield FactList(tuple(rows))
    yield Paragraph(
        language.say(
            "An allocation of what networks use anyway, if all of it went through the internet. It"
            " is in no total, and sending less does not save it."
        )
    )
    yield Paragraph("; ".join(network.energy_j.sources), soft=True, english=True)


def _contract(language: Language, report: Report) -> Iterator[Block]:
    market = report.market
    if market is None or isinstance(market.use_co2e_kg, Missing):
        return
    yield Subheading(language.say("By contract"))
    use = show(language, market.use_co2e_kg)
    words = {"mass": use.text, "between": use.between(language)}
    if market.intensity_g_per_kwh:
        yield Paragraph(
            language.say(
                "The contract for electricity states {intensity} g of CO₂e a kilowatt-hour. By it,"
                " use alone would be {mass}, {between}. This is market-based: it stands beside the"
                " totals, which are location-based, and is never in them.",
                intensity=show(language, market.intensity_g_per_kwh).value, **words,
            )
        )  # fmt: skip
        sources = "; ".join(market.intensity_g_per_kwh.sources)
        yield Paragraph(sources, soft=True, english=True)
        return
    yield Paragraph(
        language.say(
            "Contracts for electricity cover {share} of the energy; the rest is by its grid. By"
            " them, use alone would be {mass}, {between}. This is market-based: it stands beside"
            " the totals, which are location-based, and is never in them.",
            share=language.share(market.contract_ratio), **words,
        )
    )  # fmt: skip


def _gaps(language: Language, report: Report) -> Iterator[Block]:
    coverage = report.coverage
    yield Subheading(language.say("What was not seen"))
    share = language.share_seen(coverage.ratio)
    if coverage.span_s and report.devices:
        seen = language.say("{share} of the watched machines’ time was observed", share=share)
        yield Paragraph(f"{seen}.")
    elif coverage.span_s:
        yield Paragraph(language.say("{share} of the period was observed", share=share) + ".")
    lines = [wording.gap(language, gap) for gap in coverage.gaps[:_MOST_GAPS]]
    if len(coverage.gaps) > _MOST_GAPS:
        left = len(coverage.gaps) - _MOST_GAPS
        lines.append(language.say_n("{n} other gap", "{n} other gaps", left))
    if lines:
        yield Bullets(tuple(lines))


def _machines(language: Language, report: Report) -> Iterator[str]:
    for machine in report.machines[:_MOST_MACHINES]:
        yield f"{machine.host} · {wording.machine(language, machine)}"
    if len(report.machines) > _MOST_MACHINES:
        left = len(report.machines) - _MOST_MACHINES
        yield language.say_n("{n} other", "{n} others", left)
