"""Two agents and a gateway that are apart, with a wire to each agent that can be cut.

In network namespaces of the kernel where this user may make them (root), which have nothing of this
machine's own network; else on loopback, each agent with a relay of its own before the gateway.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Protocol

AGENTS = ("web-1", "web-2")


class Network(Protocol):
    """`address` is where the gateway listens, and of which it has a certificate."""

    address: str
    port: int

    def within(self, who: str) -> Sequence[str]:
        """Words before a command that is to run at an agent, or at the `gateway`."""
        ...

    def url(self, agent: str) -> str: ...

    def cut(self, agent: str) -> None: ...

    def mend(self, agent: str) -> None: ...


class Namespaces:
    """A star of three, the gateway in the middle. Its address is on its own loopback, so that both
    agents have the same way to it."""

    address = "10.98.46.1"
    port = 9846

    def __init__(self) -> None:
        self._names = {who: f"sob-{os.getpid()}-{who}" for who in ("gateway", *AGENTS)}

    def open(self, undo: ExitStack) -> None:
        for name in self._names.values():
            ip("netns", "add", name)
            undo.callback(ip, "netns", "delete", name)
            ip("-n", name, "link", "set", "lo", "up")
        middle = self._names["gateway"]
        ip("-n", middle, "address", "add", f"{self.address}/32", "dev", "lo")
        for number, agent in enumerate(AGENTS):
            its = self._names[agent]
            ip("link", "add", "eth0", "netns", its, "type", "veth",
               "peer", "name", agent, "netns", middle)  # fmt: skip
            ip("-n", middle, "address", "add", f"10.98.{number}.1/30", "dev", agent)
            ip("-n", middle, "link", "set", agent, "up")
            ip("-n", its, "address", "add", f"10.98.{number}.2/30", "dev", "eth0")
            self.mend(agent)

    def within(self, who: str) -> Sequence[str]:
        return "ip", "netns", "exec", self._names[who]

    def url(self, agent: str) -> str:
        return f"https://{self.address}:{self.port}"

    def cut(self, agent: str) -> None:
        ip("-n", self._names[agent], "link", "set", "eth0", "down")

    def mend(self, agent: str) -> None:
        its = self._names[agent]
        ip("-n", its, "link", "set", "eth0", "up")
        ip("-n", its, "route", "add", self.address, "via", f"10.98.{AGENTS.index(agent)}.1")


class Loopback:
    """A relay for each agent; a wire that is cut is a door that is closed."""

    address = "127.0.0.1"

    def __init__(self) -> None:
        self.port = free_port()
        self._ports = {agent: free_port() for agent in AGENTS}
        self._doors: dict[str, socket.socket] = {}

    def open(self, undo: ExitStack) -> None:
        for agent in AGENTS:
            self.mend(agent)
            undo.callback(self.cut, agent)

    def within(self, who: str) -> Sequence[str]:
        return ()

    def url(self, agent: str) -> str:
        return f"https://{self.address}:{self._ports[agent]}"

    def cut(self, agent: str) -> None:
        with suppress(OSError):
            self._doors.pop(agent).shutdown(socket.SHUT_RDWR)  # wakes its thread, which closes it

    def mend(self, agent: str) -> None:
        door = socket.create_server((self.address, self._ports[agent]))
        self._doors[agent] = door
        threading.Thread(target=self._relay, args=(door,), daemon=True).start()

    def _relay(self, door: socket.socket) -> None:
        with door, suppress(OSError):  # closed
            while True:
                client, _ = door.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection((self.address, self.port)) as far:
            back = threading.Thread(target=_pour, args=(far, client), daemon=True)
            back.start()
            _pour(client, far)
            back.join()


def _pour(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def may_have_namespaces() -> bool:
    """Whether this user may make one here."""
    if sys.platform != "linux" or shutil.which("ip") is None:
        return False
    name = f"sob-{os.getpid()}-probe"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return False
    done = subprocess.run(
        ["ip", "-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1"],
        capture_output=True,
    )
    ip("netns", "delete", name)
    return done.returncode == 0


@contextmanager
def network(kind: type[Namespaces] | type[Loopback]) -> Generator[Network]:
    with ExitStack() as undo:
        found = kind()
        found.open(undo)
        yield found


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
