"""Carbon by the hour: every joule at the intensity of its own hour, computed here by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.estimate import Estimate
from sobriety.core.period import choose
from sobriety.estimators import Grams, power_model, power_w
from sobriety.factors.hours import Hours, read_hours
from sobriety.lake import Lake
from sobriety.reports import ReportSettings, gather
from sobriety.reports.language.language import Language

from ..conftest import LAPTOP, NOW, TZ, VIRTUAL, Fill, at, usage

DAY = [0.05] * 8 + [0.6] * 8 + [0.05] * 8
"""Busy by hours of a day in Montréal."""

PERIOD = choose(start="2026-11-02", end="2026-11-03", timezone="America/Montreal")


def fill(lake: Lake) -> None:
    """Two machines, each on a day of its own."""
    for machine, day in ((LAPTOP, 2), (VIRTUAL, 3)):
        lake.record_machine(machine, at(2026, 11, 2))
        lake.append(usage(machine.host, at(2026, 11, day), DAY, row_s=3600.0))
    lake.roll_up()


@pytest.fixture(scope="module")
def lake(make_lake: Callable[[Fill], Lake]) -> Lake:
    return make_lake(fill)


def grams(hour: int) -> float:
    """Clean from 8 to 16 o'clock, dirty in the night."""
    return 10.0 if 8 <= hour < 16 else 500.0


def solar(zone: str = "CA-QC", days: tuple[int, ...] = (2, 3), kind: str = "direct") -> Hours:
    told = {
        at(2026, 11, day, hour): Grams(grams(hour), 0.9 * grams(hour), 1.2 * grams(hour))
        for day in days
        for hour in range(24)
    }
    return Hours(zone, kind, told, ("a file of hours",))


def by_hand(host: str) -> float:
    """Kilograms of its day, hour by hour."""
    curve = power_model(LAPTOP if host == LAPTOP.host else VIRTUAL).curve
    return math.fsum(power_w(curve, u) / 1000 * grams(h) / 1000 for h, u in enumerate(DAY))


def settings(zone: str = "CA-QC", *hours: Hours) -> ReportSettings:
    return ReportSettings(zone=zone, timezone="America/Montreal", hours=hours, k_anonymity=1)


def use_of(lake: Lake, *hours: Hours) -> tuple[Estimate, dict[str, Estimate]]:
    found = gather(lake, settings("CA-QC", *hours), PERIOD, now=NOW)
    whole = found.totals.use_co2e_kg
    parts = {s.name: s.footprint.use_co2e_kg for s in found.breakdown["host"]}
    assert isinstance(whole, Estimate)
    return whole, {n: p for n, p in parts.items() if isinstance(p, Estimate)}


def test_every_hour_counts_at_its_own_intensity(lake: Lake) -> None:
    whole, parts = use_of(lake, solar())
    for host, part in parts.items():
        assert part.value == pytest.approx(by_hand(host), rel=1e-9)
    assert whole.value == pytest.approx(math.fsum(map(by_hand, parts)), rel=1e-9)
    assert "hourly direct intensity of CA-QC" in str(whole.method)
    assert "a file of hours" in whole.sources
    # The mean of the day would charge those who work by day for the night.
    mean = math.fsum(map(grams, range(24))) / 24
    flat = dict.fromkeys(solar().by_hour, Grams(mean, mean, mean))
    assert whole.value < 0.9 * use_of(lake, Hours("CA-QC", "direct", flat, ("flat",)))[0].value


def test_hours_that_no_file_tells_take_the_years_factor_and_the_share_is_said(lake: Lake) -> None:
    found = gather(lake, settings("CA-QC", solar(days=(2,))), PERIOD, now=NOW)
    caution = next(c for c in found.cautions if c.code == "untold_hours")
    used = {s.name: s.footprint for s in found.breakdown["host"]}
    share = used[VIRTUAL.host].energy_j.value / found.totals.energy_j.value
    assert caution.untold_ratio == pytest.approx(share)  # type: ignore[attr-defined]
    virtual = used[VIRTUAL.host].use_co2e_kg
    assert isinstance(virtual, Estimate)
    assert virtual.value == pytest.approx(use_of(lake)[1][VIRTUAL.host].value)
    assert "stale_factor" in {c.code for c in found.cautions}  # the year's has a part in it
    for tongue in ("en", "fr"):
        words = Language(tongue)
        assert all((caution.title(words), caution.what(words), caution.hint(words)))


def test_where_all_hours_are_told_the_years_factor_has_no_part(lake: Lake) -> None:
    found = gather(lake, settings("CA-QC", solar()), PERIOD, now=NOW)
    assert not {"stale_factor", "untold_hours"} & {c.code for c in found.cautions}
    assert [f.source for f in found.factors] == ["a file of hours"]


def test_a_zone_that_only_a_file_knows_needs_no_year(lake: Lake) -> None:
    found = gather(lake, settings("NYIS", solar("NYIS")), PERIOD, now=NOW)
    assert isinstance(found.totals.use_co2e_kg, Estimate)
    lacking = gather(lake, settings("NYIS", solar("NYIS", (2,))), PERIOD, now=NOW)
    assert not isinstance(lacking.totals.use_co2e_kg, Estimate)
    assert "no_factor" in {c.code for c in lacking.cautions}


def test_files_of_the_other_kind_or_zone_change_nothing(lake: Lake) -> None:
    plain, _ = use_of(lake)
    for other in (solar("FR"), solar(kind="life-cycle")):
        assert use_of(lake, other)[0].value == plain.value


def test_a_file_through_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = datetime(2026, 11, 2, tzinfo=TZ)
    rows = ["hour_utc,zone,kind,value_g_per_kwh"]
    rows += [
        f"{(first + timedelta(hours=h)).isoformat()},CA-QC,direct,{grams(h % 24):g}"
        for h in range(48)
    ]
    path, wrong, page = (tmp_path / name for name in ("hours.csv", "wrong.csv", "report.html"))
    path.write_text("\n".join(rows) + "\n")
    wrong.write_text(path.read_text().replace(",500", ",dirty", 1))
    assert len(read_hours(path, "CA-QC", "direct").by_hour) == 48
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path / "data"))
    with Lake(tmp_path / "data" / "lake") as own:
        fill(own)
    asked = ["report", "--zone", "CA-QC", "--from", "2026-11-02", "--to", "2026-11-03",
             "-o", str(page)]  # fmt: skip
    done = CliRunner().invoke(command(), [*asked, "--grid-hours", str(path)])
    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    assert "hourly direct intensity of CA-QC" in text and "hours.csv" in text
    done = CliRunner().invoke(command(), [*asked, "--grid-hours", str(wrong)])
    assert done.exit_code == 2 and "'dirty'; not a number" in done.output
