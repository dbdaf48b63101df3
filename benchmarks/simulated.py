"""Agents of a fleet as the gateway sees them: bodies made beforehand by the agents' own code, and a
client that is cheap, since it shares the processors with what is measured.

A row's number stands in `disk_written_b` too, so that the lake can be asked whether it holds each
number of each host once, and its values are those that were sent. Where ten thousand days would
take an hour to draw, agents share the figures of a hundred; names and moments are each one's own.
"""

from __future__ import annotations

import asyncio
import math
import random
import ssl
import struct
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sobriety.core.usage import KEY_NAMES, MEASURE_NAMES
from sobriety.push.batch import Numbered, packed
from sobriety.push.limits import MOST_ROWS
from sobriety.spool import Facts

MINUTE_NS = 60 * 10**9
SERVER = "cpu memory disk network package core dram agent"
NAMES = ("postgresql.service", "nginx.service", "kernel", "python3.11", "containerd.service",
         "sshd", "java", "systemd-journald.service", "dockerd", "cron.service")  # fmt: skip
WORKLOADS_AN_HOUR = 183
"""As an hour of the agent wrote them (docs/benchmarks.md)."""
MOST_DRAWN = 600_000
"""Rows: in seconds, and in some hundred megabytes."""
FACTS = {"category": "server", "chips": 2, "cores": 32, "cpu_model": "Intel(R) Xeon(R) Gold 6230",
         "disks": 4, "manufacturer": "Dell Inc.", "memory_b": 274877906944.0, "system": "linux",
         "threads": 64}  # fmt: skip
_HEAD = struct.Struct("<IIId")
_NAMES = (*KEY_NAMES, *MEASURE_NAMES)
_HOST, _START, _BUSY = (1 + _NAMES.index(name) for name in ("host", "start_ns", "cpu_busy_s"))


class Plan(NamedTuple):
    """What each agent sends: so many batches of so many minutes, workloads or the host alone."""

    agents: int
    batches: int
    minutes: int
    workloads: bool

    @property
    def name(self) -> str:
        return "-".join(map(str, map(int, self)))

    @property
    def different(self) -> int:
        """Agents whose figures are drawn; the others take theirs in turn."""
        return max(1, MOST_DRAWN // _rows_before(self, self.batches * self.minutes))


class Body(NamedTuple):
    agent: int
    rows: int
    busy_s: float
    body: bytes


def host_of(agent: int) -> str:
    return f"host-{agent:05d}.fleet.example"


def spool_of(agent: int) -> str:
    return f"{agent:016x}"


# Bodies


def rows_of(plan: Plan, agent: int, batch: int, first_ns: int) -> list[Numbered]:
    """The rows of one batch: what a 32-core server does, never round."""
    rows: list[Numbered] = []
    for drawn in _drawn(plan, agent % plan.different, batch):
        row = list(drawn)
        row[_HOST] = host_of(agent)
        row[_START] += first_ns + agent * 5_003
        rows.append(tuple(row))
    return rows


@cache
def _drawn(plan: Plan, agent: int, batch: int) -> list[Numbered]:
    """Of nobody yet, and with the time since the first."""
    chance = random.Random(agent * 1_000_003 + batch)
    minutes = range(batch * plan.minutes, (batch + 1) * plan.minutes)
    number = 1 + _rows_before(plan, minutes.start)
    rows: list[Numbered] = []
    for minute in minutes:
        start_ns = minute * MINUTE_NS
        rows.append(_row(number + len(rows), "host", "", start_ns, chance))
        for turn in range(_workloads(minute), _workloads(minute + 1)) if plan.workloads else ():
            name = NAMES[turn % len(NAMES)]
            kind = "service" if name.endswith(".service") else "process"
            rows.append(_row(number + len(rows), kind, name, start_ns, chance))
    return rows


def _rows_before(plan: Plan, minute: int) -> int:
    return minute + (_workloads(minute) if plan.workloads else 0)


def _workloads(minute: int) -> int:
    """Rows of who worked before this minute: those of an hour are spread over it."""
    return WORKLOADS_AN_HOUR * minute // 60


def _row(number: int, kind: str, name: str, start_ns: int, chance: random.Random) -> Numbered:
    u = 0.02 + 0.5 * chance.random()
    duration_s = 60 + chance.random() / 100
    share = 1.0 if kind == "host" else chance.random() / 4
    known: dict[str, str | int | float] = {
        "kind": kind, "name": name, "state": "on", "observed": SERVER,
        "start_ns": start_ns, "duration_s": duration_s, "covered_s": duration_s,
        "cpu_busy_s": share * u * 32 * duration_s, "util_sqrt_s": share * math.sqrt(u) * duration_s,
        "util_s": share * u * duration_s, "util_cubed_s": share * u**3 * duration_s,
        "memory_used_bs": share * 1.1e11 * duration_s, "disk_written_b": float(number),
        "package_j": share * (60 + 180 * u) * duration_s, "core_j": share * 150 * u * duration_s,
        "dram_j": share * (10 + 10 * u) * duration_s,
    }  # fmt: skip
    if kind == "host":
        known |= {
            "cpu_capacity_s": 32 * duration_s, "disk_read_b": 512.0 * chance.randrange(10**4),
            "network_received_b": float(chance.randrange(10**6)),
            "network_sent_b": float(chance.randrange(10**6)), "agent_cpu_s": chance.random() / 50,
        }  # fmt: skip
    return (number, *map(known.get, _NAMES))


def write_bodies(plan: Plan, agents: Iterable[int], first_ns: int, file: Path) -> None:
    """Batch by batch, in each all agents: as a fleet sends them. Those longer than a gateway takes
    are cut as the agent cuts them."""
    agents = list(agents)
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        for batch in range(plan.batches):
            for agent in agents:
                rows = rows_of(plan, agent, batch, first_ns)
                facts = [Facts(host_of(agent), first_ns, FACTS)] if batch == 0 else []
                for first in range(0, len(rows), MOST_ROWS):
                    few = rows[first : first + MOST_ROWS]
                    body = packed(spool_of(agent), few, facts)
                    assert body.rows == len(few)
                    busy_s = math.fsum(row[_BUSY] for row in few)
                    out.write(_HEAD.pack(agent, len(few), len(body.body), busy_s) + body.body)
    part.rename(file)


def read_bodies(file: Path) -> Iterator[Body]:
    with file.open("rb") as opened:
        while head := opened.read(_HEAD.size):
            agent, rows, length, busy_s = _HEAD.unpack(head)
            yield Body(agent, rows, busy_s, opened.read(length))


# Sending


@dataclass
class Sent:
    """What became of it. `late_s` is how far the client itself was behind."""

    latencies_s: list[float] = field(default_factory=list[float])
    statuses: Counter[int] = field(default_factory=Counter[int])
    rows: int = 0
    busy_s: float = 0.0
    sent_b: int = 0
    late_s: float = 0.0
    wall_s: float = 0.0


class _Connection(asyncio.Protocol):
    """One request, as urllib sends it: head, body, and the connection is closed."""

    def __init__(self, head: bytes, body: bytes, answer: asyncio.Future[bytes]) -> None:
        self._head, self._body, self._answer = head, body, answer
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._head)
        transport.write(self._body)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if found and f"content-length: {len(body)}\r".encode() in head.lower() + b"\r":
            self._done()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()

    def _done(self) -> None:
        if not self._answer.done():
            self._answer.set_result(self._got)
            self._transport.close()


class Fleet:
    """Sends bodies to a gateway; each token belongs to an agent."""

    def __init__(self, port: int, tokens: list[str], trusted: Path | None) -> None:
        self._port, self._tokens = port, tokens
        self._ssl = ssl.create_default_context(cafile=trusted) if trusted else None
        self.sent = Sent()

    async def at_rate(self, bodies: Iterable[Body], per_s: float, for_s: float) -> Sent:
        """Whatever the gateway does: a latency counts from when its request was due."""
        begun_s = time.perf_counter()
        running: set[asyncio.Task[bool]] = set()
        for number, body in enumerate(bodies):
            due_s = begun_s + number / per_s
            if due_s > begun_s + for_s:
                break
            wait_s = due_s - time.perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            self.sent.late_s = max(self.sent.late_s, time.perf_counter() - due_s)
            task = asyncio.create_task(self._send(body, due_s))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
        self.sent.wall_s = time.perf_counter() - begun_s
        return self.sent

    async def at_once(self, bodies: Iterable[Body], together: int) -> Sent:
        """So many at a time; who is told to wait tries again. Batches of one agent may overtake
        each other, as those of a real one never do."""
        begun_s = time.perf_counter()
        source = iter(bodies)

        async def one() -> None:
            for body in source:
                while not await self._send(body, time.perf_counter()):
                    await asyncio.sleep(1.0)

        await asyncio.gather(*(one() for _ in range(together)))
        self.sent.wall_s = time.perf_counter() - begun_s
        return self.sent

    async def _send(self, body: Body, due_s: float) -> bool:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        head = (
            f"POST /v1/usage HTTP/1.1\r\nAccept-Encoding: identity\r\n"
            f"Content-Length: {len(body.body)}\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Authorization: Bearer {self._tokens[body.agent]}\r\nUser-Agent: sobriety/0\r\n"
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
        ).encode()
        try:
            await loop.create_connection(
                lambda: _Connection(head, body.body, answer), "127.0.0.1", self._port, ssl=self._ssl
            )
            got = await answer
        except OSError:
            got = b""
        status = int(got[9:12] or 0)
        self.sent.statuses[status] += 1
        if status != 200 or f'"new_rows":{body.rows}}}'.encode() not in got:
            return False
        self.sent.latencies_s.append(time.perf_counter() - due_s)
        self.sent.rows += body.rows
        self.sent.busy_s += body.busy_s
        self.sent.sent_b += len(body.body)
        return True
