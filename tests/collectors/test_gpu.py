"""Cards count, each once; what is within the processor does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.collectors import Gpu
from sobriety.core.difference import Step
from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.paper import PaperHost
from sobriety.core.reading import Reading
from sobriety.session import Session

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]


def card(number: int, driver: str, vendor: str = "", **files: str) -> dict[str, str]:
    device = f"/sys/class/drm/card{number}/device"
    folder = f"{device}/hwmon/hwmon{number + 3}"
    found = {f"{folder}/{file}": text for file, text in {"name": driver, **files}.items()}
    return found | ({f"{device}/mem_info_vram_vendor": vendor} if vendor else {})


def read(host: PaperHost) -> list[Reading]:
    collector = Gpu()
    collector.open(host)
    found = list(collector.read())
    collector.close()
    collector.close()
    return found


ENERGY = Reading("gpu_j", 7.0, "card0", source="drm")
POWER = Reading("gpu_w", 31.5, "card0", "gauge", "drm")


@pytest.mark.parametrize(
    ("files", "reading"),
    [
        (card(0, "amdgpu", "hynix", power1_average="31500000", power1_input="9"), POWER),
        (card(0, "amdgpu", "samsung\n", power1_input="31500000\n"), POWER),
        (card(0, "amdgpu", "micron", power1_average="9", energy1_input="7000000"), ENERGY),
        (card(0, "i915", energy1_input="7000000"), ENERGY),
        (card(0, "xe", energy1_input="7000000", energy2_input="5000000"), ENERGY),
        (card(0, "xe", energy2_input="7000000"), ENERGY),
    ],
)
def test_what_each_driver_tells(machine: Write, files: dict[str, str], reading: Reading) -> None:
    (found,) = read(machine(files))
    assert found.value == pytest.approx(reading.value)
    assert found == reading._replace(value=found.value)


@pytest.mark.parametrize(
    "files",
    [
        card(0, "amdgpu", power1_average="12000000"),  # an APU
        card(0, "amdgpu", "unknown\n", power1_average="12000000"),  # and on older kernels
        card(0, "nouveau", power1_input="12000000"),
        card(0, "i915_gt0", energy1_input="7000000"),
        {"/sys/class/drm/card0/device/vendor": "0x8086"},
        {"/sys/class/drm/card0-DP-1/status": "connected"},
    ],
)
def test_what_is_no_card_of_its_own_does_not_count(machine: Write, files: dict[str, str]) -> None:
    with pytest.raises(NotSupported, match="no AMD or Intel graphics card"):
        Gpu().open(machine(files))


def test_joules_of_the_card_and_not_of_the_apu_beside_it(machine: Write, steps: Watch) -> None:
    apu = card(0, "amdgpu", power1_average="15000000")
    host = machine(
        *(apu | card(1, "amdgpu", "hynix", power1_average=f"{w}000000") for w in (20, 40))
    )
    assert [s.measures for s in steps(host, "gpu")] == [{"gpu_j": pytest.approx(150)}]


def test_the_tiles_of_a_card_are_in_its_own_counter(machine: Write) -> None:
    tile = "/sys/class/drm/card0/device/hwmon/hwmon9"
    files = {f"{tile}/name": "i915_gt0", f"{tile}/energy1_input": "4000000"}
    assert read(machine(files | card(0, "i915", energy1_input="7000000"))) == [ENERGY]


def test_two_cards_add_up_and_one_that_is_lost_makes_it_unknown(
    machine: Write, steps: Watch
) -> None:
    def both(uj: int, watts: str) -> dict[str, str]:
        amd = card(1, "amdgpu", "hynix", power1_average=watts)
        return card(0, "xe", energy1_input=str(uj * 10**6)) | amd

    host = machine(both(1, "10000000"), both(26, "10000000"), both(51, "!broken"))
    assert [s.measures.get("gpu_j") for s in steps(host, "gpu")] == [pytest.approx(75), None]


def test_a_counter_that_began_anew_is_a_gap(machine: Write, steps: Watch) -> None:
    host = machine(*(card(0, "xe", energy1_input=f"{j}000000") for j in (90, 140, 10, 30)))
    seen = [step.measures.get("gpu_j") for step in steps(host, "gpu")]
    assert seen == [pytest.approx(50), None, pytest.approx(20)]


def test_one_card_without_a_meter_makes_the_sum_unknown(machine: Write) -> None:
    files = card(0, "xe", energy1_input="7000000") | card(1, "i915", temp1_input="50000")
    with pytest.raises(NotSupported, match=r"card1 \(i915\) tells neither"):
        Gpu().open(machine(files))


def test_no_watts_are_a_gap(machine: Write) -> None:
    with Session(machine(card(0, "amdgpu", "hynix", power1_average="0")), [Gpu]) as session:
        session.sample()
        assert isinstance(session.failing["gpu"], ReadError)
        assert "says 0 W" in session.failing["gpu"].message
