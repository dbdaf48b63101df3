"""What machines say of themselves, and what they do not."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from sobriety.collectors import machine_facts
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost

Paper = Callable[[str], PaperHost]


@pytest.mark.parametrize(
    ("name", "category", "chips", "cores", "threads", "virtual"),
    [
        ("laptop_with_rapl_and_battery", "notebook", 1, 4, 8, False),
        ("server_two_sockets", "server", 2, 4, 8, False),
        ("counter_wraps", "desktop", 1, 1, 2, False),
        ("vm_without_sensor", "server", 1, 2, 2, True),
        ("container_without_sys", None, 1, 1, 2, False),
    ],
)
def test_facts(
    paper: Paper,
    name: str,
    category: str | None,
    chips: int,
    cores: int,
    threads: int,
    virtual: bool,
) -> None:
    machine = machine_facts(paper(name))
    assert (machine.category, machine.chips, machine.cores, machine.threads, machine.virtual) == (
        category, chips, cores, threads, virtual,
    )  # fmt: skip
    assert machine.cpu_model
    assert machine.memory_b and machine.memory_b > 1e9


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
