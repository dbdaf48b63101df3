"""A child is run as if we were not there, and its processor time is the kernel's own account."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

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


def test_meanwhile_is_called_at_the_asked_pace() -> None:
    calls: list[float] = []
    command.run(["sleep", "0.55"], every_s=0.1, meanwhile=lambda: calls.append(time.monotonic()))
    assert 4 <= len(calls) <= 20  # more when a busy machine lets it sleep longer


def test_wall_time_has_no_grain() -> None:
    assert 0.2 <= run("sleep", "0.2").wall_s < 5


def test_sigterm_is_handed_on() -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
    seen = run("sleep", "20")
    assert seen.exit_code == 128 + signal.SIGTERM
    assert seen.wall_s < 10


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    run("true")
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_ends_the_child_and_the_figures_are_still_printed(tmp_path: Path) -> None:
    """As a terminal sends it: to the whole foreground group."""
    child = subprocess.Popen(
        [sys.executable, "-m", "sobriety", "profile", "--", "sh", "-c", ": > begun; exec sleep 20"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 128 + signal.SIGINT
    assert "energy" in said and "Traceback" not in said
