"""WCAG 2.2 AA, by axe-core in a real browser: no violation, in both languages, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from sobriety.reports import Report, as_html
from sobriety.reports.settings import Tongue

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, PHONE = 1280, 390


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import os
    import shutil

    missing = [p for p in ("chromium", "chromedriver") if shutil.which(p) is None]
    if missing:
        message = f"{' and '.join(missing)} not installed; run: make deps"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
        "disable-background-networking", "disable-component-update", "disable-sync",
        f"user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    # Its crash reporter writes into the user's configuration, whatever user-data-dir says.
    environ = os.environ | {"XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))}
    service = Service(shutil.which("chromedriver"), env=environ)
    driver: Any = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


# Any: the driver's stubs leave the arguments of scripts unknown.
Look = Callable[[Report, Tongue, int, bool], Any]


@pytest.fixture
def look(browser: Any, tmp_path: Path) -> Look:
    """Open a report at a width, light or dark, with everything folded out."""

    def open_page(report: Report, tongue: Tongue, width_px: int, dark: bool) -> Any:
        page = tmp_path / "report.html"
        page.write_text(as_html(report, tongue), encoding="utf-8")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        size = {"width": width_px, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(page.as_uri())
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        return browser

    return open_page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_axe_finds_nothing(
    report: Report, tongue: Tongue, dark: bool, look: Look, axe: str
) -> None:
    page = look(report, tongue, PHONE if dark else DESKTOP, dark)
    page.execute_script(axe)
    result: dict[str, Any] = page.execute_async_script(
        "axe.run(document, {runOnly: arguments[0]}).then(arguments[1])", STANDARDS
    )
    found = [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in result["violations"]]
    assert found == []
    assert len(result["passes"]) > 20


@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_nothing_runs_off_a_phone(report: Report, tongue: Tongue, look: Look) -> None:
    page = look(report, tongue, 320, False)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 320


def test_the_skip_link_leads_to_the_report(reports: dict[str, Report], look: Look) -> None:
    page = look(reports["laptop"], "en", DESKTOP, False)
    first = page.execute_script("return document.querySelector('a').getAttribute('href')")
    assert page.execute_script(f"return document.querySelector('{first}').tagName") == "MAIN"
