"""A simulated day of the agent in a few minutes: is its memory flat, how fast does the spool grow?

Everything is real but the clock: this machine's /proc, its processes (among them a crowd that
comes and goes), SQLite on this disk. The host's clock runs ahead, so that nobody waits.
"""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.agent import cost, crowd
from sobriety.agent.daemon import Daemon
from sobriety.agent.session import Session
from sobriety.collectors import choose, machine_facts
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Instant, LocalHost
from sobriety.spool import Spool

HOURS = 24


class FastHost(LocalHost):
    """This machine, on a clock that leaps to whatever is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_ns = 0

    def now(self) -> Instant:
        wall_ns, monotonic_ns, boottime_ns, boot_id = super().now()
        ahead = self.ahead_ns
        return Instant(wall_ns + ahead, monotonic_ns + ahead, boottime_ns + ahead, boot_id)

    def sleep_until(self, monotonic_ns: int) -> bool:
        self.ahead_ns += max(0, monotonic_ns - self.now().monotonic_ns)
        return True


def fail(error: SobrietyError) -> None:
    raise error


def churn(stop: threading.Event) -> None:
    """Processes of many names that live for a moment."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(40):
            (Path(folder) / f"job-{number}").symlink_to("/bin/true")
        while not stop.is_set():
            subprocess.run([f"{folder}/job-{chance.randrange(40)}"], check=False)
            time.sleep(0.02)


def main() -> None:
    stop = threading.Event()
    threading.Thread(target=churn, args=(stop,), daemon=True).start()
    host = FastHost()
    facts = machine_facts(host)
    with crowd() as count, tempfile.TemporaryDirectory() as home:
        path = Path(home) / "spool.sqlite3"
        with (
            Spool.open(path) as spool,
            Session(host, choose(host.system), name=facts.host) as session,
        ):
            spool.record_machine(facts, host.now().wall_ns)
            daemon = Daemon(session, spool, tell=fail)
            begun, begun_s = cost(os.getpid()), time.process_time()
            print(f"{count} processes; memory and spool after each six simulated hours")
            for hour in range(1, HOURS + 1):
                daemon.run(for_s=3600)
                if hour % 6 == 0 or hour == 1:
                    now = cost(os.getpid())
                    size_b = sum(p.stat().st_size for p in Path(home).iterdir())
                    written_b = now.written_b - begun.written_b
                    print(
                        f"{hour:3} h  {now.resident_b / 1e6:5.1f} MB resident"
                        f"  {path.stat().st_size / 1e3 / hour:6.1f} kB of spool an hour"
                        f"  {written_b / 1e6 / hour:5.2f} MB to the disk an hour"
                        f"  {size_b / 1e6:5.2f} MB in all",
                        flush=True,
                    )
            samples = HOURS * 720
            spent_ms = (time.process_time() - begun_s) / samples * 1e3
    stop.set()
    print(f"{samples} samples at {spent_ms:.2f} ms, who works every sixth; churn included")
    print(f"{daemon.rows_written} rows of the host and of who worked")


if __name__ == "__main__":
    main()
