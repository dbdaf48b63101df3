"""Agents, gateways and drains killed at any instant, and disks that take nothing: afterwards the
lake has exactly the rows that were sampled."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from sobriety.core.errors import SobrietyError
from sobriety.lake import Lake
from sobriety.push import Pusher, Sender
from sobriety.spool import Spool
from tests.fleet.conftest import Serve, Served, free_port

from . import estate
from .estate import expected, figure, in_lake, in_state, kill, process, push_all, sampled, trials

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, /proc, mount")
HOSTS = ("web-1", "web-2", "db-1")


def test_agents_gateway_and_drains_killed_at_any_instant(tmp_path: Path) -> None:
    """While spools drop each row that the gateway has."""
    chance = random.Random(11)
    lake, port, count = tmp_path / "lake", free_port(), trials(15, 300)
    folders = {host: tmp_path / host for host in HOSTS}
    secrets = {host: estate.token(lake, host) for host in HOSTS}
    url = f"http://127.0.0.1:{port}"

    def begin(name: str) -> None:
        if name == "gateway":
            running[name] = process(estate.run_gateway, lake, port, 0.2)
        else:
            running[name] = process(estate.run_agent, folders[name], name, url, secrets[name])

    running: dict[str, ForkServerProcess] = {}
    for name in ("gateway", *HOSTS):
        begin(name)
    killed: Counter[str] = Counter()
    for _ in range(count):
        time.sleep(chance.random() * 0.25)
        name = chance.choice(["gateway", "gateway", "drain", "drain", *HOSTS])
        if name == "drain":
            for pid in estate.children(running["gateway"].pid or 0):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed["drain"] += 1
            continue
        kill(running[name])
        killed[name] += 1
        for host in HOSTS:
            noted = estate.note(folders[host]).last_id  # first: the others go on
            assert noted <= in_state(lake, host), "told before it was on the disk"
        time.sleep(chance.choice([0.0, 0.0, 0.1]))
        begin(name)
    for host in HOSTS:
        kill(running[host])
    for host in HOSTS:
        push_all(folders[host], url, secrets[host])
    running["gateway"].terminate()
    running["gateway"].join(300)
    assert killed["gateway"] and sum(killed[host] for host in HOSTS), killed
    wanted = sum((sampled(folders[host], host) for host in HOSTS), Counter[estate.Row]())
    found = in_lake(lake)
    figure(
        f"kill -9 of agents ({sum(killed[h] for h in HOSTS)}), gateway ({killed['gateway']}) and"
        f" drains ({killed['drain']})", count, wanted.total(), found.total(),
    )  # fmt: skip
    assert found == wanted


def test_a_drain_and_a_roll_up_killed_at_any_instant(tmp_path: Path) -> None:
    from sobriety.fleet.jobs.drain import drain, roll_up

    lake, chance, count = tmp_path / "lake", random.Random(3), trials(5, 100)
    wanted = Counter[estate.Row]()
    took_s = 0.4
    with gateway_of(lake) as url:
        secret = estate.token(lake, "web-1")
        for trial in range(count):
            first = 1 + 1_500 * trial
            estate.fill(tmp_path / "agent", "web-1", first, first + 1_499)
            push_all(tmp_path / "agent", url, secret)
            wanted += expected("web-1", range(first, first + 1_500))
            began_s = time.monotonic()
            victim = process(estate.run_drain, lake)
            if trial % 5 == 0:  # how long it takes when nobody kills it
                victim.join()
                assert victim.exitcode == 0
                took_s = time.monotonic() - began_s
            else:
                time.sleep(chance.random() * took_s)
                kill(victim)
    drain(lake)
    roll_up(lake)
    found = in_lake(lake)
    figure("kill -9 of a drain and its roll-up", count, wanted.total(), found.total())
    assert found == wanted
    assert hourly(lake) == pytest.approx(by_host(wanted))


def test_forget_killed_at_any_instant(tmp_path: Path) -> None:
    from sobriety.fleet.jobs.drain import drain, roll_up
    from sobriety.fleet.jobs.forget import forget

    lake, chance, count = tmp_path / "lake", random.Random(4), trials(4, 50)
    stays = Counter[estate.Row]()
    cut_off, took_s, sent = 0, 0.3, 0
    with gateway_of(lake) as url:
        staying = estate.token(lake, "stays")
        for trial in range(count):
            leaver = f"leaves-{trial}"
            for host, secret, folder in (
                ("stays", staying, tmp_path / "stays"),
                (leaver, estate.token(lake, leaver), tmp_path / leaver),
            ):
                first = 1 + 1_500 * trial if host == "stays" else 1 + 750 * trial
                # Of the same days, so that both are in the same files.
                estate.fill(folder, host, first, first + 1_499)
                push_all(folder, url, secret)
                sent += 1_500
            stays += expected("stays", range(1 + 1_500 * trial, 1_501 + 1_500 * trial))
            drain(lake)
            if trial % 3 == 0:
                roll_up(lake)
            began_s = time.monotonic()
            victim = process(estate.run_forget, lake, leaver)
            if trial % 5 == 0:
                victim.join()
                took_s = time.monotonic() - began_s
            else:
                time.sleep(chance.random() * took_s)
                kill(victim)
            left = in_lake(lake)
            cut_off += any(row[0] == leaver for row in left)
            assert Counter({r: n for r, n in left.items() if r[0] == "stays"}) == stays
            forget(lake, leaver)
            assert in_lake(lake) == stays
    roll_up(lake)
    found = in_lake(lake)
    figure(f"kill -9 of a forget ({cut_off} left rows behind), done again", count,
           stays.total(), found.total())  # fmt: skip
    assert found == stays
    assert hourly(lake) == pytest.approx(by_host(stays))


def hourly(lake: Path) -> dict[str, float]:
    """Busy seconds of each host, from the sums by hour."""
    sums: Counter[str] = Counter()
    with Lake(lake) as there:
        for one in there.open("hour").collect(backend="pandas").rows(named=True):
            sums[one["host"]] += one["cpu_busy_s"]
    return dict(sums)


def by_host(rows: Counter[estate.Row]) -> dict[str, float]:
    sums: Counter[str] = Counter()
    for row, n in rows.items():
        sums[row[0]] += row[3] * n  # type: ignore[assignment]
    return dict(sums)


@contextlib.contextmanager
def gateway_of(lake: Path, drain_s: float = 3600.0) -> Generator[str]:
    """One that runs, and is killed at the end."""
    port = free_port()
    running = process(estate.run_gateway, lake, port, drain_s)
    estate.until_it_listens(Served(lake, port).ask)
    yield f"http://127.0.0.1:{port}"
    kill(running)


# Disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Of 16 MB, and its own file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    for _ in range(100):
        if not subprocess.run(["umount", str(folder)], capture_output=True).returncode:
            return
        time.sleep(0.05)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_gateway_s_disk_is_full_and_has_room_again(
    small_disk: Path, tmp_path: Path, serve: Serve
) -> None:
    gateway = serve("--drain", "1h", lake=small_disk)
    secret = estate.token(gateway.lake, "web-1")
    ballast, sent = small_disk / "ballast", 0
    rounds = trials(2, 10)
    for n in range(rounds):
        with contextlib.suppress(OSError):
            ballast.write_bytes(b"x" * 32_000_000)  # as much as there is room for
        agent = Pusher(tmp_path / "agent", Sender(gateway.url, secret))
        with pytest.raises(SobrietyError, match="disk takes nothing now"):
            while True:  # its files may have room inside
                estate.fill(tmp_path / "agent", "web-1", sent + 1, sent + 1_000)
                sent += 1_000
                agent.all()
        assert agent.pushed.last_id == in_state(gateway.lake, "web-1")
        status, _ = gateway.ask("/healthz")
        assert status == 503
        ballast.unlink()
        push_all(tmp_path / "agent", gateway.url, secret)
        assert gateway.ask("/healthz")[0] == 200
        assert subprocess.run(
            [sys.executable, "-m", "sobriety.fleet.jobs.drain", str(gateway.lake)]
        ).returncode == 0, n  # fmt: skip
    assert gateway.stop() == 0
    wanted, found = sampled(tmp_path / "agent", "web-1"), in_lake(gateway.lake)
    figure("the gateway's disk full, and room again", rounds, wanted.total(), found.total())
    assert found == wanted


def test_a_drain_finds_the_disk_full(small_disk: Path, tmp_path: Path, serve: Serve) -> None:
    gateway = serve("--drain", "300ms", lake=small_disk)
    secret = estate.token(gateway.lake, "web-1")
    estate.fill(tmp_path / "agent", "web-1", 1, 4_000)
    push_all(tmp_path / "agent", gateway.url, secret)
    with contextlib.suppress(OSError):
        (small_disk / "ballast").write_bytes(b"x" * 32_000_000)
    estate.fill(tmp_path / "agent", "web-1", 4_001, 4_020)
    with contextlib.suppress(SobrietyError):  # whatever room is left
        Pusher(tmp_path / "agent", Sender(gateway.url, secret)).all()
    (small_disk / "ballast").unlink(missing_ok=True)
    push_all(tmp_path / "agent", gateway.url, secret)
    assert gateway.stop() == 0
    assert in_lake(gateway.lake) == sampled(tmp_path / "agent", "web-1")


def test_the_gateway_s_disk_may_only_be_read_for_a_while(
    small_disk: Path, tmp_path: Path, serve: Serve
) -> None:
    lake = small_disk
    secret = estate.token(lake, "web-1")
    estate.fill(tmp_path / "agent", "web-1", 1, 4_000)
    gateway = serve("--drain", "1h", lake=lake)
    gateway.stop(signal.SIGKILL)  # nobody has a file open: the disk can be turned
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for _ in range(2):  # as its service manager tries again and again
        with pytest.raises(AssertionError):
            gateway.start()
    assert "cannot be used: attempt to write a readonly database" in gateway.log
    assert "Traceback" not in gateway.log
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    gateway.start()
    push_all(tmp_path / "agent", gateway.url, secret)
    assert gateway.stop() == 0
    assert in_lake(lake) == sampled(tmp_path / "agent", "web-1")


def test_an_agent_s_disk_takes_no_note(small_disk: Path, serve: Serve) -> None:
    gateway = serve("--drain", "1h")
    secret = estate.token(gateway.lake, "web-1")
    estate.fill(small_disk, "web-1", 1, 3_000)
    ballast = small_disk / "ballast"
    told: list[str] = []
    agent = Pusher(small_disk, Sender(gateway.url, secret), say=told.append)
    with Spool.open(small_disk / "spool.sqlite3"):  # as its collector has it
        with contextlib.suppress(OSError):
            ballast.write_bytes(b"x" * 32_000_000)
        assert agent.all() == 3_000
    assert len(told) == 1 and "No space left" in told[0], told
    assert estate.note(small_disk).last_id == 0
    ballast.unlink()
    assert Pusher(small_disk, Sender(gateway.url, secret)).all() == 0, "the gateway is asked"
    gateway.stop()
    assert in_lake(gateway.lake) == sampled(small_disk, "web-1")


def test_nothing_is_answered_before_it_is_on_the_disk(
    tmp_path: Path, serve: Serve, needs: Callable[[str], str]
) -> None:
    """As the kernel sees it: what is read off the socket, written to the log, synced, answered."""
    gateway = serve("--drain", "1h")
    secret = estate.token(gateway.lake, "web-1")
    assert gateway.process
    trace = tmp_path / "trace"
    watch = subprocess.Popen(
        [needs("strace"), "-f", "-y", "-e", "trace=pwrite64,fdatasync,fsync,sendto,write,recvfrom",
         "-s", "24", "-o", str(trace), "-p", str(gateway.process.pid)], stderr=subprocess.PIPE,
    )  # fmt: skip
    assert watch.stderr and b"attached" in watch.stderr.readline()
    estate.fill(tmp_path / "agent", "web-1", 1, 50)
    agent = Pusher(tmp_path / "agent", Sender(gateway.url, secret))
    for n in range(10):
        estate.fill(tmp_path / "agent", "web-1", 51 + n, 51 + n)
        assert agent.step() in (True, False)
    watch.send_signal(signal.SIGINT)
    watch.wait()
    watch.stderr.close()
    unsynced, answers, synced = False, 0, 0
    for line in trace.read_text().splitlines():
        if "gateway.sqlite3-wal" in line and "pwrite64(" in line:
            unsynced = True
        elif "gateway.sqlite3-wal" in line and "sync(" in line:
            unsynced, synced = False, synced + 1
        elif "HTTP/1.1 200" in line:
            assert not unsynced, "answered before the log was synced"
            answers += 1
    assert answers == 11 and synced >= 10, trace.read_text()
