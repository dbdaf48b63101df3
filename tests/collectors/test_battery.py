"""A battery speaks for the whole machine, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]
TREE = "/sys/class/power_supply"


def supply(name: str, **files: str) -> dict[str, str]:
    return {f"{TREE}/{name}/{file}": text for file, text in files.items()}


def battery(name: str = "BAT0", status: str = "Discharging", **files: str) -> dict[str, str]:
    return supply(name, type="Battery", status=status, **files)


def joules(steps: list[Step]) -> list[float | None]:
    return [step.measures.get("battery_j") for step in steps]


def test_joules_only_while_it_discharges(machine: Write, steps: Watch) -> None:
    power = [
        ("Discharging", 10),
        ("Discharging", 14),
        ("Charging", 30),
        ("Not charging", 0),
        ("Full", 0),
        ("Unknown", 9),
        ("Discharging", 8),
        ("Discharging", 8),
    ]
    host = machine(*(battery(status=s, power_now=str(w * 10**6)) for s, w in power))
    seen = joules(steps(host, "battery"))
    assert seen == [pytest.approx(60), None, None, None, None, None, pytest.approx(40)]


def test_amperes_times_volts_where_no_power_is_given(machine: Write, steps: Watch) -> None:
    """Some drivers give what leaves the battery a negative sign."""
    files = battery(current_now="-1500000\n", voltage_now="12000000\n")
    assert joules(steps(machine(files, {}), "battery")) == [pytest.approx(18 * 5)]


def test_of_two_batteries_the_resting_one_gives_nothing(machine: Write, steps: Watch) -> None:
    files = battery("BAT0", "Not charging", power_now="0") | battery("BAT1", power_now="7000000")
    assert joules(steps(machine(files, {}), "battery")) == [pytest.approx(35)]


@pytest.mark.parametrize("kind", ["Mains", "USB", "USB_PD"])
def test_a_charger_too_weak_makes_it_a_part_of_what_the_machine_draws(
    machine: Write, steps: Watch, kind: str
) -> None:
    charger = [supply("AC", type=kind, online=online) for online in "0011100"]
    files = battery(power_now="5000000")
    seen = joules(steps(machine(*(files | c for c in charger)), "battery"))
    assert seen == [pytest.approx(25), None, None, None, None, pytest.approx(25)]


def test_a_mouse_is_not_the_machine_and_neither_is_its_charger(
    machine: Write, steps: Watch
) -> None:
    files = (
        battery(power_now="5000000")
        | battery("hidpp_battery_0", power_now="900000", scope="Device")
        | supply("wacom_ac_0", type="Mains", scope="Device", online="1")
    )
    assert joules(steps(machine(files, {}), "battery")) == [pytest.approx(25)]


def test_a_machine_whose_only_battery_is_a_mouses_has_none(machine: Write) -> None:
    host = machine(battery("hidpp_battery_0", power_now="900000", scope="Device"))
    with Session(host, choose("linux", ["battery"])) as session:
        assert isinstance(session.refusals["battery"], NotSupported)


def test_a_battery_that_is_taken_out_leaves_the_other(machine: Write, steps: Watch) -> None:
    gone = {f"{TREE}/BAT1/{name}": "!gone" for name in ("type", "status", "power_now")}
    host = machine(
        battery("BAT0", power_now="5000000") | battery("BAT1", power_now="3000000"),
        {},
        gone,
        {},
        {},
    )
    assert joules(steps(host, "battery")) == [pytest.approx(40), None, None, pytest.approx(25)]


def test_a_power_that_is_no_number_is_a_gap(machine: Write) -> None:
    with Session(machine(battery(power_now="lots")), choose("linux", ["battery"])) as session:
        session.sample()
        assert isinstance(session.failing["battery"], ReadError)
        assert "lots" in session.failing["battery"].message
