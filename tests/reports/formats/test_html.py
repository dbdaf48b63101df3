"""The page: one file, small, without script, in the reader's language and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from babel.numbers import parse_decimal

from sobriety.core.text import Tongue
from sobriety.reports import Report, as_html
from sobriety.reports.language.language import Language
from sobriety.reports.model.figures import Missing
from sobriety.reports.views.tables import breakdown_tables

LARGEST_B = 150_000


Read = Callable[[str], tuple[list[str], list[str]]]
TONGUES: tuple[Tongue, ...] = ("en", "fr")


@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_one_small_file_without_script_or_links_out(
    report: Report, tongue: Tongue, read_page: Read
) -> None:
    html = as_html(report, tongue)
    _, tags = read_page(html)
    assert len(html.encode()) < LARGEST_B
    assert html.startswith("<!doctype html>")
    assert f'<html lang="{tongue}-CA">' in html
    assert not {"script", "link", "img", "iframe", "object"} & set(tags)
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import", html)


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    assert as_html(report) == as_html(report)


def test_every_place_is_filled(report: Report, read_page: Read) -> None:
    for tongue in TONGUES:
        texts, _ = read_page(as_html(report, tongue))
        assert not re.search(r"\{\w+\}|None|Undefined", "\n".join(texts))


def test_the_opening_shows_making_and_use_in_one_unit(reports: dict[str, Report]) -> None:
    html = as_html(reports["laptop"], "en")
    opening = html[html.index('class="weigh"') : html.index('class="year"')]
    units = re.findall(r"<strong>[^<]*\u00a0([^<]+)</strong>", opening)
    assert len(units) == 3 and len(set(units)) == 1 and "CO₂e" in units[0]
    assert "location-based" in html


def test_a_report_without_zone_says_so_instead_of_zero(
    reports: dict[str, Report], read_page: Read
) -> None:
    texts, _ = read_page(as_html(reports["no zone"], "en"))
    assert texts[texts.index("Use") + 1] == "Unknown"
    assert any("No electricity grid is set" in text for text in texts)
    assert isinstance(reports["no zone"].totals.use_co2e_kg, Missing)


def test_45_seconds_do_not_make_a_year(reports: dict[str, Report], read_page: Read) -> None:
    text = " ".join(read_page(as_html(reports["short"], "en"))[0])
    assert "Too short to speak of a year" in text
    assert "If every hour were like those observed" not in text


def test_host_names_cannot_inject(reports: dict[str, Report]) -> None:
    laptop = reports["laptop"]
    evil = replace(laptop.machines[0], host="<script>alert(1)</script>")
    html = as_html(replace(laptop, machines=(evil,)))
    assert "<script" not in html and "&lt;script&gt;" in html


@pytest.mark.parametrize("tongue", ["en", "fr"])
@pytest.mark.parametrize("most", [2, 20])
def test_printed_tables_add_up(reports: dict[str, Report], tongue: Tongue, most: int) -> None:
    language = Language(tongue)

    def number(text: str) -> float:
        if text.startswith("<"):
            return 0.0
        return float(parse_decimal(text, locale=language.locale))

    tables = breakdown_tables(language, reports["fleet"], most=most)
    assert [t.id for t in tables] == ["host", "category"]
    for table in tables:
        rows = [[number(c.text) for c in row[1:5]] for row in (*table.rows, table.total)]
        for _, making, use, both in rows:
            assert making + use == pytest.approx(both)
        *parts, total = rows
        assert [sum(column) for column in zip(*parts, strict=True)] == pytest.approx(total)
