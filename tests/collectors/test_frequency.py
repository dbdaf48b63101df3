"""Frequencies of clusters that differ, and what is no frequency."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import Frequency, choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]


def policy(number: int, now_khz: object, highest_khz: int, processors: str) -> dict[str, str]:
    path = f"/sys/devices/system/cpu/cpufreq/policy{number}"
    return {
        f"{path}/scaling_cur_freq": f"{now_khz}\n",
        f"{path}/cpuinfo_max_freq": f"{highest_khz}\n",
        f"{path}/affected_cpus": f"{processors}\n",
    }


def test_a_mean_over_processors_and_an_integral_over_time(machine: Write, steps: Watch) -> None:
    big, small = policy(0, 3_000_000, 4_000_000, "0 1 2"), policy(3, 1_000_000, 2_000_000, "3")
    slower = policy(0, 1_000_000, 4_000_000, "0 1 2")
    (step,) = steps(machine(big | small, slower | small), "frequency")
    before, after = (3 * 0.75 + 0.5) / 4, (3 * 0.25 + 0.5) / 4
    assert step.measures == {"speed_s": pytest.approx(5 * (before + after) / 2)}


def test_one_that_overshoots_is_at_its_highest(machine: Write, steps: Watch) -> None:
    turbo = policy(0, 5_000_000, 4_000_000, "0")
    (step,) = steps(machine(turbo, turbo), "frequency")
    assert step.measures["speed_s"] == 5


def test_a_machine_that_tells_none_and_one_whose_processors_are_off(machine: Write) -> None:
    for files in ({"/proc/stat": "cpu 1"}, policy(0, 1, 2, "")):
        with pytest.raises(NotSupported, match="no processor's frequency"):
            Frequency().open(machine(files))


@pytest.mark.parametrize("text", ["0", "<unknown>", "-5", ""])
def test_what_is_no_frequency_is_a_gap(machine: Write, text: str) -> None:
    host = machine(policy(0, 1_000_000, 2_000_000, "0"), policy(0, text, 2_000_000, "0"))
    with Session(host, choose("linux", ["frequency"])) as session:
        session.sample()
        host.turn()
        session.sample()
        assert isinstance(session.failing["frequency"], ReadError)
        assert session.last_step and session.last_step.observed == ()
