"""Sends notifications to systemd (sd_notify).

Source: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping


class Notify:
    """Sends lines to the service manager; says nothing where there is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # '@' is how an environment writes the zero byte of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        usec = environ.get("WATCHDOG_USEC", "")
        meant = environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.watchdog_s = int(usec) / 2e6 if usec.isdecimal() and meant else None
        """How often to send WATCHDOG=1: twice as often as is demanded; None where it is not."""

    def send(self, *lines: str) -> None:
        """As in send("READY=1", "STATUS=watching"). A manager that is not there is no failure."""
        if not self._address:
            return
        import socket  # 2 ms that a collector in the foreground does not pay

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
            door.settimeout(0.5)  # a manager that reads nothing must not stop the sampling
            try:
                door.sendto("\n".join(lines).encode(), self._address)
            except OSError:
                return  # the watchdog will say so, and the rows matter more
