"""A document as Markdown, for a wiki, a ticket or a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sobriety.core.text import Tongue

from ..model.report import Report
from ..views.blocks import (
    Block,
    Bullets,
    FactList,
    Items,
    Paragraph,
    ReportSection,
    Subheading,
    Table,
    WeekMap,
)
from ..views.document import as_document

_SIGNS = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#~"})


def as_markdown(report: Report, language: Tongue | None = None) -> str:
    """The whole of it, in the report's language or another."""
    document = as_document(report, language)
    subtitle = " · ".join((_plain(document.when), _plain(document.observed), document.status))
    lines = [f"# {_plain(document.title)}", "", subtitle]
    lines += [f"\n{_plain(document.made_of)}"] if document.made_of else []
    lines += ["", f"**{_plain(document.lead)}**"]
    for section in document.sections:
        lines += _section(section)
    return "\n".join([*lines, "", "---", "", _plain(document.footer), ""])


def _section(section: ReportSection) -> Iterator[str]:
    yield ""
    yield f"## {_plain(section.heading)}"
    for block in section.blocks:
        yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Subheading):
        yield f"### {_plain(block.text)}"
    elif isinstance(block, Paragraph):
        yield _plain(block.text)
    elif isinstance(block, FactList):
        yield from _facts(block)
    elif isinstance(block, Items):
        yield from _items(block)
    elif isinstance(block, Bullets):
        if block.folded:
            yield f"**{_plain(block.folded)}**"
            yield ""
        for number, line in enumerate(block.rows, 1):
            yield (f"{number}. " if block.numbered else "- ") + _plain(line)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, WeekMap):
        yield from _week(block)
    else:
        yield f"*{_plain(block.title)}: {_plain(block.alt)}*"


def _facts(facts: FactList) -> Iterator[str]:
    if facts.title:
        yield f"**{_plain(facts.title)}**"
        yield ""
    for row in facts.rows:
        told = ", ".join(_plain(x) for x in (row.share, row.note) if x)
        yield f"- {_plain(row.name)}: **{_plain(row.text)}**" + (f", {told}" if told else "")


def _items(items: Items) -> Iterator[str]:
    for item in items.rows:
        value = f" **{_plain(item.value)}**" if item.value else ""
        rest = ". ".join(_plain(x).rstrip(".") for x in (item.between, item.text) if x)
        notes = " · ".join(_plain(note) for note in item.notes)
        line = f"- {_plain(item.title)}:{value}" + (f" {rest}." if rest else "")
        line += f" {notes}" if notes else ""
        yield line + (f" → *{_plain(item.next)}*" if item.next else "")


def _table(table: Table) -> Iterator[str]:
    yield f"**{_plain(table.caption)}**"
    yield ""
    yield _row([column.head for column in table.columns])
    yield "|" + "|".join(" ---: " if c.numeric else " --- " for c in table.columns) + "|"
    for row in table.rows:
        yield _row([cell.text for cell in row])
    if table.total:
        bold = [f"**{_plain(cell.text)}**" if cell.text else "" for cell in table.total]
        yield _row(bold, plain=False)


def _week(week: WeekMap) -> Iterator[str]:
    """An hour a line: a page is seldom wide enough for 24 columns."""
    yield f"**{_plain(week.caption)}**"
    yield ""
    yield _row(["", *(name for name, _ in week.days)])
    yield "|" + " ---: |" * (1 + len(week.days))
    for hour in range(24):
        yield _row([str(hour), *(hours[hour][1].text for _, hours in week.days)])


def _row(cells: Sequence[str], *, plain: bool = True) -> str:
    return "| " + " | ".join(_plain(cell) if plain else cell for cell in cells) + " |"


def _plain(text: str) -> str:
    """Nobody's name is markup."""
    return " ".join(text.translate(_SIGNS).split("\n"))
