"""What runs already, followed for a while: real processes, and control groups of this kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sobriety.core.host import LocalHost
from sobriety.profiling import attach
from sobriety.profiling.control_group import ROOTS, control_group

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

NUMBER = "0123456789abcdef" * 4
BURN = [sys.executable, "-S", "-c", "while True: pass"]


TICKS_S = 0.04


def nothing() -> None:
    pass


def cpu_s(pid: int) -> float:
    """By the kernel's account, of a process that has no children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until_it_worked(pid: int, more_s: float) -> Callable[[], None]:
    """What waits until a process has worked so much longer than when it was first called."""
    enough_s: float | None = None

    def wait() -> None:
        nonlocal enough_s
        enough_s = cpu_s(pid) + more_s if enough_s is None else enough_s
        end_s = time.monotonic() + 120
        while cpu_s(pid) < enough_s:
            assert time.monotonic() < end_s
            time.sleep(0.01)

    return wait


@pytest.fixture
def burning() -> Iterator[int]:
    with subprocess.Popen(BURN) as child:
        yield child.pid
        child.kill()


def test_a_process_that_burns_uses_what_it_uses(burning: int) -> None:
    target = attach.Tree(LocalHost(), burning)
    before_s = cpu_s(burning)
    run = attach.follow(target, 0.5, 0.1, until_it_worked(burning, 0.3))
    target.close()
    assert run.wall_s >= 0.5
    assert 0.3 - TICKS_S <= run.cpu_s <= cpu_s(burning) - before_s + TICKS_S
    assert run.user_s is None and run.max_rss_b is None


def test_it_ends_with_the_process() -> None:
    with subprocess.Popen(["sleep", "0.3"]) as child:
        target = attach.Tree(LocalHost(), child.pid)
        waiter = threading.Thread(target=child.wait)
        waiter.start()
        run = attach.follow(target, 120, 0.05, nothing)
        waiter.join()
        target.close()
    assert run.wall_s < 120


def test_ctrl_c_ends_it_early_and_the_figures_are_kept(burning: int) -> None:
    target = attach.Tree(LocalHost(), burning)
    until = until_it_worked(burning, 0.2)

    def press() -> None:
        until()
        os.kill(os.getpid(), signal.SIGINT)

    run = attach.follow(target, 120, 0.1, press)
    target.close()
    assert 0.1 <= run.wall_s < 120 and run.cpu_s >= 0.2 - TICKS_S


def test_who_is_not_there_is_named() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()
    with pytest.raises(attach.NotRunning, match=f"no process {child.pid}"):
        attach.Tree(LocalHost(), child.pid)
    with pytest.raises(attach.NotRunning, match=r"no service nope\.service"):
        attach.unit(LocalHost(), "nope")
    with pytest.raises(attach.NotRunning, match="no container nope"):
        attach.container(LocalHost(), "nope")


@pytest.fixture(params=["sobriety-test.service", f"docker-{NUMBER}.scope"])
def group(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A real group of the name that a manager would have given it, with a process that burns."""
    root = next((r for r in ROOTS if (r / "cgroup.procs").exists()), None)
    with control_group() as made:
        if made is None or root is None:
            pytest.skip("this user may not make a control group")
        home = made.home
    folder: Path = home / request.param
    folder.mkdir()
    with subprocess.Popen(BURN) as child:
        try:
            (folder / "cgroup.procs").write_text(str(child.pid))
            yield folder
        finally:
            child.kill()
            child.wait()
            for _ in range(6000):  # the kernel takes its time to empty a group
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.01)
                else:
                    break


def test_a_service_and_a_container_by_their_groups(group: Path) -> None:
    host = LocalHost()
    if group.suffix == ".service":
        target = attach.unit(host, group.stem)
    else:
        target = attach.container(host, NUMBER)
        attach.container(host, NUMBER[:12]).close()
    (pid,) = (int(line) for line in (group / "cgroup.procs").read_text().split())
    before_s = cpu_s(pid)
    run = attach.follow(target, 0.4, 0.1, until_it_worked(pid, 0.3))
    target.close()
    assert 0.3 - TICKS_S <= run.cpu_s <= cpu_s(pid) - before_s + TICKS_S


def test_a_container_by_the_name_that_its_manager_knows(
    group: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not group.name.startswith("docker"):
        pytest.skip("of containers")
    manager = tmp_path / "docker"
    manager.write_text(f'#!/bin/sh\n[ "$5" = web ] && echo {NUMBER}\n')
    manager.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    attach.container(LocalHost(), "web").close()
    with pytest.raises(attach.NotRunning, match="no container other"):
        attach.container(LocalHost(), "other")
