"""`sobriety calibrate`, and the verbs whose figures follow it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sobriety.cli import command
from sobriety.core.host import Host
from sobriety.core.machine import Machine
from sobriety.core.usage import Usage
from sobriety.estimators import power_model, power_w
from sobriety.settings import machine as this_machine
from sobriety.spool import Spool

SERVER = Machine(host="web-1", category="server", chips=1, cores=16, threads=32)
HOUR_NS = 3_600_000_000_000

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line on a server, whatever the tests run on."""

    def facts(_host: Host) -> Machine:
        return SERVER

    monkeypatch.setattr(this_machine, "machine_facts", facts)
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(command(), list(words))

    return invoke


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def idle_hours(home: Path, hours: int, wall_w: float | None = None, u: float = 0.01) -> None:
    """A spool in which the server was hardly busy."""
    home.mkdir(exist_ok=True)
    measures = {
        "cpu_busy_s": 3600 * 32 * u, "cpu_capacity_s": 3600.0 * 32,
        "util_sqrt_s": 3600 * u**0.5, "util_s": 3600 * u, "util_cubed_s": 3600 * u**3,
    }  # fmt: skip
    groups: tuple[str, ...] = ("cpu",)
    if wall_w is not None:
        measures["wall_j"], groups = 3600 * wall_w, ("cpu", "wall")
    with Spool.open(home / "spool.sqlite3") as spool:
        spool.record_machine(SERVER, 0)
        spool.append(
            [Usage("web-1", i * HOUR_NS, 3600, 3600, measures, groups) for i in range(hours)]
        )


def test_a_reading_is_told_before_and_after_and_kept(run: Run, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text('# mine\n[grid]\nzone = "FR" # here\n')
    said = done(run("calibrate", "--idle-w", "41", "--max-w", "130", "--at", "50=88"))
    assert "→ 41.0 W (40.2 to 41.8)" in said and "→ 130 W (127 to 133)" in said
    assert "3 loads read at the plug" in said
    text = (home / "config.toml").read_text()
    assert text.startswith('# mine\n[grid]\nzone = "FR" # here\n')
    assert tomllib.loads(text)["machine"] == {"idle_w": 41, "max_w": 130, "readings": "50=88"}
    shown = done(run("calibrate", "--show"))
    assert "0 %: 41 W, 50 %: 88 W, 100 %: 130 W" in shown
    assert (home / "config.toml").read_text() == text
    done(run("calibrate", "--remove"))
    assert (home / "config.toml").read_text().rstrip() == '# mine\n[grid]\nzone = "FR" # here'
    assert "readings  none" in done(run("calibrate", "--show"))


def test_readings_are_taken_one_by_one(run: Run) -> None:
    done(run("calibrate", "--idle-w", "41"))
    done(run("calibrate", "--max-w", "130", "--meter-error", "5%"))
    assert "41.0 W (38.9 to 43.0)" in done(run("calibrate", "--show"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--idle-w", "4100"), "not within 10 times"),
        (("--idle-w", "-1"), "idle is -1 W"),
        (("--idle-w", "140", "--max-w", "130"), "below idle"),
        (("--at", "half=3"), "--at 'half=3'"),
        (("--show", "--remove"), "contradict"),
        (("--idle-w", "41", "--from-history"), "contradict"),
        (("--idle-w", "41", "--meter-error", "80%"), "not an error"),
        (("--from-history",), "nothing was recorded"),
    ],
)
def test_what_is_absurd_is_refused_and_nothing_written(
    run: Run, home: Path, words: tuple[str, ...], said: str
) -> None:
    result = run("calibrate", *words)
    assert result.exit_code == 2 and said in result.output
    assert not (home / "config.toml").exists()


def test_force_takes_what_is_far_off(run: Run) -> None:
    assert "→ 500 W" in done(run("calibrate", "--idle-w", "500", "--force"))


def test_another_source_that_wins_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOBRIETY_IDLE_W", "70")
    assert "idle_w stays 70.0: SOBRIETY_IDLE_W says so" in done(run("calibrate", "--idle-w", "41"))


def energies(run: Run) -> list[dict[str, Any]]:
    status = json.loads(done(run("status", "--json")))
    done(run("report", "--format", "json", "-o", "r.json"))
    return [status["energy_j"], json.loads(Path("r.json").read_text())["totals"]["energy_j"]]


def test_status_and_report_follow_it_also_for_what_was_recorded_before(
    run: Run, home: Path
) -> None:
    idle_hours(home, 4, u=0.0)
    before = energies(run)
    done(run("calibrate", "--idle-w", "41"))
    after = energies(run)
    for was, now in zip(before, after, strict=True):
        assert now["value"] == pytest.approx(4 * 3600 * 41)
        assert now["high"] - now["low"] == pytest.approx(0.04 * now["value"], rel=0.01)
        assert now["high"] - now["low"] < was["high"] - was["low"]
        assert (was["basis"], now["basis"]) == ("modelled", "mixed")
        assert "idle read at the plug" in now["method"]


def test_another_machines_rows_stay_as_they_are(run: Run, home: Path) -> None:
    idle_hours(home, 4, u=0.0)
    with Spool.open(home / "spool.sqlite3") as spool:
        measures: dict[str, float] = {"util_sqrt_s": 0, "util_s": 0, "util_cubed_s": 0}
        spool.record_machine(Machine(host="other", category="server", cores=8), 0)
        spool.append([Usage("other", 0, 3600, 3600, measures, ("cpu",))])
    done(run("calibrate", "--idle-w", "41"))
    other_w = power_w(power_model(Machine(host="other", category="server", cores=8)).curve, 0)
    status = json.loads(done(run("status", "--json")))
    assert status["energy_j"]["value"] == pytest.approx(3600 * (4 * 41 + other_w))


def test_what_a_meter_recorded_calibrates(run: Run, home: Path) -> None:
    idle_hours(home, 24, wall_w=55.0)
    said = done(run("calibrate", "--from-history"))
    assert "24.0 hours used: level; the load hardly varied" in said
    text = (home / "config.toml").read_text()
    assert 'readings = "1=55"' in text and "meter_ratio = 0.05" in text


def test_a_short_record_is_refused(run: Run, home: Path) -> None:
    idle_hours(home, 3, wall_w=55.0)
    result = run("calibrate", "--from-history")
    assert result.exit_code == 1 and "3.0 hours in 3 rows" in result.output
    assert "collect longer" in result.output
