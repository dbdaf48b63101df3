"""WCAG 2.2 AA, by axe-core in a real browser: no violation, in both languages, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sobriety.core.text import Tongue
from sobriety.reports import Report, as_html

DESKTOP, PHONE = 1280, 390

Open = Callable[[Report, Tongue, int, bool], Any]


@pytest.fixture
def show(look: Callable[..., Any], tmp_path: Path) -> Open:
    def open_report(report: Report, tongue: Tongue, width_px: int, dark: bool) -> Any:
        page = tmp_path / "report.html"
        page.write_text(as_html(report, tongue), encoding="utf-8")
        return look(page, width_px, dark)

    return open_report


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_axe_finds_nothing(
    report: Report, tongue: Tongue, dark: bool, show: Open, violations: Callable[[Any], list[Any]]
) -> None:
    assert violations(show(report, tongue, PHONE if dark else DESKTOP, dark)) == []


@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_nothing_runs_off_a_phone(report: Report, tongue: Tongue, show: Open) -> None:
    page = show(report, tongue, 320, False)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 320


def test_the_skip_link_leads_to_the_report(reports: dict[str, Report], show: Open) -> None:
    page = show(reports["laptop"], "en", DESKTOP, False)
    first = page.execute_script("return document.querySelector('a').getAttribute('href')")
    assert page.execute_script(f"return document.querySelector('{first}').tagName") == "MAIN"
