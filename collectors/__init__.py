"""The only code that looks at the world: a file per source of readings.

`BUILTIN` is every collector that comes with sobriety, `choose` those for a system or by name,
`machine_facts` what a machine is. Guests come by the entry-point group `sobriety.collectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sobriety.core.errors import ConfigError
from sobriety.core.ports import Collector

from ._http_json import JsonClient, checked_url
from ._secret_file import read_secret
from .agent import Agent
from .battery import Battery
from .cgroups import GroupFiles, find_group
from .cpu import Cpu
from .disk import Disk
from .frequency import Frequency
from .gpu import Gpu
from .http_meter import HttpMeter
from .hwmon import Hwmon
from .ipmi import Ipmi
from .logind import Logind
from .machine import machine_facts
from .memory import Memory
from .network import Network
from .nvml import Nvml
from .portable import Portable
from .presence import Presence
from .processes import Processes
from .rapl import Rapl
from .redfish import Redfish
from .snmp import Snmp

__all__ = [
    "BUILTIN",
    "Agent",
    "Battery",
    "Cpu",
    "Disk",
    "Frequency",
    "Gpu",
    "GroupFiles",
    "HttpMeter",
    "Hwmon",
    "Ipmi",
    "JsonClient",
    "Logind",
    "Memory",
    "Network",
    "Nvml",
    "Portable",
    "Presence",
    "Processes",
    "Rapl",
    "Redfish",
    "Snmp",
    "checked_url",
    "choose",
    "find_group",
    "guests",
    "machine_facts",
    "read_secret",
]

BUILTIN: tuple[type[Collector], ...] = (
    Cpu,
    Frequency,
    Memory,
    Disk,
    Network,
    Rapl,
    Nvml,
    Gpu,
    Hwmon,
    Ipmi,
    Battery,
    Portable,
    Logind,
    Presence,
    Processes,
    Agent,
)

GROUP = "sobriety.collectors"


def choose(system: str, names: Sequence[str] | None = None) -> list[type[Collector]]:
    """The collectors of a system; or exactly those named, guests among them.

    A guest is opened only when it is named: what somebody installed is not what they asked for.

    Raises ConfigError for a name that nobody has.
    """
    if names is None:
        return [c for c in BUILTIN if system in c.systems]
    known: dict[str, Callable[[], type[Collector]]] = {c.name: _as_is(c) for c in BUILTIN}
    if not known.keys() >= set(names):
        known = guests() | known
    for name in names:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                f"there is no collector {name!r}",
                hint=f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}",
            )
    return [known[name]() for name in names]


def _as_is(collector: type[Collector]) -> Callable[[], type[Collector]]:
    return lambda: collector


def guests() -> dict[str, Callable[[], type[Collector]]]:
    """How to load the collectors of other packages, by the name of their entry point."""
    from importlib.metadata import entry_points

    return {point.name: point.load for point in entry_points(group=GROUP)}
