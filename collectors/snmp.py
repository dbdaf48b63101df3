"""Power that another device measures, by SNMP: a PDU, a UPS, a switch.

Source: https://www.rfc-editor.org/rfc/rfc3416, and for each known OID the MIB that `power_oids`
        names
Reads:  the OIDs that it is given, in one request of SNMP v2c, or v3 signed and encrypted
Gives:  wall_w, a gauge, their sum; all must answer, else nothing is known
Doubt:  the box's own: a strip that tells hundredths of a kilowatt is right to 5 W; a UPS
        leaves its own losses out. A sum of 0 W is no measure of a machine that runs. Who feeds
        from an outlet is what the user says. Run on net-snmp's agent, never on a PDU by us

The library is `snmp` (https://python-snmp.readthedocs.io): MIT, released in 2026, blocking calls
with v3's encryption in it, 20 ms and 4 MB to import, where `pysnmp` takes 65 ms and 17 MB
and needs an event loop, and `puresnmp` rests since 2024. A `snmpget` started every
time would need its secrets in a file of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from sobriety.core.errors import ConfigError, NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

if TYPE_CHECKING:
    from ._snmp_keys import Keys

PORT = 161
ASK_AGAIN_S = 1.0  # UDP loses some


class Snmp:
    """The sum of some numbers of one agent.

    target   its name or address, with its port if that is not 161: `pdu-3`, `[2001:db8::7]:1161`
    oid      names of `power_oids.POWERS` with an index, or numbers; several are summed
    unit_w   what the sum is multiplied by: the watts of 1, where OIDs are numbers
    keys     what opens it; else those of the file `keys_file`, or of the environment
    """

    name: ClassVar[str] = "snmp"
    systems: ClassVar[frozenset[str]] = frozenset({"linux", "darwin", "windows"})

    def __init__(
        self,
        target: str,
        oid: str,
        unit_w: float = 1.0,
        *,
        keys: Keys | None = None,
        keys_file: str = "",
        pace_s: float = 10.0,
        patience_s: float = 5.0,
    ) -> None:
        from ._power_oids import terms  # here, for those who have no such meter
        from ._snmp_keys import find_keys

        if not 0 < unit_w < float("inf"):
            raise ConfigError(f"the unit {unit_w:g} W is no positive number")
        self.pace_s, self._patience_s = pace_s, patience_s
        self._target, (self._name, self._port) = target, _address(target)
        self._terms, self._unit_w = terms(oid), unit_w
        self._subject = f"{target} {oid}"
        self._keys = keys or find_keys(keys_file)
        # Any: the library has no types.
        self._library: Any = None
        self._failure: Any = None
        self._engine: Any = None
        self._manager: Any = None

    def open(self, host: Host) -> None:
        """Asks nothing yet: names and agents may take long, and `read` has a thread."""
        if not host.is_live:
            raise NotSupported("a recorded machine has no network")
        try:
            self._library = import_module("snmp")
            self._failure = import_module("snmp.exception").SNMPException
        except ModuleNotFoundError:
            raise NotSupported(
                "this needs snmp, which is not installed", hint="pip install 'sobriety[meters]'"
            ) from None

    def read(self) -> Iterable[Reading]:
        oids = [oid for term in self._terms for oid in term.oids()]
        numbers = {
            oid: _number(value, f"{self._target}: {oid}")
            for oid, value in zip(oids, self._get(oids), strict=True)
        }
        watts = 0.0
        for term in self._terms:
            try:
                watts += term.watts(numbers)
            except ValueError as error:
                raise ReadError(f"{self._target}: {term.text} {error}") from None
        if watts == 0:
            raise ReadError(f"{self._target} says 0 W for {self._subject.partition(' ')[2]}")
        return (Reading("wall_w", watts * self._unit_w, self._subject, "gauge", "snmp"),)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.multiplexor.close()
            del self._engine.multiplexor  # it would close its descriptors again when collected
        self._engine = self._manager = None

    def _get(self, oids: list[str]) -> list[Any]:
        try:
            if self._manager is None:
                self._manager = self._connect()
            answer = self._manager.get(*oids, timeout=self._patience_s, refreshPeriod=ASK_AGAIN_S)
        except (OSError, ValueError) as error:  # no such name, no way there, no such number
            reason = getattr(error, "strerror", None) or str(error)
            raise ReadError(f"{self._target} cannot be asked: {reason[:200]}") from None
        except self._library.Timeout:
            raise ReadError(
                f"{self._target} has not answered for {self._patience_s:g} s",
                hint="check its address, and the community or the user's passwords",
            ) from None
        except self._failure as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ReadError(f"{self._target} refuses: {reason[:200]}") from None
        return [bound.value for bound in answer]

    def _connect(self) -> Any:
        from socket import AF_INET6, SOCK_DGRAM, getaddrinfo

        from ._snmp_keys import ENCRYPTED_BY, SIGNED_BY

        family, *_, address = getaddrinfo(self._name, self._port, type=SOCK_DGRAM)[0]
        library, opened_by = self._library, self._keys
        self._engine = library.Engine()
        domain = library.UDP_IPv6 if family == AF_INET6 else library.UDP_IPv4
        if opened_by.community:
            return self._engine.Manager(
                address[:2],
                version=library.SNMPv2c,
                domain=domain,
                community=opened_by.community.encode(),
            )
        usm = "snmp.security.usm"
        self._engine.addUser(
            opened_by.user,
            authProtocol=getattr(
                import_module(f"{usm}.auth"), SIGNED_BY[opened_by.authentication_by]
            ),
            privProtocol=getattr(import_module(f"{usm}.priv"), ENCRYPTED_BY[opened_by.privacy_by]),
            authSecret=opened_by.authentication.encode(),
            privSecret=opened_by.privacy.encode(),
        )
        return self._engine.Manager(address[:2], domain=domain)


def _address(target: str) -> tuple[str, int]:
    """The host and port of `pdu`, `pdu:1161`, `2001:db8::7` or `[2001:db8::7]:1161`."""
    found = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:\s]+)(?::(\d+))?|([0-9A-Fa-f:.]+)", target)
    if found is None:
        raise ConfigError(f"{target[:80]!r} is no address", hint="write HOST, or HOST:PORT")
    port = int(found[2] or found[4] or PORT)
    if not 0 < port < 65536:
        raise ConfigError(f"{target[:80]!r} has no port {port}", hint="choose from 1 to 65535")
    return found[1] or found[3] or found[5], port


def _number(value: Any, what: str) -> float:
    """A whole number or a gauge, or a text of one; a counter is energy or worse, never power."""
    kind = type(value).__name__
    if kind in ("Integer32", "Gauge32"):
        return float(value.value)
    if kind in ("NoSuchObject", "NoSuchInstance", "EndOfMibView"):
        raise ReadError(f"{what} is not there", hint="look for it with snmpwalk")
    if kind == "OctetString":
        found = re.fullmatch(rb"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", bytes(value.data))
        if found is not None:
            return float(found[1])
        raise ReadError(f"{what} says {bytes(value.data)[:40]!r}, which is no number")
    raise ReadError(f"{what} is a {kind}, which is no power")
