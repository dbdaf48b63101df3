"""Power of a whole server, from its management controller by Redfish.

Source: https://redfish.dmtf.org/schemas/v1/EnvironmentMetrics.v1_3_0.json,
        https://redfish.dmtf.org/schemas/v1/Power.v1_7_1.json
Reads:  /redfish/v1/Chassis, and of those that stand in no other EnvironmentMetrics, or else Power
Gives:  wall_w, a gauge, every 30 s
Doubt:  what the controller makes of the power supplies' input. Accuracy and refresh are the
        maker's own: https://personales.upv.es/thinkmind/ENERGY/ENERGY_2019/energy_2019_4_10_30047.html
        0 W or null knows nothing, and so makes the sum of several chassis unknown. Run on answers
        written down, never on a controller by us
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from sobriety.core.errors import ConfigError, NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.machine import Machine
from sobriety.core.reading import Reading

if TYPE_CHECKING:
    from ._http_json import JsonClient

ROOT = "/redfish/v1"
B_PER_GIB = 2**30
# Of PowerControl, the best of these that is there; the others are parts of it: CPU, Memory, Fan…
WHOLE = ("Chassis", None, "SystemBoard")
# Types of chassis that are a part of a machine, even where nothing says of which.
PARTS = frozenset({"Card", "Cartridge", "Component", "Module", "IPBasedDrive", "HeatExchanger"})
# Types of those that are whole machines within an enclosure.
MACHINES = frozenset({"Blade", "Sled", "RackMount", "StandAlone", "Enclosure"})
MOST = 200  # chassis or pages of one controller: no reason to ask for ever


class Redfish:
    """One controller, that is one server or one enclosure of several.

    url       https://HOST; http is for a controller on this machine only
    ca_file   certificates to trust, where the controller signed its own
    """

    name: ClassVar[str] = "redfish"
    systems: ClassVar[frozenset[str]] = frozenset({"linux", "darwin", "windows"})

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        ca_file: str = "",
        pace_s: float = 30.0,
        patience_s: float = 10.0,
    ) -> None:
        if not user or ":" in user or not user.isprintable():
            raise ConfigError(f"{user[:40]!r} is no user of a controller")
        if not password:
            raise ConfigError(f"the password of {user} is empty")
        self._base, self.host = _address(url)
        self._secret, self._ca_file = f"{user}:{password}", ca_file
        self.pace_s, self._patience_s = pace_s, patience_s
        self._client: JsonClient | None = None
        self._chassis: list[Any] | None = None

    def open(self, host: Host) -> None:
        """Asks nothing yet: a controller may take long, and `read` has a thread."""
        if not host.is_live:
            raise NotSupported("a recorded machine has no network")
        self._connect()

    def read(self) -> Iterable[Reading]:
        if self._chassis is None:  # which there are is asked once
            self._chassis = self._members("Chassis")
        watts = self._sum(self._chassis)
        if not watts:
            raise ReadError(
                f"{self._base}: no chassis tells its power",
                hint="update the controller's firmware, or buy its licence for power monitoring",
            )
        return (Reading("wall_w", sum(watts), self._base, "gauge", "redfish"),)

    def close(self) -> None:
        self._client, self._chassis = None, None

    def machine(self) -> Machine:
        """What the server is. Raises ReadError, NotPermitted, NotSupported."""
        self._connect()
        systems = self._members("Systems")

        def said(*path: str) -> str | None:
            texts = (_at(system, *path) for system in systems)
            return next((t.strip() for t in texts if isinstance(t, str) and t.strip()), None)

        def total(*path: str) -> float | None:
            numbers = [_number(_at(system, *path)) for system in systems]
            return sum(n for n in numbers if n) or None

        def count(*path: str) -> int | None:
            number = total(*path)
            return None if number is None else int(number)

        memory_gib = total("MemorySummary", "TotalSystemMemoryGiB")
        return Machine(
            host=self.host,
            category="server",
            manufacturer=said("Manufacturer"),
            model=said("Model"),
            cpu_model=said("ProcessorSummary", "Model"),
            chips=count("ProcessorSummary", "Count"),
            cores=count("ProcessorSummary", "CoreCount"),
            threads=count("ProcessorSummary", "LogicalProcessorCount"),
            memory_b=None if memory_gib is None else memory_gib * B_PER_GIB,
        )

    def _connect(self) -> None:
        from ._http_json import JsonClient

        self._client = self._client or JsonClient(self._ca_file, self._secret, self._patience_s)

    def _get(self, path: Any) -> Any:
        # A link must stay on this controller: what it is asked with is its password.
        if not isinstance(path, str) or not path.startswith("/") or not path.isprintable():
            raise ReadError(f"{self._base} links to {str(path)[:80]!r}, which is no path of it")
        assert self._client is not None
        return self._client.get(self._base + path)

    def _members(self, collection: str) -> list[Any]:
        from ._http_json import rows, table

        path: Any = f"{ROOT}/{collection}"
        links: dict[str, None] = {}
        seen: set[Any] = set()
        while path is not None and path not in seen and len(seen) < MOST:
            seen.add(path)
            page = self._get(path)
            links |= dict.fromkeys(_name(_link(m)) for m in rows(_at(page, "Members")))
            path = _at(page, "Members@odata.nextLink")
        if not links:
            raise ReadError(f"{self._base}{ROOT}/{collection} has no members")
        return [{**table(self._get(link)), "@odata.id": link} for link in list(links)[:MOST]]

    def _sum(self, chassis: list[Any]) -> list[float]:
        """Of those that stand in no other; of the machines in one that measures nothing."""
        inside = _inside(chassis)
        watts: list[float] = []
        look = [c for c in chassis if _place(c) not in inside] or chassis[:1]
        while look:
            outer = look.pop(0)
            found = [] if _at(outer, "ChassisType") in PARTS else self._watts(outer)
            watts += found
            within = [c for c in chassis if inside.get(_place(c)) == _place(outer)]
            look += [c for c in within if not found and _at(c, "ChassisType") in MACHINES]
        return watts

    def _watts(self, chassis: Any) -> list[float]:
        """Of one chassis; empty where it measures none. Raises ReadError where it is not known."""
        metrics = _link(_at(chassis, "EnvironmentMetrics"))
        if metrics is not None:
            watts = _number(_at(self._get(metrics), "PowerWatts", "Reading"))
            if watts:
                return [watts]
        power = _link(_at(chassis, "Power"))
        controls = _whole(_at(self._get(power), "PowerControl")) if power is not None else []
        found = [_number(c["PowerConsumedWatts"]) for c in controls]
        if not all(found):
            raise ReadError(f"{self._base}{power} says {controls[0]['PowerConsumedWatts']!r:.40} W")
        return [w for w in found if w]


def _whole(controls: Any) -> list[dict[str, Any]]:
    """The entries that are about the whole chassis."""
    from ._http_json import rows, table

    told = [table(c) for c in rows(controls) if "PowerConsumedWatts" in table(c)]
    for context in WHOLE:
        if found := [c for c in told if c.get("PhysicalContext") == context]:
            return found
    return []


def _inside(chassis: list[Any]) -> dict[str, str]:
    """The chassis that each stands in, as either of the two says."""
    from ._http_json import rows

    known = {_place(c) for c in chassis}
    inside: dict[str, str] = {}
    for one in chassis:
        for inner in rows(_at(one, "Links", "Contains")):
            inside[_text(_link(inner)).rstrip("/")] = _place(one)
        outer = _text(_link(_at(one, "Links", "ContainedBy"))).rstrip("/")
        if outer in known:
            inside[_place(one)] = outer
    return {i: o for i, o in inside.items() if i != o}


def _place(chassis: Any) -> str:
    return _text(_link(chassis)).rstrip("/")


def _name(link: Any) -> str:
    return link if isinstance(link, str) else str(link)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _at(answer: Any, *path: str) -> Any:
    from ._http_json import table

    for key in path:
        answer = table(answer).get(key)
    return answer


def _link(answer: Any) -> Any:
    return _at(answer, "@odata.id")


def _number(value: Any) -> float | None:
    """Above 0, else None: it is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < math.inf and value < 1e9 else None


def _address(url: str) -> tuple[str, str]:
    """Scheme and host with its port, and the host alone. Raises ConfigError."""
    from urllib.parse import urlsplit

    from ._http_json import checked_url

    parts = urlsplit(checked_url(url))
    host = parts.hostname or ""
    if parts.path.rstrip("/") not in ("", ROOT) or parts.query or parts.fragment:
        raise ConfigError(
            f"{parts.path[:80]!r} is too much for a controller", hint="write https://HOST"
        )
    if parts.scheme == "http" and not (
        host in ("localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host)
    ):
        raise ConfigError(
            f"http://{host} would show its password to the network", hint=f"write https://{host}"
        )
    return f"{parts.scheme}://{parts.netloc}", host
