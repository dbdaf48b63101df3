"""CodeCarbon's file in the lake: the joules that it told, once, where they were."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from math import fsum
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.imports.codecarbon import read_emissions
from sobriety.imports.keep import append_new
from sobriety.lake import Lake
from sobriety.lake.engines import collect
from sobriety.tracking.emissions_csv import COLUMNS

MONTREAL = ZoneInfo("America/Montreal")
BEGAN = datetime(2026, 3, 2, 9, 0, 0)
RUN = {
    "project_name": "train", "cpu_count": "16", "cpu_model": "AMD EPYC 7763", "gpu_count": "0",
    "ram_total_size": "64", "tracking_mode": "machine", "pue": "1.0",
}  # fmt: skip


def write(path: Path, *runs: dict[str, str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(RUN | run for run in runs)
    return path


def run(run_id: str, ended: datetime, duration_s: float, kwh: float, **more: str) -> dict[str, str]:
    told = {"run_id": run_id, "timestamp": ended.isoformat(timespec="seconds")}
    return told | {"duration": str(duration_s), "energy_consumed": repr(kwh)} | more


@given(
    st.lists(st.tuples(st.floats(1, 30_000), st.floats(0, 900)), min_size=1, max_size=8),
    st.integers(0, 3600),
)
def test_joules_are_kept_to_the_last_and_no_row_crosses_an_hour(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[float, float]], shift_s: int
) -> None:
    rows: list[dict[str, str]] = []
    ended = BEGAN + timedelta(seconds=shift_s)
    for i, (duration_s, watts) in enumerate(runs):
        ended += timedelta(seconds=duration_s + 2)
        rows.append(run(str(i), ended, duration_s, watts * duration_s / 3.6e6))
    path = write(tmp_path_factory.mktemp("x") / "emissions.csv", *rows)
    told = read_emissions(path, MONTREAL)
    assert sum(r.measures["told_j"] for r in told.rows) == pytest.approx(
        sum(duration_s * watts for duration_s, watts in runs)
    )
    assert sum(r.duration_s for r in told.rows) == pytest.approx(sum(s for s, _ in runs))
    hour_ns = 3600 * 10**9
    for row in told.rows:
        end_ns = row.start_ns + round(row.duration_s * 1e9)
        assert row.start_ns // hour_ns == (end_ns - 1) // hour_ns
        assert row.host == "train" and row.observed == ("told",) and row.covered_s == 0


def test_a_run_that_was_written_on_its_way_counts_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "emissions.csv",
        run("a", BEGAN + timedelta(minutes=10), 600, 0.1),
        run("a", BEGAN + timedelta(minutes=30), 1800, 0.25),
        run("b", BEGAN + timedelta(minutes=41), 600, 0.2, pue="1.25"),
    )
    told = read_emissions(path, MONTREAL, category="server")
    assert told.runs == 2
    assert sum(r.measures["told_j"] for r in told.rows) == pytest.approx((0.25 + 0.16) * 3.6e6)
    assert min(r.start_ns for r in told.rows) == BEGAN.replace(tzinfo=MONTREAL).timestamp() * 1e9
    (machine,) = told.machines
    assert (machine.category, machine.threads, machine.gpus) == ("server", 16, None)
    assert machine.memory_b == 64 * 2**30


def test_processes_are_left_out_and_counted(tmp_path: Path) -> None:
    process = run("a", BEGAN, 60, 1e-3, tracking_mode="process")
    told = read_emissions(write(tmp_path / "e.csv", process), MONTREAL)
    assert (told.rows, told.skipped, told.runs) == ((), 1, 0)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "e.csv",
        run("a", BEGAN, -1, 0.1),
        run("b", BEGAN, 60, 0.1) | {"timestamp": "yesterday"},
        run("c", BEGAN, 60, 0.1) | {"energy_consumed": "nan"},
        run("d", BEGAN, 1, 900.0),
        run("e", datetime(2009, 1, 1), 1, 0.1),
        run("f", BEGAN, 600, 0.1),
        run("g", BEGAN + timedelta(minutes=5), 600, 0.1),
    )
    with pytest.raises(ConfigError) as caught:
        read_emissions(path, MONTREAL)
    said = caught.value.message
    for row, column in ((2, "duration"), (3, "timestamp"), (4, "energy_consumed"),
                        (5, "energy_consumed"), (6, "timestamp"), (8, "timestamp")):  # fmt: skip
        assert f"row {row}, {column}" in said
    assert "the run of row 7 went on then" in said and said.startswith("6 wrong cells")


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("energy_consumed,duration\n1,2\n")
    with pytest.raises(ConfigError, match="no column 'timestamp'"):
        read_emissions(path, None)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="no column 'energy_consumed'"):
        read_emissions(path, None)


Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sobriety(tmp_path: Path) -> Cli:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", *words],
            cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "SOBRIETY_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return call


def test_a_report_has_it_and_a_second_import_changes_nothing(sobriety: Cli, tmp_path: Path) -> None:
    ended = BEGAN + timedelta(hours=5)
    write(tmp_path / "emissions.csv", run("a", ended, 5 * 3600, 2.0))
    words = ("import", "codecarbon", "emissions.csv", "--category", "server", "--host", "gpu-1")
    assert "5 rows are new" in sobriety(*words, "--timezone", "America/Montreal").stderr
    again = sobriety(*words, "--timezone", "America/Montreal")
    assert "0 rows are new" in again.stderr
    write(
        tmp_path / "emissions.csv",
        run("a", ended, 5 * 3600, 2.0),
        run("b", ended + timedelta(hours=1, seconds=5), 3600, 0.5),
    )
    assert "2 rows are new" in sobriety(*words, "--timezone", "America/Montreal").stderr
    done = sobriety(
        "report", "--zone", "CA-QC", "--month", "2026-03", "--format", "json", "-o", "-"
    )
    found = json.loads(done.stdout)
    whole = found["totals"]["energy_j"]
    assert whole["value"] == pytest.approx(2.5 * 3.6e6)
    assert whole["basis"] == "declared" and "CodeCarbon" in whole["method"]
    assert whole["high"] == pytest.approx(3.7 * whole["value"])
    idle = next(i for i in found["indicators"] if i["id"] == "idle_ratio")
    assert "value" not in idle["figure"]
    french = sobriety(
        "report", "--zone", "CA-QC", "--month", "2026-03", "--lang", "fr", "-o", "r.html"
    )
    assert french.returncode == 0
    assert "selon CodeCarbon" in (tmp_path / "r.html").read_text()


def test_a_longer_file_is_taken_once_where_only_sums_by_hour_are_left(tmp_path: Path) -> None:
    ended = BEGAN + timedelta(hours=5, minutes=7)
    first = run("a", ended, 5 * 3600, 2.0)
    later = run("b", ended + timedelta(days=1), 3600, 0.5)
    path = write(tmp_path / "emissions.csv", first)
    with Lake(tmp_path / "lake") as lake:
        assert append_new(lake, read_emissions(path, MONTREAL).rows) == 6
        lake.roll_up()
        assert lake.drop_rows(ended.date() + timedelta(days=1)) == 1
        write(path, first, later)
        assert append_new(lake, read_emissions(path, MONTREAL).rows) == 2
        lake.roll_up()
        found = collect(lake.open("hour").select("told_j"))
    assert fsum(row["told_j"] for row in found) == pytest.approx(2.5 * 3.6e6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no.csv",), "no.csv cannot be read"),
        (("e.csv", "--category", "toaster"), "toaster"),
        (("e.csv", "--timezone", "Mars/Olympus"), "Mars/Olympus"),
    ],
)
def test_what_cannot_be_is_told(
    sobriety: Cli, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    write(tmp_path / "e.csv", run("a", BEGAN, 60, 0.1))
    done = sobriety("import", "codecarbon", *words)
    assert done.returncode == 2 and said in done.stderr
