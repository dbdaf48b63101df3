"""A gateway under the load of ten thousand agents: `sobriety serve` as it is run, and its lake.

    rush      each agent's batches of five minutes, as fast as they are taken, 32 at a time
    steady    the same at their own pace: 10,000 agents / 300 s = 33 batches a second
    hosts     agents that come back after a day: 1,440 rows of the host each
    backlog   the same with who worked: 5,832 rows each, 2,000 a batch; 58 million in all

rush and steady over plain HTTP on loopback, and over TLS with a connection and a handshake for each
batch. Agents are simulated (`benchmarks.simulated`) on the same machine; their processor time is
told apart. Afterwards the lake must hold exactly the rows that were sent. --short takes a tenth;
names choose. Below 10 GB in `.cache/load`, removed afterwards unless --keep is given.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import psutil

from sobriety.fleet.intake import tokens
from sobriety.fleet.intake.state import open_state
from sobriety.lake.parquet import connect

from .simulated import Fleet, Plan, Sent, read_bodies, write_bodies

RANKS = (0.5, 0.95, 0.99, 1.0)
CACHE = Path(__file__).parent.parent / ".cache" / "load"
FIRST_NS = (time.time_ns() // (86_400 * 10**9) - 2) * 86_400 * 10**9
"""The midnight before last."""


class Run(NamedTuple):
    """`per_s` batches for `for_s` seconds; or `together` at a time, as fast as they are taken."""

    name: str
    plan: Plan
    tls: bool = False
    per_s: float = 0.0
    for_s: float = 0.0
    together: int = 32
    drain: str = "10s"


FIVE_MINUTES = Plan(10_000, 3, 5, workloads=True)
RUNS = (
    Run("rush", FIVE_MINUTES),
    Run("rush over TLS", FIVE_MINUTES, tls=True),
    Run("steady", FIVE_MINUTES, per_s=10_000 / 300, for_s=300, drain="60s"),
    Run("steady over TLS", FIVE_MINUTES, tls=True, per_s=10_000 / 300, for_s=300, drain="60s"),
    Run("hosts", Plan(10_000, 1, 1440, workloads=False), together=16, drain="20s"),
    Run("backlog", Plan(10_000, 1, 1440, workloads=True), together=16, drain="20s"),
)


def tenth(run: Run) -> Run:
    plan = run.plan._replace(agents=run.plan.agents // 10)
    return run._replace(plan=plan, for_s=run.for_s / 10)


# What is measured


class Gateway:
    """The process, watched once a second."""

    def __init__(self, lake: Path, run: Run, certificate: tuple[Path, Path]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "sobriety", "serve", "--lake", str(lake),
                   "--listen", f"127.0.0.1:{self.port}", "--drain", run.drain]  # fmt: skip
        if run.tls:
            command += ["--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])]
        self._lake = lake
        self._log = lake.parent / "gateway.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)
        self._watched = psutil.Process(self._process.pid)
        self.resident_b: list[int] = []
        self.journal_rows: list[int] = []
        self._over = threading.Event()
        self._await()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _await(self) -> None:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, "the gateway ended"
            time.sleep(0.05)
        raise AssertionError("nobody listens")

    def _watch(self) -> None:
        with closing(open_state(self._lake)) as db:
            while True:
                self.resident_b.append(self._watched.memory_info().rss)
                (rows,) = db.execute(
                    "SELECT coalesce(sum(last - first + 1), 0) FROM batch"
                ).fetchone()
                self.journal_rows.append(rows)
                if self._over.wait(1.0):
                    return

    def cpu_s(self) -> float:
        """Of the gateway without its drains."""
        used = self._watched.cpu_times()
        return float(used.user + used.system)

    def stop(self) -> float:
        """Seconds until all was in the lake."""
        self._over.set()
        self._thread.join()
        begun_s = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(600) == 0, self._process.returncode
        # A drain that failed is done again, and would hide.
        failed = [line for line in self._log.read_text().splitlines() if "could not be" in line]
        assert not failed, failed[:5]
        return time.perf_counter() - begun_s


class Figures(NamedTuple):
    """`drain_s` is the processor time of all drains, the one at the end and roll-ups included."""

    run: Run
    sent: Sent
    gateway_s: float
    drain_s: float
    client_s: float
    resident_b: list[int]
    journal_rows: list[int]
    stop_s: float
    files: int
    lake_b: int
    load: tuple[float, float]


def measured(run: Run) -> Figures:
    """One run in a lake of its own. AssertionError where the lake is not what was sent."""
    home = CACHE / run.name.replace(" ", "-")
    shutil.rmtree(home, ignore_errors=True)
    lake = home / "lake"
    files = _bodies(run.plan)
    texts = _tokens(lake, run.plan.agents)
    certificate = _certificate()
    load_before = os.getloadavg()[0]
    gateway = Gateway(lake, run, certificate)
    fleet = Fleet(gateway.port, texts, certificate[0] if run.tls else None)
    bodies = chain.from_iterable(zip(*map(read_bodies, files), strict=True))
    before_s, client_s, ended_s = gateway.cpu_s(), time.process_time(), _ended_s()
    if run.per_s:
        sent = asyncio.run(fleet.at_rate(bodies, run.per_s, run.for_s))
    else:
        sent = asyncio.run(fleet.at_once(bodies, run.together))
    client_s, after_s = time.process_time() - client_s, gateway.cpu_s()
    load = load_before, os.getloadavg()[0]
    stop_s = gateway.stop()
    drain_s = _ended_s() - ended_s - after_s
    _check(lake, sent, run)
    parquet = [f.stat().st_size for f in lake.glob("usage/*/*.parquet")]
    if "--keep" not in sys.argv:
        shutil.rmtree(home)
    return Figures(
        run, sent, after_s - before_s, drain_s, client_s, gateway.resident_b,
        gateway.journal_rows, stop_s, len(parquet), sum(parquet), load,
    )  # fmt: skip


def _ended_s() -> float:
    """Processor time of this process's children that ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _check(lake: Path, sent: Sent, run: Run) -> None:
    """Each number that was sent of each host is there once, and no other."""
    with closing(connect()) as db:
        rows, hosts, whole, busy_s = db.execute(
            f"""SELECT sum(n), count(*), bool_and(n = numbers AND low = 1 AND high = n), sum(busy_s)
            FROM (SELECT host, count(*) AS n, count(DISTINCT disk_written_b) AS numbers,
                min(disk_written_b) AS low, max(disk_written_b) AS high, sum(cpu_busy_s) AS busy_s
                FROM read_parquet('{lake}/usage/*/*.parquet') GROUP BY host)"""
        ).fetchone()  # type: ignore[misc]
    assert (rows, whole) == (sent.rows, True), (rows, hosts, whole, sent.rows)
    assert hosts == run.plan.agents or run.per_s, hosts
    assert abs(busy_s / sent.busy_s - 1) < 1e-9, (busy_s, sent.busy_s)


# What it needs


def _bodies(plan: Plan) -> list[Path]:
    """Made by as many processes as there are processors, and kept while the program runs."""
    folder = CACHE / "bodies"
    folder.mkdir(parents=True, exist_ok=True)
    parts = os.cpu_count() or 1
    files = [folder / f"{FIRST_NS}-{plan.name}-{part}-{parts}.bodies" for part in range(parts)]
    making = [
        multiprocessing.Process(
            target=write_bodies, args=(plan, range(part, plan.agents, parts), FIRST_NS, file)
        )
        for part, file in enumerate(files)
        if not file.exists()
    ]
    for process in making:
        process.start()
    for process in making:
        process.join()
        assert process.exitcode == 0
    return files


def _tokens(lake: Path, agents: int) -> list[str]:
    """One each, bound by its first batch. Ten thousand commits need not reach the disk."""
    with closing(open_state(lake)) as db:
        db.execute("PRAGMA synchronous = OFF")
        return [tokens.create(db, "write")[1] for _ in range(agents)]


def _certificate() -> tuple[Path, Path]:
    """RSA of 2,048 bits, as most have: the handshake of ECDSA costs a gateway less."""
    cert, key = CACHE / "cert.pem", CACHE / "key.pem"
    if not cert.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
             str(key), "-out", str(cert), "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True,
        )  # fmt: skip
    return cert, key


# What is told


def _line(found: Figures) -> str:
    run, sent = found.run, found.sent
    latencies_ms = [1e3 * s for s in sorted(sent.latencies_s)]
    batches = len(latencies_ms)
    taken = sent.statuses[200]
    late = "" if not run.per_s else f"; the client was late by {sent.late_s * 1e3:.0f} ms at most"
    ranks = ", ".join(f"{latencies_ms[min(batches - 1, int(q * batches))]:.0f}" for q in RANKS)
    mb = [b / 1e6 for b in found.resident_b]
    quarter = max(1, len(mb) // 10)
    flat = (f"{max(part):.0f}" for part in (mb[:1], mb[quarter : 2 * quarter] or mb,
            mb[len(mb) // 2 : len(mb) // 2 + quarter], mb[-quarter:]))  # fmt: skip
    busy_s = found.gateway_s + found.drain_s
    return f"""{run.name}: {run.plan.agents:,} agents, {"TLS" if run.tls else "plain"}, {
        f"{run.per_s:.1f} a second" if run.per_s else f"{run.together} at a time"
    }
  batches      {batches:,} in {sent.wall_s:.1f} s: {batches / sent.wall_s:,.0f} a second
  rows         {sent.rows:,}: {sent.rows / sent.wall_s:,.0f} a second; {
        sent.rows / (sent.wall_s + found.stop_s):,.0f} until they were in the lake
  latency      {ranks} ms (median, 95 %, 99 %, most){late}
  answers      {dict(sent.statuses)}, {sum(sent.statuses.values()) - taken} not 200
  processor    gateway {found.gateway_s:.1f} s, drains {found.drain_s:.1f} s, client {
        found.client_s:.1f} s; {1e6 * found.gateway_s / sent.rows:.0f} + {
        1e6 * found.drain_s / sent.rows:.0f} µs a row, {
        1e3 * found.gateway_s / batches:.2f} ms a batch{""}, {
        sent.rows / busy_s:,.0f} rows a core-second
  resident     {", ".join(flat)} MB (start, then most in the second, sixth, last tenth); {
        max(mb):.0f} at most
  journal      {max(found.journal_rows):,} rows at most, {found.journal_rows[-1]:,} at the end; {
        found.stop_s:.1f} s to stop
  lake         {found.files} files, {found.lake_b / 1e6:,.0f} MB, {
        found.lake_b / sent.rows:.0f} B a row; {sent.sent_b / sent.rows:.0f} B a row were sent
  load average {found.load[0]:.1f} before, {found.load[1]:.1f} after"""


def main() -> None:
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    chosen = [run for run in RUNS if not names or any(run.name.startswith(n) for n in names)]
    for run in chosen:
        print(_line(measured(tenth(run) if "--short" in sys.argv else run)), flush=True)
    if "--keep" not in sys.argv:
        shutil.rmtree(CACHE)


if __name__ == "__main__":
    main()
