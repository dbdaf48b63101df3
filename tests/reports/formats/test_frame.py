"""A report for who goes on computing: one call, and its parts as a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.lake import Lake
from sobriety.reports import Report, ReportSettings, gather, parts_frame, report_on

from ..conftest import LAPTOP, NOW, SERVER, at, usage

DEVICES = (
    "id,category,site,acquired\nsrv-1,server,nord,2024-01-01\ntour-1,desktop,nord,2024-01-01\n"
)
SITES = '[[site]]\nid = "nord"\nname = { fr = "Nord", en = "North" }\nzone = "CA-QC"\n'
MONTREAL = ReportSettings(zone="CA-QC", timezone="America/Montreal", k_anonymity=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Lake(tmp_path / "lake") as lake:
        for machine in (SERVER, LAPTOP):
            lake.record_machine(machine, at(2026, 7, 1))
            lake.append(usage(machine.host, at(2026, 7, 1), [0.2] * 180))
    (tmp_path / "devices.csv").write_text(DEVICES)
    (tmp_path / "sites.toml").write_text(SITES)
    return tmp_path


def reported(folder: Path, settings: ReportSettings = MONTREAL) -> Report:
    return report_on(
        folder / "lake", settings, quarter="2026-Q3",
        inventory=folder / "devices.csv", sites=str(folder / "sites.toml"),
    )  # fmt: skip


def test_it_reports_as_the_command_does(folder: Path) -> None:
    report = reported(folder)
    assert report.period.label == "2026-Q3"
    assert report.devices == 1
    with Lake(folder / "lake") as lake:
        alone = report_on(lake, MONTREAL, month="2026-07")
        assert alone.totals == gather(lake, MONTREAL, alone.period, now=NOW).totals


@pytest.mark.parametrize("dimension", ["host", "category", "site"])
def test_parts_are_the_reports_and_add_up(folder: Path, dimension: str) -> None:
    report = reported(folder)
    frame = parts_frame(report, dimension)  # type: ignore[arg-type]
    assert frame.pieces.sum() == 3
    for name in ("energy_j", "use_co2e_kg", "embodied_share_kg", "total_co2e_kg"):
        whole = getattr(report.totals, name)
        assert isinstance(whole, Estimate)
        assert frame[name].sum() == pytest.approx(whole.value, rel=1e-9)
        assert (frame[f"{name}_low"] <= frame[name]).all()
        assert (frame[f"{name}_high"] >= frame[name]).all()


def test_parts_are_named_in_the_reports_language(folder: Path) -> None:
    french = replace(MONTREAL, language="fr")
    assert list(parts_frame(reported(folder, french), "site").index) == ["Nord", "non déclaré"]
    assert set(parts_frame(reported(folder), "site").index) == {"North", "not declared"}


def test_what_is_not_known_is_no_zero(folder: Path) -> None:
    with Lake(folder / "lake") as lake:
        frame = parts_frame(report_on(lake, ReportSettings(timezone="America/Montreal")), "host")
    assert frame.use_co2e_kg.isna().all()
    assert frame.total_co2e_kg_high.isna().all()
    assert (frame.embodied_share_kg > 0).all()


def test_parts_that_a_report_does_not_have(folder: Path) -> None:
    with Lake(folder / "lake") as lake:
        report = report_on(lake, MONTREAL)
    with pytest.raises(ConfigError, match="no parts by 'floor'") as error:
        parts_frame(report, "floor")  # type: ignore[arg-type]
    assert error.value.hint
    assert "category" in error.value.hint


def test_all_that_is_wrong_in_the_files_is_told(folder: Path) -> None:
    (folder / "devices.csv").write_text(DEVICES.replace("desktop", "toaster"))
    with pytest.raises(ConfigError, match=r"(?s)row 3.*toaster"):
        reported(folder)
