"""Every figure of a report's views is in every format that can hold it, in both languages."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator

import openpyxl
import pytest
from pypdf import PdfReader

from sobriety.core.text import Tongue
from sobriety.reports import Report, as_html, as_markdown, as_pdf, as_text, as_xlsx
from sobriety.reports.views.blocks import (
    Block,
    Bullets,
    Document,
    FactList,
    Items,
    Paragraph,
    StepChart,
    Subheading,
    Table,
    TableCell,
    WeekMap,
)
from sobriety.reports.views.document import as_document

TONGUES: tuple[Tongue, ...] = ("en", "fr")


def blocks(document: Document) -> Iterator[Block]:
    for section in document.sections:
        yield from section.blocks


def cells(block: Block) -> Iterator[TableCell]:
    if isinstance(block, Table):
        for row in (*block.rows, *((block.total,) if block.total else ())):
            yield from row
    elif isinstance(block, WeekMap):
        for _, hours in block.days:
            yield from (cell for _, cell in hours)


def texts(document: Document) -> set[str]:
    """Everything printed that has a digit."""
    said = {document.title, document.when, document.observed, document.lead, document.footer}
    for block in blocks(document):
        said |= {cell.text for cell in cells(block)}
        if isinstance(block, FactList):
            said |= {text for fact in block.rows for text in (fact.text, fact.note, fact.share)}
        elif isinstance(block, Items):
            for item in block.rows:
                said |= {item.value, item.between, item.text, item.next, *item.notes}
        elif isinstance(block, Paragraph | Subheading):
            said.add(block.text)
        elif isinstance(block, Bullets):
            said |= set(block.rows)
    return {text for text in said if re.search(r"\d", text)}


def plain(text: str) -> str:
    """Without what formats do to spaces and line ends."""
    return re.sub(r"[\s\u00a0\u00ad\u202f]+", "", text)


def missing(document: Document, whole: str) -> set[str]:
    said = plain(whole)
    return {text for text in texts(document) if plain(text) not in said}


@pytest.mark.parametrize("tongue", TONGUES)
def test_the_page_has_every_figure(report: Report, tongue: Tongue) -> None:
    document = as_document(report, tongue)
    page = html.unescape(re.sub(r"<[^>]+>", "", as_html(report, tongue)))
    assert missing(document, page) == set()
    charts = [b.table for b in blocks(document) if isinstance(b, StepChart)]
    points = {cell.text for table in charts for cell in cells(table)}
    assert {text for text in points if plain(text) not in plain(page)} == set()


@pytest.mark.parametrize("tongue", TONGUES)
def test_paper_has_every_figure(report: Report, tongue: Tongue) -> None:
    pdf = PdfReader(io.BytesIO(as_pdf(report, tongue)))
    whole = " ".join(page.extract_text() for page in pdf.pages)
    # Where a page ends, a cell of many words goes on behind its neighbors.
    said = plain(whole).replace("-", "")
    for text in missing(as_document(report, tongue), whole):
        assert {word for word in text.split() if plain(word).replace("-", "") not in said} == set()


@pytest.mark.parametrize("tongue", TONGUES)
def test_markdown_has_every_figure(report: Report, tongue: Tongue) -> None:
    markdown = re.sub(r"\\(.)", r"\1", as_markdown(report, tongue)).replace("*", "")
    whole = plain(markdown)
    left = missing(as_document(report, tongue), whole)
    assert {t for t in left if plain(t).rstrip(".").replace("*", "") not in whole} == set()


@pytest.mark.parametrize("tongue", TONGUES)
def test_a_workbook_has_every_figure_as_a_number(report: Report, tongue: Tongue) -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report, tongue)), data_only=True)
    values = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    numbers = sorted(float(v) for v in values if isinstance(v, int | float))
    whole = plain(" ".join(str(v) for v in values if isinstance(v, str)))
    document = as_document(report, tongue)
    held = {f"{number:.9g}" for number in numbers}
    for block in blocks(document):
        inner = block.table if isinstance(block, StepChart) else block
        for cell in cells(inner):
            if cell.value is None:
                assert plain(cell.text) in whole
            elif not isinstance(block, Table) or len(block.rows) < 20:  # it has all of them
                assert f"{cell.value:.9g}" in held, cell
        figures = block.rows if isinstance(block, FactList | Items) else ()
        for row in figures:
            for number in row.figure.in_unit if row.figure else ():
                assert f"{number:.9g}" in held or f"{number / 100:.9g}" in held, row


@pytest.mark.parametrize("tongue", TONGUES)
def test_a_terminal_has_the_opening(report: Report, tongue: Tongue) -> None:
    document = as_document(report, tongue)
    text = plain(as_text(report, tongue, width=500))
    opening = [b for b in document.sections[0].blocks if isinstance(b, FactList)]
    assert len(opening) >= 3
    for fact in (fact for facts in opening for fact in facts.rows):
        assert plain(f"{fact.text}{fact.note}") in text
    assert plain(document.lead) in text
    for block in blocks(document):
        if isinstance(block, Items) and block.id == "warnings":
            assert all(plain(item.next) in text for item in block.rows)
