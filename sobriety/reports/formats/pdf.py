"""Prints a document as PDF/UA-1, tagged for screen readers; set by Typst."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from sobriety.core.errors import MissingExtra
from sobriety.core.text import Tongue

from ..model.report import Report
from ..views.blocks import (
    BarChart,
    Block,
    Bullets,
    Document,
    Fact,
    FactList,
    Item,
    Items,
    LineChart,
    Paragraph,
    StepChart,
    Subheading,
    Table,
    WeekMap,
)
from ..views.document import as_document
from .plot import SHADES, plot

_LONG = 26
"""Cells of more letters than this need a column that gives way."""


def as_pdf(report: Report, language: Tongue | None = None, *, paper: str = "us-letter") -> bytes:
    """The whole of it. Raises MissingExtra without typst or matplotlib."""
    try:
        import typst
    except ImportError:
        raise MissingExtra("typst", "report") from None
    # The data travel as a file and are never set as markup, whatever a machine is called.
    sources: Any = _sources(as_document(report, language), paper)
    pdf: bytes = typst.compile(
        sources,
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
    )
    return pdf


def _sources(document: Document, paper: str) -> dict[str, bytes]:
    """Everything that Typst reads: the template, the texts, the drawn charts."""
    template = files("sobriety.reports.formats").joinpath("templates", "report.typ").read_bytes()
    drawn: dict[str, bytes] = {}
    data = json.dumps(_data(document, paper, drawn)).encode()
    return {"main.typ": template, "document.json": data, **drawn}


def _data(document: Document, paper: str, drawn: dict[str, bytes]) -> dict[str, Any]:
    lang, _, region = document.tag.partition("-")
    return {
        "title": document.title, "subtitle": f"{document.when} · {document.observed}",
        "made_of": document.made_of, "kicker": document.kicker, "status": document.status,
        "lead": document.lead, "footer": document.footer, "author": document.author,
        "lang": lang, "region": region, "paper": paper, "shades": SHADES,
        "sections": [
            {"heading": s.heading, "blocks": [_block(b, drawn) for b in s.blocks]}
            for s in document.sections
        ],
    }  # fmt: skip


def _block(block: Block, drawn: dict[str, bytes]) -> dict[str, Any]:
    if isinstance(block, Subheading):
        return {"kind": "subheading", "text": block.text}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "soft": block.soft,
                "english": block.english}  # fmt: skip
    if isinstance(block, FactList):
        return {"kind": "facts", "title": block.title, "rows": [_fact(f) for f in block.rows]}
    if isinstance(block, Items):
        return {"kind": "items", "brief": block.id == "brief",
                "rows": [_item(i) for i in block.rows]}  # fmt: skip
    if isinstance(block, Bullets):
        return {"kind": "bullets", "rows": block.rows, "numbered": block.numbered,
                "english": block.english, "title": block.folded}  # fmt: skip
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, WeekMap):
        return _week(block)
    return _chart(block, drawn)


def _fact(fact: Fact) -> tuple[str, str, str]:
    return fact.name, fact.text, ", ".join(x for x in (fact.share, fact.note) if x)


def _item(item: Item) -> dict[str, Any]:
    return {"title": item.title, "value": item.value, "between": item.between, "text": item.text,
            "notes": item.notes, "next": item.next}  # fmt: skip


def _table(table: Table) -> dict[str, Any]:
    lines = [[c.head for c in table.columns], *([c.text for c in row] for row in table.rows)]
    longest = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    widths = ["1fr" if n > _LONG or i == 0 else "auto" for i, n in enumerate(longest)]
    return {
        "kind": "table", "caption": table.caption, "head": lines[0],
        "numeric": [c.numeric for c in table.columns], "widths": widths,
        "rows": [[(c.text, c.english) for c in row] for row in table.rows],
        "total": [c.text for c in table.total],
    }  # fmt: skip


def _week(week: WeekMap) -> dict[str, Any]:
    days = [(name, [(shade, cell.text) for shade, cell in hours]) for name, hours in week.days]
    return {"kind": "week", "caption": week.caption, "head": week.head, "days": days}


def _chart(chart: StepChart | BarChart | LineChart, drawn: dict[str, bytes]) -> dict[str, Any]:
    name = f"chart-{len(drawn)}.svg"
    drawn[name] = plot(chart, "svg", title=False)
    # The table beside a bar chart has the caption.
    says = "" if isinstance(chart, BarChart) else chart.alt
    return {"kind": "chart", "file": name, "alt": chart.alt, "says": says}
