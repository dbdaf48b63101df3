"""Meters of the machine: the plug and not a part, once, and 0 or nonsense is unknown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]
Paper = Callable[[str], PaperHost]
TREE = "/sys/class/hwmon"


def chip(number: int, name: str, **files: str) -> dict[str, str]:
    return {f"{TREE}/hwmon{number}/{key}": text for key, text in (files | {"name": name}).items()}


def acpi(number: int = 0, watts: int = 400, **files: str) -> dict[str, str]:
    return chip(number, "power_meter", power1_average=f"{watts}000000\n", **files)


def supply(number: int, watts: int | None, name: str = "pfe1100") -> dict[str, str]:
    """A power supply: it says its output always, and its input if it measures it."""
    files = {"power2_label": "pout1", "power2_input": "1000000"}
    if watts is not None:
        files |= {"power1_label": "pin", "power1_input": f"{watts}000000"}
    return chip(number, name, **files)


def joules(steps: list[Step]) -> list[float | None]:
    return [step.measures.get("wall_j") for step in steps]


def refusal(host: PaperHost) -> object:
    with Session(host, choose("linux", ["hwmon"])) as session:
        return session.refusals.get("hwmon")


def test_a_server_with_an_acpi_meter(paper: Paper, steps: Watch) -> None:
    seen = joules(steps(paper("server_with_acpi_meter"), "hwmon"))
    assert seen[:2] == [pytest.approx(410 * 5), pytest.approx(410 * 5)]
    assert seen[2:] == [None, None, None, pytest.approx(400 * 5)]  # 4.29 MW and 0 W are unknown


def test_a_meter_that_does_not_know_is_told(paper: Paper) -> None:
    host = paper("server_with_acpi_meter")
    with Session(host, choose("linux", ["hwmon"])) as session:
        while "hwmon" not in session.failing and host.turn():
            session.sample()
        assert isinstance(session.failing["hwmon"], ReadError)
        assert "4294967295000" in session.failing["hwmon"].message


def test_newer_drivers_put_their_files_with_the_chip(machine: Write, steps: Watch) -> None:
    host = machine(acpi(), {}, acpi(watts=500))
    assert joules(steps(host, "hwmon")) == [pytest.approx(2000), pytest.approx(2250)]


@pytest.mark.parametrize(
    "files",
    [
        acpi(power1_is_battery="1"),
        acpi(0, 300) | acpi(1, 80),  # one for each part, as on NVIDIA Grace
        acpi() | {f"{TREE}/hwmon0/device/measures/LNXCPU:00": "!folder"},
        chip(0, "ina219", power1_label="pin", power1_input="5000000"),
        chip(0, "amdgpu", power1_average="5000000"),
        chip(0, "ibmpowernv", power1_label="Chip 0 Vdd", power1_input="5000000"),
        supply(0, 100) | supply(1, None),
        {},
    ],
)
def test_what_measures_a_part_is_not_the_machine(machine: Write, files: dict[str, str]) -> None:
    assert isinstance(refusal(machine(files)), NotSupported)


def test_a_meter_of_all_that_is_on_the_bus_is_the_machines(machine: Write, steps: Watch) -> None:
    files = acpi() | {
        f"{TREE}/hwmon0/device/measures/{device}": "!folder"
        for device in ("LNXCPU:00", "LNXSYBUS:00")
    }
    assert joules(steps(machine(files, {}), "hwmon")) == [pytest.approx(2000)]


def test_the_supplies_add_up_and_one_in_reserve_may_draw_nothing(
    machine: Write, steps: Watch
) -> None:
    host = machine(supply(0, 200) | supply(1, 40), {}, supply(0, 240) | supply(1, 0))
    assert joules(steps(host, "hwmon")) == [pytest.approx(240 * 5), pytest.approx(240 * 5)]


def test_without_one_supply_the_sum_is_unknown(machine: Write, steps: Watch) -> None:
    broken = {f"{TREE}/hwmon1/power1_input": "!broken"}
    host = machine(supply(0, 200) | supply(1, 40), {}, broken)
    assert joules(steps(host, "hwmon")) == [pytest.approx(240 * 5), None]


def test_supplies_behind_an_acpi_meter_are_not_counted_again(machine: Write, steps: Watch) -> None:
    host = machine(acpi(watts=450) | supply(1, 200) | supply(2, 220), {})
    assert joules(steps(host, "hwmon")) == [pytest.approx(450 * 5)]


def test_power_counts_the_joules_of_the_system(machine: Write, steps: Watch) -> None:
    def system(joules: int) -> dict[str, str]:
        return chip(
            0,
            "ibmpowernv",
            energy1_label="Chip 0",
            energy1_input="7000000",
            energy2_label="System",
            energy2_input=f"{joules}000000",
            power1_label="System",
            power1_input="371000000",
        )

    host = machine(system(1000), system(2855), system(10), system(1865))
    seen = joules(steps(host, "hwmon"))
    assert seen == [pytest.approx(1855), None, pytest.approx(1855)]  # firmware that began anew


def test_power_without_a_counter_gives_watts(machine: Write, steps: Watch) -> None:
    host = machine(chip(0, "ibmpowernv", power3_label="System", power3_input="300000000"), {})
    assert joules(steps(host, "hwmon")) == [pytest.approx(1500)]


def test_a_forbidden_meter_is_told_with_the_command(machine: Write) -> None:
    path = f"{TREE}/hwmon0/power1_average"
    error = refusal(machine(acpi() | {path: "!forbidden"}))
    assert isinstance(error, NotPermitted)
    assert error.hint == f"sudo chmod a+r {path}"
