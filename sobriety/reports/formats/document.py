"""The report as a document: headings and blocks. Renderers know these and no report."""

from __future__ import annotations

from dataclasses import dataclass

from sobriety.core import __version__
from sobriety.core.text import Tongue

from ..language.language import Language
from ..model.report import Report
from ..views import sentences as wording
from ..views.opening import lead
from .blocks import Block
from .sections import SECTIONS


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    kicker: str
    title: str
    subtitle: str
    status: str
    lead: str
    tag: str
    sections: tuple[Section, ...]
    footer: str


def as_document(report: Report, language: Tongue | None = None) -> Document:
    """In the report's language or another; sections without anything are left out."""
    words = Language(language or report.language)
    sections = ((heading(words), tuple(part(words, report))) for heading, part in SECTIONS)
    footer = words.say(
        "On {moment}, made by sobriety {version}. The same figures exist as JSON.",
        version=__version__, moment=words.moment(report.made_at),
    )  # fmt: skip
    return Document(
        words.say("Digital sobriety report"),
        wording.title(words, report),
        f"{wording.period(words, report.period)} · {wording.observed(words, report)}",
        wording.status(words, report.status),
        lead(words, report),
        words.tag,
        tuple(Section(heading, blocks) for heading, blocks in sections if blocks),
        footer,
    )
