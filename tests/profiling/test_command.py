"""A child is run as if we were not there, and its processor time is the kernel's own account."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sobriety.profiling import command
from sobriety.profiling.command import CannotRun

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawnp"), reason="needs POSIX")


def run(*words: str, every_s: float = 10) -> command.Run:
    return command.run(words, every_s=every_s, meanwhile=lambda: None)


def test_exit_codes_are_the_commands_own() -> None:
    assert run("sh", "-c", "exit 7").exit_code == 7
    assert run("sh", "-c", "kill -TERM $$").exit_code == 128 + signal.SIGTERM
    assert run("true").exit_code == 0


def test_a_command_that_is_not_there_is_127(tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as error:
        run("no-such-command-here")
    assert error.value.exit_code == 127
    with pytest.raises(CannotRun) as error:
        run("echo hello | wc")
    assert "sh -c" in (error.value.hint or "")


def test_a_file_that_cannot_be_run_is_126(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a program")
    with pytest.raises(CannotRun) as error:
        run(str(tmp_path / "notes.txt"))
    assert error.value.exit_code == 126
    with pytest.raises(CannotRun) as error:
        run(str(tmp_path))
    assert error.value.exit_code == 126


def test_a_quiet_command_reads_nothing_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    script = "cat; echo out; echo err >&2"
    done = command.run(["sh", "-c", script], every_s=10, meanwhile=lambda: None, quiet=True)
    assert done.exit_code == 0
    assert capfd.readouterr() == ("", "")
    run("sh", "-c", "echo out; echo err >&2")
    assert capfd.readouterr() == ("out\n", "err\n")


def test_processor_time_counts_every_child() -> None:
    """A hundred short children, none of which a sampler would see."""
    script = "i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seen = run("sh", "-c", script)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert seen.cpu_s > 0
    assert seen.user_s == pytest.approx(after.ru_utime - before.ru_utime, abs=1e-5)
    assert seen.system_s == pytest.approx(after.ru_stime - before.ru_stime, abs=1e-5)


def test_meanwhile_is_called_at_the_asked_pace(tmp_path: Path) -> None:
    enough = tmp_path / "enough"
    calls_s: list[float] = []

    def meanwhile() -> None:
        calls_s.append(time.monotonic())
        if len(calls_s) == 5:
            enough.touch()

    begun_s = time.monotonic()
    script = f"while [ ! -e {enough} ]; do sleep 0.02; done"
    command.run(["sh", "-c", script], every_s=0.1, meanwhile=meanwhile)
    assert len(calls_s) >= 5
    for number, call_s in enumerate(calls_s, 1):  # late on a busy machine, never early
        assert call_s - begun_s >= 0.1 * number


def test_wall_time_has_no_grain() -> None:
    begun_s = time.monotonic()
    seen = run("sleep", "0.2")
    assert 0.2 <= seen.wall_s <= time.monotonic() - begun_s


def test_counters_of_a_command_that_has_ended_are_there_until_it_is_reaped() -> None:
    pids: list[int] = []
    states: list[str] = []

    def ended() -> None:
        states.append(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(") ")[2][0])

    if sys.platform != "linux":
        pytest.skip("there is no /proc")
    command.run(
        ["sh", "-c", "exit 3"], every_s=10, meanwhile=lambda: None, started=pids.append, ended=ended
    )
    assert states == ["Z"]


def test_sigterm_is_handed_on() -> None:
    def send(_pid: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    seen = command.run(["sleep", "600"], every_s=10, meanwhile=lambda: None, started=send)
    assert seen.exit_code == 128 + signal.SIGTERM


def test_a_signal_that_comes_while_it_is_started_is_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends the command, and not the profiler before the command has a number."""
    spawn = os.posix_spawnp

    def interrupted(*words: Any, **options: Any) -> int:
        pid = spawn(*words, **options)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)  # Python calls handlers between two instructions
        return pid

    monkeypatch.setattr(os, "posix_spawnp", interrupted)
    assert run("sleep", "600").exit_code == 128 + signal.SIGTERM


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    run("true")
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_ends_the_child_and_the_figures_are_still_printed(tmp_path: Path) -> None:
    """As a terminal sends it: to the whole foreground group."""
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "sobriety",
            "profile",
            "--",
            "sh",
            "-c",
            ": > begun; exec sleep 600",
        ],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end_s = time.monotonic() + 120
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < end_s
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=120)
    assert child.returncode == 128 + signal.SIGINT
    assert "energy" in said and "Traceback" not in said
