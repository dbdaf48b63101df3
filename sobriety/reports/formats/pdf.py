"""The report on paper: PDF/UA-1, tagged for those who listen to it. Set by Typst."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from sobriety.core.errors import MissingExtra
from sobriety.core.text import Tongue

from ..model.report import Report
from .blocks import Block, Curve, Facts, Grid, Items, Paragraph
from .document import Document, as_document

_LONG = 26
"""Cells of more letters than this need a column that gives way."""


def as_pdf(report: Report, language: Tongue | None = None, *, paper: str = "us-letter") -> bytes:
    """The whole of it. Raises MissingExtra without typst."""
    try:
        import typst
    except ImportError:
        raise MissingExtra("typst", "report") from None
    document = as_document(report, language)
    template = files("sobriety.reports.formats").joinpath("templates", "report.typ").read_bytes()
    # The data travel as a file and are never set as markup, whatever a machine is called.
    told = json.dumps(_data(document, paper, report.organisation)).encode()
    sources: Any = {"main.typ": template, "document.json": told}
    pdf: bytes = typst.compile(
        sources,
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
    )
    return pdf


def _data(document: Document, paper: str, organisation: str | None) -> dict[str, Any]:
    lang, _, region = document.tag.partition("-")
    return {
        "title": document.title, "subtitle": document.subtitle, "kicker": document.kicker,
        "status": document.status, "lead": document.lead, "footer": document.footer,
        "author": organisation or "sobriety", "lang": lang, "region": region, "paper": paper,
        "sections": [
            {"heading": s.heading, "blocks": [_block(b) for b in s.blocks]}
            for s in document.sections
        ],
    }  # fmt: skip


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "soft": block.soft}
    if isinstance(block, Facts):
        return {"kind": "facts", "rows": block.rows}
    if isinstance(block, Items):
        return {"kind": "items", "rows": block.rows}
    if isinstance(block, Grid):
        return _grid(block)
    return _curve(block)


def _grid(grid: Grid) -> dict[str, Any]:
    columns = range(len(grid.head))
    longest = [max(len(row[i]) for row in (grid.head, *grid.rows)) for i in columns]
    widths = ["1fr" if n > _LONG or i == 0 else "auto" for i, n in enumerate(longest)]
    return {
        "kind": "grid", "caption": grid.caption, "head": grid.head, "numeric": grid.numeric,
        "rows": grid.rows, "total": grid.total, "widths": widths,
    }  # fmt: skip


def _curve(curve: Curve) -> dict[str, Any]:
    high = max(p[3] for p in curve.points)
    values = [p[1] for p in curve.points]
    return {
        "kind": "curve", "says": curve.says, "points": curve.points,
        "top": f"{high:.3g} {curve.unit}",
        "alt": f"{curve.says}: {min(values):.3g} – {max(values):.3g} {curve.unit}",
    }  # fmt: skip
