"""What machines say of themselves, and what they do not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.collectors import machine_facts
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost

Paper = Callable[[str], PaperHost]


GIB = 2**30
FACTS = {
    "battery_on_ac": ("notebook", 1, 2, 4, 15, False),
    "container_without_sys": (None, 1, 1, 2, 4, False),
    "counter_resets": ("desktop", 1, 1, 2, 8, False),
    "counter_wraps": ("desktop", 1, 1, 2, 8, False),
    "cpu_unplugged": ("server", 1, 2, 4, 8, False),
    "laptop_sleeps": ("notebook", 1, 4, 8, 15, False),
    "laptop_with_integrated_gpu": ("notebook", 1, 2, 2, 31, False),
    "laptop_with_rapl_and_battery": ("notebook", 1, 4, 8, 15, False),
    "rapl_forbidden": ("desktop", 1, 1, 2, 8, False),
    "reboot": ("desktop", 1, 1, 2, 8, False),
    "sensor_breaks": ("desktop", 1, 1, 2, 8, False),
    "server_two_sockets": ("server", 2, 4, 8, 183, False),
    "server_with_acpi_meter": ("server", 2, 4, 4, 183, False),
    "vm_without_sensor": ("server", 1, 2, 2, 24, True),
    "workstation_with_discrete_gpus": ("desktop", 1, 2, 2, 61, False),
}


@pytest.mark.parametrize("name", FACTS)
def test_facts_of_every_recorded_machine(paper: Paper, name: str) -> None:
    facts = machine_facts(paper(name))
    memory_gib = round((facts.memory_b or 0) / GIB)
    assert (
        facts.category, facts.chips, facts.cores, facts.threads, memory_gib, facts.virtual,
    ) == FACTS[name]  # fmt: skip
    assert facts.cpu_model


def test_no_recorded_machine_is_left_out() -> None:
    recorded = {path.stem for path in (Path(__file__).parent.parent / "machines").glob("*.txt")}
    assert recorded == FACTS.keys()


def test_lenovos_order_number_gives_way_to_the_name_that_people_know() -> None:
    head = "== machine system=linux\n== moment wall_ns=0 monotonic_ns=0 boottime_ns=0\n"
    dmi = "-- /sys/class/dmi/id/"
    page = f"{head}{dmi}sys_vendor\nLENOVO\n{dmi}product_name\n20XW0026GE\n"
    assert machine_facts(PaperHost.parse(page)).model == "20XW0026GE"
    page += f"{dmi}product_version\nThinkPad X1 Carbon Gen 9\n"
    assert machine_facts(PaperHost.parse(page)).model == "ThinkPad X1 Carbon Gen 9"
    page = page.replace("LENOVO", "Dell Inc.")
    assert machine_facts(PaperHost.parse(page)).model == "20XW0026GE"


def test_a_name_that_its_maker_never_filled_in_is_none() -> None:
    page = """== machine system=linux
== moment wall_ns=0 monotonic_ns=0 boottime_ns=0
-- /sys/class/dmi/id/sys_vendor
To Be Filled By O.E.M.
-- /sys/class/dmi/id/product_name
KVM
"""
    machine = machine_facts(PaperHost.parse(page))
    assert (machine.manufacturer, machine.model, machine.virtual) == (None, "KVM", True)
    assert (machine.host, machine.cpu_model, machine.threads, machine.memory_b) == (
        "",
        None,
        None,
        None,
    )


def test_this_machine() -> None:
    machine = machine_facts(LocalHost())
    assert machine.threads == os.cpu_count()
    assert machine.system == LocalHost().system
