"""GET /metrics on loopback: one thread, one client at a time, a text that is always ready.

By hand, since the standard library's HTTP server costs an agent 8 MB and 28 ms for what is here in
a page; sampling never waits for it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from sobriety.core.errors import ConfigError, SobrietyError

PORT = 9845
PATIENCE_S = 2.0
MOST_REQUEST_B = 8192
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def address(text: str) -> tuple[str, int]:
    """`127.0.0.1:9845`, `:9845`, `[::1]:9845`; a host alone takes the usual port.

    Raises ConfigError.
    """
    host, colon, port = text.rpartition(":")
    if not colon or (text.startswith("[") and text.endswith("]")):
        host, port = text, str(PORT)
    if not port.isdecimal() or not 0 <= int(port) <= 65_535:
        raise ConfigError(f"{text!r} is no address to listen on", hint="write 127.0.0.1:9845")
    return host.strip("[]") or "127.0.0.1", int(port)


class Endpoint:
    """Listens from `open` to `close`. `port` is the one that it got."""

    def __init__(self, listen: str) -> None:
        self._host, self.port = address(listen)
        self._texts = ("", "# EOF\n")
        self._door: socket.socket | None = None

    def open(self) -> None:
        """Raises SobrietyError for an address that cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            self._door = socket.create_server((self._host, self.port), family=family, backlog=16)
        except OSError as error:
            raise SobrietyError(
                f"cannot listen on {self._host}:{self.port}: {error.strerror or error}",
                hint="choose another with --metrics ADDRESS",
            ) from None
        self.port = self._door.getsockname()[1]
        threading.Thread(
            target=self._serve, args=(self._door,), name="metrics", daemon=True
        ).start()

    def show(self, plain: str, open_metrics: str) -> None:
        """What is answered from now on."""
        self._texts = plain, open_metrics

    def close(self) -> None:
        """Harmless when called twice."""
        if self._door is not None:
            door, self._door = self._door, None
            with contextlib.suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)  # wakes the thread
            door.close()

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                client, _ = door.accept()
            except OSError:
                return  # closed
            with client, contextlib.suppress(OSError):  # who goes away is no trouble of ours
                client.sendall(self._answer(_head(client)))

    def _answer(self, head: str) -> bytes:
        method, _, rest = head.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if not rest:
            return _response("400 Bad Request", "this is no HTTP request\n")
        if method not in ("GET", "HEAD"):
            return _response("405 Method Not Allowed", "only GET\n", "Allow: GET, HEAD\r\n")
        if path != "/metrics":
            return _response("404 Not Found", "see /metrics\n")
        wants_open = "application/openmetrics-text" in head.lower()
        found = _response("200 OK", self._texts[wants_open], kind=OPEN if wants_open else PLAIN)
        return found.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == "HEAD" else found


def _head(client: socket.socket) -> str:
    """The request up to its empty line. Who sends it letter by letter is not waited for."""
    data, until_s = b"", time.monotonic() + PATIENCE_S
    while b"\r\n\r\n" not in data and len(data) < MOST_REQUEST_B:
        client.settimeout(max(0.001, until_s - time.monotonic()))
        more = client.recv(MOST_REQUEST_B)
        if not more:
            break
        data += more
    client.settimeout(PATIENCE_S)
    return data.decode("latin-1")


def _response(status: str, body: str, more: str = "", *, kind: str = PLAIN) -> bytes:
    content = body.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}"
        "Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + content
