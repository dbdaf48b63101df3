"""The report as a workbook: real numbers, and formulas where a reader would want to check a sum."""

from __future__ import annotations

import io
from typing import Any

from sobriety.core.errors import MissingExtra
from sobriety.core.text import Tongue
from sobriety.core.units import J_PER_KWH

from ..language.language import Language
from ..language.methods import method
from ..model.report import Dimension, Missing, Report, Slice
from ..views import changes, organisation
from ..views import sentences as wording
from .csv import COLUMNS, figures_of
from .json import as_json

_WIDE, _NARROW = 44, 15


def as_xlsx(report: Report, language: Tongue | None = None) -> bytes:
    """The whole workbook. Raises MissingExtra without xlsxwriter."""
    try:
        import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
    except ImportError:
        raise MissingExtra("xlsxwriter", "report") from None
    out = io.BytesIO()
    # Texts stay texts: no machine's name becomes a formula or a link.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    words = Language(language or report.language)
    workbook: Any = xlsxwriter.Workbook
    with workbook(out, options) as book:
        book.set_properties(
            {"title": wording.title(words, report), "author": report.organisation or "sobriety"}
        )
        sheets = _Sheets(book, words)
        sheets.summary(report)
        for dimension, parts in report.breakdown.items():
            if any(p.name for p in parts):
                sheets.breakdown(report, dimension, parts)
        sheets.changes(report)
        sheets.figures(report)
    return out.getvalue()


class _Sheets:
    """A workbook's sheets, in one language."""

    def __init__(self, book: Any, words: Language) -> None:
        self._book, self._words = book, words
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._number = book.add_format({"num_format": "#,##0.000"})
        self._sum = book.add_format({"num_format": "#,##0.000", "bold": True, "top": 1})
        self._bold = book.add_format({"bold": True, "top": 1})
        self._wrap = book.add_format({"text_wrap": True, "valign": "top"})

    def summary(self, report: Report) -> None:
        """The totals with their intervals, in units that people know."""
        say = self._words.say
        sheet = self._sheet(say("In short"), 2, (_WIDE, *[_NARROW] * 4, 60))
        sheet.write(0, 0, wording.title(self._words, report), self._title)
        sheet.write(1, 0, f"{wording.period(self._words, report.period)} · "
                          f"{wording.status(self._words, report.status)}")  # fmt: skip
        self._row(sheet, 3, [say("Figure"), say("Unit"), say("Value"), say("Low"), say("High"),
                             say("Method")], self._head)  # fmt: skip
        totals = report.totals
        mass = say("{mass} CO₂e", mass="kg")
        figures: list[tuple[str, str, float, Any]] = [
            (say("Energy"), "kWh", J_PER_KWH, totals.energy_j),
            (say("Use"), mass, 1.0, totals.use_co2e_kg),
            (say("Making"), mass, 1.0, totals.embodied_share_kg),
            (say("Together"), mass, 1.0, totals.total_co2e_kg),
        ]
        figures += [
            (say("Cost of electricity"), c.currency, 1.0, c.cost_money) for c in report.costs
        ]
        if report.market:
            name = say("Use by contract (market-based), apart")
            figures.append((name, mass, 1.0, report.market.use_co2e_kg))
        for i, (name, unit, size, figure) in enumerate(figures, 4):
            if isinstance(figure, Missing):
                self._row(sheet, i, [name, unit, say("unknown")])
                continue
            self._row(sheet, i, [name, unit])
            for j, value in enumerate((figure.value, figure.low, figure.high), 2):
                sheet.write_number(i, j, value / size, self._number)
            if name == say("Together"):
                sheet.write_formula(i, 2, "=SUM(C6:C7)", self._number, figure.value)
            told = method(self._words, figure.method)
            sheet.write_string(i, 5, told, self._wrap)

    def breakdown(self, report: Report, dimension: Dimension, parts: tuple[Slice, ...]) -> None:
        """Parts with their sums as formulas, beside the report's own totals."""
        say = self._words.say
        caption, head = organisation.dimension_words(self._words, dimension)
        sheet = self._sheet(caption, 1, (_WIDE, *[_NARROW] * 5))
        self._row(sheet, 0, [head, say("Machines"), "kWh", say("Making, {unit}", unit="kg"),
                             say("Use, {unit}", unit="kg"), say("Together, {unit}", unit="kg")],
                  self._head)  # fmt: skip
        for i, part in enumerate(parts, 1):
            name = organisation.slice_name(self._words, report, dimension, part.name)
            sheet.write_string(i, 0, name)
            sheet.write_number(i, 1, part.machines)
            for j, value in enumerate(_amounts(part), 2):
                if value is not None:
                    sheet.write_number(i, j, value, self._number)
        last = len(parts)
        sheet.write_string(last + 1, 0, say("Together"), self._bold)
        sums = [float(sum(p.machines for p in parts))]
        sums += [sum(value or 0.0 for value in column) for column in zip(*map(_amounts, parts),
                                                                       strict=True)]  # fmt: skip
        for j, value in enumerate(sums, 1):
            letter = "ABCDEF"[j]
            formula = f"=SUM({letter}2:{letter}{last + 1})"
            sheet.write_formula(last + 1, j, formula, self._bold if j == 1 else self._sum, value)

    def changes(self, report: Report) -> None:
        """The bridges in grams: the first line and the causes give the last by a formula."""
        told = [c for c in report.comparisons if c.change]
        if not told:
            return
        say = self._words.say
        sheet = self._sheet(say("What changed, and why"), 0, (_WIDE, 20, 70))
        row = 0
        for comparison in told:
            change = comparison.change
            assert change
            title = wording.period(self._words, comparison.period)
            self._row(sheet, row, [title, "g", say("What it means")], self._head)
            first = row + 1
            sheet.write_string(first, 0, say("Then"))
            sheet.write_number(first, 1, change.before_ug / 1e6, self._number)
            row = first + 1
            for cause, part_ug in change.parts.items():
                name, meaning = changes.cause_words(self._words, cause)
                sheet.write_string(row, 0, name)
                sheet.write_number(row, 1, part_ug / 1e6, self._number)
                sheet.write_string(row, 2, meaning)
                row += 1
            sheet.write_string(row, 0, say("Now"), self._bold)
            sheet.write_formula(
                row, 1, f"=SUM(B{first + 1}:B{row})", self._sum, change.after_ug / 1e6
            )
            row += 2

    def figures(self, report: Report) -> None:
        """Every figure as in the JSON, by its path."""
        sheet = self._sheet(self._words.say("Figures"), 1, (_WIDE, *[_NARROW] * 5, 60, 60, 30))
        self._row(sheet, 0, list(COLUMNS), self._head)
        told = as_json(report, self._words.tongue)
        for i, (figure, found) in enumerate(figures_of(told), 1):
            sheet.write_string(i, 0, figure)
            if "missing" in found:
                sheet.write_string(i, 8, found["missing"])
                continue
            for j, name in enumerate(("value", "low", "high"), 1):
                sheet.write_number(i, j, found[name])
            for j, name in enumerate(("unit", "basis", "method"), 4):
                sheet.write_string(i, j, str(found[name]))
            sheet.write_string(i, 7, "; ".join(found["sources"]))

    def _sheet(self, name: str, frozen: int, widths: tuple[int, ...]) -> Any:
        sheet = self._book.add_worksheet(_sheet_name(name))
        if frozen:
            sheet.freeze_panes(frozen, 1)
        for i, width in enumerate(widths):
            sheet.set_column(i, i, width)
        return sheet

    def _row(self, sheet: Any, row: int, texts: list[str], style: Any = None) -> None:
        for j, text in enumerate(texts):
            sheet.write_string(row, j, text, style)


def _amounts(part: Slice) -> tuple[float | None, ...]:
    footprint = part.footprint
    use, both = footprint.use_co2e_kg, footprint.total_co2e_kg
    return (
        footprint.energy_j.value / J_PER_KWH,
        footprint.embodied_share_kg.value,
        None if isinstance(use, Missing) else use.value,
        None if isinstance(both, Missing) else both.value,
    )


def _sheet_name(text: str) -> str:
    """Without what spreadsheets refuse in a name, and not longer than they allow."""
    return "".join(c for c in text if c not in "[]:*?/\\'")[:31]
