"""A group of its own for a command, on the real kernel, where this user may make one."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from sobriety.profiling import command
from sobriety.profiling.control_group import control_group

BURN = f"{sys.executable} -S -c 'import time\nwhile time.process_time() < 0.3: pass'"


@pytest.fixture(autouse=True)
def _allowed() -> None:
    with control_group() as group:
        if group is None:
            pytest.skip("this user may not make a control group")


def run(script: str) -> command.Run:
    with control_group() as group:
        done = command.run(
            ["sh", "-c", script], every_s=10, meanwhile=lambda: None, quiet=True, group=group
        )
    assert group is not None
    assert not group.folder.exists()
    return done


def test_fifteen_hundred_forks_are_what_the_kernel_says_they_are() -> None:
    with control_group() as group:
        assert group is not None
        done = command.run(
            ["sh", "-c", "i=0; while [ $i -lt 1500 ]; do /bin/true; i=$((i+1)); done"],
            every_s=10, meanwhile=lambda: None, quiet=True, group=group,
        )  # fmt: skip
        seen_s = group.cpu_s()
    assert done.user_s is not None and done.system_s is not None
    waited_s = done.user_s + done.system_s
    # How a process ends is counted for its group alone, and takes longer on a busy machine.
    assert 0.99 * waited_s < seen_s < 1.5 * waited_s
    assert done.unwaited_cpu_s in (0, pytest.approx(seen_s - waited_s, abs=0.02))
    assert done.still_running == 0


def test_a_child_that_nobody_waits_for_is_in_it(tmp_path: Path) -> None:
    """The shell ends when the child of its child has worked, and has not waited for it."""
    worked = tmp_path / "worked"
    done = run(f"(({BURN}; : > {worked}) &); while [ ! -e {worked} ]; do sleep 0.05; done")
    assert done.user_s is not None and done.system_s is not None
    assert done.unwaited_cpu_s is not None and done.unwaited_cpu_s >= 0.29
    assert done.cpu_s == pytest.approx(done.user_s + done.system_s + done.unwaited_cpu_s)


def test_a_daemon_goes_on_where_it_would_have_been() -> None:
    with control_group() as group:
        assert group is not None
        done = command.run(
            ["sh", "-c", "setsid sleep 600 & exec sleep 0.05"],
            every_s=10, meanwhile=lambda: None, quiet=True, group=group,
        )  # fmt: skip
        (pid,) = group.pids()
    try:
        assert done.still_running == 1
        assert not group.folder.exists()
        theirs, ours = (Path(f"/proc/{which}/cgroup").read_text() for which in (pid, "self"))
        assert theirs == ours
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_command_that_cannot_be_found_leaves_nothing_behind() -> None:
    with pytest.raises(command.CannotRun), control_group() as group:
        command.run(["no-such-command"], every_s=1, meanwhile=lambda: None, group=group)
    assert group is not None
    assert not group.folder.exists()


def test_without_a_hierarchy_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sobriety.profiling.control_group.ROOTS", ())
    with control_group() as group:
        assert group is None
