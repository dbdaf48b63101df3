"""A document's opening, indicators and warnings for a terminal: aligned, in any encoding."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from sobriety.core.text import Tongue

from ..language.language import NBSP
from ..model.report import Report
from ..views.blocks import Document, FactList, Item, Items
from ..views.document import as_document

_PLAIN = str.maketrans(
    {"’": "'", "–": "-", "·": "-", "₂": "2", "µ": "u", NBSP: " ", "«": '"', "»": '"', "×": "x",
     "÷": "/", "…": "...", "√": "sqrt ", "→": "->", "œ": "oe", "—": "-"}
)  # fmt: skip
_BOLD, _DIM, _OFF = "\033[1m", "\033[2m", "\033[0m"


def as_text(
    report: Report,
    language: Tongue | None = None,
    *,
    width: int = 80,
    colour: bool = False,
    ascii_only: bool = False,
) -> str:
    """The summary, no line longer than `width` where words allow it."""
    document = as_document(report, language)
    bold, dim, off = (_BOLD, _DIM, _OFF) if colour else ("", "", "")
    lines = [f"{bold}{document.title}{off}"]
    lines += _wrapped(f"{document.when}, {document.observed}", width)
    lines += _wrapped(document.made_of, width)
    lines += ["", *_wrapped(document.lead, width), ""]
    rows = list(_rows(document))
    name_width = max(len(name) for name, *_ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    for name, value, note in rows:
        lines.append(f"{name:<{name_width}}  {bold}{value:>{value_width}}{off}  {dim}{note}{off}")
    lines.append("")
    for warning in _items(document, "warnings"):
        lines += _wrapped(f"! {warning.title}. {warning.text}", width, "  ")
        lines += (f"{dim}{line}{off}" for line in _wrapped(f"  {warning.next}", width, "  "))
    text = "\n".join(line.rstrip() for line in lines).rstrip() + "\n"
    # A terminal breaks lines itself: a no-break space would only be copied with the text.
    text = text.replace(NBSP, " ")
    return _plain(text) if ascii_only else text


def _rows(document: Document) -> Iterator[tuple[str, str, str]]:
    """Names, values and what to know of them; a title has no value."""
    for block in document.sections[0].blocks:
        if isinstance(block, FactList):
            indent = "  " if block.id == "year" else ""
            if indent:
                yield block.title, "", ""
            for fact in block.rows:
                note = ", ".join(x for x in (fact.note, fact.share) if x)
                yield indent + fact.name, fact.text, note
    for indicator in _items(document, "gauges"):
        if indicator.figure and indicator.code != "embodied_ratio":
            yield indicator.title, indicator.value, indicator.between


def _items(document: Document, id_: str) -> Iterator[Item]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Items) and block.id == id_:
                yield from block.rows


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)


def _plain(text: str) -> str:
    """ASCII: accents dropped and signs spelled, so that no terminal fails on it."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return decomposed.encode("ascii", "ignore").decode("ascii")
