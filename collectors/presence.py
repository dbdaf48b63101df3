"""Presence of users: sessions, screens and the lid. Never names.

Source: https://www.freedesktop.org/software/systemd/man/latest/sd_session_is_active.html,
        https://github.com/systemd/systemd/blob/main/src/login/logind-session.c (session_save),
        https://docs.kernel.org/gpu/drm-uapi.html, https://docs.kernel.org/admin-guide/acpi
Reads:  of each file in /run/systemd/sessions the lines CLASS, STATE and ACTIVE;
        /sys/class/drm/card*-*/{status,dpms}; /proc/acpi/button/lid/*/state
Gives:  present_ratio and away_ratio; screen_on_ratio where a screen is connected at the start;
        lid_closed_ratio where there is a lid. Gauges of 0 or 1, about nobody in particular
Doubt:  systemd keeps idle and locked out of these files (253 to 258). So a session counts as in
        use while it is in front, though locked, and as left when another or the login screen took
        its place; a remote one counts as in use while it is connected. Never run on a real desktop
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.reading import Reading

SESSIONS = "/run/systemd/sessions"
SEATS = "/run/systemd/seats"
SCREENS = "/sys/class/drm/card*-*"
LIDS = "/proc/acpi/button/lid/*/state"
_WANTED = ("CLASS", "STATE", "ACTIVE")
_YES_NO = {"1": True, "0": False}


class Presence:
    """Sessions of people, screens that are lit, and a lid."""

    name: ClassVar[str] = "presence"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._host: Host | None = None
        self._has_screen = self._has_lid = False

    def open(self, host: Host) -> None:
        host.names(SESSIONS)
        # logind always keeps a seat. Both folders empty: left by a package, and nobody looks after
        # them, which is not the same as nobody there.
        if not host.names(SEATS):
            raise NotSupported(f"there is no seat in {SEATS}: logind does not run here")
        self._host = host
        # Decided once, so that a group is not seen now and then.
        self._has_screen = any(True for _ in _lights(host))
        self._has_lid = any(_lid(host, path) in ("open", "closed") for path in host.glob(LIDS))

    def read(self) -> Iterable[Reading]:
        assert self._host
        uses = list(_uses(self._host))
        yield _gauge("present_ratio", any(uses), "logind")
        yield _gauge("away_ratio", bool(uses) and not any(uses), "logind")
        if self._has_screen:
            yield _gauge("screen_on_ratio", any(_lights(self._host)), "drm")
        if self._has_lid:
            yield _gauge("lid_closed_ratio", _is_closed(self._host), "acpi")

    def close(self) -> None:
        self._host = None


def _gauge(metric: str, is_so: bool, source: str) -> Reading:
    return Reading(metric, float(is_so), "", "gauge", source)


def _uses(host: Host) -> Iterator[bool]:
    """For each session of a person, whether it is in use."""
    for session in _sessions(host):
        try:
            kind, state, active = (session[line] for line in _WANTED)
            is_active = _YES_NO[active]
        except KeyError as error:
            raise ReadError(f"a session in {SESSIONS}: {error} is missing or unknown") from None
        # Login screens, lock screens and services have sessions too; one that closes is logged out.
        if kind.partition("-")[0] == "user" and state != "closing":
            yield is_active


def _sessions(host: Host) -> Iterator[dict[str, str]]:
    """The lines that we want of every session, and nothing else of it: not whose it is."""
    try:
        names = host.names(SESSIONS)
    except NotSupported:
        raise ReadError(f"{SESSIONS} is not there any more") from None
    for name in names:
        if not name.isalnum():
            continue  # a pipe, on which a reader would wait for ever, or a file half written
        try:
            text = host.text(f"{SESSIONS}/{name}")
        except NotSupported:
            continue  # logged out since
        except (NotPermitted, ReadError):
            # Said without the session's number.
            raise ReadError(f"a session in {SESSIONS} cannot be read") from None
        pairs = (line.partition("=") for line in text.splitlines())
        yield {key: value for key, _, value in pairs if key in _WANTED}


def _lights(host: Host) -> Iterator[bool]:
    """For each screen that is connected, whether it is lit."""
    for path in host.glob(SCREENS):
        try:
            if host.text(f"{path}/status") == "connected":
                yield host.text(f"{path}/dpms") == "On"
        except NotSupported:
            continue  # unplugged since


def _is_closed(host: Host) -> bool:
    states = [_lid(host, path) for path in host.glob(LIDS)]
    if not states or not {"open", "closed"}.issuperset(states):
        raise ReadError(f"the lid is neither open nor closed: {', '.join(states) or 'it is gone'}")
    return "closed" in states


def _lid(host: Host, path: str) -> str:
    """`state:      open` without its label."""
    return host.text(path).rpartition(":")[2].strip()
