"""Agents, a gateway and its lake as processes that can be killed, and what must be true after.

Row `n` of a host is made of `n` alone, and a spool numbers its rows without a gap. So what was
sampled is known from a spool's highest number, also when its rows are gone from it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from sobriety.core.errors import SobrietyError
from sobriety.core.units import S_PER_DAY
from sobriety.core.usage import Usage
from sobriety.fleet.intake import tokens
from sobriety.fleet.intake.state import FILE, folder_of, open_state
from sobriety.lake import Lake
from sobriety.push import Pusher, Sender, pusher
from sobriety.push.pusher import Pushed
from sobriety.spool import Spool, SpoolReader
from sobriety.spool.retention import Keep

SECOND_NS = 1_000_000_000
_MONTH_NS = 30 * 86_400 * SECOND_NS
START_NS = (time.time_ns() // _MONTH_NS - 24) * _MONTH_NS
"""Two years ago: the same in every process, and a minute a row is not ahead of now."""
LONG = os.environ.get("SOBRIETY_FAULTS") == "long"
"""Hundreds of trials in place of a few: `make faults`."""

Row = tuple[str, int, float, float, float]
"""Host, start_ns, duration_s, cpu_busy_s, util_s."""


def trials(quick: int, long: int) -> int:
    return long if LONG else quick


def usage(host: str, n: int) -> Usage:
    """A minute each."""
    measures = {
        "cpu_busy_s": n / 2**20, "cpu_capacity_s": 8.0, "util_sqrt_s": 0.5, "util_s": n / 2**22,
        "util_cubed_s": 0.1,
    }  # fmt: skip
    return Usage(host, START_NS + n * 60 * SECOND_NS, 60.0, 60.0, measures, ("cpu",))


def expected(host: str, numbers: Sequence[int] | range) -> Counter[Row]:
    return Counter(
        (host, u.start_ns, u.duration_s, u.measures["cpu_busy_s"], u.measures["util_s"])
        for u in (usage(host, n) for n in numbers)
    )


def sampled(folder: Path, host: str) -> Counter[Row]:
    """Everything that was ever on the disk of an agent."""
    with SpoolReader(folder / "spool.sqlite3") as spool:
        return expected(host, range(1, spool.last_id + 1))


def in_lake(lake: Path) -> Counter[Row]:
    with Lake(lake) as there:
        frame = there.open("raw").select("host", "start_ns", "duration_s", "cpu_busy_s", "util_s")
        return Counter(map(tuple, frame.collect(backend="pandas").rows()))


def in_state(lake: Path, host: str) -> int:
    """The highest number that is on the gateway's disk, of a host with one spool."""
    uri = f"{(folder_of(lake) / FILE).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        (found,) = db.execute(
            "SELECT coalesce(max(last_id), 0) FROM received WHERE host = ?", (host,)
        ).fetchone()
    return int(found)


def token(lake: Path, *hosts: str) -> str:
    with closing(open_state(lake)) as db:
        return tokens.create(db, "write", hosts)[1]


# What runs in processes of its own

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["tests.faults.estate", "sobriety.fleet.serve", "sobriety.fleet.jobs.forget", "duckdb", "numpy"]
)


def process(target: Callable[..., None], *words: Any) -> ForkServerProcess:
    """Started in milliseconds, since what it needs is imported by then."""
    started = _processes.Process(target=target, args=words, daemon=True)
    started.start()
    return started


def hasten() -> None:
    """An agent's patience, in milliseconds."""
    pusher.PAUSE_S, pusher.FIRST_S, pusher.LONGEST_S = (0.0, 0.003), 0.005, 0.03


def run_agent(folder: Path, host: str, url: str, secret: str) -> None:
    """Samples and pushes for ever; a row goes from the spool when the gateway has it."""
    hasten()
    chance = random.Random()

    def sent(spool_id: str) -> int:
        noted = Pushed.read(folder)
        return noted.last_id if noted.spool == spool_id else 0

    path = folder / "spool.sqlite3"
    with Spool.open(path, Keep(age_s=S_PER_DAY), sent) as spool:
        with SpoolReader(path) as reader:
            n = reader.last_id
        Pusher(folder, Sender(url, secret), every_s=0.01).start()
        while True:
            count = chance.randint(1, 60)
            spool.append([usage(host, i) for i in range(n + 1, n + count + 1)])
            n += count
            time.sleep(chance.random() * 0.02)


def run_gateway(lake: Path, port: int, drain_s: float) -> None:
    from sobriety.fleet.serve import Listen, serve

    with (lake.parent / "gateway.log").open("a") as log:
        serve(lake, Listen("127.0.0.1", port), drain_s, lambda line: print(line, file=log))


def run_drain(lake: Path) -> None:
    """As the gateway's own does."""
    from sobriety.fleet.jobs.drain import drain, roll_up

    drain(lake)
    roll_up(lake)


def run_forget(lake: Path, host: str) -> None:
    from sobriety.fleet.jobs.forget import forget

    forget(lake, host)


def kill(victim: ForkServerProcess) -> None:
    victim.kill()
    victim.join()


def children(pid: int) -> list[int]:
    """The drains that a gateway has begun."""
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def push_all(folder: Path, url: str, secret: str, within_s: float = 300.0) -> Pusher:
    """Until nothing waits, however often it fails."""
    agent = Pusher(folder, Sender(url, secret))
    end_s = time.monotonic() + within_s
    while True:
        try:
            agent.all()
        except SobrietyError:
            assert time.monotonic() < end_s
            time.sleep(0.005)
        else:
            return agent


def fill(folder: Path, host: str, first: int, last: int) -> None:
    with Spool.open(folder / "spool.sqlite3") as spool:
        for start in range(first, last + 1, 500):
            spool.append([usage(host, n) for n in range(start, min(start + 500, last + 1))])


def until_it_listens(ask: Callable[[str], tuple[int, Any]]) -> None:
    end_s = time.monotonic() + 120
    while ask("/healthz")[0] == 0:
        assert time.monotonic() < end_s
        time.sleep(0.01)


# What is told at the end of `make faults`

FIGURES: list[tuple[str, int, int, int]] = []


def figure(fault: str, count: int, sampled_rows: int, lake_rows: int) -> None:
    FIGURES.append((fault, count, sampled_rows, lake_rows))


def note(folder: Path) -> Pushed:
    """What an agent that was killed had noted; whole, or not there."""
    file = folder / "pushed.json"
    if file.exists():
        json.loads(file.read_text())
    return Pushed.read(folder)


@contextmanager
def threads(work: Sequence[Callable[[], None]]) -> Generator[None]:
    running = [threading.Thread(target=one) for one in work]
    for one in running:
        one.start()
    yield
    for one in running:
        one.join()
