"""Power or energy from a smart plug or meter that answers in JSON: Shelly, Tasmota, Home Assistant.

Source: https://shelly-api-docs.shelly.cloud, https://tasmota.github.io/docs/Commands/,
        https://developers.home-assistant.io/docs/api/rest/
Reads:  one address, and in its answer the number at a path, every 10 s
Gives:  wall_w, a gauge; or wall_j, a counter, where the unit is one of energy
Doubt:  the plug's own, often 1 % to 2 % of what it is made for, and more at a few watts. A counter
        that tells whole Wh moves in steps. 0 W is no measure of a machine that runs. Over http
        a token crosses the network in the clear. Run on recorded answers, never on a plug by us
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from sobriety.core.errors import ConfigError, NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

if TYPE_CHECKING:
    from ._http_json import JsonClient

POWERS = {"W": 1.0, "kW": 1e3, "mW": 1e-3}
ENERGIES = {"J": 1.0, "Wh": 3600.0, "kWh": 3.6e6, "Wmin": 60.0}  # Shelly's first generation: Wmin


class HttpMeter:
    """One number of one address.

    path         keys, and places in lists, with dots between: `meters.0.power`
    unit         W, kW or mW; or J, Wmin, Wh or kWh for a counter of energy
    token_file   holds a token, or USER:PASSWORD; only its owner may read it
    ca_file      certificates to trust, where the meter signed its own
    """

    name: ClassVar[str] = "http"
    systems: ClassVar[frozenset[str]] = frozenset({"linux", "darwin", "windows"})

    def __init__(
        self,
        url: str,
        path: str,
        unit: str = "W",
        *,
        token_file: str = "",
        ca_file: str = "",
        pace_s: float = 10.0,
        patience_s: float = 5.0,
    ) -> None:
        from ._http_json import checked_url, shown  # here, for those who have no such meter
        from ._secret_file import read_secret

        if unit not in POWERS | ENERGIES:
            raise ConfigError(
                f"{unit[:20]!r} is no unit of power or energy",
                hint=f"choose from {', '.join(POWERS | ENERGIES)}",
            )
        self._keys = path.split(".")
        if not all(self._keys) or not path.isprintable():
            raise ConfigError(
                f"{path[:80]!r} is no path into an answer", hint="write it as in meters.0.power"
            )
        self.pace_s, self._patience_s = pace_s, patience_s
        self._url, self._unit, self._ca_file = checked_url(url), unit, ca_file
        self._place = f"{shown(url)} {path}"
        self._secret = read_secret(token_file) if token_file else ""
        self._client: JsonClient | None = None

    def open(self, host: Host) -> None:
        """Asks nothing yet: a plug may take long, and `read` has a thread."""
        from ._http_json import JsonClient

        if not host.is_live:
            raise NotSupported("a recorded machine has no network")
        self._client = JsonClient(self._ca_file, self._secret, self._patience_s)

    def read(self) -> Iterable[Reading]:
        assert self._client is not None
        answer = self._client.get(self._url)
        value = _number(_at(answer, self._keys, self._place), self._place)
        if self._unit in ENERGIES:
            joules = value * ENERGIES[self._unit]
            return (Reading("wall_j", joules, self._place, "counter", "http"),)
        if value == 0:
            raise ReadError(f"{self._place} says 0 W while the machine runs")
        return (Reading("wall_w", value * POWERS[self._unit], self._place, "gauge", "http"),)

    def close(self) -> None:
        self._client = None


def _at(answer: Any, keys: list[str], place: str) -> Any:
    from ._http_json import rows, table

    for key in keys:
        index = int(key[:9]) if key.isdecimal() else -1
        if key in table(answer):
            answer = answer[key]
        elif 0 <= index < len(rows(answer)):
            answer = answer[index]
        else:
            raise ReadError(
                f"{place}: there is no {key!r} in {str(answer)[:80]!r}",
                hint="look at the answer and choose another path",
            )
    return answer


def _number(value: Any, place: str) -> float:
    """A number, or a text of one, as Home Assistant tells every state."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,15}(\.\d{1,15})?\s*", value):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number) and number >= 0:
            return number
    raise ReadError(f"{place} is {str(value)[:40]!r}, which is no amount of power or energy")
