"""Energy of NVIDIA's cards, as their driver tells it.

Source: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html
Reads:  NVML, by nvidia-ml-py: the energy since the driver was loaded, in millijoules; the power,
        in milliwatts, of cards older than Volta, which count no energy
Gives:  gpu_j, a counter per card, or gpu_w, a gauge; which of the two is settled at `open`
Doubt:  the card as its own sensors have it: NVIDIA says 5 % of power for Fermi and Kepler, and
        nothing of newer ones. Power is a mean of 1 s at most, so what happens between two samples
        is lost. Looking may keep a laptop's card from falling asleep. Never run on real hardware
        by us
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

TRACES = ("/dev/nvidia[0-9]*", "/proc/driver/nvidia/gpus/*")
MILLI = 1e-3


class _Card(NamedTuple):
    subject: str
    handle: Any
    counts: bool


class Nvml:
    """Every card that the driver shows; all must answer, else nothing is known."""

    name: ClassVar[str] = "nvml"
    systems: ClassVar[frozenset[str]] = frozenset({"linux", "windows"})

    def __init__(self) -> None:
        # Any: the library has no types.
        self._nvml: Any = None
        self._cards: list[_Card] = []

    def open(self, host: Host) -> None:
        if not host.is_here:
            raise NotSupported("NVML tells only of the machine that it runs on")
        if host.system == "linux" and not any(map(host.glob, TRACES)):
            raise NotSupported("there is no NVIDIA card in /dev nor in /proc/driver/nvidia")
        try:
            nvml: Any = import_module("pynvml")
        except ModuleNotFoundError:
            raise NotSupported(
                "this needs nvidia-ml-py, which is not installed",
                hint="pip install 'sobriety[gpu]'",
            ) from None
        try:
            nvml.nvmlInit()
            self._nvml = nvml
            self._cards = [_card(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError as error:
            self.close()
            raise _explained(nvml, error) from None
        except NotSupported:
            self.close()
            raise
        if not self._cards:
            self.close()
            raise NotSupported("NVIDIA's driver shows no card")

    def read(self) -> Iterable[Reading]:
        return [self._ask(card) for card in self._cards]

    def close(self) -> None:
        nvml, self._nvml = self._nvml, None
        self._cards.clear()
        if nvml is not None:
            with contextlib.suppress(nvml.NVMLError):  # a driver that is gone has nothing to end
                nvml.nvmlShutdown()

    def _ask(self, card: _Card) -> Reading:
        try:
            if card.counts:
                energy_mj = self._nvml.nvmlDeviceGetTotalEnergyConsumption(card.handle)
                return Reading("gpu_j", energy_mj * MILLI, card.subject, source="nvml")
            power_mw = self._nvml.nvmlDeviceGetPowerUsage(card.handle)
        except self._nvml.NVMLError as error:
            raise ReadError(f"NVIDIA card {card.subject} does not answer: {error}") from None
        if power_mw == 0:
            raise ReadError(f"NVIDIA card {card.subject} says 0 W")
        return Reading("gpu_w", power_mw * MILLI, card.subject, "gauge", "nvml")


def _card(nvml: Any, index: int) -> _Card:
    """A card and how it tells. Raises NotSupported where it tells neither energy nor power."""
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    # What an old driver has no function for is as little there as what an old card cannot do.
    absent = (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound)
    with contextlib.suppress(*absent):
        if nvml.nvmlDeviceGetTotalEnergyConsumption(handle) > 0:
            return _Card(str(index), handle, counts=True)
    try:
        nvml.nvmlDeviceGetPowerUsage(handle)
    except absent:
        raise NotSupported(f"NVIDIA card {index} tells neither its energy nor its power") from None
    return _Card(str(index), handle, counts=False)


def _explained(nvml: Any, error: Exception) -> NotSupported | NotPermitted | ReadError:
    """What an error of the library means before anything was read."""
    if isinstance(error, nvml.NVMLError_LibraryNotFound | nvml.NVMLError_DriverNotLoaded):
        return NotSupported(
            f"NVIDIA's driver is not there: {error}", hint="install the driver, or load it"
        )
    if isinstance(error, nvml.NVMLError_NoPermission):
        return NotPermitted(
            f"this user may not ask NVIDIA's driver: {error}",
            hint="sudo chmod a+rw /dev/nvidiactl /dev/nvidia[0-9]*",
        )
    return ReadError(f"NVIDIA's driver does not answer: {error}")
