"""The sections of a report, in order: each a function from the model to blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..language.language import Language
from ..language.quantities import show
from ..model.figures import Missing
from ..model.report import Report
from . import changes, goals, organisation
from . import sentences as wording
from .actions import action_items, outcome_items
from .blocks import Block, Bullets, FactList, Item, Items, Paragraph, Subheading
from .charts import breakdown_chart, bridge_chart
from .how import how
from .opening import opening
from .power import power_chart
from .tables import breakdown_tables, work_table

SectionBlocks = Callable[[Language, Report, int], Iterator[Block]]
SectionTitle = Callable[[Language], str]
_CHARTED = ("category", "site", "department", "service")


def _changes(words: Language, report: Report, _most: int) -> Iterator[Block]:
    compared = changes.comparisons(words, report)
    for comparison in compared:
        yield Subheading(comparison.title)
        said = ", ".join(filter(None, (comparison.says, comparison.energy)))
        yield Paragraph(" ".join((f"{said}.", *comparison.notes)))
        yield bridge_chart(words, comparison.bridge, comparison.title, comparison.unit)
        yield comparison.bridge
    if compared:
        yield Paragraph(
            words.say(
                "The causes add up to the change to the last gram; what is printed adds up too."
            ),
            soft=True,
        )


def _goals(words: Language, report: Report, _most: int) -> Iterator[Block]:
    items = goals.goal_items(words, report)
    if items:
        yield Items(tuple(items), "goals")
        yield from goals.goal_charts(words, report)
        yield Paragraph(
            words.say(
                "Without a baseline no progress is claimed, and none is invented: it is the"
                " organisation’s to set."
            ),
            soft=True,
        )


def _warnings(words: Language, report: Report, _most: int) -> Iterator[Block]:
    if report.cautions:
        items = (
            Item(w.title(words), w.what(words), next=w.hint(words), code=w.code)
            for w in report.cautions
        )
        yield Items(tuple(items), "warnings")


def _power(words: Language, report: Report, _most: int) -> Iterator[Block]:
    chart = power_chart(words, report)
    if chart:
        yield chart


def _week(words: Language, report: Report, _most: int) -> Iterator[Block]:
    if report.heat:
        yield organisation.heat_map(words, report.heat)


def _where(words: Language, report: Report, most: int) -> Iterator[Block]:
    tables = breakdown_tables(words, report, most=most)
    unit = report.totals.total_co2e_kg
    for table in tables:
        if table.id in _CHARTED and not isinstance(unit, Missing):
            chart = breakdown_chart(words, table, show(words, unit).unit)
            if chart:
                yield chart
        yield table
    if tables:
        yield Paragraph(
            words.say(
                "Columns and rows add up as printed. Values keep the digits that this needs, which"
                " can be one or two more than their intervals support."
            ),
            soft=True,
        )


def _work(words: Language, report: Report, most: int) -> Iterator[Block]:
    if report.work:
        yield work_table(words, report.work, most=most)
        yield Paragraph(
            words.say(
                "Divided by processor time, among the workloads of machines that list them. Making"
                " is not divided: a machine is made once, whoever uses it."
            ),
            soft=True,
        )


def _money(words: Language, report: Report, _most: int) -> Iterator[Block]:
    rows = organisation.cost_facts(words, report)
    if rows:
        yield FactList(tuple(rows))


def _ledger(words: Language, report: Report, _most: int) -> Iterator[Block]:
    if report.ledger:
        yield organisation.ledger_table(words, report.ledger)
        yield Paragraph(
            words.say(
                "Each device is charged its making exactly once: by the day over its life, the rest"
                " when it is disposed of, nothing after."
            ),
            soft=True,
        )


def _services(words: Language, report: Report, _most: int) -> Iterator[Block]:
    if report.services:
        yield organisation.service_table(words, report)
        hint = organisation.services_hint(words, report)
        if hint:
            yield Paragraph(hint, soft=True)


def _indicators(words: Language, report: Report, _most: int) -> Iterator[Block]:
    texts = {s.goal.id: s.goal.text.of(words.tongue) for s in report.standings}
    items: list[Item] = []
    for indicator in report.indicators:
        name, meaning = wording.indicator(words, indicator)
        goals = tuple(
            words.say("Serves: {goal}", goal=texts[g]) for g in indicator.goals if g in texts
        )
        if isinstance(indicator.figure, Missing):
            why = indicator.figure.because.title(words)
            items.append(Item(name, meaning, words.say("Unknown"), why, goals, code=indicator.id))
            continue
        shown = show(words, indicator.figure)
        between = shown.between(words)
        items.append(
            Item(name, meaning, shown.text, between, goals, figure=shown, code=indicator.id)
        )
    yield Items(tuple(items), "gauges")


def _actions(words: Language, report: Report, _most: int) -> Iterator[Block]:
    items = tuple(action_items(words, report))
    if items:
        yield Items(items)


def _outcomes(words: Language, report: Report, _most: int) -> Iterator[Block]:
    items = tuple(outcome_items(words, report))
    if items:
        yield Items(items)


def _signed(words: Language, report: Report, _most: int) -> Iterator[Block]:
    lines = organisation.signature_lines(words, report)
    if lines:
        yield Bullets(tuple(lines))


SECTIONS: tuple[tuple[str, SectionTitle, SectionBlocks], ...] = (
    ("short", lambda words: words.say("In short"), opening),
    ("changes", lambda words: words.say("What changed, and why"), _changes),
    ("goals", lambda words: words.say("Against the goals"), _goals),
    ("warnings", lambda words: words.say("Warnings"), _warnings),
    ("power", lambda words: words.say("Power over time"), _power),
    ("week", lambda words: words.say("The hours of a week"), _week),
    ("where", lambda words: words.say("Where it goes"), _where),
    ("work", lambda words: words.say("Workloads"), _work),
    ("money", lambda words: words.say("What the electricity costs"), _money),
    ("ledger", lambda words: words.say("The carbon of making, as a ledger"), _ledger),
    ("services", lambda words: words.say("Digital services"), _services),
    ("indicators", lambda words: words.say("How sober it is"), _indicators),
    ("actions", lambda words: words.say("What could be done"), _actions),
    ("outcomes", lambda words: words.say("What became of it"), _outcomes),
    ("how", lambda words: words.say("How it was computed"), how),
    ("signed", lambda words: words.say("Signatures"), _signed),
)
"""Its id, its heading, its blocks. A section without blocks is left out."""
