"""`sobriety plot`: a chart by name, in a file by its ending."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sobriety(tmp_path: Path) -> Run:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SOBRIETY_HOME": str(tmp_path / "home")}
        return subprocess.run(
            [sys.executable, "-m", "sobriety", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip

    return run


def test_a_chart_becomes_a_file_and_a_wrong_name_lists_them(sobriety: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert sobriety("collect", "--for", "1s", "--interval", "200ms").returncode == 0
    listed = sobriety("plot", "--lang", "fr")
    assert listed.returncode == 0, listed.stderr
    assert "power" in listed.stdout and "La puissance au fil du temps" in listed.stdout
    drawn = sobriety("plot", "power", "-o", "trend.png")
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "trend.png").read_bytes().startswith(b"\x89PNG")
    wrong = sobriety("plot", "pwoer")
    assert wrong.returncode == 2 and "power" in wrong.stderr
    ending = sobriety("plot", "power", "-o", "trend.gif")
    assert ending.returncode == 2 and ".svg or .png" in ending.stderr
