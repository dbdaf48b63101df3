"""Presence of users, idle and locked sessions included, from systemd-logind on the bus.

Source: https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html
Reads:  systemd-logind by the system bus, with the extra `presence` (jeepney)
Gives:  present_ratio: a session is in front, neither idle nor locked; away_ratio: there are
        sessions, and none of them is. Gauges of 0 or 1, about nobody in particular
Doubt:  a desktop that never tells that it idles or locks looks used until its people log out; a
        terminal idles after IdleActionSec (30 min) without a key. Asked every 30 s. Tried on a
        real bus with a logind of ours, never with the real one

Its answers hold names, users and addresses. They are dropped here as they arrive: nothing that is
given, and no message, holds any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, ClassVar

from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

SEAT = "/run/systemd/seats/seat0"
"""logind makes it when it starts."""

SOURCE = "logind by D-Bus"
_NAME = "org.freedesktop.login1"
_ROOT = "/org/freedesktop/login1"
_PATIENCE_S = 5.0


class Logind:
    """People come and go slowly, and who answers is another process: a thread asks it."""

    name: ClassVar[str] = "logind"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})
    pace_s: float = 30.0

    def __init__(self) -> None:
        # Any: the library has no types.
        self._jeepney: Any = None
        self._connection: Any = None

    def open(self, host: Host) -> None:
        if not (host.is_here and host.glob(SEAT)):
            raise NotSupported(f"systemd-logind does not run here: there is no {SEAT}")
        try:
            self._jeepney = import_module("jeepney")
        except ModuleNotFoundError:
            raise NotSupported(
                "this needs jeepney, which is not installed",
                hint="pip install 'sobriety[presence]'",
            ) from None

    def read(self) -> Iterable[Reading]:
        # Here and not in `open`: the bus has no patience of its own, and this has a thread.
        if self._connection is None:
            self._connection = _connected()
        (listed,) = self._ask(_ROOT, f"{_NAME}.Manager", "ListSessions") or ((),)
        uses = [use for *_, path in listed if (use := self._in_use(path)) is not None]
        return (
            Reading("present_ratio", float(any(uses)), "", "gauge", SOURCE),
            Reading("away_ratio", float(bool(uses) and not any(uses)), "", "gauge", SOURCE),
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _in_use(self, path: str) -> bool | None:
        """Whether somebody uses a session; None for what is no person's, or ended a moment ago."""
        interface = f"{_NAME}.Session"
        body = self._ask(path, "org.freedesktop.DBus.Properties", "GetAll", "s", (interface,))
        if body is None:
            return None
        said: Mapping[str, tuple[str, Any]] = body[0]
        try:
            kind, state, active, idle, locked = (
                said[name][1] for name in ("Class", "State", "Active", "IdleHint", "LockedHint")
            )
        except KeyError as missing:
            raise ReadError(f"logind says no {missing.args[0]} of a session") from None
        # Login screens, lock screens and services have sessions too; one that closes is logged out.
        if kind.partition("-")[0] != "user" or state == "closing":
            return None
        return bool(active and not idle and not locked)

    def _ask(
        self, path: str, interface: str, member: str, signature: str | None = None, body: Any = ()
    ) -> Any:
        """The answer; None where the object is not there any more. Raises ReadError."""
        jeepney = self._jeepney
        address = jeepney.DBusAddress(path, bus_name=_NAME, interface=interface)
        call = jeepney.new_method_call(address, member, signature, body)
        call.header.flags |= jeepney.MessageFlag.no_auto_start  # looking starts nothing
        try:
            answer = self._connection.send_and_get_reply(call, timeout=_PATIENCE_S)
        except OSError as error:
            why = error.strerror or f"no answer in {_PATIENCE_S:g} s"
            raise ReadError(f"logind cannot be asked over the system bus: {why}") from error
        if answer.header.message_type is jeepney.MessageType.error:
            name = str(answer.header.fields[jeepney.HeaderFields.error_name])
            if name.endswith((".UnknownObject", ".NoSuchSession")):
                return None
            raise ReadError(f"logind does not answer over the system bus: {name}")
        return answer.body


def _connected() -> Any:
    """The system bus. Raises ReadError."""
    blocking: Any = import_module("jeepney.io.blocking")
    try:
        return blocking.open_dbus_connection("SYSTEM")
    # No bus; an address that jeepney cannot use, or a bus that lets nobody in.
    except (OSError, RuntimeError, ValueError) as error:
        raise ReadError(f"the system bus cannot be asked: {error}") from error
