"""Killed while old rows are dropped: nothing that was kept is lost, and the counts are right."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sobriety.spool.sums import SpoolSums

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
TRIALS = 100

APPEND_FOREVER = """
import sys
from sobriety.core.usage import Usage
from sobriety.spool.retention import Keep
from sobriety.spool import Spool

number = int(sys.argv[2])
with Spool.open(sys.argv[1], Keep(size_b=60_000)) as spool:
    while True:
        spool.append([
            Usage("a", 4 * 10**18 + number + i, 60.0, 60.0, {"util_s": 1.0}, ("cpu",))
            for i in range(130)
        ])
        number += 130
        print(number, flush=True)
"""


def test_killed_while_dropping(tmp_path: Path) -> None:
    chance, path, written = random.Random(3), tmp_path / "spool.sqlite3", 0
    for _ in range(TRIALS):
        agent = subprocess.Popen(
            [sys.executable, "-c", APPEND_FOREVER, str(path), str(written)],
            cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert agent.stdout
        told = int(agent.stdout.readline())
        time.sleep(chance.random() * 0.05)
        agent.send_signal(signal.SIGKILL)
        told = int((agent.stdout.read().split() or [str(told)])[-1])
        agent.wait()
        agent.stdout.close()
        with SpoolSums(path) as reader:
            rows = list(reader.numbered())
            dropped = reader.dropped().by_reason.get("size")
        ids = [row[0] for row in rows]
        assert ids == list(range(ids[0], ids[-1] + 1)), "a row in the midst is missing"
        assert ids[0] - 1 == (dropped.rows if dropped else 0), "dropped and not counted"
        assert ids[-1] in (told, told + 130), "a row that was acknowledged is not there"
        written = ids[-1]
    assert written > 10_000
