"""A network that tears: a TCP proxy that ends connections in the midst of a byte stream."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import struct
import threading
from collections import Counter
from types import TracebackType
from typing import Literal, NamedTuple

_RESET = struct.pack("ii", 1, 0)
Way = Literal["asked", "answered"]


class Cut(NamedTuple):
    """After so many bytes that went one way; with a reset, or quietly."""

    way: Way
    after_b: int
    resets: bool


class Torn:
    """Forwards to a port of this machine, and cuts most connections at a byte of chance. `cuts`
    counts them by the way that was cut."""

    def __init__(self, to_port: int, chance: random.Random) -> None:
        self._to_port, self._chance = to_port, chance
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.cuts: Counter[Way] = Counter()
        self.is_torn = True
        threading.Thread(target=self._run, daemon=True).start()

    def __enter__(self) -> Torn:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._door.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # until it is closed
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _chosen(self) -> Cut | None:
        chance = self._chance
        if not self.is_torn or chance.random() < 0.2:
            return None
        # Headers and a small batch have some 2 kB, an answer some 200 bytes.
        way: Way = chance.choice(["asked", "answered"])
        after_b = chance.randint(0, 2_600 if way == "asked" else 230)
        return Cut(way, after_b, chance.random() < 0.5)

    def _forward(self, client: socket.socket) -> None:
        cut = self._chosen()
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self._to_port)) as gateway,
        ):
            passed_b: Counter[Way] = Counter()
            while True:
                for side in select.select([client, gateway], [], [])[0]:
                    way: Way = "asked" if side is client else "answered"
                    other = gateway if side is client else client
                    data = side.recv(4096)
                    if cut and cut.way == way and passed_b[way] + len(data) > cut.after_b:
                        other.sendall(data[: cut.after_b - passed_b[way]])
                        self.cuts[way] += 1
                        for end in (client, gateway) if cut.resets else ():
                            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                        return
                    if not data:
                        return
                    other.sendall(data)
                    passed_b[way] += len(data)
