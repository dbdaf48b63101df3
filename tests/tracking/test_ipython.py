"""The magics in a real IPython."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sobriety.tracking import samples as looks
from sobriety.tracking.section import Section


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    if os.environ.get("CI") != "true":  # there, its absence is a failure
        pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setattr(looks, "_looks", {})
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    make: Any = InteractiveShell
    made = make(config=config)
    made.run_line_magic("load_ext", "sobriety")
    return made


def test_a_cell_says_what_it_consumed(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = shell.run_cell("%%sobriety adding\ntotal = sum(range(100_000))\ntotal + 1")
    outcome.raise_error()
    assert outcome.result == 4999950001
    assert shell.user_ns["total"] == 4999950000
    assert "adding: " in capsys.readouterr().out
    section = shell.user_ns["_sobriety"]
    assert isinstance(section, Section)
    assert section.result.value > 0
    assert section.label == "adding"


def test_a_line_does_too_and_its_names_stay(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%sobriety n = len('abc')").raise_error()
    assert shell.user_ns["n"] == 3
    assert "line: " in capsys.readouterr().out


def test_sections_inside_a_cell_are_its_parts(shell: Any) -> None:
    shell.run_cell(
        "%%sobriety\nimport sobriety\nwith sobriety.track('inner'):\n    sum(range(1000))"
    ).raise_error()
    section = shell.user_ns["_sobriety"]
    assert isinstance(section, Section)
    assert set(section.sections) == {"cell", "inner"}


def test_an_error_is_the_cells_and_its_cost_is_told(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = shell.run_cell("%%sobriety broken\n1 / 0")
    assert isinstance(outcome.error_in_exec, ZeroDivisionError)
    told = capsys.readouterr().out
    assert "broken: " in told
    assert "----> 1 1 / 0" in told  # the traceback shows the cell's own line
    assert isinstance(shell.run_cell("%%sobriety\nif").error_in_exec, SyntaxError)


def test_magics_and_shell_lines_work_in_a_cell(shell: Any) -> None:
    shell.run_cell("%%sobriety\nplace = %pwd\n").raise_error()
    assert shell.user_ns["place"] == str(Path.cwd())


def test_without_ipython_the_package_is_whole() -> None:
    code = (
        "import sys, sobriety; sobriety.load_ipython_extension; assert 'IPython' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
