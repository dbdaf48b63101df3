"""The firmware's own meter speaks for the whole machine; other sensors do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.collectors import BUILTIN, Hwmon, Ipmi
from sobriety.core.difference import Step
from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.paper import PaperHost
from sobriety.core.ports import Slow
from sobriety.core.reading import Reading
from sobriety.session import Session

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]


def sensor(number: int, name: str, **files: str) -> dict[str, str]:
    folder = f"/sys/class/hwmon/hwmon{number}"
    return {f"{folder}/{file}": text for file, text in {"name": name, **files}.items()}


def test_the_power_meter_is_energy_at_the_plug(machine: Write, steps: Watch) -> None:
    parts = sensor(0, "nvme", power1_average="5000000") | sensor(1, "coretemp")
    host = machine(
        parts | sensor(2, "power_meter\n", power1_average="200000000\n"),
        sensor(2, "power_meter", power1_average="220000000"),
    )
    (step,) = steps(host, "hwmon")
    assert step.measures == {"wall_j": pytest.approx(210 * 5)}


def test_the_mean_is_taken_before_the_moment(machine: Write) -> None:
    collector = Hwmon()
    files = sensor(0, "power_meter", power1_input="1000000", power1_average="2000000")
    collector.open(machine(files))
    assert list(collector.read()) == [Reading("wall_w", 2.0, "power_meter", "gauge", "hwmon")]
    collector.close()
    collector.open(machine(sensor(0, "power_meter", power1_input="1000000")))
    assert list(collector.read()) == [Reading("wall_w", 1.0, "power_meter", "gauge", "hwmon")]
    collector.close()
    collector.close()


def test_a_meter_that_only_caps_is_none(machine: Write) -> None:
    with pytest.raises(NotSupported, match="no power meter"):
        Hwmon().open(machine(sensor(0, "power_meter", power1_cap="300000000")))


@pytest.mark.parametrize(
    "files",
    [
        {},
        sensor(0, "amdgpu", power1_average="30000000"),
        sensor(0, "corsairpsu", power1_input="90000000"),
        sensor(0, "power_meter2", power1_average="90000000"),
    ],
)
def test_sensors_of_parts_are_not_the_machine(machine: Write, files: dict[str, str]) -> None:
    with pytest.raises(NotSupported):
        Hwmon().open(machine({"/proc/stat": ""} | files))


def test_a_meter_that_may_not_be_read_says_how(machine: Write) -> None:
    with pytest.raises(NotPermitted) as error:
        Hwmon().open(machine(sensor(3, "power_meter", power1_average="!forbidden")))
    assert error.value.hint == "sudo chmod a+r /sys/class/hwmon/hwmon3/power1_average"


@pytest.mark.parametrize(("text", "says"), [("0", "says 0 W"), ("-5", "-5"), ("", "b''")])
def test_no_watts_are_a_gap(machine: Write, text: str, says: str) -> None:
    host = machine(sensor(0, "power_meter", power1_average=text))
    with Session(host, [Hwmon]) as session:
        session.sample()
        assert isinstance(session.failing["hwmon"], ReadError)
        assert says in session.failing["hwmon"].message


def test_a_meter_that_falls_silent_and_answers_again(machine: Write, steps: Watch) -> None:
    said = ("50000000", "50000000", "!broken", "50000000", "70000000")
    host = machine(*(sensor(0, "power_meter", power1_average=text) for text in said))
    seen = [step.measures.get("wall_j") for step in steps(host, "hwmon")]
    assert seen == [pytest.approx(250), None, None, pytest.approx(300)]


def test_it_is_asked_before_the_controller_behind_it() -> None:
    """Both tell of the same joules: the first that answers counts. Neither holds up the others."""
    assert isinstance(Hwmon(), Slow)
    assert BUILTIN.index(Hwmon) < BUILTIN.index(Ipmi)
