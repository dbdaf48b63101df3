"""Cards: each once, whole or not at all, none woken, none that is a part of the processor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import Gpu, choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]
Paper = Callable[[str], PaperHost]
TREE = "/sys/class/hwmon"


def chip(number: int, name: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{TREE}/hwmon{number}/{key}": text for key, text in (files | {"name": name}).items()}


def amd(watts: int = 100, more: dict[str, str] | None = None) -> dict[str, str]:
    files = {"power1_average": f"{watts}000000", "device/mem_info_vram_vendor": "hynix"}
    return chip(0, "amdgpu", files | (more or {}))


def intel(joules: int, label: str = "card", number: int = 1, name: str = "xe") -> dict[str, str]:
    files = {"energy1_input": f"{joules}000000"}
    return chip(number, name, files | ({"energy1_label": label} if label else {}))


def runtime(status: str, number: int = 0) -> dict[str, str]:
    return {f"{TREE}/hwmon{number}/device/power/runtime_status": status}


def joules(steps: list[Step]) -> list[float | None]:
    return [step.measures.get("gpu_j") for step in steps]


def busy(steps: list[Step]) -> list[float | None]:
    return [step.measures.get("gpu_busy_s") for step in steps]


def refusal(host: PaperHost) -> object:
    with Session(host, choose("linux", ["gpu"])) as session:
        return session.refusals.get("gpu")


def test_cards_of_two_makers_and_not_the_processors_own(paper: Paper, steps: Watch) -> None:
    seen = steps(paper("workstation_with_discrete_gpus"), "gpu")
    assert joules(seen) == [pytest.approx(1000 + 150), pytest.approx(750 + 150)]
    assert busy(seen) == [pytest.approx(4), pytest.approx(2.5)]
    assert seen[0].observed == ("gpu", "accelerator")


def test_a_card_is_named_by_where_it_sits(paper: Paper) -> None:
    (make,) = choose("linux", ["gpu"])
    collector = make()
    collector.open(paper("workstation_with_discrete_gpus"))
    assert {r.subject for r in collector.read()} == {"0000:03:00.0", "0000:07:00.0"}
    collector.close()


def test_graphics_within_the_processor_are_in_its_joules_already(paper: Paper) -> None:
    assert isinstance(refusal(paper("laptop_with_integrated_gpu")), NotSupported)


@pytest.mark.parametrize(
    "files",
    [
        amd(more={"in1_label": "vddnb"}),  # a processor with a maker's name for its memory
        amd(more={"device/device": "0x74a0"}),
        amd(more={"device/mem_info_vram_vendor": "unknown"}),
        chip(0, "amdgpu", {"power1_average": "1000000"}),
        chip(0, "i915_gt0", {"energy1_input": "1000000"}),
        chip(0, "xe", {"temp2_input": "40000"}),
        amd() | chip(1, "amdgpu", {"power1_input": "1000000"}),  # one of two: nothing tells
        {},
    ],
)
def test_what_is_no_card_or_cannot_be_told_gives_nothing(
    machine: Write, files: dict[str, str]
) -> None:
    assert isinstance(refusal(machine(files)), NotSupported)


@pytest.mark.parametrize(("label", "name"), [("", "i915"), ("pkg", "xe"), ("card", "xe")])
def test_intels_counter_by_any_label(machine: Write, steps: Watch, label: str, name: str) -> None:
    host = machine(intel(10, label, name=name), intel(160, label, name=name))
    assert joules(steps(host, "gpu")) == [pytest.approx(150)]


def test_a_card_contains_its_package(machine: Write, steps: Watch) -> None:
    def both(joules: int) -> dict[str, str]:
        more = {"energy2_label": "pkg", "energy2_input": f"{joules // 2}000000"}
        return intel(joules) | {f"{TREE}/hwmon1/{key}": text for key, text in more.items()}

    assert joules(steps(machine(both(100), both(300)), "gpu")) == [pytest.approx(200)]


def test_a_driver_loaded_anew_is_a_gap(machine: Write, steps: Watch) -> None:
    host = machine(intel(900), intel(1000), intel(20), intel(120), intel(90_000))
    seen = joules(steps(host, "gpu"))
    assert seen == [pytest.approx(100), None, pytest.approx(100), None]  # 18 kW is none of a card


def test_a_card_that_sleeps_is_not_woken_and_the_sum_is_unknown(
    machine: Write,
) -> None:
    """Its files say `!broken` while it sleeps: reading one would fail the test."""
    power = f"{TREE}/hwmon0/power1_average"
    awake = amd() | runtime("active") | intel(100)
    asleep = runtime("suspended") | {power: "!broken"} | intel(200)
    host = machine(
        awake,
        asleep,
        intel(300),
        runtime("active") | amd() | intel(400),
        intel(500),
    )
    seen: list[float | None] = []
    with Session(host, choose("linux", ["gpu"])) as session:
        session.sample()
        while host.turn():
            session.sample()
            assert session.last_step and not session.failing
            seen.append(session.last_step.measures.get("gpu_j"))
    assert seen == [None, None, None, pytest.approx(500 + 100)]


def test_a_card_that_says_nothing_is_unknown_and_not_zero(machine: Write, steps: Watch) -> None:
    host = machine(amd(watts=0), {}, amd(), {})
    assert joules(steps(host, "gpu")) == [None, None, pytest.approx(500)]


def test_joules_are_worth_having_without_the_share_of_time(machine: Write, steps: Watch) -> None:
    load = f"{TREE}/hwmon0/device/gpu_busy_percent"
    host = machine(amd() | {load: "100"}, {}, {load: "250"}, {load: "!broken"})
    seen = steps(host, "gpu")
    assert busy(seen) == [pytest.approx(5), None, None]
    assert joules(seen) == [pytest.approx(500)] * 3


def test_a_card_that_stops_answering_is_a_gap(machine: Write) -> None:
    host = machine(amd(), {f"{TREE}/hwmon0/power1_average": "!gone"})
    with Session(host, choose("linux", ["gpu"])) as session:
        session.sample()
        host.turn()
        session.sample()
        assert isinstance(session.failing["gpu"], ReadError)


def test_on_links_as_the_kernel_has_them(tmp_path: Path) -> None:
    """hwmon is made of links into /sys/devices, and so is `device` of a chip."""
    card = tmp_path / "sys/devices/pci0000:00/0000:03:00.0"
    sensor = card / "hwmon/hwmon3"
    (card / "power").mkdir(parents=True)
    sensor.mkdir(parents=True)
    (sensor / "device").symlink_to("../..")
    (tmp_path / "sys/class/hwmon").mkdir(parents=True)
    (tmp_path / "sys/class/hwmon/hwmon3").symlink_to(sensor)
    for path, text in (
        (sensor / "name", "amdgpu"),
        (sensor / "power1_average", "100000000"),
        (card / "mem_info_vram_vendor", "samsung"),
        (card / "uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0"),
        (card / "power/runtime_status", "active"),
    ):
        path.write_text(f"{text}\n", encoding="utf-8")
    collector = Gpu()
    collector.open(LocalHost(str(tmp_path)))
    assert [(r.subject, r.value) for r in collector.read()] == [("0000:03:00.0", 100)]
    (sensor / "power1_average").write_text("150000000\n", encoding="utf-8")
    assert [r.value for r in collector.read()] == [150]
    (card / "power/runtime_status").write_text("suspended\n", encoding="utf-8")
    assert list(collector.read()) == []
    collector.close()
