"""Power of the whole server, from its management controller by IPMI.

Source: https://github.com/ipmitool/ipmitool (DCMI 1.5, Get Power Reading); where a controller has
        no DCMI, a sensor of the whole machine that its maker names
Reads:  `ipmitool dcmi power reading`, or else `ipmitool sdr list full`, on /dev/ipmi0
Gives:  wall_w, a gauge, every 30 s
Doubt:  what the controller makes of the power supplies' input. Accuracy and refresh are the
        maker's own:
        https://personales.upv.es/thinkmind/ENERGY/ENERGY_2019/energy_2019_4_10_30047.html
        One that says 0 W, or that it does not measure, knows nothing. Never run on real hardware
        by us
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotPermitted, NotSupported, ReadError, Unavailable
from sobriety.core.host import Host
from sobriety.core.reading import Reading

DEVICES = ("/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0")
DCMI = ("dcmi", "power", "reading")
SENSORS = ("sdr", "list", "full")  # reads every sensor, which takes seconds: only without DCMI
PATIENCE_S = 10.0
NO_NUMBER_W = 0xFFFF  # sixteen bits, all set

# Compiled when they are used: every agent imports this file, and few have a controller.
_NOW = r"(?im)^\s*instantaneous power reading\s*:\s*(\d+)\s*watts\b"
_STATE = r"(?im)^\s*power (?:reading state is|measurement)\s*:\s*(.*?)\s*$"
_ACTIVE = ("activated", "active")
# Dell, before and since 2012; HPE; Lenovo; Inspur and others of AMI's firmware.
_SENSOR = (
    r"(?im)^(?:System Level|Pwr Consumption|Power Meter|Sys Power|Total[_ ]Power)\s*\|"
    r"\s*(\d+(?:\.\d+)?) Watts\s*\|\s*ok\s*$"
)


class Ipmi:
    """The controller of the machine that this process runs on; others are never asked."""

    name: ClassVar[str] = "ipmi"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})
    pace_s: float = 30.0

    def __init__(self) -> None:
        self._tool = self._device = ""
        self._question = DCMI

    def open(self, host: Host) -> None:
        if not host.is_here:
            raise NotSupported("ipmitool asks only the machine that it runs on")
        devices = [path for device in DEVICES for path in host.glob(device)]
        if not devices:
            raise NotSupported("there is no management controller at /dev/ipmi0")
        from shutil import which

        tool = which("ipmitool")
        if tool is None:
            raise NotSupported(
                f"{devices[0]} is there and ipmitool is not installed",
                hint="sudo apt install ipmitool",
            )
        self._tool, self._device = tool, devices[0]
        self._question = DCMI
        try:
            self._ask()
        except NotSupported as no_dcmi:
            self._question = SENSORS
            try:
                self._ask()
            except NotSupported:
                raise no_dcmi from None

    def read(self) -> Iterable[Reading]:
        try:
            watts = self._ask()
        except Unavailable as error:
            raise ReadError(error.message, hint=error.hint) from None
        return (Reading("wall_w", watts, "ipmi", "gauge", "ipmitool"),)

    def close(self) -> None:
        """Nothing stays open: ipmitool runs anew every time."""

    def _ask(self) -> float:
        """Watts now. Raises NotSupported where the answer holds none."""
        import subprocess

        try:
            done = subprocess.run(
                [self._tool, *self._question],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE_S,
                env=os.environ | {"LC_ALL": "C"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ReadError(f"ipmitool has not answered for {PATIENCE_S:g} s") from None
        except OSError as error:
            raise ReadError(f"{self._tool} does not run: {error.strerror}") from None
        said = done.stdout.decode(errors="replace")
        complaint = done.stderr.decode(errors="replace")
        if "Permission denied" in complaint:
            raise NotPermitted(
                f"{self._device} is there and this user may not ask it",
                hint=f"sudo chown {os.geteuid()} {self._device}",
            )
        if self._question is SENSORS:
            return _of_sensor(said)
        return _of_dcmi(said, complaint)


def _of_dcmi(said: str, complaint: str) -> float:
    found = re.search(_NOW, said)
    if found is None:
        lines = [line.strip() for line in f"{complaint}\n{said}".splitlines() if line.strip()]
        raise NotSupported(
            f"ipmitool gives no power reading: {lines[0][:120] if lines else 'it says nothing'}",
            hint="enable power monitoring (DCMI) in the controller's own settings",
        )
    watts, state = int(found[1]), re.search(_STATE, said)
    if state is not None and state[1].lower() not in _ACTIVE:
        raise NotSupported(
            f"the controller says {watts} W and that measuring is {state[1][:40]!r}",
            hint="enable power monitoring (DCMI) in the controller's own settings",
        )
    return _believed(watts)


def _of_sensor(said: str) -> float:
    found = re.search(_SENSOR, said)
    if found is None:
        raise NotSupported("no sensor of the controller gives the power of the whole machine")
    return _believed(float(found[1]))


def _believed(watts: float) -> float:
    if not 0 < watts < NO_NUMBER_W:
        raise NotSupported(
            f"the controller says {watts:g} W while the machine runs",
            hint="update the controller's firmware",
        )
    return watts
