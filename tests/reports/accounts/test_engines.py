"""DuckDB and Spark on the same lakes: every figure of the report is the same."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from math import isclose
from pathlib import Path

import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.units import NS_PER_HOUR
from sobriety.estimators import Grams
from sobriety.factors.hours import Hours
from sobriety.lake import Lake
from sobriety.lake.engines import collect, opened
from sobriety.lake.spark import Spark
from sobriety.reports import ReportSettings, as_json, gather

from ..conftest import NOW, PERIODS, at, fill_short

BY_HOUR = Hours(
    "CA-QC",
    "direct",
    {at(2026, 11, 20) + h * NS_PER_HOUR: Grams(30.0 + h, 25.0, 70.0) for h in range(24)},
    ("a file of hours",),
)


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    pytest.importorskip("pyspark") if os.environ.get("CI") != "true" else None
    if shutil.which("java") is None:
        message = "java is not installed; run: make deps"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    with Spark("local[2]") as engine:
        yield engine


def figures(told: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf of the JSON and where it stands."""
    if isinstance(told, dict):
        for name, value in told.items():  # pyright: ignore[reportUnknownVariableType]
            yield from figures(value, f"{where}.{name}")  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(told, list):
        for number, value in enumerate(told):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            yield from figures(value, f"{where}[{number}]")  # pyright: ignore[reportUnknownArgumentType]
    else:
        yield where, told


@pytest.mark.parametrize("scene", ["worked", "fleet"])
def test_every_figure_is_the_same(scene: str, lakes: dict[str, Lake], spark: Spark) -> None:
    settings = ReportSettings(zone="Québec", timezone="America/Montreal")
    if scene == "worked":
        settings = replace(settings, zone="CA-QC", hours=(BY_HOUR,))
    here = as_json(gather(lakes[scene], settings, PERIODS[scene], now=NOW), "en")
    with Lake(lakes[scene].path, spark) as lake:
        there = as_json(gather(lake, settings, PERIODS[scene], now=NOW), "en")
    mine, theirs = dict(figures(here)), dict(figures(there))
    assert mine.keys() == theirs.keys()
    numbers = 0
    for where, value in mine.items():
        if isinstance(value, float):
            other = theirs[where]
            assert isinstance(other, float) and isclose(value, other, rel_tol=1e-9), where
            numbers += 1
        else:
            assert value == theirs[where], where
    assert numbers > 200


def test_tables_keep_their_types_and_what_is_unknown(spark: Spark) -> None:
    columns: dict[str, list[object]] = {
        "host": ["a", None], "n": [1, None], "x": [1, 0.5], "yes": [True, None], "no": [None, None]
    }  # fmt: skip
    assert sorted(collect(spark.table(columns)), key=repr) == [
        {"host": "a", "n": 1, "x": 1.0, "yes": True, "no": None},
        {"host": None, "n": None, "x": 0.5, "yes": None, "no": None},
    ]


def test_a_damaged_file_is_told_in_a_line(tmp_path: Path, spark: Spark) -> None:
    with Lake(tmp_path / "a {lake} [x]?*") as lake:
        fill_short(lake)
    (file,) = lake.path.glob("usage/*/*")
    with Lake(lake.path, spark) as there:
        assert len(collect(there.open("raw"))) == 9, "odd names are no patterns"
        file.write_bytes(file.read_bytes()[:-9])
        with pytest.raises(SobrietyError, match=r"Spark cannot read a file of the lake: .*parquet"):
            collect(there.open("raw"))


def test_the_command_on_spark(
    tmp_path: Path, lakes: dict[str, Lake], spark: Spark, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path))
    shutil.copytree(lakes["short"].path, tmp_path / "lake")
    asked = ["report", "--zone", "CA-QC", "--format", "json", "-o", "-"]

    def the_same(master: str) -> nullcontext[Spark]:
        assert master == "local[2]"
        return nullcontext(spark)  # one a process

    monkeypatch.setattr("sobriety.lake.spark.Spark", the_same)
    here = CliRunner().invoke(command(), asked)
    there = CliRunner().invoke(command(), [*asked, "--engine", "spark", "--master", "local[2]"])
    assert here.exit_code == there.exit_code == 0, there.output
    told = [json.loads(done.stdout) for done in (here, there)]
    assert all(one.pop("made_at") for one in told) and told[0] == told[1]


def test_what_is_no_master() -> None:
    with pytest.raises(ConfigError, match=r"'mars\[2\]' is no master"):
        Spark("mars[2]")
    with (
        pytest.raises(ConfigError, match=r"local\[2\] without Spark"),
        opened("duckdb", "local[2]"),
    ):
        pass


def test_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(SobrietyError, match="needs Java") as told:
        Spark("local[1]")
    assert "openjdk-17-jre-headless" in (told.value.hint or "")
