"""Energy of NVIDIA accelerators, as their driver's library NVML reports it.

Source: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html
Reads:  nvmlDeviceGetTotalEnergyConsumption (millijoules since the driver was loaded; Volta and
        newer), else nvmlDeviceGetPowerUsage (milliwatts); nvmlDeviceGetUtilizationRates
Gives:  gpu_j, a counter, or gpu_w, a gauge, per device; gpu_busy_ratio, which MIG and some
        cards do not have
Doubt:  watts are of the last second or of one instant, by generation, and NVIDIA states how exact
        they are for old cards only (5 %). Busy says that a kernel ran, not how much of the device
        it used. An open NVML keeps a laptop's card awake; one that sleeps is left alone. In a
        container with a share of a card the whole card's joules are seen. Never run on real
        hardware by us
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

from sobriety.core.errors import NotPermitted, NotSupported, ReadError, SobrietyError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

from ._cards import LARGEST_W

MILLI = 1e-3
SIGNS = {
    "linux": ("/dev/nvidia[0-9]*",),
    "windows": (
        "C:/Windows/System32/nvml.dll",
        "C:/Program Files/NVIDIA Corporation/NVSMI/nvml.dll",
    ),
}
ASLEEP = "/sys/bus/pci/drivers/nvidia/*/power/runtime_status"


class _Device(NamedTuple):
    handle: object
    subject: str
    counts: bool


class Nvml:
    """Devices of which the joules are known together or not at all."""

    name: ClassVar[str] = "nvml"
    systems: ClassVar[frozenset[str]] = frozenset({"linux", "windows"})

    def __init__(self) -> None:
        self._nvml: Any = None  # the library has no types
        self._devices: list[_Device] = []

    def open(self, host: Host) -> None:
        if not host.is_here:
            raise NotSupported("NVML speaks of the machine that it runs on, and this is another")
        if not any(host.glob(sign) for sign in SIGNS.get(host.system, ())):
            raise NotSupported("there is no NVIDIA device on this machine")
        if any(host.text(path).startswith("suspend") for path in host.glob(ASLEEP)):
            raise ReadError("an NVIDIA device sleeps, and asking would wake it")
        try:
            nvml: Any = import_module("pynvml")
        except ImportError:
            raise NotSupported(
                "there is an NVIDIA device, and nvidia-ml-py is not installed",
                hint="pip install 'sobriety[gpu]'",
            ) from None
        try:
            nvml.nvmlInit()
            self._nvml = nvml
            self._devices = [_open_device(nvml, i) for i in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError as error:
            self.close()
            raise _refusal(nvml, error) from error
        except NotSupported:
            self.close()
            raise
        if not self._devices:
            self.close()
            raise NotSupported("the NVIDIA driver shows no device")

    def read(self) -> Iterable[Reading]:
        nvml = self._nvml
        try:
            joules = [_joules(nvml, device) for device in self._devices]
            busy = [reading for device in self._devices for reading in _busy(nvml, device)]
        except nvml.NVMLError as error:
            # Lost, reset, or its driver loaded anew: the sum is unknown until it is opened again.
            raise ReadError(f"NVML does not answer any more: {error}") from error
        return [*joules, *busy] if all(r.value for r in joules) else busy

    def close(self) -> None:
        if self._nvml is not None:
            with suppress(self._nvml.NVMLError):  # a driver that has gone needs no farewell
                self._nvml.nvmlShutdown()
        self._nvml = None
        self._devices = []


def _open_device(nvml: Any, index: int) -> _Device:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    place = nvml.nvmlDeviceGetPciInfo(handle)
    subject = f"{place.domain:04x}:{place.bus:02x}:{place.device:02x}.0"
    for ask, counts in (
        (nvml.nvmlDeviceGetTotalEnergyConsumption, True),
        (nvml.nvmlDeviceGetPowerUsage, False),
    ):
        if _offers(nvml, ask, handle):
            return _Device(handle, subject, counts)
    # The others' joules alone would stand for all of them.
    raise NotSupported(f"the NVIDIA device at {subject} measures no power")


def _offers(nvml: Any, ask: Callable[[object], object], handle: object) -> bool:
    try:
        ask(handle)
    except (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound):
        return False
    return True


def _joules(nvml: Any, device: _Device) -> Reading:
    if device.counts:
        energy_mj: int = nvml.nvmlDeviceGetTotalEnergyConsumption(device.handle)
        return Reading(
            "gpu_j", energy_mj * MILLI, device.subject, source="nvml", max_per_s=LARGEST_W
        )
    power_mw: int = nvml.nvmlDeviceGetPowerUsage(device.handle)
    return Reading("gpu_w", power_mw * MILLI, device.subject, "gauge", "nvml")


def _busy(nvml: Any, device: _Device) -> Iterable[Reading]:
    """The share of time in which a kernel ran; nothing from a device divided by MIG."""
    with suppress(nvml.NVMLError_NotSupported):
        share = nvml.nvmlDeviceGetUtilizationRates(device.handle).gpu / 100
        yield Reading("gpu_busy_ratio", share, device.subject, "gauge", "nvml")


def _refusal(nvml: Any, error: Exception) -> SobrietyError:
    """What an error while opening means: not here, not ours to read, or tried again."""
    message = f"NVML says: {error}"
    if isinstance(error, nvml.NVMLError_NoPermission):
        return NotPermitted(message, hint="sudo chmod a+rw /dev/nvidia*")
    if isinstance(error, nvml.NVMLError_LibRmVersionMismatch):
        return NotSupported(message, hint="restart the machine: its NVIDIA driver was updated")
    if isinstance(error, nvml.NVMLError_LibraryNotFound | nvml.NVMLError_DriverNotLoaded):
        return NotSupported(message)
    return ReadError(message)
