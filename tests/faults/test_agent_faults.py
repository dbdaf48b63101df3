"""The whole agent killed at any instant, hundreds of times: at most the open minute is lost.

One process does all trials: it forks an agent whose clock leaps, so that minutes pass in
milliseconds, kills it, and looks at what the spool has.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, /proc")

TRIALS = 200

RUN = """
import os, random, signal, sys, time
from pathlib import Path
from sobriety.agent.cadence import Cadence
from sobriety.collectors import choose
from sobriety.core.host import Instant, LocalHost
from sobriety.core.units import NS_PER_S
from sobriety.agent.daemon import Daemon
from sobriety.agent.recorder import Recorder
from sobriety.agent.session import Session
from sobriety.spool import Spool, SpoolReader

path, trials = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(5)


class FastHost(LocalHost):
    '''Begins where the last one was killed, ten seconds later, and leaps.'''

    def __init__(self, ahead_ns):
        super().__init__()
        self.ahead_ns = ahead_ns

    def now(self):
        wall, monotonic, boottime, boot = super().now()
        return Instant(wall + self.ahead_ns, monotonic + self.ahead_ns,
                       boottime + self.ahead_ns, boot)

    def sleep_until(self, monotonic_ns):
        self.ahead_ns += max(0, monotonic_ns - self.now().monotonic_ns)
        time.sleep(0.0002)
        return True


def fail(error):
    raise error


def agent(ahead_ns, told):
    host = FastHost(ahead_ns)
    with Spool.open(path) as spool, Session(
        host, choose('linux', ['cpu', 'memory', 'processes']), name='a', work_s=30
    ) as session:
        recorder = Recorder(spool, session, 'a', say=print)
        recorder.listeners.append(lambda rows: [
            os.write(told, b'%d\\n' % (r.start_ns + int(r.duration_s * NS_PER_S)))
            for r in rows if r.kind == 'host'
        ])
        recorder.append_gap()
        Daemon(session, recorder, cadence=Cadence(5, 30), tell=fail).run()


ahead_ns, rows_seen = 0, 0
for trial in range(trials):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        agent(ahead_ns, write)
        os._exit(9)
    os.close(write)
    # Of half of them a row is there, however busy the machine; the others may not have begun.
    told = os.read(read, 65536) if trial % 2 else b''
    time.sleep(0.01 + chance.random() * 0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while more := os.read(read, 65536):
        told += more
    os.close(read)
    lines = told.decode().split('\\n')
    ends = [int(line) for line in lines[:-1] if line]
    with SpoolReader(path) as reader:
        rows = [r for r in reader.rows() if r.kind == 'host']
    end_ns = max((r.start_ns + int(r.duration_s * NS_PER_S) for r in rows), default=0)
    assert not ends or end_ns >= ends[-1] - NS_PER_S, 'a row that was told is not there'
    for before, after in zip(rows, rows[1:]):
        gap_s = (after.start_ns - before.start_ns) / NS_PER_S - before.duration_s
        # Real time passes on a busy machine; what is not recorded would be ten seconds or more.
        assert abs(gap_s) < 5, (trial, gap_s, before, after)
    if rows:
        # It may have gone on for less than a minute beyond what was written.
        ahead_ns = max(ahead_ns, end_ns - time.time_ns() + 10 * NS_PER_S)
        rows_seen = len(rows)
gaps = [r for r in rows if r.state == 'unobserved']
print(rows_seen, len(gaps))
"""


def test_killed_at_any_instant_again_and_again(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "spool.sqlite3"), str(TRIALS)],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows, gaps = map(int, done.stdout.split()[-2:])
    assert gaps >= TRIALS / 2 - 1  # before the first there is nothing
    assert rows - gaps >= TRIALS / 2
