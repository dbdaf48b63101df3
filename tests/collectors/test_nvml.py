"""NVIDIA's library: the real one without its driver, and a recorded one with every failure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import choose
from sobriety.core.errors import NotPermitted, NotSupported, ReadError, SobrietyError
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
DEVICE = {"/dev/nvidia0": ""}
STATUS = "/sys/bus/pci/drivers/nvidia/0000:01:00.0/power/runtime_status"

pynvml: Any = pytest.importorskip("pynvml", reason="pip install 'sobriety[gpu]'")


class Here(PaperHost):
    """A machine on paper on which this process runs."""

    is_here = True


@pytest.fixture
def here(machine: Write) -> Callable[..., Here]:
    def write(*moments: dict[str, str]) -> Here:
        return Here("linux", machine(*(moments or (DEVICE,))).moments)

    return write


class Library:
    """What pynvml answers: a table of moments, a dictionary by device for each.

    A device says `mj`, `mw` and `busy`; a name that is missing is not supported; an error stands
    for any answer. `init` is what nvmlInit raises.
    """

    def __init__(self, *moments: dict[int, dict[str, Any]], init: Exception | None = None) -> None:
        self.moments, self.page, self.init = moments, 0, init
        self.inits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(pynvml, name)  # the real library's exception classes

    def nvmlInit(self) -> None:
        if self.init is not None:
            raise self.init
        self.inits += 1

    def nvmlShutdown(self) -> None:
        self.inits -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.moments[self.page])

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        self._say(index, "handle", default=None)
        return index

    def nvmlDeviceGetPciInfo(self, index: int) -> object:
        return SimpleNamespace(domain=0, bus=0x3B + index, device=0)

    def nvmlDeviceGetTotalEnergyConsumption(self, index: int) -> int:
        return int(self._say(index, "mj"))

    def nvmlDeviceGetPowerUsage(self, index: int) -> int:
        return int(self._say(index, "mw"))

    def nvmlDeviceGetUtilizationRates(self, index: int) -> object:
        return SimpleNamespace(gpu=self._say(index, "busy"))

    def _say(self, index: int, what: str, **otherwise: object) -> Any:
        device = self.moments[self.page][index]
        said = device.get(what, otherwise.get("default", pynvml.NVMLError_NotSupported()))
        if isinstance(said, Exception):
            raise said
        return said


def error(name: str) -> Exception:
    made: Exception = getattr(pynvml, f"NVMLError_{name}")()
    return made


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Library]]:
    made: list[Library] = []

    def install(*moments: dict[int, dict[str, Any]], init: Exception | None = None) -> Library:
        made.append(Library(*moments, init=init))
        monkeypatch.setitem(sys.modules, "pynvml", made[-1])
        return made[-1]

    yield install
    assert all(library.inits == 0 for library in made), "what was begun is ended"


def watch(host: PaperHost, library: Library) -> list[dict[str, float]]:
    """What was measured between the moments of a library."""
    seen: list[dict[str, float]] = []
    with Session(host, choose("linux", ["nvml"])) as session:
        session.sample()
        while host.turn():
            library.page += 1
            session.sample()
            assert session.last_step
            seen.append(session.last_step.measures)
    return seen


def refusal(host: PaperHost) -> SobrietyError:
    with Session(host, choose("linux", ["nvml"])) as session:
        found = session.refusals.get("nvml") or session.failing.get("nvml")
        assert found
        return found


Install = Callable[..., Library]
Hosts = Callable[..., Here]


def test_joules_of_two_devices_and_the_time_they_worked(here: Hosts, nvml: Install) -> None:
    library = nvml(
        {0: {"mj": 1_000_000, "busy": 100}, 1: {"mj": 5_000_000, "busy": 0}},
        {0: {"mj": 2_500_000, "busy": 100}, 1: {"mj": 5_250_000, "busy": 50}},
    )
    (seen,) = watch(here(DEVICE, {}), library)
    assert seen == pytest.approx({"gpu_j": 1500 + 250, "gpu_busy_s": 5 + 1.25})


def test_an_older_device_gives_watts(here: Hosts, nvml: Install) -> None:
    library = nvml({0: {"mw": 60_000}, 1: {"mj": 1000}}, {0: {"mw": 80_000}, 1: {"mj": 501_000}})
    (seen,) = watch(here(DEVICE, {}), library)
    assert seen == pytest.approx({"gpu_j": 350 + 500})


def test_an_older_driver_without_the_counter_gives_watts(here: Hosts, nvml: Install) -> None:
    device = {"mj": error("FunctionNotFound"), "mw": 60_000}
    (seen,) = watch(here(DEVICE, {}), nvml({0: device}, {0: device}))
    assert seen == pytest.approx({"gpu_j": 300})


def test_a_device_divided_by_mig_has_joules_and_no_share(here: Hosts, nvml: Install) -> None:
    moments = [{0: {"mj": n * 1_000_000}, 1: {"mj": 1000 + n, "busy": 20}} for n in (1, 2)]
    (seen,) = watch(here(DEVICE, {}), nvml(*moments))
    assert seen["gpu_j"] == pytest.approx(1000.001)
    assert seen["gpu_busy_s"] == pytest.approx(1)  # of the other


@pytest.mark.parametrize(
    "name", ["GpuIsLost", "Uninitialized", "ResetRequired", "Timeout", "Unknown"]
)
def test_a_device_that_is_lost_is_a_gap_and_is_found_again(
    here: Hosts, nvml: Install, name: str
) -> None:
    def fine(mj: int) -> dict[int, dict[str, Any]]:
        return {0: {"mj": mj}, 1: {"mj": mj}}

    lost = {0: {"mj": 300_000}, 1: {"mj": error(name), "handle": error(name)}}
    library = nvml(fine(100_000), fine(200_000), lost, lost, fine(500_000), fine(600_000))
    seen = watch(here(DEVICE, {}, {}, {}, {}, {}), library)
    assert [s.get("gpu_j") for s in seen] == [
        pytest.approx(200), None, None, None, pytest.approx(200)
    ]  # fmt: skip


def test_a_driver_loaded_anew_is_neither_negative_nor_a_jump(here: Hosts, nvml: Install) -> None:
    library = nvml(*({0: {"mj": mj}} for mj in (900_000_000, 900_500_000, 4000, 504_000)))
    seen = watch(here(DEVICE, {}, {}, {}), library)
    assert [s.get("gpu_j") for s in seen] == [pytest.approx(500), None, pytest.approx(500)]


def test_a_counter_that_never_counts_is_unknown_and_not_zero(here: Hosts, nvml: Install) -> None:
    library = nvml(*({0: {"mj": 0, "busy": 10}} for _ in range(2)))
    assert watch(here(DEVICE, {}), library) == [pytest.approx({"gpu_busy_s": 0.5})]


@pytest.mark.parametrize(
    ("name", "kind", "hint"),
    [
        ("LibraryNotFound", NotSupported, None),
        ("DriverNotLoaded", NotSupported, None),
        (
            "LibRmVersionMismatch",
            NotSupported,
            "restart the machine: its NVIDIA driver was updated",
        ),
        ("NoPermission", NotPermitted, "sudo chmod a+rw /dev/nvidia*"),
        ("GpuIsLost", ReadError, None),
        ("Unknown", ReadError, None),
    ],
)
def test_what_a_failure_at_the_start_means(
    here: Hosts, nvml: Install, name: str, kind: type, hint: str | None
) -> None:
    nvml({}, init=error(name))
    found = refusal(here())
    assert type(found) is kind
    assert found.hint == hint


def test_a_device_without_a_sensor_leaves_the_sum_unknown(here: Hosts, nvml: Install) -> None:
    nvml({0: {"mj": 1000}, 1: {"busy": 5}})
    assert "0000:3c:00.0 measures no power" in refusal(here()).message


def test_a_driver_without_devices(here: Hosts, nvml: Install) -> None:
    nvml({})
    assert isinstance(refusal(here()), NotSupported)


def test_the_real_library_without_its_driver(here: Hosts) -> None:
    if LocalHost().glob("/dev/nvidia*"):
        pytest.skip("this machine has the driver")
    found = refusal(here())
    assert isinstance(found, NotSupported)
    assert "Library Not Found" in found.message


def test_a_device_without_the_library_is_told_with_the_command(
    here: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = refusal(here())
    assert isinstance(found, NotSupported)
    assert found.hint == "pip install 'sobriety[gpu]'"


def test_a_device_that_sleeps_is_not_woken(here: Hosts, nvml: Install) -> None:
    library = nvml({0: {"mj": 1000}})
    found = refusal(here(DEVICE | {STATUS: "suspended"}))
    assert isinstance(found, ReadError)
    assert library.inits == 0
    with Session(here(DEVICE | {STATUS: "active"}), choose("linux", ["nvml"])) as session:
        assert session.opened == ("nvml",)


def test_on_windows_the_library_is_what_is_seen(machine: Write, nvml: Install) -> None:
    library = nvml({0: {"mj": 1000}})
    for path, opened in (("C:/Windows/System32/nvml.dll", True), ("/dev/nvidia0", False)):
        host = Here("windows", machine({path: ""}).moments)
        with Session(host, choose("windows", ["nvml"])) as session:
            assert (session.opened == ("nvml",)) is opened
            assert library.inits == opened


def test_another_machine_is_not_asked_for_by_this_ones_library(
    machine: Write, nvml: Install
) -> None:
    nvml({0: {"mj": 1000}})
    assert isinstance(refusal(machine(DEVICE)), NotSupported)


def test_without_a_device_nothing_is_imported(tmp_path: Path) -> None:
    """A base install has no pynvml, and a start has no time for it."""
    if LocalHost().glob("/dev/nvidia[0-9]*"):
        pytest.skip("this machine has one")
    code = (
        "import sys; sys.modules['pynvml'] = None\n"
        "from sobriety.collectors import choose\n"
        "from sobriety.agent.session import Session\n"
        "with Session(collectors=choose('linux')) as session:\n"
        "    print(session.refusals['nvml'].message, session.refusals['nvml'].hint)\n"
        "assert sys.modules['pynvml'] is None\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "there is no NVIDIA device on this machine None\n"
