"""The summary in a terminal."""

from __future__ import annotations

import re

from sobriety.core.text import Tongue
from sobriety.reports import Report, as_text


def test_nothing_but_ascii_where_a_terminal_knows_no_more(report: Report) -> None:
    tongues: tuple[Tongue, ...] = ("en", "fr")
    for tongue in tongues:
        text = as_text(report, tongue, ascii_only=True)
        assert text.isascii()
        assert "?" not in text.replace("?\n", "")
        assert "CO2" in text


def test_values_are_aligned(reports: dict[str, Report]) -> None:
    text = as_text(reports["laptop"], "en")
    ends = {m.end(1) for m in re.finditer(r"^(?=\S)(.+ (?:W|Wh|kWh|CO₂e))  between", text, re.M)}
    columns = {e - (text.rfind("\n", 0, e) + 1) for e in ends}
    assert len(ends) >= 4 and len(columns) == 1


def test_prose_keeps_within_the_width(report: Report) -> None:
    for line in as_text(report, "fr", width=60).splitlines():
        assert len(line) <= 60 or "  " in line.strip() or " entre " in line


def test_colour_only_when_asked(report: Report) -> None:
    assert "\033[" not in as_text(report)
    assert "\033[1m" in as_text(report, colour=True)


def test_it_says_what_the_page_says(reports: dict[str, Report]) -> None:
    text = as_text(reports["fleet"], "fr")
    assert "4e trimestre 2026" in text
    assert "Ensemble" in text and "éq. CO₂" in text
    assert "Unknown" in as_text(reports["no zone"], "en")
