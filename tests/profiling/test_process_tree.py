"""Which processes a command's time went to, on the real /proc."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sobriety.core.host import LocalHost
from sobriety.profiling import command
from sobriety.profiling.process_tree import ProcessTree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")


def nothing() -> None:
    pass


BURN = "import time\nwhile time.process_time() < {}: pass"
WORKED = BURN.format(0.3) + "\nprint(flush=True)\ninput()"
PARENT = f"""
import subprocess, sys, time
{BURN.format(0.1)}
code = {WORKED!r}
pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
children = [subprocess.Popen([sys.executable, "-S", "-c", code], **pipes) for _ in range(2)]
[child.stdout.readline() for child in children]
print(flush=True)
input()
[child.communicate(b"\\n") for child in children]
print(flush=True)
input()
"""
"""Works, lets two children work, and says so; when told, lets them end, and says so."""
TICKS_S = 0.08
"""What a sum of user and system times of a few processes may lose: /proc counts in 10 ms."""


def test_each_has_its_own_and_all_below_it() -> None:
    tree = ProcessTree(LocalHost())
    with subprocess.Popen(
        [sys.executable, "-S", "-c", PARENT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdin and child.stdout
        tree.begin(child.pid)
        for _ in range(2):  # all have worked; the children have ended
            child.stdout.readline()
            tree.look()
            child.stdin.write("\n")
            child.stdin.flush()
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
    tree.end()
    branches = {b.path: b for b in tree.branches()}
    (outer,) = [b for path, b in branches.items() if len(path) == 1]
    assert outer.whole_cpu_s == pytest.approx(tree.cpu_s)
    inner = branches[(*outer.path, outer.path[0])]
    assert inner.processes == 2
    assert outer.cpu_s >= 0.1 - TICKS_S and inner.whole_cpu_s >= 0.6 - TICKS_S
    assert outer.whole_cpu_s == pytest.approx(outer.cpu_s + inner.whole_cpu_s)
    # The rest of the kernel's own account is the end of an interpreter.
    assert tree.cpu_s <= used.ru_utime + used.ru_stime


def test_what_it_used_until_its_end_is_seen() -> None:
    """Its last children, too short to be scanned, and its own last work."""
    tree = ProcessTree(LocalHost())
    script = "for i in $(seq 300); do /bin/true; done"
    run = command.run(
        ["sh", "-c", script], every_s=60, meanwhile=nothing, started=tree.begin, ended=tree.look
    )
    tree.end()
    outer = tree.branches()[0]
    assert outer.path[0] in ("sh", "dash", "bash")
    assert outer.whole_cpu_s == pytest.approx(tree.cpu_s)
    assert run.cpu_s > TICKS_S, "else this could not fail"
    assert run.cpu_s - TICKS_S <= tree.cpu_s <= run.cpu_s


def test_one_that_has_ended_keeps_the_name_of_its_executable(tmp_path: Path) -> None:
    """A script's own name is what the kernel calls it; its executable is the interpreter."""
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nread line\n")
    script.chmod(0o755)
    tree = ProcessTree(LocalHost())
    with subprocess.Popen([script], stdin=subprocess.PIPE) as child:
        assert child.stdin
        while Path(f"/proc/{child.pid}/comm").read_text() != "script\n":
            time.sleep(0.01)
        tree.begin(child.pid)
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        tree.look()
    tree.end()
    assert [branch.path for branch in tree.branches()] == [(Path("/bin/sh").resolve().name,)]


def test_only_what_is_used_from_now_counts_for_one_that_runs_already() -> None:
    code = BURN.format(0.3) + "\nprint(flush=True)\nend=time.process_time()+0.2\n"
    code += "input()\nwhile time.process_time() < end: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin and child.stdout
        child.stdout.readline()
        tree = ProcessTree(LocalHost())
        tree.begin(child.pid, is_new=False)
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        tree.look()
        tree.end()
        child.stdin.write("\n")
        child.stdin.close()
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
    assert 0.2 - TICKS_S <= tree.cpu_s <= used.ru_utime + used.ru_stime - 0.3 + TICKS_S


@pytest.mark.parametrize("attempt", range(3))
def test_children_that_stand_there_at_the_first_scan_are_of_the_tree(attempt: int) -> None:
    """/proc lists them in no order: some before the process that started them."""
    code = "for i in $(seq 10); do sleep 60 & done; echo; read line; kill $(jobs -p)"
    with subprocess.Popen(
        ["bash", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin and child.stdout
        child.stdout.readline()  # they run
        tree = ProcessTree(LocalHost())
        tree.begin(child.pid)
        tree.end()
        child.stdin.write(b"\n")
    branches = tree.branches()  # a child that has not begun its program yet has the shell's name
    assert branches[0].path == ("bash",) and branches[0].processes == 1
    assert {len(branch.path) for branch in branches[1:]} == {2}
    assert sum(branch.processes for branch in branches[1:]) == 10
