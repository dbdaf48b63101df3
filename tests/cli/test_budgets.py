"""Budgets and pieces of work, as a pipeline sees them: exit codes, annotations, JUnit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.core.method import STATED
from sobriety.profiling.budget import budget, checks, functional_unit, sci

BURN = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def figure(metric: str, value: float) -> Estimate:
    return Estimate(
        metric, value, value / 2, value * 2, "modelled", STATED(text="a test"), ("nobody",)
    )


@pytest.fixture
def profile(tmp_path: Path) -> Run:
    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB")}
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", "profile", *words],
            cwd=tmp_path,
            env={**kept, "SOBRIETY_HOME": str(tmp_path / "home"), **environ},
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.mark.parametrize(
    ("metric", "text", "most"),
    [("energy_j", "50J", 50.0), ("energy_j", " 2 kJ", 2000.0), ("energy_j", "0.5Wh", 1800.0),
     ("energy_j", "3mWh", 10.8), ("energy_j", "20mJ", 0.02), ("co2e_kg", "2mg", 2e-6),
     ("co2e_kg", "1 g", 1e-3), ("co2e_kg", "5µg", 5e-9), ("co2e_kg", ".5kg", 0.5)],
)  # fmt: skip
def test_amounts_as_people_write_them(metric: str, text: str, most: float) -> None:
    assert budget(metric, text).most == pytest.approx(most)


@pytest.mark.parametrize(
    ("metric", "text"),
    [("energy_j", "50"), ("energy_j", "2mg"), ("co2e_kg", "50J"), ("energy_j", "-1J"),
     ("energy_j", "nanJ"), ("energy_j", ""), ("energy_j", "1e9J")],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_its_units(metric: str, text: str) -> None:
    with pytest.raises(ConfigError, match="is no amount of") as caught:
        budget(metric, text)
    assert "kwh" in (caught.value.hint or "") or "mg" in (caught.value.hint or "")


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_a_budget_is_broken_above_it_and_by_what_is_unknown(most: float, used: float) -> None:
    energy = budget("energy_j", f"{most:.6f}J")
    (check,) = checks([energy], figure("energy_j", used), None)
    assert check.is_broken == (used > energy.most)
    (unknown,) = checks([budget("co2e_kg", "1kg")], figure("energy_j", used), None)
    assert unknown.is_broken


def test_a_piece_of_work_has_its_share_of_use_and_making() -> None:
    whole = sci(figure("co2e_kg", 6e-6), figure("embodied_kg", 4e-6), functional_unit("requests=5"))
    assert whole and whole.value == pytest.approx(2e-6) and whole.low < 2e-6 < whole.high
    assert sci(None, figure("embodied_kg", 1.0), functional_unit("visits=2")) is None
    for wrong in ("requests", "=3", "requests=0", "requests=-1", "requests=many", "r=inf"):
        with pytest.raises(ConfigError, match="no number of pieces"):
            functional_unit(wrong)


def test_the_exit_code_is_the_commands_own_and_else_the_budgets(profile: Run) -> None:
    assert profile("--max-energy", "1kWh", "--", *BURN).returncode == 0
    broken = profile("--max-energy", "1mJ", "--", *BURN)
    assert broken.returncode == 3 and "over budget" in broken.stderr
    own = profile("--max-energy", "1mJ", "--", "sh", "-c", "exit 7")
    assert own.returncode == 7
    unknown = profile("--max-co2e", "1kg", "--", *BURN)
    assert unknown.returncode == 3 and "is unknown" in unknown.stderr
    wrong = profile("--max-energy", "lots", "--", *BURN)
    assert wrong.returncode == 2 and "no amount of energy" in wrong.stderr


def test_several_runs_are_held_to_their_middle(profile: Run) -> None:
    words = ("--runs", "3", "--zone", "CA-QC", "--max-energy", "1mJ",
             "--functional-unit", "requests=10")  # fmt: skip
    done = profile(*words, "--", *BURN)
    assert done.returncode == 3
    assert "over budget" in done.stderr and "for each request" in done.stderr


def test_a_pipeline_is_told_in_its_own_words(profile: Run, tmp_path: Path) -> None:
    page, junit = tmp_path / "summary.md", tmp_path / "budgets.xml"
    done = profile(
        "--max-energy", "1mJ", "--max-co2e", "1kg", "--zone", "CA-QC", "--junit", str(junit),
        "--", *BURN, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(page),
    )  # fmt: skip
    assert done.returncode == 3
    (annotation,) = [x for x in done.stderr.splitlines() if x.startswith("::error")]
    assert "title=sobriety::" in annotation and "over budget" in annotation
    assert "| command | energy | carbon of use | budget |" in page.read_text(encoding="utf-8")
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [c.get("name") for c in suite] == ["energy", "carbon of use"]
    (failure,) = suite.iter("failure")
    assert "over budget" in str(failure.get("message"))


def test_a_summary_that_cannot_be_written_is_told(profile: Run, tmp_path: Path) -> None:
    done = profile("--max-energy", "1kJ", "--", "true", GITHUB_ACTIONS="true",
                   GITHUB_STEP_SUMMARY=str(tmp_path))  # fmt: skip
    assert done.returncode == 0
    assert "summary was not written" in done.stderr and "Traceback" not in done.stderr


def test_json_has_the_piece_of_work(profile: Run) -> None:
    done = profile("--json", "--zone", "CA-QC", "--functional-unit", "requests=4", "--", *BURN)
    found = json.loads(done.stderr)
    use, making = found["co2e_kg"]["value"], found["embodied_kg"]["value"]
    assert found["sci_kg"]["value"] == pytest.approx((use + making) / 4)
    assert json.loads(profile("--json", "--", *BURN).stderr)["sci_kg"] is None
