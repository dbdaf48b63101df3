"""An absorption killed at random instants: afterwards the lake holds exactly the spool's rows."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sobriety.core.usage import Usage
from sobriety.lake import Lake
from sobriety.spool import Spool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

HOUR_NS = 3_600_000_000_000

ABSORB = """
import sys
from sobriety.lake import Lake

with Lake(sys.argv[2]) as lake:
    lake.open()
    print("ready", flush=True)
    lake.absorb(sys.argv[1])
    lake.roll_up()
"""


def test_killed_while_absorbing(tmp_path: Path) -> None:
    path, folder = tmp_path / "spool.sqlite3", tmp_path / "lake"
    chance = random.Random(7)
    written = 0
    for trial in range(5):
        with Spool.open(path) as spool:
            numbers = range(written, written + 24 * 12)
            spool.append(
                [Usage("a", n * HOUR_NS, 1.0, 1.0, {"util_s": float(n)}, ("cpu",)) for n in numbers]
            )
        written += 24 * 12
        command = [sys.executable, "-c", ABSORB, str(path), str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.12))
            process.kill()
        with Lake(folder) as lake:
            if trial % 2:  # the others go on over what is left behind
                lake.absorb(path)
                lake.roll_up()
                assert totals(lake, "hour") == (written, sum(range(written)))
            rows, util_s = totals(lake, "raw")
            assert util_s == sum(range(rows)), "rows are missing or doubled"
    with Lake(folder) as lake:
        lake.absorb(path)
        lake.roll_up()
        assert totals(lake, "raw") == totals(lake, "hour") == (written, sum(range(written)))


def totals(lake: Lake, grain: str) -> tuple[int, float]:
    frame = lake.open("raw" if grain == "raw" else "hour")
    table = frame.select("util_s").collect(backend="pandas").to_native()
    return len(table), float(table["util_s"].sum())
