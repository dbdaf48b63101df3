"""Which processes a command's time went to, on the real /proc."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from sobriety.core.host import LocalHost
from sobriety.profiling.process_tree import ProcessTree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

BURN = "import time\nwhile time.process_time() < {}: pass"
PARENT = f"""
import subprocess, sys, time
{BURN.format(0.1)}
children = [subprocess.Popen([sys.executable, "-S", "-c", {BURN.format(0.3)!r}]) for _ in range(2)]
[child.wait() for child in children]
time.sleep(0.3)
"""


def followed(command: list[str]) -> ProcessTree:
    tree = ProcessTree(LocalHost())
    with subprocess.Popen(command) as child:
        tree.begin(child.pid)
        while tree.is_alive and child.poll() is None:
            time.sleep(0.05)
            tree.look()
    tree.end()
    return tree


def test_each_has_its_own_and_all_below_it() -> None:
    tree = followed([sys.executable, "-S", "-c", PARENT])
    branches = {b.path: b for b in tree.branches()}
    (outer,) = [b for path, b in branches.items() if len(path) == 1]
    assert outer.whole_cpu_s == pytest.approx(tree.cpu_s)
    assert tree.cpu_s == pytest.approx(0.7, abs=0.25)
    inner = branches[(*outer.path, outer.path[0])]
    assert inner.processes == 2
    assert inner.whole_cpu_s == pytest.approx(0.6, abs=0.15)
    assert outer.whole_cpu_s == pytest.approx(outer.cpu_s + inner.whole_cpu_s)


def test_children_too_short_to_be_seen_are_their_parents() -> None:
    tree = followed(["sh", "-c", "for i in $(seq 300); do /bin/true; done; sleep 0.2"])
    assert tree.cpu_s > 0.05
    outer = tree.branches()[0]
    assert outer.path[0] in ("sh", "dash", "bash")
    assert outer.whole_cpu_s == pytest.approx(tree.cpu_s)


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
    assert tree.cpu_s == pytest.approx(0.2, abs=0.06)


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
