"""The report as Markdown, for a wiki, a ticket or a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sobriety.core.text import Tongue

from ..model.report import Report
from .blocks import Block, Curve, Facts, Grid, Items, Paragraph
from .document import as_document

_SIGNS = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#~"})


def as_markdown(report: Report, language: Tongue | None = None) -> str:
    """The whole of it, in the report's language or another."""
    document = as_document(report, language)
    lines = [f"# {_plain(document.title)}", "", f"{_plain(document.subtitle)} · {document.status}"]
    lines += ["", f"**{_plain(document.lead)}**"]
    for section in document.sections:
        lines += ["", f"## {_plain(section.heading)}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join([*lines, "", "---", "", _plain(document.footer), ""])


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield _plain(block.text)
    elif isinstance(block, Facts):
        for name, value, note in block.rows:
            yield f"- {_plain(name)}: **{_plain(value)}**" + (f", {_plain(note)}" if note else "")
    elif isinstance(block, Items):
        for title, text, note in block.rows:
            yield f"- **{_plain(title)}**: {_plain(text)}" + (f" *{_plain(note)}*" if note else "")
    elif isinstance(block, Grid):
        yield f"**{_plain(block.caption)}**"
        yield ""
        yield _row(block.head)
        yield "|" + "|".join(" ---: " if right else " --- " for right in block.numeric) + "|"
        for row in block.rows:
            yield _row(row)
        if block.total:
            yield _row([f"**{_plain(cell)}**" if cell else "" for cell in block.total], plain=False)
    else:
        yield from _curve(block)


def _curve(curve: Curve) -> Iterator[str]:
    values = [value for _, value, _, _ in curve.points]
    yield f"{_plain(curve.says)}: {min(values):.3g} – {max(values):.3g} {curve.unit}"


def _row(cells: Sequence[str], *, plain: bool = True) -> str:
    return "| " + " | ".join(_plain(cell) if plain else cell for cell in cells) + " |"


def _plain(text: str) -> str:
    """Nobody's name is markup."""
    return " ".join(text.translate(_SIGNS).split("\n"))
