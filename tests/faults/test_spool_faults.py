"""A collector killed at any instant, and a disk that is really full."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sobriety.spool import Spool, SpoolReader

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")

APPEND_FOREVER = """
import sys
from sobriety.core.usage import Usage
from sobriety.spool import Spool

with Spool.open(sys.argv[1]) as spool:
    number = int(sys.argv[2])
    while True:
        batch = [Usage("a", number + i, 60.0, 60.0, {"util_s": 1.0}, ("cpu",)) for i in range(3)]
        spool.append(batch)
        number += 3
        print(number, flush=True)
"""

FILL_THE_DISK = """
import resource, sys
from sobriety.core.errors import SobrietyError
from sobriety.core.usage import Usage
from sobriety.spool import Spool

def allow(limit_b):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_b, resource.RLIM_INFINITY))

allow(40_000)
pending, refusals = [], 0
with Spool.open(sys.argv[1]) as spool:
    for number in range(2000):
        pending.append(Usage("a", number, 60.0, 60.0, {"util_s": 1.0}, ("cpu",)))
        try:
            spool.append(pending)
        except SobrietyError as error:
            assert error.hint
            refusals += 1
            if refusals == 50:
                allow(resource.RLIM_INFINITY)
        else:
            pending.clear()
    assert not spool.notes, spool.notes
print(refusals)
"""


def test_killed_at_any_instant(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    chance = random.Random(20)
    acknowledged = 0
    for _ in range(20):
        command = [sys.executable, "-c", APPEND_FOREVER, str(path), str(acknowledged)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
            assert process.stdout is not None
            assert process.stdout.readline(), "it never wrote"
            time.sleep(chance.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
            lines = process.stdout.read().split("\n")[:-1]
        told = int(lines[-1]) if lines else acknowledged + 3
        with Spool.open(path) as spool:  # quick_check is part of opening
            assert spool.notes == []
        with SpoolReader(path) as reader:
            numbers = [row.start_ns for row in reader.rows()]
        assert numbers == list(range(len(numbers))), (
            "a row was lost, doubled or torn from its batch"
        )
        assert len(numbers) - told in (0, 3), "at most the batch that was under way is more"
        acknowledged = len(numbers)
    assert acknowledged >= 60, "three rows each time, at least"


def test_a_full_disk_and_back(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    command = [sys.executable, "-c", FILL_THE_DISK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 50, "the limit was never met"
    with SpoolReader(path) as reader:
        assert [row.start_ns for row in reader.rows()] == list(range(2000))
