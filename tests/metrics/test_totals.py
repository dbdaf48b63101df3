"""Rows priced as they come: the same joules as `top` and the report, and nothing ever goes back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.agent.cadence import Cadence
from sobriety.agent.daemon import Daemon
from sobriety.agent.session import Session
from sobriety.collectors import choose, machine_facts
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Instant
from sobriety.core.machine import Machine
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.lake import Lake
from sobriety.metrics import Metrics
from sobriety.metrics.totals import EnergyTotals, Sum
from sobriety.reports import ReportSettings, gather
from sobriety.settings import config as settings
from sobriety.spool import Spool

NOON_NS = 1_764_072_000 * NS_PER_S
RAPL = "/sys/class/powercap/intel-rapl:0"
STAT = "{} ({}) S 1 0 0 0 0 0 0 0 0 0 {} 0 0 0 20 0 1 0 5 1000 10 18446744"


def machine(steps: int, *, sensor: bool) -> PaperHost:
    """A service that works ever more, and a shell that does little; samples every 5 s."""
    pages: list[Moment] = []
    for i in range(steps):
        nginx, bash = 60 * i + i * i, 3 * i
        files = {
            "/proc/stat": f"cpu {nginx + bash + 20 * i} 0 0 {900 * i} 0 0 0 0 0 0\n",
            "/proc/sys/kernel/hostname": "paper",
            "/proc/10/stat": STAT.format(10, "nginx", nginx),
            "/proc/10/cgroup": "0::/system.slice/nginx.service",
            "/proc/11/stat": STAT.format(11, "bash", bash),
        }
        if sensor:
            files[f"{RAPL}/name"] = "package-0"
            files[f"{RAPL}/max_energy_range_uj"] = "262143328850"
            files[f"{RAPL}/energy_uj"] = str(10**9 + (200 * i + i * i) * 10**6)
        at_ns = i * 5 * NS_PER_S
        pages.append(Moment(Instant(NOON_NS + at_ns, at_ns, at_ns, "boot"), files))
    return PaperHost("linux", pages)


def no_trouble(error: SobrietyError) -> None:
    raise AssertionError(error)


@pytest.mark.parametrize("sensor", [True, False], ids=["sensor", "modelled"])
@pytest.mark.parametrize("work_s", [5.0, 30.0, 120.0])
def test_metrics_and_report_agree_to_the_joule_and_nothing_goes_back(
    tmp_path: Path, sensor: bool, work_s: float
) -> None:
    host = machine(800, sensor=sensor)  # over an hour's end
    facts = machine_facts(host)
    config = settings.load({"zone": "CA-QC", "timezone": "UTC", "metrics": "127.0.0.1:0"})
    idle_j: list[float] = []
    workload_j: list[float] = []
    with (
        Spool.open(tmp_path / "spool.sqlite3") as spool,
        Session(host, choose("linux"), name="paper") as session,
        Metrics(facts, config, session, spool.path, say=pytest.fail) as metrics,
    ):
        spool.record_machine(facts, NOON_NS)

        class Sink:
            def append(self, rows: list[Usage]) -> None:
                spool.append(rows)
                metrics.add(rows)
                idle_j.append(metrics.ledger.idle_j)
                workload_j.append(math.fsum(s.value for s in metrics.ledger.workload_j.values()))

        Daemon(session, cast(Any, Sink()), cadence=Cadence(5.0, work_s), tell=no_trouble).run()
        ledger = metrics.ledger
    assert idle_j == sorted(idle_j) and workload_j == sorted(workload_j)
    with Lake(tmp_path / "lake") as lake:
        lake.absorb(tmp_path / "spool.sqlite3")
        lake.roll_up()
        report = gather(lake, ReportSettings(zone="CA-QC", timezone="UTC"))
    assert ledger.whole_j == pytest.approx(report.totals.energy_j.value, rel=1e-12)
    assert report.work and report.work.idle and report.work.unattributed
    assert ledger.idle_j == pytest.approx(report.work.idle.value, rel=1e-9)
    for load in report.work.workloads:
        mine = ledger.workload_j[load.kind, load.name].value
        assert mine == pytest.approx(load.energy_j.value, rel=1e-9)
    nobody = ledger.workload_j["unattributed", ""].value
    assert nobody == pytest.approx(report.work.unattributed.value, rel=1e-9)
    use = report.totals.use_co2e_kg
    assert ledger.use_g == pytest.approx(getattr(use, "value", math.nan) * 1000, rel=1e-9)
    assert ledger.embodied_g == pytest.approx(
        report.totals.embodied_share_kg.value * 1000, rel=1e-9
    )
    assert ledger.seconds["on"].value == pytest.approx(report.coverage.observed_s)


def test_carbon_is_unknown_without_a_zone_and_without_its_factor() -> None:
    row = Usage("a", NOON_NS, 60.0, 60.0, {"wall_j": 600.0}, ("wall",))
    for zone in (None, "FR"):  # whose direct factor nobody publishes
        ledger = EnergyTotals(Machine("a", "server"), zone=zone)
        ledger.add([row])
        assert ledger.use_g is None
        assert ledger.whole_j == 600.0
        assert ledger.sensor_j["wall_j"].value == 600.0


def test_time_that_nobody_saw_costs_nothing_that_we_know() -> None:
    ledger = EnergyTotals(Machine("a", "server"))
    ledger.add([Usage("a", NOON_NS, 60.0, 0.0, {}, (), "unobserved")])
    assert (ledger.whole_j, ledger.embodied_g) == (0.0, 0.0)
    assert ledger.seconds["unobserved"].value == 60.0


@given(st.lists(st.floats(-1e12, 1e12)))
def test_a_long_sum_loses_nothing(values: list[float]) -> None:
    found = Sum()
    for value in values:
        found.add(value)
    assert found.value == pytest.approx(math.fsum(values), rel=1e-12, abs=1e-3)


def test_a_year_of_small_additions() -> None:
    found = Sum()
    found.add(1e12)
    for _ in range(500_000):
        found.add(0.1)
    assert found.value == pytest.approx(1e12 + 50_000, abs=1e-3)
