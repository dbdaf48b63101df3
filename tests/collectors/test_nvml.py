"""NVIDIA's library as it is here, without a driver; and on a driver that is made up."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from sobriety.collectors import Nvml
from sobriety.core.errors import NotPermitted, NotSupported, ReadError, Unavailable
from sobriety.core.host import LocalHost
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.reading import Reading
from sobriety.session import Session

pynvml: Any = pytest.importorskip("pynvml", reason="needs the extra gpu")


class Here(LocalHost):
    """This machine, with the traces of a card."""

    def __init__(self, *traces: str) -> None:
        super().__init__()
        self.system, self._traces = "linux", traces

    def glob(self, pattern: str) -> list[str]:
        return [trace for trace in self._traces if pattern == trace]


CARD = Here("/dev/nvidia[0-9]*")


class Driver:
    """A made-up driver behind the library's own exception classes.

    energies, powers   what each card says, in the library's units, or the code of its error
    """

    def __init__(self, energies_mj: list[int], powers_mw: list[int], *, init: int = 0) -> None:
        self.energies_mj, self.powers_mw, self.init = energies_mj, powers_mw, init
        self.errors: dict[str, int] = {}
        self.opened = 0

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("NVMLError"):
            raise AttributeError(name)
        return getattr(pynvml, name)

    def nvmlInit(self) -> None:
        self._fail(self.init)
        self.opened += 1

    def nvmlShutdown(self) -> None:
        self._fail(self.init)
        self.opened -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.energies_mj)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:
        return self._say("energy", self.energies_mj[handle])

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        return self._say("power", self.powers_mw[handle])

    def _say(self, what: str, value: int) -> int:
        self._fail(self.errors.get(what, 0))
        self._fail(-value)
        return value

    def _fail(self, code: int) -> None:
        if code > 0:
            raise pynvml.NVMLError(code)


NO_ENERGY = -pynvml.NVML_ERROR_NOT_SUPPORTED


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(driver: Driver) -> Driver:
        monkeypatch.setitem(sys.modules, "pynvml", driver)
        return driver

    return put


def opened() -> Nvml:
    collector = Nvml()
    collector.open(CARD)
    return collector


def test_without_a_card_the_library_is_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(NotSupported, match="no NVIDIA card"):
        Nvml().open(Here())


def test_a_recorded_machine_has_another_driver() -> None:
    host = PaperHost("linux", [Moment(LocalHost().now(), {"/dev/nvidia0": ""})])
    with pytest.raises(NotSupported, match="runs on"):
        Nvml().open(host)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(NotSupported) as error:
        Nvml().open(Here("/proc/driver/nvidia/gpus/*"))
    assert error.value.hint == "pip install 'sobriety[gpu]'"


def test_the_real_library_without_a_driver() -> None:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        with pytest.raises(NotSupported, match="driver is not there"):
            opened()
    else:
        pynvml.nvmlShutdown()
        pytest.skip("there is a driver here")


def test_energy_is_a_counter_in_joules_of_each_card(install: Any) -> None:
    driver = install(Driver([1_500, 7_000_000], [0, 0]))
    collector = opened()
    assert list(collector.read()) == [
        Reading("gpu_j", 1.5, "0", source="nvml"),
        Reading("gpu_j", 7000.0, "1", source="nvml"),
    ]
    collector.close()
    collector.close()
    assert driver.opened == 0


@pytest.mark.parametrize("energy_mj", [NO_ENERGY, -pynvml.NVML_ERROR_FUNCTION_NOT_FOUND, 0])
def test_a_card_that_counts_no_energy_tells_its_power(install: Any, energy_mj: int) -> None:
    install(Driver([energy_mj, 3_000], [42_500, 0]))
    assert list(opened().read()) == [
        Reading("gpu_w", 42.5, "0", "gauge", "nvml"),
        Reading("gpu_j", 3.0, "1", source="nvml"),
    ]


def test_one_card_that_tells_nothing_makes_the_sum_unknown(install: Any) -> None:
    driver = install(Driver([3_000, NO_ENERGY], [0, NO_ENERGY]))
    with pytest.raises(NotSupported, match="card 1 tells neither"):
        opened()
    assert driver.opened == 0


def test_a_card_that_counted_never_falls_back_to_power(install: Any) -> None:
    """A row holds one or the other."""
    driver = install(Driver([3_000], [42_500]))
    collector = opened()
    driver.errors["energy"] = pynvml.NVML_ERROR_NOT_SUPPORTED
    with pytest.raises(ReadError, match="Not Supported"):
        collector.read()


def test_no_watts_are_no_measure(install: Any) -> None:
    install(Driver([NO_ENERGY], [0]))
    with pytest.raises(ReadError, match="says 0 W"):
        opened().read()


def test_a_card_that_is_lost_is_a_gap(install: Any) -> None:
    driver = install(Driver([3_000], [0]))
    with Session(CARD, [Nvml]) as session:
        session.sample()
        driver.errors["energy"] = pynvml.NVML_ERROR_GPU_IS_LOST
        session.sample()
        assert session.last_step and "gpu_j" not in session.last_step.measures
        assert session.failing["nvml"].message == "NVIDIA card 0 does not answer: GPU is lost"


def test_a_driver_that_goes_and_comes_back_counts_from_0_again(install: Any) -> None:
    driver = install(Driver([9_000_000], [0]))
    seen: list[float | None] = []
    with Session(CARD, [Nvml]) as session:

        def sample() -> None:
            session.sample()
            assert session.last_step
            seen.append(session.last_step.measures.get("gpu_j"))

        session.sample()
        driver.energies_mj = [9_050_000]
        sample()
        driver.init = driver.errors["energy"] = pynvml.NVML_ERROR_DRIVER_NOT_LOADED
        sample()
        driver.init, driver.errors, driver.energies_mj = 0, {}, [1_000]
        sample()  # open again: nothing to subtract from
        driver.energies_mj = [21_000]
        sample()
        assert not session.failing
    assert seen == [pytest.approx(50), None, None, pytest.approx(20)]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, NotSupported),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, NotSupported),
        (pynvml.NVML_ERROR_NO_PERMISSION, NotPermitted),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, ReadError),
    ],
)
def test_a_driver_that_refuses_says_why(
    install: Any, code: int, kind: type[Unavailable | ReadError]
) -> None:
    driver = install(Driver([3_000], [0], init=code))
    with pytest.raises(kind, match=str(pynvml.NVMLError(code))):
        opened()
    assert driver.opened == 0
