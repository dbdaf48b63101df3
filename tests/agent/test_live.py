"""Watts now, and who makes them: the same joules as the report's, in parts that add up."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sobriety.agent.cadence import Cadence
from sobriety.agent.daemon import Daemon
from sobriety.agent.live import LiveSample, moment, moments
from sobriety.agent.session import Session
from sobriety.collectors import choose, machine_facts
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Instant
from sobriety.core.machine import Machine
from sobriety.core.paper import Moment as Page
from sobriety.core.paper import PaperHost
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.lake import Lake
from sobriety.reports import ReportSettings, gather
from sobriety.spool import Spool

NOON_NS = 1_764_072_000 * NS_PER_S
CPUINFO = """processor\t: 0
model name\t: Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz
physical id\t: 0
core id\t: 0
"""


def files(i: int) -> dict[str, str]:
    """A server of one thread, a service and a shell; a step is five seconds."""
    nginx, bash, idle = 100 * i, 20 * i * i, 10_000 + 300 * i
    line = "{} ({}) S 1 0 0 0 0 0 0 0 0 0 {} 0 {} 0 20 0 1 0 5 1000 10 18446744"
    return {
        "/proc/stat": f"cpu  {nginx + bash + 30 * i} 0 0 {idle} 0 0 0 0 0 0\n",
        "/proc/cpuinfo": CPUINFO,
        "/proc/sys/kernel/hostname": "paper",
        "/proc/10/stat": line.format(10, "nginx", nginx, 0),
        "/proc/10/cgroup": "0::/system.slice/nginx.service",
        "/proc/11/stat": line.format(11, "bash", 2 * i, 20 * i * i - 2 * i),
        "/sys/class/powercap/intel-rapl:0/name": "package-0",
        "/sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850",
        "/sys/class/powercap/intel-rapl:0/energy_uj": str(10**9 + (300 + 10 * i) * i * 10**6),
    }


def machine(steps: int, *leave_out: str) -> PaperHost:
    pages: list[Page] = []
    for i in range(steps):
        at = i * 5 * NS_PER_S
        text = {k: v for k, v in files(i).items() if not k.startswith(leave_out or ("!",))}
        pages.append(Page(Instant(NOON_NS + at, at, at, "boot"), text))
    return PaperHost("linux", pages)


def looks(host: PaperHost) -> tuple[list[LiveSample], Machine]:
    facts = machine_facts(host)
    session = Session(host, choose("linux"), row_s=1e9, work_s=1e9)
    with session:
        return list(moments(session, facts, 5.0)), facts


def no_trouble(error: SobrietyError) -> None:
    raise AssertionError(error)


def joules(found: list[LiveSample], name: str | None = None) -> float:
    if name is None:
        return math.fsum(m.power.value * m.duration_s for m in found)
    return math.fsum(x.power.value * m.duration_s for m in found for x in m.loads if x.name == name)


@pytest.mark.parametrize("leave_out", [(), ("/sys/class/powercap",)], ids=["sensor", "modelled"])
def test_parts_add_up_at_every_look(leave_out: tuple[str, ...]) -> None:
    found, _ = looks(machine(20, *leave_out))
    assert len(found) == 19
    for each in found:
        parts = [each.idle_w, each.unattributed_w, *(x.power.value for x in each.loads)]
        assert math.fsum(parts) == pytest.approx(each.power.value, rel=1e-12)
        assert each.idle_w > 0 < each.unattributed_w
        assert {(x.kind, x.name) for x in each.loads} == {
            ("service", "nginx.service"),
            ("process", "bash"),
        }
        assert each.busy_ratio is not None and 0 < each.busy_ratio < 1


@pytest.mark.parametrize("leave_out", [(), ("/sys/class/powercap",)], ids=["sensor", "modelled"])
def test_live_and_report_agree_to_the_joule(tmp_path: Path, leave_out: tuple[str, ...]) -> None:
    """The same machine, once by `top` and once by the daemon, the spool, the lake and a report."""
    found, facts = looks(machine(50, *leave_out))
    host = machine(50, *leave_out)
    with (
        Spool.open(tmp_path / "spool.sqlite3") as spool,
        Session(host, choose("linux"), name=facts.host) as session,
    ):
        spool.record_machine(facts, NOON_NS)
        Daemon(session, spool, cadence=Cadence(5.0, work_s=5.0), tell=no_trouble).run()
    with Lake(tmp_path / "lake") as lake:
        lake.absorb(tmp_path / "spool.sqlite3")
        lake.roll_up()
        report = gather(lake, ReportSettings(timezone="UTC"))
    assert report.totals.energy_j.value == pytest.approx(joules(found), rel=1e-12)
    assert report.work and report.work.idle and report.work.unattributed
    for load in report.work.workloads:
        assert load.energy_j.value == pytest.approx(joules(found, load.name), rel=1e-9)
    idle_j = math.fsum(m.idle_w * m.duration_s for m in found)
    assert report.work.idle.value == pytest.approx(idle_j, rel=1e-9)


def test_where_nothing_gives_power_it_says_what_is_seen() -> None:
    row = Usage("a", 0, 5.0, 0.0, {"memory_used_bs": 1.0}, ("memory",))
    with pytest.raises(SobrietyError, match="gives no power: memory"):
        moment(Machine("a"), [row])


def test_a_sleep_is_no_look() -> None:
    assert moment(Machine("a"), [Usage("a", 0, 5.0, 0.0, {}, (), "asleep")]) is None
    assert moment(Machine("a"), []) is None
