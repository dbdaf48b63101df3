"""A lake in an object store: a real server that speaks S3, on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.machine import Machine
from sobriety.core.usage import Usage
from sobriety.lake import Lake
from sobriety.lake.engines import collect
from sobriety.lake.remote import lake_at

HOUR_NS = 3600 * 10**9
START_NS = 495_000 * HOUR_NS


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Lake]:
    with Lake(tmp_path / "local") as lake:
        lake.record_machine(Machine("web-1", "server", threads=4), START_NS)
        lake.append([row(i) for i in range(60 * 30)])
        lake.roll_up()
        lake.append([row(i) for i in range(60 * 30, 60 * 31)])  # of the second day, not rolled up
        yield lake


def row(minute: int) -> Usage:
    measures = {"wall_j": 6000.0 + minute}
    return Usage("web-1", START_NS + minute * HOUR_NS // 60, 60.0, 60.0, measures, ("wall",))


Copy = Callable[[Lake, str], str]


@pytest.fixture
def copied(store: Any) -> Copy:
    def copy(lake: Lake, name: str) -> str:
        store.put(f"{lake.path}/", f"kwh/{name}/", recursive=True)
        return f"s3://kwh/{name}"

    return copy


@pytest.mark.parametrize("grain", ["raw", "hour"])
def test_it_reads_the_same_rows(grain: Any, local: Lake, copied: Copy) -> None:
    with lake_at(copied(local, "fleet/lake")) as there:
        assert there.machines() == local.machines()
        for bounds in ((None, None), (START_NS + 90 * HOUR_NS // 60, START_NS + 25 * HOUR_NS)):
            mine, theirs = (collect(lake.open(grain, *bounds)) for lake in (local, there))
            assert len(mine) > 20
            by_time = [sorted(rows, key=lambda r: r["start_ns"]) for rows in (mine, theirs)]
            assert repr(by_time[0]) == repr(by_time[1])


def test_what_came_later_is_seen(local: Lake, copied: Copy) -> None:
    with lake_at(copied(local, "later")) as there:
        assert len(collect(there.open("raw"))) == 60 * 31
        local.append([row(60 * 31)])
        copied(local, "later")
    with lake_at("s3://kwh/later/") as there:
        assert len(collect(there.open("raw"))) == 60 * 31 + 1


def test_a_report_on_it(
    local: Lake, copied: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path / "nothing"))
    asked = ["report", "--zone", "CA-QC", "--format", "json", "-o", "-", "--lake"]
    here, there = (
        CliRunner().invoke(command(), [*asked, place])
        for place in (str(local.path), copied(local, "report"))
    )
    assert here.exit_code == there.exit_code == 0, there.output
    lines = [
        [line for line in done.stdout.splitlines() if "made_at" not in line]
        for done in (here, there)
    ]
    assert lines[0] == lines[1] and len(lines[0]) > 100


def test_what_it_cannot_do(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        lake_at("s3://kwh/empty") as lake,
        pytest.raises(SobrietyError, match="s3://kwh/empty is only read"),
    ):
        lake.append([row(0)])
    nobody = CliRunner().invoke(command(), ["report", "--lake", "s3://of-nobody/lake"])
    assert nobody.exit_code == 2 and "no lake at s3://of-nobody/lake" in nobody.output
    with pytest.raises(ConfigError, match="carrier-pigeon://x is no address"):
        lake_at("carrier-pigeon://x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with (
        lake_at("s3://kwh/lake") as lake,
        pytest.raises(SobrietyError, match="s3://kwh/lake cannot be read"),
    ):
        lake.machines()
