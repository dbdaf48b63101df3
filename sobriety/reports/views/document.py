"""The report as a document: an opening, sections of blocks, a footer."""

from __future__ import annotations

from collections.abc import Iterator

from sobriety.core import __version__
from sobriety.core.text import Tongue

from ..language.language import Language
from ..model.report import Report
from . import sentences as wording
from .blocks import BarChart, Chart, Document, LineChart, ReportSection, StepChart, WeekMap
from .opening import lead
from .sections import SECTIONS

TABLE_ROWS = 20
"""Rows of a table that people read; the smallest beyond them become one."""


def as_document(
    report: Report, language: Tongue | None = None, *, most: int = TABLE_ROWS
) -> Document:
    """Make the views of a report, in its language or another. Empty sections are left out.

    most   rows of a breakdown; the smallest beyond them become one
    """
    words = Language(language or report.language)
    one = wording.of_one_machine(report)
    sections = (
        ReportSection(id_, heading(words), tuple(part(words, report, most)))
        for id_, heading, part in SECTIONS
    )
    return Document(
        kicker=words.say("Digital sobriety report"),
        title=wording.title(words, report),
        when=wording.period(words, report.period),
        observed=wording.observed(words, report),
        made_of=wording.machine(words, report.machines[0]) if one else "",
        status=wording.status(words, report.status),
        lead=lead(words, report),
        tag=words.tag,
        author=report.organisation or "sobriety",
        sections=tuple(section for section in sections if section.blocks),
        footer=words.say(
            "On {moment}, made by sobriety {version}. The same figures exist as JSON.",
            version=__version__, moment=words.moment(report.made_at),
        ),
    )  # fmt: skip


def charts(document: Document) -> Iterator[Chart]:
    """The document's charts, in its order."""
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, StepChart | BarChart | LineChart | WeekMap):
                yield block
