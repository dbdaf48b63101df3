"""A machine looked at through a witness reads on paper as it was, also while things come and go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.agent.recording_host import CapturingHost
from sobriety.agent.session import Session
from sobriety.collectors import choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Host, Instant
from sobriety.core.paper import Moment, PaperHost

Paper = Callable[[str], PaperHost]
BAT = "/sys/class/power_supply/BAT1"

NAMES = ("battery_on_ac", "container_without_sys", "counter_resets", "counter_wraps",
         "cpu_unplugged", "laptop_sleeps", "laptop_with_rapl_and_battery", "rapl_forbidden",
         "reboot", "sensor_breaks", "server_two_sockets", "vm_without_sensor")  # fmt: skip


def watch(host: Host, moments: int) -> tuple[list[Step | None], list[str]]:
    """Every step, and everything that was told on the way."""
    told: list[str] = []
    found: list[Step | None] = []

    def tell(name: str, error: SobrietyError) -> None:
        told.append(f"{name}: {error.message}")

    with Session(host, choose("linux", None), tell=tell) as session:
        session.sample()
        for _ in range(moments - 1):
            assert host.sleep_until(0)
            session.sample()
            found.append(session.last_step)
    return found, told


def through_a_witness(machine: PaperHost) -> tuple[list[Step | None], list[str], PaperHost]:
    witness = CapturingHost(machine)
    witness.begin_moment()
    seen, told = watch(witness, len(machine.moments))
    text = witness.page().dump("captured by a test")
    again = PaperHost.parse(text)
    assert again.dump("captured by a test") == text
    return seen, told, again


@pytest.mark.parametrize("name", NAMES)
def test_what_a_witness_wrote_gives_the_same_steps(paper: Paper, name: str) -> None:
    seen, told, again = through_a_witness(paper(name))
    assert watch(again, len(again.moments)) == (seen, told)


def test_a_battery_that_is_taken_out_is_gone_on_paper_too() -> None:
    def at(second: int, files: dict[str, str], gone: tuple[str, ...] = ()) -> Moment:
        ns = second * 10**9
        return Moment(Instant(ns, ns, ns, "boot"), files, dict.fromkeys(gone, "gone"))

    one = {"type": "Battery", "status": "Discharging", "power_now": "4000000"}
    both = {f"{BAT}/{k}": v for k, v in one.items()} | {
        f"{BAT.replace('1', '0')}/{k}": v for k, v in one.items()
    }
    taken_out = tuple(f"{BAT}/{k}" for k in one)
    machine = PaperHost(
        "linux",
        [at(0, both), at(5, {}), at(10, {}, taken_out), at(15, {}), at(20, {}), at(25, both)],
    )
    seen, told, again = through_a_witness(machine)
    joules = [step and step.measures.get("battery_j") for step in seen]
    assert joules == [pytest.approx(40), None, None, pytest.approx(20), pytest.approx(20)]
    assert watch(again, len(again.moments)) == (seen, told)
