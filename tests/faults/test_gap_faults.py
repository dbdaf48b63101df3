"""An agent killed and started again: the time between is in the spool, and in the report."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from sobriety.core.units import NS_PER_S
from sobriety.spool import SpoolReader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="boot ids")

COLLECT = [sys.executable, "-m", "sobriety", "collect", "--daemon", "--interval", "100ms"]


def run_until_told(ready: socket.socket, folder: Path, run_s: float, end: int) -> None:
    environ = {
        **os.environ,
        "NOTIFY_SOCKET": str(folder / "notify"),
        "WATCHDOG_USEC": "60000",
        "SOBRIETY_ROW_S": "1",
        "SOBRIETY_HOST": "a",
    }
    agent = subprocess.Popen(COLLECT, cwd=folder, env=environ, stderr=subprocess.PIPE)
    assert ready.recv(1000).startswith(b"READY=1\nSTATUS=watching every 0.1 s: cpu")
    fed, end_s = 0, time.monotonic() + run_s
    while fed < run_s / 0.1 or time.monotonic() < end_s:  # fed every 30 ms, where there is time
        fed += ready.recv(1000) == b"WATCHDOG=1"
    agent.send_signal(end)
    _, said = agent.communicate(timeout=120)
    assert b"Traceback" not in said and b"\x1b" not in said, said


def test_killed_and_started_again(tmp_path: Path, home: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(tmp_path / "notify"))
        ready.settimeout(120)
        begun_s = time.monotonic()
        run_until_told(ready, tmp_path, 2.2, signal.SIGKILL)
        ready.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                ready.recv(1000)
        time.sleep(2)
        ready.settimeout(120)
        run_until_told(ready, tmp_path, 1.2, signal.SIGTERM)
        passed_s = time.monotonic() - begun_s
        ready.setblocking(False)
        last = b""
        while last != b"STOPPING=1":
            last = ready.recv(1000)
    with SpoolReader(home / "spool.sqlite3") as reader:
        rows = [row for row in reader.rows() if row.kind == "host"]
    (gap,) = [row for row in rows if row.state == "unobserved"]
    assert 2 <= gap.duration_s < passed_s
    for row, following in pairwise(rows):
        end_ns = row.start_ns + row.duration_s * NS_PER_S
        hole_s = (following.start_ns - end_ns) / NS_PER_S
        # To the first sample after a start it takes a busy machine longer.
        assert -0.3 < hole_s < (10 if row is gap else 0.3)
    pytest.importorskip("duckdb")
    report = [sys.executable, "-m", "sobriety", "report", "--format", "json", "-o", "-"]
    done = subprocess.run([*report, "--zone", "CA-QC"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (told,) = [g for g in found["gaps"] if g["kind"] == "unobserved"]
    assert told["duration_s"] == pytest.approx(gap.duration_s)
    assert found["coverage_ratio"] < 1
