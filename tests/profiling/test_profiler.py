"""What a command costs: proportional, conserved, and honest about what is not known."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import ClassVar

import pytest

from sobriety.collectors import choose
from sobriety.core.errors import FactorNotFound
from sobriety.core.host import Host, LocalHost
from sobriety.core.machine import Machine
from sobriety.core.reading import Reading
from sobriety.estimators import power_model, power_w
from sobriety.profiling.profiler import Profile, profile

SERVER = Machine("a", "server", cpu_model="a test", chips=1, cores=8, threads=16, memory_b=64e9)
VIRTUAL = Machine("vm", "server", threads=2, virtual=True)


class Metered:
    """A machine of which one of two processors is busy, and a package that draws 100 W."""

    name: ClassVar[str] = "metered"
    systems: ClassVar[frozenset[str]] = frozenset()

    def open(self, host: Host) -> None:
        pass

    def read(self) -> Iterable[Reading]:
        now_s = time.monotonic()
        yield Reading("cpu_busy_s", now_s)
        yield Reading("cpu_capacity_s", 2 * now_s)
        yield Reading("package_j", 100 * now_s)

    def close(self) -> None:
        pass


def burn(seconds: float) -> list[str]:
    code = f"import time\nwhile time.process_time() < {seconds}: pass"
    return [sys.executable, "-c", code]


def measure(command: list[str], machine: Machine = VIRTUAL, zone: str | None = None) -> Profile:
    host = LocalHost()
    return profile(
        command, host=host, machine=machine, collectors=choose(host.system, None), zone=zone
    )


def test_energy_is_in_proportion_to_processor_time() -> None:
    short, long = measure(burn(0.2)), measure(burn(0.6))
    per_second = [p.energy.value / p.run.cpu_s for p in (short, long)]
    assert per_second[0] == pytest.approx(per_second[1], rel=1e-9)
    assert 0.2 <= short.run.cpu_s < 0.6 <= long.run.cpu_s
    assert long.energy.low < long.energy.value < long.energy.high


def test_many_short_children_cost_as_much_as_one_long_process() -> None:
    loop = f"for i in 1 2 3 4; do {sys.executable} -c 'sum(range(2000000))'; done"
    one = measure(["sh", "-c", loop])
    assert one.energy.value == pytest.approx(
        one.run.cpu_s
        * (power_w(power_model(VIRTUAL).curve, 1) - power_w(power_model(VIRTUAL).curve, 0))
        / 2
    )


def test_waiting_costs_nearly_nothing() -> None:
    waiting, working = measure(["sleep", "0.4"]), measure(burn(0.8))
    assert waiting.energy.value < 0.05 * working.energy.value
    assert waiting.machine_energy and waiting.machine_energy.value > waiting.energy.value


def test_a_sensor_takes_precedence_and_is_shared_by_processor_time() -> None:
    seen = profile(burn(0.5), host=LocalHost(), machine=SERVER, collectors=[Metered])
    assert seen.machine_energy
    assert seen.machine_energy.value >= 100 * seen.run.wall_s  # the samples are around the run
    assert "package measured" in str(seen.energy.method)
    idle_w = power_w(power_model(SERVER).curve, 0)
    assert seen.series is not None and seen.busy_s is not None
    above_idle_j = seen.machine_energy.value - idle_w * sum(s.duration_s for s in seen.series)
    share = min(1, seen.run.cpu_s / seen.busy_s)
    assert seen.energy.value == pytest.approx(max(0, above_idle_j) * share, rel=1e-9)
    assert seen.energy.low <= seen.energy.value <= seen.energy.high
    assert seen.energy.value <= seen.machine_energy.value


def test_a_run_shorter_than_the_kernels_clock_says_what_it_does_not_know() -> None:
    seen = measure(["true"])
    assert seen.energy.value >= 0
    if seen.machine_energy is None:
        assert any("too short" in note for note in seen.notes)


def test_carbon_needs_a_zone_and_never_guesses_one() -> None:
    unknown = measure(["true"])
    assert unknown.co2e is None
    assert any("no grid zone" in note for note in unknown.notes)
    known = measure(burn(0.1), zone="Québec")
    assert known.co2e
    assert known.co2e.value == pytest.approx(known.energy.value / 3.6e6 * 2.6 / 1000)


def test_an_unknown_zone_is_told_before_anything_runs(tmp_path: object) -> None:
    marker = f"{tmp_path}/ran"
    with pytest.raises(FactorNotFound):
        measure(["touch", marker], zone="Atlantis")
    from pathlib import Path

    assert not Path(marker).exists()


def test_measuring_says_what_it_took() -> None:
    before_s = time.process_time()
    seen = measure(burn(0.2))
    assert seen.own_cpu_s is not None
    assert 0 <= seen.own_cpu_s <= time.process_time() - before_s + 0.02  # and its ticks


def test_codecarbon_can_run_beside_it() -> None:
    pytest.importorskip("codecarbon")
    from sobriety.profiling.cross_check import CodeCarbon

    peer = CodeCarbon("CA-QC")
    time.sleep(0.5)
    theirs = peer.stop()
    assert theirs["country"] == "CAN"
    assert theirs["energy_j"] > 0
    assert theirs["energy_j"] == pytest.approx(
        theirs["cpu_j"] + theirs["memory_j"] + theirs["gpu_j"], rel=1e-6
    )
