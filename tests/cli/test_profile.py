"""`sobriety profile` as a user runs it: scopes, trees, what runs already, and what goes wrong."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.parts.profile_output import LiveLine
from sobriety.core.counting.difference import Step
from sobriety.core.host import Instant
from sobriety.profiling.series import Series

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PYTHON = (sys.executable, "-S", "-c")
BURN = "import time\nwhile time.process_time() < {}: pass"
SCANNED = """
import os, signal

def is_met(pid):
    '''Whether the profiler above the shell keeps the counters of a process open.'''
    with open(f"/proc/{os.getppid()}/stat") as file:
        folder = f"/proc/{file.read().rpartition(')')[2].split()[1]}/fd"
    for name in os.listdir(folder):
        try:
            if os.readlink(f"{folder}/{name}") == f"/proc/{pid}/stat":
                return True
        except OSError:
            pass
    return False

def wait_for_scan():
    '''Return after a whole scan of /proc that began after this call.'''
    for _ in range(2):  # the first may be in the middle of its scan
        newborn = os.posix_spawnp("sleep", ["sleep", "600"], os.environ)
        while not is_met(newborn):
            time.sleep(0.01)
        os.kill(newborn, signal.SIGKILL)
        os.waitpid(newborn, 0)

wait_for_scan()
"""
"""Ends a Python program that imports time and that a shell below the profiler has started."""


@pytest.fixture
def profile(tmp_path: Path) -> Run:
    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", "profile", *words],
            cwd=tmp_path,
            env={**os.environ, "SOBRIETY_ZONE": "CA-QC", **environ},
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def figures(done: subprocess.CompletedProcess[str]) -> Any:
    from tests.cli.test_verbs import validate

    found = json.loads(done.stderr)
    validate(found, "profile.json")
    return found


def test_the_scope_of_the_machine_is_all_that_it_drew(profile: Run) -> None:
    process = figures(profile("--json", "--", "sleep", "0.3"))
    machine = figures(profile("--json", "--scope", "machine", "--", "sleep", "0.3"))
    assert machine["scope"] == "machine"
    assert machine["energy_j"] == machine["machine_energy_j"]
    assert process["energy_j"]["value"] < 0.1 * machine["energy_j"]["value"]
    assert process["embodied_kg"]["value"] < 0.1 * machine["embodied_kg"]["value"]
    shown = profile("--scope", "machine", "--", "sleep", "0.05").stderr
    assert "the whole machine" in shown and "whole machine  " not in shown


def test_a_run_that_ends_right_after_a_sample_sees_its_machine(profile: Run) -> None:
    for length in ("0.099", "0.1", "0.101", "0.102"):
        seen = figures(profile("--json", "--interval", "100ms", "--", "sleep", length))
        assert seen["machine_energy_j"] is not None, length


def test_the_memory_of_a_small_command_is_not_the_profilers(profile: Run) -> None:
    small = figures(profile("--json", "--", "true"))
    assert small["max_rss_b"] is None and small["max_rss_below_b"] > 1e6
    large = figures(profile("--json", "--", *PYTHON, "x = bytearray(80_000_000)"))
    assert large["max_rss_b"] == pytest.approx(90e6, rel=0.15)
    assert "memory below" in profile("--", "true").stderr


def test_disks_are_counted(profile: Run) -> None:
    write = "import os\nf = open('big', 'wb')\nf.write(bytes(9_000_000))\nos.fsync(f.fileno())"
    seen = figures(profile("--json", "--", *PYTHON, write))
    if sys.platform == "linux":
        assert seen["disk_written_b"] in (0, pytest.approx(9e6, rel=0.2))  # 0 on a tmpfs


def test_a_tree_has_its_branches_and_they_are_within_the_whole(
    profile: Run, tmp_path: Path
) -> None:
    (tmp_path / "work.py").write_text(BURN.format(0.5) + SCANNED, encoding="utf-8")
    script = f"{sys.executable} -S work.py & wait"
    done = profile("--tree", "--json", "--interval", "50ms", "--", "sh", "-c", script)
    seen = figures(done)
    inner = [p for p in seen["processes"] if len(p["path"]) == 2 and p["cpu_s"] > 0.3]
    assert len(inner) == 1
    parts_s = sum(p["cpu_s"] for p in seen["processes"])
    # /proc counts in ticks of 10 ms: user and system time of three processes lose less than one.
    assert seen["cpu_s"] - 0.1 < parts_s <= seen["cpu_s"] + 0.01
    parts_j = sum(p["energy_j"]["value"] for p in seen["processes"])
    assert parts_j == pytest.approx(seen["energy_j"]["value"] * parts_s / seen["cpu_s"], rel=1e-6)
    shown = profile("--tree", "--interval", "50ms", "--", "sh", "-c", script).stderr
    share = re.search(r"^ +python\S* .* (\d+) %$", shown, re.MULTILINE)
    assert share and 50 <= int(share[1]) <= 100, shown  # the rest: interpreter, shell, scans


def test_what_runs_already_is_followed(profile: Run) -> None:
    with subprocess.Popen([*PYTHON, "while True: pass"]) as child:
        seen = figures(profile("--json", "--pid", str(child.pid), "--for", "400ms"))
        child.kill()
    assert seen["command"] == [f"process {child.pid}"]
    assert 0.1 < seen["cpu_s"] < 0.6 and seen["energy_j"]["value"] > 0
    assert seen["user_s"] is None and seen["exit_code"] == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "give a command, or one of --pid"),
        (("--pid", "1", "--", "true"), 2, "give a command, or one of --pid"),
        (("--pid", "1", "--unit", "a", "--for", "1s"), 2, "give a command, or one of --pid"),
        (("--pid", "1"), 2, "--for 60s"),
        (("--for", "1s", "--", "true"), 2, "--for goes with"),
        (("--unit", "nope", "--for", "1s"), 1, "no service nope.service runs"),
        (("--pid", "1", "--for", "1s", "--runs", "3"), 2, "followed once"),
        (("--tree", "--runs", "3", "--", "true"), 2, "take one run"),
        (("--max-regression", "10%", "--runs", "6", "--", "true"), 2, "needs a --baseline"),
        (("--baseline", "none.json", "--", "true"), 2, "sobriety baseline save none.json"),
        (("-o", "no/such/folder/x", "--", "true"), 2, "no/such/folder"),
    ],
)
def test_what_cannot_be_is_told(profile: Run, words: tuple[str, ...], code: int, said: str) -> None:
    done = profile(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def test_a_baseline_in_one_command(profile: Run, tmp_path: Path) -> None:
    (tmp_path / "burn.py").write_text("import sys\n" + BURN.format("float(sys.argv[1])"))
    burn = [sys.executable, "-S", "burn.py"]
    save = ["baseline", "save", "b.json", "--runs", "6", "--", *burn, "0.05"]
    subprocess.run([sys.executable, "-m", "sobriety", *save], cwd=tmp_path, check=True,
                   capture_output=True)  # fmt: skip
    against = ("--baseline", "b.json", "--max-regression", "10%", "--runs", "6")
    worse = profile(*against, "--junit", "j.xml", "--", *burn, "0.15", GITHUB_ACTIONS="true")
    assert worse.returncode == 3
    assert "a regression: more than 10 % more energy" in worse.stderr
    assert "::error title=sobriety::" in worse.stderr
    assert 'name="regression"' in (tmp_path / "j.xml").read_text()
    same = profile("--baseline", "b.json", "--json", "--runs", "6", "--", *burn, "0.05")
    assert same.returncode == 0
    judged = json.loads(same.stderr)["judged"]
    assert [j["is_broken"] for j in judged] == [False] * 3


def test_the_output_of_a_full_disk_is_shown(profile: Run) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    done = profile("-o", "/dev/full", "--json", "--", "sh", "-c", "exit 4")
    assert done.returncode == 2
    assert '"exit_code": 4' in done.stderr and "/dev/full" in done.stderr


def test_a_command_that_is_killed_is_still_told(profile: Run) -> None:
    done = profile("--", "sh", "-c", "kill -9 $$")
    assert done.returncode == 128 + 9
    assert "exit 137" in done.stderr and "energy" in done.stderr


def test_a_command_that_closes_its_output_and_lasts_no_time(profile: Run) -> None:
    done = profile("--json", "--", "sh", "-c", "exec >&- 2>&-; exit 0")
    assert done.returncode == 0
    assert figures(done)["energy_j"]["value"] >= 0


def test_ctrl_c_goes_to_the_command_and_the_figures_are_kept(tmp_path: Path) -> None:
    """On a terminal of its own, as a person presses it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        code = "import time\nprint('ready', flush=True)\ntime.sleep(30)"
        os.execv(sys.executable, [sys.executable, "-m", "sobriety", "profile", "-o", "x.txt", "--",
                                  *PYTHON, code])  # fmt: skip
    seen = b""
    while b"ready" not in seen:
        seen += os.read(terminal, 1024)
    os.write(terminal, b"\x03")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGINT
    assert "energy" in (tmp_path / "x.txt").read_text()


def test_a_line_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    start, end = Instant(0, 0, 0), Instant(0, 2_000_000_000, 0)
    series = Series()
    series.add(Step(start, end, 2.0, 0.0, ("cpu",), {"cpu_busy_s": 3.0, "package_j": 60.0}), None)
    young, old = LiveLine(time.monotonic()), LiveLine(time.monotonic() - 65)
    for line in (young, old):
        line.look(series)
        line.end()
    said = capsys.readouterr().err
    assert said == "\r\033[K  1 min 05 s · 1.5 processors busy · package 30 W\r\r\033[K"
