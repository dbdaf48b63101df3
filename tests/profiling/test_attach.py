"""What runs already, followed for a while: real processes, and control groups of this kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sobriety.core.host import LocalHost
from sobriety.profiling import attach
from sobriety.profiling.control_group import ROOTS, control_group

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

NUMBER = "0123456789abcdef" * 4
BURN = [sys.executable, "-S", "-c", "while True: pass"]


def nothing() -> None:
    pass


@pytest.fixture
def burning() -> Iterator[int]:
    with subprocess.Popen(BURN) as child:
        yield child.pid
        child.kill()


def test_a_process_that_burns_uses_what_it_uses(burning: int) -> None:
    target = attach.Tree(LocalHost(), burning)
    run = attach.follow(target, 0.5, 0.1, nothing)
    target.close()
    assert run.wall_s == pytest.approx(0.5, abs=0.1)
    assert 0.1 < run.cpu_s <= run.wall_s * 1.1
    assert run.user_s is None and run.max_rss_b is None


def test_it_ends_with_the_process() -> None:
    with subprocess.Popen(["sleep", "0.3"]) as child:
        target = attach.Tree(LocalHost(), child.pid)
        waiter = threading.Thread(target=child.wait)
        waiter.start()
        run = attach.follow(target, 30, 0.05, nothing)
        waiter.join()
        target.close()
    assert run.wall_s < 5


def test_ctrl_c_ends_it_early_and_the_figures_are_kept(burning: int) -> None:
    target = attach.Tree(LocalHost(), burning)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    run = attach.follow(target, 30, 0.1, nothing)
    target.close()
    assert 0.2 < run.wall_s < 5 and run.cpu_s > 0.05


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
def group(request: pytest.FixtureRequest) -> Iterator[str]:
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
            yield request.param
        finally:
            child.kill()
            child.wait()
            for _ in range(100):
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.01)
                else:
                    break


def test_a_service_and_a_container_by_their_groups(group: str) -> None:
    host = LocalHost()
    if group.endswith(".service"):
        target = attach.unit(host, group.removesuffix(".service"))
    else:
        target = attach.container(host, NUMBER)
        attach.container(host, NUMBER[:12]).close()
    run = attach.follow(target, 0.4, 0.1, nothing)
    target.close()
    assert 0.1 < run.cpu_s <= run.wall_s * 1.1


def test_a_container_by_the_name_that_its_manager_knows(
    group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not group.startswith("docker"):
        pytest.skip("of containers")
    manager = tmp_path / "docker"
    manager.write_text(f'#!/bin/sh\n[ "$5" = web ] && echo {NUMBER}\n')
    manager.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    attach.container(LocalHost(), "web").close()
    with pytest.raises(attach.NotRunning, match="no container other"):
        attach.container(LocalHost(), "other")
