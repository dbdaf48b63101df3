"""The sections of a document, in order: each a function from a report to blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from ..language.language import Language
from ..language.methods import method
from ..language.quantities import duration, show
from ..model.report import Missing, Report
from ..views import changes, organisation
from ..views import sentences as wording
from ..views.opening import weights
from ..views.tables import breakdown_tables, work_table
from .blocks import Block, Curve, Facts, Grid, Items, Paragraph

_MOST_ROWS = 20
Part = Callable[[Language, Report], Iterator[Block]]


def _opening(words: Language, report: Report) -> Iterator[Block]:
    w = weights(words, report.totals)
    energy = show(words, report.totals.energy_j)
    rows = [(words.say("Making"), w.making.text, w.making.between(words))]
    if w.use and w.both:
        rows = [
            (words.say("Carbon of use and making"), w.both.text, w.both.between(words)), *rows,
            (words.say("Use"), w.use.text, w.use.between(words)),
        ]  # fmt: skip
    rows.append((words.say("Energy"), energy.text, energy.between(words)))
    rows += [
        (words.say("Cost of electricity"), c.value, c.name + (f"; {c.note}" if c.note else ""))
        for c in organisation.cost_rows(words, report)
    ]
    if report.market and not isinstance(report.market.use_co2e_kg, Missing):
        bound = show(words, report.market.use_co2e_kg)
        name = words.say("Use by contract (market-based), apart")
        rows.append((name, bound.text, bound.between(words)))
    yield Facts(tuple(rows))
    yield Items(tuple(_brief(words, report)))


def _brief(words: Language, report: Report) -> Iterator[tuple[str, str, str]]:
    views = changes.comparison_views(words, report)
    for view in views:
        yield words.say("Change"), view.said, view.title
    if views:
        causes = [f"{r.name} {r.amount} {views[0].unit}" for r in views[0].top]
        yield words.say("Main causes"), " · ".join(causes), ""
    standings = changes.standing_rows(words, report)[:3]
    if standings:
        said = [words.say("{name}: {value}", name=s.text, value=s.status_words) for s in standings]
        yield words.say("Goals"), " · ".join(said), ""
    actions = [wording.action(words, a)[0] for a in report.actions[:3]]
    if actions:
        yield words.say("What to do first"), " · ".join(actions), ""
    seen = words.say(
        "{share} of the energy was measured by sensors", share=words.share(report.measured_ratio)
    )
    observed = words.share_seen(report.coverage.ratio)
    if report.coverage.span_s:
        told = words.say("{share} of the watched machines’ time was observed", share=observed)
        seen = f"{told} · {seen}"
    yield words.say("How far to believe it"), seen, wording.status(words, report.status)


def _changes(words: Language, report: Report) -> Iterator[Block]:
    for view in changes.comparison_views(words, report):
        yield Paragraph(f"{view.title}. {view.said}" + (f", {view.energy}" if view.energy else ""))
        yield Grid(
            words.say("From one total to the other, in {unit}", unit=view.unit),
            (words.say("Cause"), view.unit, words.say("What it means")),
            (False, True, False),
            ((words.say("Then"), view.before, ""),
             *((r.name, r.amount, r.meaning) for r in view.rows)),
            (words.say("Now"), view.after, f"{view.change} {view.unit}"),
        )  # fmt: skip
        if view.small:
            yield Paragraph(view.small, soft=True)


def _goals(words: Language, report: Report) -> Iterator[Block]:
    rows = changes.standing_rows(words, report)
    if rows:
        yield Items(tuple((r.text, r.status_words, r.detail or r.source) for r in rows))


def _where(words: Language, report: Report) -> Iterator[Block]:
    for table in breakdown_tables(words, report, most=_MOST_ROWS):
        caption, head = organisation.dimension_words(words, table.dimension)
        carbon = (
            words.say("Making, {unit}", unit=table.carbon_unit),
            words.say("Use, {unit}", unit=table.carbon_unit),
            words.say("Together, {unit}", unit=table.carbon_unit),
        )
        known = bool(table.total.both)
        heads = (
            head, words.say("Energy, {unit}", unit=table.energy_unit),
            *(carbon if known else carbon[:1]),
            *((words.say("Energy measured"),) if table.total.measured else ()),
        )  # fmt: skip
        rows = tuple(
            (r.name, r.energy, *((r.making, r.use, r.both) if known else (r.making,)),
             *((r.measured,) if table.total.measured else ()))
            for r in (*table.rows, table.total)
        )  # fmt: skip
        yield Grid(caption, heads, (False, *[True] * (len(heads) - 1)), rows[:-1], rows[-1])


def _work(words: Language, report: Report) -> Iterator[Block]:
    if report.work:
        table = work_table(words, report.work, most=_MOST_ROWS)
        yield Grid(
            words.say("By service and program, above idle"),
            (words.say("Name"), words.say("Kind"), words.say("Energy, {unit}", unit=table.unit),
             words.say("Share")),
            (False, False, True, True), table.rows,
            (words.say("Together"), "", *table.total),
        )  # fmt: skip


def _ledger(words: Language, report: Report) -> Iterator[Block]:
    rows = organisation.ledger_rows(words, report)
    if rows:
        caption = words.say(
            "Purchases beside what the period is charged, in {unit}", unit=rows[0].note
        )
        yield Grid(
            caption, ("", rows[0].note), (False, True), tuple((r.name, r.value) for r in rows)
        )
        yield Paragraph(
            words.say(
                "Each device is charged its making exactly once: by the day over its life, the rest"
                " when it is disposed of, nothing after."
            ),
            soft=True,
        )


def _services(words: Language, report: Report) -> Iterator[Block]:
    rows = organisation.service_rows(words, report)
    if rows:
        unknown = words.say("unknown")
        yield Grid(
            words.say(
                "Carbon of a functional unit as ISO/IEC 21031 (SCI) has it: location-based, making"
                " included."
            ),
            (words.say("Service"), words.say("Energy"), words.say("Carbon"), words.say("Units"),
             words.say("Each of them")),
            (False, True, True, True, True),
            tuple((r["name"], r["energy"], r["carbon"] or unknown,
                   f"{r['units'] or unknown} {r['unit']}".strip(), r["sci"] or unknown)
                  for r in rows),
        )  # fmt: skip
        hint = organisation.services_hint(words, report)
        if hint:
            yield Paragraph(hint, soft=True)


def _indicators(words: Language, report: Report) -> Iterator[Block]:
    rows: list[tuple[str, str, str]] = []
    for item in report.indicators:
        name, meaning = wording.indicator(words, item)
        if isinstance(item.figure, Missing):
            rows.append((name, words.say("Unknown"), item.figure.because.title(words)))
        else:
            shown = show(words, item.figure)
            rows.append((name, f"{shown.text}, {shown.between(words)}", meaning))
    yield Items(tuple(rows))


def _actions(words: Language, report: Report) -> Iterator[Block]:
    rows: list[tuple[str, str, str]] = []
    for item in report.actions:
        name, meaning = wording.action(words, item)
        saved = [f for f in (item.co2e_kg, item.energy_j) if f and not isinstance(f, Missing)]
        told = [show(words, f) for f in saved]
        texts = [words.say("{amount} a year", amount=s.text) for s in told]
        texts += [
            words.say("{amount} a year", amount=words.money(c.cost_money.value, c.currency))
            for c in item.costs
        ]
        between = told[0].between(words) if told else ""
        rows.append((name, "; ".join(texts) + (f" ({between})" if between else ""), meaning))
    if rows:
        yield Items(tuple(rows))


def _outcomes(words: Language, report: Report) -> Iterator[Block]:
    if report.outcomes:
        yield Items(tuple(wording.outcome(words, o) for o in report.outcomes))


def _doubts(words: Language, report: Report) -> Iterator[Block]:
    if report.cautions:
        yield Items(tuple((c.title(words), c.what(words), c.hint(words)) for c in report.cautions))


def _power(words: Language, report: Report) -> Iterator[Block]:
    if len(report.series) < 2:
        return
    zone = report.period.start.tzinfo
    size, unit = (1000.0, "kW") if max(p.value_w for p in report.series) >= 1000 else (1.0, "W")
    yield Curve(
        words.say("mean power of the machines seen"), unit,
        tuple(
            (words.in_calendar(datetime.fromtimestamp(p.start_ns / 1e9, tz=zone).date(), "d MMM"),
             p.value_w / size, p.low_w / size, p.high_w / size)
            for p in report.series
        ),
    )  # fmt: skip


def _how(words: Language, report: Report) -> Iterator[Block]:
    figures = [
        (words.say("Energy"), report.totals.energy_j),
        (words.say("Carbon of use"), report.totals.use_co2e_kg),
        (words.say("Carbon of making, this period’s share"), report.totals.embodied_share_kg),
    ]
    rows = tuple(
        (name, show(words, f).text, show(words, f).range(words), wording.basis(words, f.basis),
         method(words, f.method))
        for name, f in figures
        if not isinstance(f, Missing)
    )  # fmt: skip
    yield Grid(
        words.say("Figures"),
        (words.say("Figure"), words.say("Value"), words.say("Interval"), words.say("Known how"),
         words.say("Method")),
        (False, True, False, False, False), rows,
    )  # fmt: skip
    if report.factors:
        yield Grid(
            words.say("Grid factors"),
            (words.say("Year"), words.say("Kind"), words.say("Grams of CO₂e"),
             words.say("Interval"), words.say("Source")),
            (True, False, True, False, False),
            tuple(
                (str(f.year), wording.factor_kind(words, f.kind), show(words, f.estimate).value,
                 show(words, f.estimate).range(words), "; ".join(f.estimate.sources))
                for f in report.factors
            ),
        )  # fmt: skip
    for narrowing in report.narrowings[:3]:
        yield Paragraph(wording.narrowing(words, narrowing))
    if report.own:
        own = show(words, report.own.energy_j)
        yield Paragraph(
            words.say("What measuring cost") + f"{_colon(words)} {own.text}, {own.between(words)}",
            soft=True,
        )
    gaps = [wording.gap(words, g) for g in report.coverage.gaps[:5]]
    if gaps:
        yield Paragraph(words.say("What was not seen") + f"{_colon(words)} " + "; ".join(gaps))
    if report.coverage.observed_s:
        yield Paragraph(
            words.say("{time} observed in all", time=duration(words, report.coverage.observed_s)),
            soft=True,
        )


def _signed(words: Language, report: Report) -> Iterator[Block]:
    for line in organisation.signature_lines(words, report):
        yield Paragraph(line)


def _colon(words: Language) -> str:
    return "\u00a0:" if words.tongue == "fr" else ":"


Heading = Callable[[Language], str]
SECTIONS: tuple[tuple[Heading, Part], ...] = (
    (lambda words: words.say("In short"), _opening),
    (lambda words: words.say("What changed, and why"), _changes),
    (lambda words: words.say("Against the goals"), _goals),
    (lambda words: words.say("When not to believe this"), _doubts),
    (lambda words: words.say("Power over time"), _power),
    (lambda words: words.say("Where it goes"), _where),
    (lambda words: words.say("Who worked"), _work),
    (lambda words: words.say("The carbon of making, as a ledger"), _ledger),
    (lambda words: words.say("Digital services"), _services),
    (lambda words: words.say("How sober it is"), _indicators),
    (lambda words: words.say("What could be done"), _actions),
    (lambda words: words.say("What became of it"), _outcomes),
    (lambda words: words.say("How it was computed"), _how),
    (lambda words: words.say("Who stands for it"), _signed),
)
