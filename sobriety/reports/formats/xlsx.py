"""A document as a workbook: real numbers, formulas where a reader checks a sum, charts drawn."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sobriety.core.errors import MissingExtra
from sobriety.core.text import Tongue

from ..language.language import Language
from ..language.quantities import Shown
from ..model.report import Report
from ..views.blocks import (
    Block,
    Bullets,
    Document,
    FactList,
    Items,
    Paragraph,
    ReportSection,
    StepChart,
    Subheading,
    Table,
    TableCell,
    WeekMap,
)
from ..views.document import as_document
from .csv import COLUMNS, figures_of
from .json import as_json
from .plot import plot

_WIDE, _NARROW, _NOTES = 44, 15, 60
_MOST_ROWS = 100_000
_LINE_PX = 20
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def as_xlsx(report: Report, language: Tongue | None = None) -> bytes:
    """The whole workbook. Raises MissingExtra without xlsxwriter or matplotlib."""
    try:
        import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
    except ImportError:
        raise MissingExtra("xlsxwriter", "report") from None
    out = io.BytesIO()
    # Texts stay texts: no machine's name becomes a formula or a link.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    words = Language(language or report.language)
    document = as_document(report, words.tongue, most=_MOST_ROWS)
    workbook: Any = xlsxwriter.Workbook
    with workbook(out, options) as book:
        made_at = report.made_at.replace(tzinfo=None)
        book.set_properties(
            {"title": document.title, "author": document.author, "created": made_at}
        )
        for number, section in enumerate(document.sections):
            sheet = _Sheet(book, section.heading, words)
            if number == 0:
                sheet.opening(document)
            sheet.section(section)
        _raw(book, words.say("All figures"), as_json(report, words.tongue))
    return out.getvalue()


class _Sheet:
    """A sheet that fills from top to bottom, a block below the other."""

    def __init__(self, book: Any, name: str, words: Language) -> None:
        self._sheet: Any = book.add_worksheet(_sheet_name(name))
        self._book, self._words, self._row = book, words, 0
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._bold = book.add_format({"bold": True})
        self._sum = book.add_format({"bold": True, "top": 1})
        self._formats: dict[tuple[str, bool], Any] = {}
        for i, width in enumerate((_WIDE, *[_NARROW] * 4, _NOTES, _NOTES)):
            self._sheet.set_column(i, i, width)

    def opening(self, document: Document) -> None:
        """The title of the whole, above the first section."""
        self._line([document.title], self._title)
        self._line([f"{document.when} · {document.observed} · {document.status}"])
        self._line([document.made_of or document.lead])
        self._row += 1

    def section(self, section: ReportSection) -> None:
        """Its blocks; a section of one table has its head frozen."""
        for block in section.blocks:
            self._block(block)
            self._row += 1

    def _block(self, block: Block) -> None:
        if isinstance(block, Subheading):
            self._line([block.text], self._title)
        elif isinstance(block, Paragraph):
            self._line([block.text])
        elif isinstance(block, FactList):
            self._facts(block)
        elif isinstance(block, Items):
            self._items(block)
        elif isinstance(block, Bullets):
            for number, line in enumerate(block.rows, 1):
                self._line([f"{number}. {line}" if block.numbered else line])
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, WeekMap):
            self._image(plot(block, "png"))
            self._week(block)
        else:
            self._image(plot(block, "png"))
            if isinstance(block, StepChart):
                self._table(block.table)

    def _facts(self, facts: FactList) -> None:
        say = self._words.say
        heads = [facts.title or say("Figure"), say("Value"), say("Low"), say("High"), say("Unit")]
        self._line(heads, self._head)
        for fact in facts.rows:
            self._sheet.write_string(self._row, 0, fact.name)
            if fact.figure:
                self._bounds(1, fact.figure)
            else:
                self._sheet.write_string(self._row, 1, fact.text)
            self._sheet.write_string(self._row, 5, ", ".join(filter(None, (fact.share, fact.note))))
            self._row += 1

    def _items(self, items: Items) -> None:
        for item in items.rows:
            self._sheet.write_string(self._row, 0, item.title, self._bold)
            if item.figure:
                self._bounds(1, item.figure)
            texts = (item.value, item.between, item.text)
            self._sheet.write_string(self._row, 5, " · ".join(filter(None, texts)))
            notes = " · ".join(filter(None, (*item.notes, item.next)))
            self._sheet.write_string(self._row, 6, notes)
            self._row += 1

    def _bounds(self, column: int, figure: Shown) -> None:
        """Value, low and high, then their unit. A share is a share of one."""
        size = 100.0 if figure.value.endswith("%") else 1.0
        texts = (figure.value, figure.low, figure.high)
        for i, (number, text) in enumerate(zip(figure.in_unit, texts, strict=True), column):
            self._sheet.write_number(self._row, i, number / size, self._format(text))
        self._sheet.write_string(self._row, column + 3, figure.unit)

    def _table(self, table: Table) -> None:
        self._line([table.caption], self._bold)
        self._line([column.head for column in table.columns], self._head)
        first = self._row + 1
        for row in table.rows:
            for i, cell in enumerate(row):
                self._cell(i, cell)
            self._row += 1
        for i, cell in enumerate(table.total):
            if table.columns[i].sums and cell.value is not None:
                letter = _LETTERS[i]
                formula = f"=SUM({letter}{first}:{letter}{self._row})"
                style = self._format(cell.text, is_sum=True)
                self._sheet.write_formula(self._row, i, formula, style, cell.value)
            else:
                self._cell(i, cell, is_sum=True)
        self._row += 1 if table.total else 0

    def _cell(self, column: int, cell: TableCell, *, is_sum: bool = False) -> None:
        if cell.value is None:
            style = self._sum if is_sum else None
            self._sheet.write_string(self._row, column, cell.text, style)
        else:
            style = self._format(cell.text, is_sum=is_sum)
            self._sheet.write_number(self._row, column, cell.value, style)

    def _week(self, week: WeekMap) -> None:
        """An hour a line, as wide as seven days."""
        self._line([week.caption], self._bold)
        self._line([week.head, *(name for name, _ in week.days)], self._head)
        for hour in range(24):
            self._sheet.write_number(self._row, 0, hour)
            for i, (_, hours) in enumerate(week.days, 1):
                self._cell(i, hours[hour][1])
            self._row += 1

    def _image(self, png: bytes) -> None:
        options = {"image_data": io.BytesIO(png), "object_position": 2}
        scale = {"x_scale": 0.9, "y_scale": 0.9}
        self._sheet.insert_image(self._row, 0, "chart.png", options | scale)
        height_px = int.from_bytes(png[20:24], "big") * 0.9 * 96 / 160
        self._row += int(height_px / _LINE_PX) + 1

    def _line(self, texts: Sequence[str], style: Any = None) -> None:
        for i, text in enumerate(texts):
            self._sheet.write_string(self._row, i, text, style)
        self._row += 1

    def _format(self, text: str, *, is_sum: bool = False) -> Any:
        """A number as it is printed elsewhere: so many decimals, a sign of percent."""
        mark = "." if self._words.tongue == "en" else ","
        decimals = re.search(re.escape(mark) + r"(\d+)", text)
        places = len(decimals[1]) if decimals else 0
        pattern = "#,##0" + ("." + "0" * places if places else "") + ("%" if "%" in text else "")
        key = (pattern, is_sum)
        if key not in self._formats:
            style = {"num_format": pattern} | ({"bold": True, "top": 1} if is_sum else {})
            self._formats[key] = self._book.add_format(style)
        return self._formats[key]


def _raw(book: Any, name: str, content: Mapping[str, Any]) -> None:
    """Every figure of the JSON by its path, unrounded."""
    sheet = book.add_worksheet(_sheet_name(name))
    sheet.freeze_panes(1, 1)
    for i, width in enumerate((_WIDE, *[_NARROW] * 5, _NOTES, _NOTES, 30)):
        sheet.set_column(i, i, width)
    head = book.add_format({"bold": True, "bottom": 1})
    for i, column in enumerate(COLUMNS):
        sheet.write_string(0, i, column, head)
    for i, (path, figure) in enumerate(figures_of(content), 1):
        sheet.write_string(i, 0, path)
        if "missing" in figure:
            sheet.write_string(i, 8, figure["missing"])
            continue
        for j, key in enumerate(("value", "low", "high"), 1):
            sheet.write_number(i, j, figure[key])
        for j, key in enumerate(("unit", "basis", "method"), 4):
            sheet.write_string(i, j, str(figure[key]))
        sheet.write_string(i, 7, "; ".join(figure["sources"]))


def _sheet_name(text: str) -> str:
    """Without what spreadsheets refuse in a name, and not longer than they allow."""
    return "".join(c for c in text if c not in "[]:*?/\\'")[:31]
