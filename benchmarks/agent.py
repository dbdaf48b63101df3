"""The agent as it runs, against Debian's node_exporter and process-exporter in the same run.

Three programs look at the same machine at the same pace for the same time: host and every process
by name. Processor time is the kernel's, of all their threads. `--long` adds ten minutes at the
default cadence.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bare import environment

PROCESSES = 400
SAMPLES, EVERY_S = 40, 1.0
LONG_S = 600.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    resident_b: int
    written_b: int


def cost(pid: int) -> Cost:
    """Of a process so far, all its threads and those that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    live_s = sum(int(t.read_text(encoding="ascii").split()[0]) for t in threads) / 1e9
    all_s = (int(fields[11]) + int(fields[12])) * TICK_S
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    written = re.search(r"^write_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)
    assert resident and written
    return Cost(max(live_s, all_s - TICK_S), int(resident[1]) * 1024, int(written[1]))


def processes() -> int:
    return sum(path.name.isdigit() for path in Path("/proc").iterdir())


@contextmanager
def crowd() -> Iterator[int]:
    """As many processes as a server has, idle as most of them are."""
    there = processes()
    wanted = max(0, PROCESSES - there)
    each = "if not os.fork(): time.sleep(3600)"
    source = f"import os, time\nfor _ in range({wanted}):\n  {each}\ntime.sleep(3600)"
    parent = subprocess.Popen([sys.executable, "-c", source], start_new_session=True)
    try:
        while processes() < there + wanted:
            time.sleep(0.05)
        yield there + wanted
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
        while processes() > there + 5:  # the dead are listed until they are waited for
            time.sleep(0.05)


@contextmanager
def running(command: list[str | Path], environ: dict[str, str] | None = None) -> Iterator[int]:
    program = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield program.pid
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait()


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def scraper(port: int) -> Callable[[], None]:
    def scrape() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert len(answer.read()) > 1000

    return scrape


def agent_environ(home: str, **settings: str) -> dict[str, str]:
    return {
        **os.environ,
        "SOBRIETY_HOME": home,
        **{f"SOBRIETY_{k}": v for k, v in settings.items()},
    }


def side_by_side(bin_: Path) -> None:
    """A sample a second of each: ours with a row written for each, theirs with a scrape."""
    with ExitStack() as stack:
        count = stack.enter_context(crowd())
        home = stack.enter_context(tempfile.TemporaryDirectory())
        environ = agent_environ(home, WORK_S="1", ROW_S="1")
        agent: list[str | Path] = [bin_ / "sobriety", "collect", "--interval", f"{EVERY_S}s"]
        pids = {"sobriety": stack.enter_context(running(agent, environ))}
        shown = stack.enter_context(tempfile.TemporaryDirectory())
        listen = f"127.0.0.1:{free_port()}"
        environ = agent_environ(shown, WORK_S="1", ROW_S="1", METRICS=listen)
        pids["with /metrics"] = stack.enter_context(running(agent, environ))
        scrapes = [scraper(int(listen.rpartition(":")[2]))]
        for name in ("node", "process"):
            tool = shutil.which(f"prometheus-{name}-exporter")
            if tool is None:
                print(f"prometheus-{name}-exporter is not installed: sudo apt install it")
                continue
            port = free_port()
            command: list[str | Path] = [tool, f"--web.listen-address=127.0.0.1:{port}"]
            if name == "process":
                config = Path(home) / "groups.yml"
                config.write_text('process_names: [{name: "{{.Comm}}", cmdline: [".+"]}]')
                command += [f"--config.path={config}"]
            pids[f"{name}_exporter"] = stack.enter_context(running(command))
            scrapes.append(scraper(port))
        time.sleep(5)
        for scrape in scrapes:
            scrape()
        before = {name: cost(pid) for name, pid in pids.items()}
        for _ in range(SAMPLES):
            due_s = time.monotonic() + EVERY_S
            for scrape in scrapes:
                scrape()
            time.sleep(max(0.0, due_s - time.monotonic()))
        after = {name: cost(pid) for name, pid in pids.items()}
    spent_ms = {n: (after[n].cpu_s - before[n].cpu_s) / SAMPLES * 1e3 for n in pids}
    print(f"{count} processes, {SAMPLES} samples, one a second")
    print(f"{'':<18} {'CPU per sample':>15} {'resident':>10}")
    for name, ms in spent_ms.items():
        print(f"{name:<18} {ms:12.2f} ms {after[name].resident_b / 1e6:7.1f} MB")
    if len(spent_ms) == 4:
        theirs_ms = spent_ms["node_exporter"] + spent_ms["process_exporter"]
        print(f"theirs together are {theirs_ms / spent_ms['sobriety']:.1f} times ours")


def long_run(bin_: Path) -> None:
    """Ten minutes at the default cadence, as the daemon runs."""
    with crowd() as count, tempfile.TemporaryDirectory() as home:
        with running([bin_ / "sobriety", "collect", "--daemon"], agent_environ(home)) as pid:
            time.sleep(20)
            begun_s, before = time.monotonic(), cost(pid)
            time.sleep(LONG_S)
            after, wall_s = cost(pid), time.monotonic() - begun_s
        spool = Path(home) / "spool.sqlite3"
        size_b = spool.stat().st_size
        said = subprocess.run(
            [bin_ / "sobriety", "status", "--json"],
            env=agent_environ(home), capture_output=True, text=True, check=True,
        )  # fmt: skip
    rows = json.loads(said.stdout)["rows"]
    print(f"default cadence, {wall_s:.0f} s, {count} processes")
    print(f"CPU             {(after.cpu_s - before.cpu_s) / wall_s:8.4%} of one core")
    print(f"resident        {after.resident_b / 1e6:8.1f} MB")
    written_b = (after.written_b - before.written_b) * 3600 / wall_s
    print(f"to the disk     {written_b / 1e6:8.2f} MB per hour")
    print(f"spool           {size_b / 1e3:8.1f} kB after {rows} rows of the host")


def main() -> None:
    bin_ = environment()
    side_by_side(bin_)
    if "--long" in sys.argv:
        long_run(bin_)


if __name__ == "__main__":
    main()
