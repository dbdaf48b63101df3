"""Other formats say what the JSON says, and nobody's name does harm in any of them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import openpyxl
import pytest
from pypdf import PdfReader

from sobriety.core.estimate import Estimate
from sobriety.core.text import Tongue
from sobriety.reports import Report, as_csv, as_html, as_json, as_markdown, as_pdf, as_xlsx
from sobriety.reports.formats.csv import figures_of
from sobriety.reports.model.settings import Signature

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "#eval(1)",
    "<script>",
    "| a | b",
    "]] *x* `y`",
    "ا\u202eب",
    "n" * 300,
)


def test_csv_has_every_figure_unrounded(report: Report) -> None:
    figures = dict(figures_of(as_json(report)))
    rows = {
        row["figure"].removeprefix("'"): row for row in csv.DictReader(io.StringIO(as_csv(report)))
    }
    assert rows.keys() == figures.keys()
    for name, found in figures.items():
        if "missing" in found:
            assert rows[name]["missing"] == found["missing"] and rows[name]["value"] == ""
        else:
            assert float(rows[name]["value"]) == found["value"]


def test_every_figure_has_a_name_of_its_own(report: Report) -> None:
    names = [name for name, _ in figures_of(as_json(report))]
    assert len(names) == len(set(names))


def test_a_workbook_s_formulas_give_what_is_in_their_cells(reports: dict[str, Report]) -> None:
    data = io.BytesIO(as_xlsx(reports["organisation"]))
    formulas = openpyxl.load_workbook(data)
    data.seek(0)
    values = openpyxl.load_workbook(data, data_only=True)
    checked = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                found = re.fullmatch(r"=SUM\(([A-F])(\d+):[A-F](\d+)\)", str(cell.value))
                assert found, cell.value
                column, first, last = found[1], int(found[2]), int(found[3])
                parts = [
                    values[sheet.title][f"{column}{i}"].value or 0 for i in range(first, last + 1)
                ]
                told = values[sheet.title][cell.coordinate].value
                assert told == pytest.approx(sum(parts), rel=1e-9, abs=1e-9)
                checked += 1
    assert checked >= 20


def test_a_workbook_s_totals_are_the_report_s(reports: dict[str, Report]) -> None:
    report = reports["organisation"]
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(report, "en")), data_only=True)["In short"]
    rows = [[cell.value for cell in row[:5]] for row in sheet.iter_rows()]
    cells = {str(name): (value, unit) for name, value, _, _, unit in reversed(rows)}
    sizes = {"kWh": 3.6e6, "MWh": 3.6e9, "kg CO₂e": 1.0, "t CO₂e": 1000.0}
    both = report.totals.total_co2e_kg
    assert isinstance(both, Estimate)
    for name, expected in (("Energy", report.totals.energy_j.value), ("Together", both.value)):
        value, unit = cells[name]
        assert isinstance(value, float)
        assert value * sizes[str(unit).replace("\u00a0", " ")] == pytest.approx(expected)


@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_the_pdf_is_tagged_and_in_its_language(report: Report, tongue: Tongue) -> None:
    pdf = PdfReader(io.BytesIO(as_pdf(report, tongue)))
    catalog = pdf.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert catalog["/Lang"] == {"en": "en-CA", "fr": "fr-CA"}[tongue]  # type: ignore[index]
    assert b"pdfuaid" in catalog["/Metadata"].get_data()  # type: ignore[index]
    text = " ".join(page.extract_text() for page in pdf.pages)
    assert ("How it was computed" in text) is (tongue == "en")
    assert ("Comment c" in text) is (tongue == "fr")


@pytest.mark.parametrize("name", HOSTILE)
def test_nobody_s_name_is_markup(reports: dict[str, Report], name: str) -> None:
    report = reports["organisation"]
    parts = report.breakdown["host"]
    named = (replace(parts[0], name=name), *parts[1:])
    hostile = replace(report, breakdown={"host": named}, organisation=name)
    assert len(as_pdf(hostile)) > 10_000
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(hostile)))
    every = [c for sheet in book for row in sheet.iter_rows() for c in row]
    cells = [c for c in every if str(c.value).startswith(name)]
    assert cells and all(c.data_type == "s" for c in cells)
    rows = list(csv.reader(io.StringIO(as_csv(hostile))))
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)
    markdown = as_markdown(hostile)
    assert "<script>" not in markdown
    assert bars(markdown) == bars(as_markdown(replace(hostile, breakdown={"host": parts})))


def bars(markdown: str) -> list[int]:
    """Cells of every row of a table."""
    rows = (line for line in markdown.splitlines() if line.startswith("| "))
    return [re.sub(r"\\.", "", row).count("|") for row in rows]


def test_signatures_are_shown(reports: dict[str, Report]) -> None:
    signed = replace(
        reports["organisation"], status="reviewed",
        signatures=(Signature("preparer", "Aïcha Benali", "2026-11-23T10:00:00-05:00"),
                    Signature("reviewer", "Luc Roy", "2026-11-24T10:00:00-05:00")),
    )  # fmt: skip
    assert "Préparé par Aïcha Benali, 23 novembre 2026" in as_html(signed, "fr")
    assert "Reviewed by Luc Roy, November 24, 2026" in as_markdown(signed, "en")
