"""Tests by their joules, in a pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SUITE = """
import time
import pytest

def burn(cpu_s):
    end = time.thread_time() + cpu_s
    while time.thread_time() < end:
        pass

def test_small():
    burn(0.01)

def test_large(energy):
    burn(0.3)
    with energy("a part") as part:
        burn(0.05)
    assert 0 < part.result.value and part.cpu_s < 0.2

@pytest.mark.energy_budget("1 kWh")
def test_within():
    burn(0.01)

@pytest.mark.energy_budget("0.1 mJ")
def test_beyond():
    burn(0.05)

@pytest.mark.energy_budget("lots")
def test_no_budget():
    pass
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def suite(tmp_path: Path) -> Run:
    (tmp_path / "test_suite.py").write_text(SUITE)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".",
                   *words]  # fmt: skip
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run


def test_the_costliest_come_first_and_the_whole_last(suite: Run) -> None:
    done = suite("--energy", "-k", "small or large")
    assert done.returncode == 0, done.stdout
    table = done.stdout[done.stdout.index("energy of tests") :]
    assert table.index("test_large") < table.index("test_small")
    assert "together" in table and " J (" in table.replace("mJ (", " J (")


def test_budgets_hold_without_the_option(suite: Run) -> None:
    done = suite("-k", "within or beyond or budget")
    assert done.returncode == 1
    assert "1 passed, 2 failed" in done.stdout or "2 failed, 1 passed" in done.stdout
    assert "0.1 mJ at most" in done.stdout
    assert "('lots',) is no budget" in done.stdout
    assert "energy of tests" not in done.stdout


def test_where_nobody_asks_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import sys\n"
        "def test_one():\n"
        "    assert 'sobriety.pytest_plugin' in sys.modules\n"
        "    assert 'sobriety.tracking' not in sys.modules\n"
        "    assert 'sobriety.estimators' not in sys.modules\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "--rootdir", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
