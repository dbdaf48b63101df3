"""Speed of the processors, as a share of the highest.

Source: https://docs.kernel.org/admin-guide/pm/cpufreq.html
Reads:  /sys/devices/system/cpu/cpufreq/policy*/{scaling_cur_freq,cpuinfo_max_freq,affected_cpus}
Gives:  speed_ratio, a gauge: the mean over processors of their frequency over the highest one
Doubt:  a sample every 30 s of what changes a thousand times a second. Some drivers tell what they
        last asked for, and not what the processor does; idle ones count as they last ran. Turbo is
        within the highest frequency on most. Never run on real hardware by us
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

TREE = "/sys/devices/system/cpu/cpufreq"


class _Policy(NamedTuple):
    path: str
    highest_khz: int
    processors: int


class Frequency:
    """Reading may wake a processor that sleeps, so it is done at a slow pace and by a thread."""

    name: ClassVar[str] = "frequency"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})
    pace_s: float = 30.0

    def __init__(self) -> None:
        self._host: Host | None = None
        self._policies: list[_Policy] = []

    def open(self, host: Host) -> None:
        self._host = host
        self._policies = [
            _Policy(
                path,
                _khz(host, f"{path}/cpuinfo_max_freq"),
                len(host.text(f"{path}/affected_cpus").split()),
            )
            for path in host.glob(f"{TREE}/policy*")
        ]
        if not any(policy.processors for policy in self._policies):
            raise NotSupported(f"no processor's frequency is told in {TREE}")

    def read(self) -> Iterable[Reading]:
        assert self._host
        speed = processors = 0.0
        for path, highest_khz, count in self._policies:
            speed += count * min(1.0, _khz(self._host, f"{path}/scaling_cur_freq") / highest_khz)
            processors += count
        return (Reading("speed_ratio", speed / processors, "", "gauge", "cpufreq"),)

    def close(self) -> None:
        self._policies.clear()


def _khz(host: Host, path: str) -> int:
    text = host.text(path)
    if not (text.isdecimal() and int(text) > 0):
        raise ReadError(f"{path} says {text[:40]!r}")
    return int(text)
