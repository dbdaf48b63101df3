"""Commands compared as a user compares them: real runs, real files, real exit codes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawnp"), reason="needs POSIX")

SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schema"


@pytest.fixture
def sobriety(tmp_path: Path) -> Any:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", *words], cwd=tmp_path, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def burn(length_s: float) -> str:
    code = f"import time\nwhile time.process_time() < {length_s}: pass"
    return f"{sys.executable} -S -c '{code}'"


def validate(instance: object) -> None:
    import jsonschema
    from referencing import Registry, Resource

    schemas = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in SCHEMAS.glob("*.json")}
    registry: Any = Registry  # its own types are unknown to pyright
    known = registry().with_resources((k, Resource.from_contents(s)) for k, s in schemas.items())
    validator: Any = jsonschema.Draft202012Validator(schemas["trials.json"], registry=known)
    validator.validate(instance)


def test_twice_the_work_is_told(sobriety: Any, tmp_path: Path) -> None:
    done = sobriety(
        "compare", burn(0.2), burn(0.4), "--runs", "6",
        "--json", "all.json", "--csv", "runs.csv", "--markdown", "table.md",
    )  # fmt: skip
    assert done.returncode == 0
    assert "B uses" in done.stdout and "energy" in done.stdout
    assert "cancels in the ratio" in done.stdout
    figures = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    validate(figures)
    energy = figures["verdicts"][0]
    assert energy["metric"] == "energy_j"
    assert energy["is_shown"]
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    used_s = {
        label: [float(row["cpu_s"]) for row in rows if row["label"] == label] for label in "AB"
    }
    assert min(used_s["A"]) >= 0.2 and min(used_s["B"]) >= 0.4
    # The same joules a second, on a machine without a sensor; to start an interpreter is in both.
    least, most = min(used_s["B"]) / max(used_s["A"]), max(used_s["B"]) / min(used_s["A"])
    assert least * 0.9 <= energy["ratio"]["value"] <= most * 1.1
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert energy["sentence"] in table


def test_the_same_work_is_not_told_apart(sobriety: Any) -> None:
    """One comparison in twenty may raise a false alarm; three in a row are not chance."""
    said = ""
    for _ in range(3):
        done = sobriety("compare", "true", "true", "--runs", "12")
        assert done.returncode == 0
        assert "most of it to start a process" in done.stdout
        said = done.stdout
        if "no difference shown in energy" in said:
            break
    assert "no difference shown in energy" in said


def test_runs_are_in_turns_after_warm_up_and_preparation(sobriety: Any, tmp_path: Path) -> None:
    done = sobriety(
        "compare", "--shell", "--runs", "3", "--warmup", "1",
        "--prepare", "sh -c 'printf p >> log'", "printf A >> log", "printf B >> log",
    )  # fmt: skip
    assert done.returncode == 0
    assert (tmp_path / "log").read_text() == "pApB" + "pApB" + "pBpA" + "pApB"
    assert "give --runs 6 or more" in done.stdout


def test_a_failing_run_stops_it_and_is_named(sobriety: Any, tmp_path: Path) -> None:
    (tmp_path / "twice.sh").write_text("echo >> n; test $(wc -l < n) -lt 3 || exit 7")
    done = sobriety("compare", "true", "sh twice.sh", "--csv", "runs.csv")
    assert done.returncode == 7
    assert "run 3 of 10 of 'sh twice.sh' ended with exit code 7" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "runs.csv").exists()


def test_failures_may_be_ignored_but_not_a_signal_to_end(sobriety: Any) -> None:
    done = sobriety("compare", "true", "false", "--runs", "2", "--ignore-failure")
    assert done.returncode == 0
    assert "2 of 2 runs ended with an exit code that is not 0" in done.stdout
    ended = sobriety("compare", "true", "sh -c 'kill -INT $$'", "--ignore-failure")
    assert ended.returncode == 130
    assert "run 1 of 10" in ended.stderr


def test_what_cannot_be_prepared_is_not_run(sobriety: Any, tmp_path: Path) -> None:
    done = sobriety("compare", "--prepare", "sh -c 'exit 4'", "touch ran", "true")
    assert done.returncode == 4
    assert "what prepares run 1 of 10 of 'touch ran'" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_output_is_thrown_away_unless_asked_for(sobriety: Any) -> None:
    words = ("compare", "echo one", "echo two", "--runs", "1")
    assert not sobriety(*words).stdout.startswith("one")
    assert sobriety(*words, "--show-output").stdout.startswith("one\ntwo\n")


def test_there_is_no_shell_unless_asked_for(sobriety: Any, tmp_path: Path) -> None:
    done = sobriety("compare", "echo a > file", "true", "--runs", "1")
    assert "'>' is passed as a word; give --shell" in done.stderr
    assert not (tmp_path / "file").exists()
    sobriety("compare", "--shell", "echo a > file", "true", "--runs", "1")
    assert (tmp_path / "file").read_text() == "a\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("compare", "true"), 2, "nothing to be compared with"),
        (("compare", "true", "echo 'open"), 2, "cannot be split into words"),
        (("compare", "true", ""), 2, "empty command"),
        (("compare", "true", "no-such-command"), 127, "not a command that can be found"),
        (("compare", "true", "true", "--runs", "0"), 2, "--runs"),
    ],
)
def test_what_is_wrong_is_said(sobriety: Any, words: Any, code: int, said: str) -> None:
    done = sobriety(*words)
    assert done.returncode == code
    assert said in done.stderr


def test_rows_are_appended_and_never_to_another_table(sobriety: Any, tmp_path: Path) -> None:
    for _ in range(2):
        assert sobriety("profile", "--runs", "2", "--csv", "runs.csv", "--", "true").returncode == 0
    lines = (tmp_path / "runs.csv").read_text().splitlines()
    assert len(lines) == 5 and lines[0].startswith("ended_utc,label,command,run")
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    done = sobriety("profile", "--runs", "2", "--csv", "mine.csv", "--", "touch", "ran")
    assert done.returncode == 2
    assert "has other columns: a,b" in done.stderr
    assert (tmp_path / "mine.csv").read_text() == "a,b\n1,2\n"
    lost = sobriety("profile", "--runs", "2", "--csv", "no/such.csv", "--", "touch", "ran")
    assert lost.returncode == 2
    assert "no folder no" in lost.stderr
    assert not (tmp_path / "ran").exists()


def test_a_profile_may_be_repeated(sobriety: Any, tmp_path: Path) -> None:
    words = ("profile", "--zone", "Québec", "--runs", "3")
    done = sobriety(*words, "--json", "-o", "all.json", "--", "echo", "mine")
    assert done.returncode == 0
    assert done.stdout == ""
    figures = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    validate(figures)
    assert len(figures["trials"][0]["runs"]) == 3
    assert figures["trials"][0]["co2e_kg"]["value"] > 0
    assert figures["verdicts"] == []
    shown = sobriety(*words, "--show-output", "--", "echo", "mine")
    assert shown.stdout == "mine\n" * 3
    assert "median of 3 runs" in shown.stderr and "CO2e" in shown.stderr


def test_figures_are_shown_even_where_they_cannot_be_filed(sobriety: Any, tmp_path: Path) -> None:
    for words in (
        ("profile", "--runs", "2", "--markdown", ".", "--", "true"),
        ("compare", "--runs", "2", "--markdown", ".", "true", "true"),
    ):
        done = sobriety(*words)
        assert done.returncode == 2
        assert "is a folder" in done.stderr
        assert "median of 2 runs" in done.stdout + done.stderr


def test_one_run_keeps_its_output_and_exit_code_and_may_be_filed(
    sobriety: Any, tmp_path: Path
) -> None:
    done = sobriety("profile", "--markdown", "t.md", "--", "sh", "-c", "echo mine; exit 5")
    assert done.returncode == 5
    assert done.stdout == "mine\n"
    assert "exit 5" in (tmp_path / "t.md").read_text()
