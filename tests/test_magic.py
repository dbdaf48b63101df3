"""A cell's cost, in a real IPython."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("IPython")


@pytest.fixture
def shell() -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell

    found = InteractiveShell.instance()
    found.run_line_magic("load_ext", "sobriety")
    yield found
    found.run_line_magic("unload_ext", "sobriety")
    InteractiveShell.clear_instance()


def test_a_cell_runs_as_it_would_and_says_what_it_cost(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%sobriety squares\nfound = sum(n * n for n in range(200_000))\nprint('ran')")
    said = capsys.readouterr().out
    assert "ran" in said and "squares: " in said and "J (" in said and "processor" in said
    assert shell.user_ns["found"] == sum(n * n for n in range(200_000))


def test_a_line_too(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%sobriety x = [n for n in range(1000)]")
    assert "cell: " in capsys.readouterr().out
    assert len(shell.user_ns["x"]) == 1000


def test_an_error_is_shown_once_and_costs_nothing(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%sobriety\n1 / 0")
    said = capsys.readouterr().out
    assert said.count(": division by zero") == 1 and "J (" not in said
