"""CodeCarbon's names: the same calls, the same file, and nothing made up."""

from __future__ import annotations

import asyncio
import csv
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sobriety
from sobriety.compat import EmissionsTracker, OfflineEmissionsTracker, track_emissions
from sobriety.tracking import samples as looks
from sobriety.tracking.emissions_csv import COLUMNS

ALSO_UNKNOWN = ("gpu_energy", "gpu_power", "ram_used_gb", "longitude", "on_cloud", "water_consumed")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(looks, "_looks", {})
    monkeypatch.setenv("SOBRIETY_ZONE", "CA-QC")
    monkeypatch.chdir(tmp_path)


def burn(cpu_s: float) -> None:
    until_s = time.thread_time() + cpu_s
    while time.thread_time() < until_s:
        pass


def rows(path: str = "emissions.csv") -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_those_of_codecarbon() -> None:
    if importlib.util.find_spec("codecarbon") is None:
        message = "codecarbon is not installed: pip install 'sobriety[codecarbon]'"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    # In a process of its own: what it imports warns, and takes a while.
    code = (
        "import dataclasses; from codecarbon.output_methods.emissions_data import EmissionsData;"
        "print(*(f.name for f in dataclasses.fields(EmissionsData)))"
    )
    theirs = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert tuple(theirs.stdout.split()) == COLUMNS


def test_a_tracker_writes_a_row_and_gives_its_emissions() -> None:
    tracker = EmissionsTracker(project_name="mine", measure_power_secs=0.05, log_level="error")
    tracker.start()
    burn(0.3)
    emissions = tracker.stop()
    (row,) = rows()
    assert tuple(row) == COLUMNS
    assert emissions is not None
    assert emissions == tracker.final_emissions == float(row["emissions"]) > 0
    assert float(row["energy_consumed"]) * 2.6 / 1000 == pytest.approx(emissions)
    assert float(row["duration"]) >= 0.3
    assert row["project_name"] == "mine"
    assert row["country_iso_code"] == "CAN"
    assert row["tracking_mode"] == "machine"
    assert 0 < float(row["cpu_utilization_percent"]) <= 100
    assert tracker.final_emissions_data
    assert tracker.final_emissions_data.run_id == row["run_id"] == tracker.run_id


def test_what_is_not_known_is_empty_and_never_0() -> None:
    with EmissionsTracker(tracking_mode="process") as tracker:
        burn(0.02)
    (row,) = rows()
    assert [row[name] for name in ALSO_UNKNOWN] == [""] * len(ALSO_UNKNOWN)
    assert "0" not in row.values()
    assert tracker.final_emissions


def test_a_process_is_less_than_its_machine() -> None:
    for mode in ("machine", "process"):
        with EmissionsTracker(tracking_mode=mode):
            time.sleep(0.1)
    machine, process = rows()
    assert float(process["energy_consumed"]) < 0.2 * float(machine["energy_consumed"])


def test_a_country_needs_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOBRIETY_ZONE")
    with OfflineEmissionsTracker(country_iso_code="CAN", region="quebec", tracking_mode="process"):
        burn(0.02)
    (row,) = rows()
    assert row["country_iso_code"] == "CAN"
    assert float(row["emissions"]) == pytest.approx(float(row["energy_consumed"]) * 2.6 / 1000)


def test_without_a_zone_or_with_a_wrong_one_emissions_are_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.warns(UserWarning, match="ATL"):
        tracker = OfflineEmissionsTracker(country_iso_code="ATL", tracking_mode="process")
    tracker.start()
    assert tracker.stop() is None
    monkeypatch.delenv("SOBRIETY_ZONE")
    monkeypatch.setattr(looks, "_looks", {})
    another = EmissionsTracker(tracking_mode="process")
    another.start()
    with pytest.warns(UserWarning, match="no grid zone"):
        assert another.stop() is None
    assert [row["emissions"] for row in rows()] == ["", ""]
    assert [row["country_iso_code"] for row in rows()] == ["", ""]


def test_an_unknown_keyword_is_named_and_ignored() -> None:
    with pytest.warns(UserWarning, match="save_to_prometheus is not known"):
        tracker = EmissionsTracker(save_to_prometheus=True, save_to_api=False)
    with pytest.warns(UserWarning, match="'job'"):
        EmissionsTracker(tracking_mode="job")
    with pytest.warns(UserWarning, match="never started"):
        assert tracker.stop() is None


def test_a_folder_that_is_not_there_does_not_end_the_program() -> None:
    tracker = EmissionsTracker(output_dir="nowhere", tracking_mode="process")
    tracker.start()
    burn(0.01)
    with pytest.warns(UserWarning, match="nowhere"):
        assert tracker.stop()


def test_a_file_is_added_to_in_its_own_order_and_another_kept() -> None:
    turned = Path("turned.csv")
    turned.write_text(",".join(reversed(COLUMNS)) + "\n")
    for _ in range(2):
        with EmissionsTracker(output_file="turned.csv", tracking_mode="process"):
            burn(0.01)
    assert [row["tracking_mode"] for row in rows("turned.csv")] == ["process", "process"]
    Path("old.csv").write_text("a,b\n1,2\n")
    tracker = EmissionsTracker(output_file="old.csv", tracking_mode="process")
    tracker.start()
    with pytest.warns(UserWarning, match="other columns"):
        tracker.stop()
    assert Path("old.csv_0.bak").read_text() == "a,b\n1,2\n"
    assert len(rows("old.csv")) == 1


def test_nothing_is_written_unless_asked() -> None:
    with EmissionsTracker(save_to_file=False, tracking_mode="process") as tracker:
        burn(0.01)
    assert tracker.final_emissions
    assert not list(Path().iterdir())


def test_a_decorated_function_is_tracked_at_every_call() -> None:
    @track_emissions(project_name="add", tracking_mode="process")
    def add(a: int, b: int) -> int:
        return a + b

    @track_emissions(project_name="later", tracking_mode="process", offline=True)
    async def later() -> int:
        await asyncio.sleep(0)
        return 7

    assert add(1, b=2) == 3
    assert asyncio.run(later()) == 7
    assert [row["project_name"] for row in rows()] == ["add", "later"]
    assert track_emissions(len).__name__ == "len"


def test_both_ways_of_tracking_go_together() -> None:
    with (
        sobriety.track("outer") as outer,
        EmissionsTracker(project_name="theirs", pue=2.0, wue=3.0) as tracker,
        sobriety.track("inner"),
    ):
        burn(0.2)
    assert set(outer.parts) == {"outer", "theirs", "inner"}
    (row,) = rows()
    assert outer.machine_energy
    # Theirs is within ours: the time between the two beginnings is ours alone.
    whole_kwh = 2 * outer.machine_energy.value / 3.6e6
    assert 0.5 * whole_kwh < float(row["energy_consumed"]) < 1.1 * whole_kwh
    assert float(row["water_consumed"]) == pytest.approx(3 * float(row["energy_consumed"]))
    assert tracker.final_emissions
