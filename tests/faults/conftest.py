"""What is told of the faults that were tried."""

from __future__ import annotations

import pytest

from tests.fleet.conftest import serve as serve  # a fixture

from .estate import FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not FIGURES:
        return
    terminalreporter.section("faults")
    rows = [("fault", "trials", "rows sampled", "rows in the lake")]
    rows += [(fault, f"{n:,}", f"{a:,}", f"{b:,}") for fault, n, a, b in FIGURES]
    for cells in rows:
        terminalreporter.write_line(f"| {' | '.join(cells)} |")
        if cells is rows[0]:
            terminalreporter.write_line("|---|---|---|---|")
