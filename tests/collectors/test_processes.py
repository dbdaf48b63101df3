"""Every process of a machine: real ones that fork and end, and names that no text should have."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import pytest

from sobriety.collectors import Processes
from sobriety.core.counting.task import Task
from sobriety.core.counting.work import Tally
from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost
from sobriety.core.units import NS_PER_S

Write = Callable[..., PaperHost]
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def stat(pid: int, name: str, parent: int = 1, own: int = 0, given: int = 0, start: int = 5) -> str:
    """A line of /proc/PID/stat; times in ticks."""
    zeros = " 0" * 9
    return f"{pid} ({name}) S {parent}{zeros} {own} 0 {given} 0 20 0 1 0 {start} 1000 10 18446744"


def process(pid: int, name: str, group: str = "/", **more: int) -> dict[str, str]:
    return {
        f"/proc/{pid}/stat": stat(pid, name, **more),
        f"/proc/{pid}/cgroup": f"0::{group}",
        f"/proc/{pid}/exe": f"/usr/bin/{name}",
    }


@contextmanager
def looking(host: PaperHost) -> Generator[Processes]:
    collector = Processes()
    collector.open(host)
    try:
        yield collector
    finally:
        collector.close()


def names(tasks: Iterable[Task]) -> list[str]:
    return [task.name for task in tasks]


def test_a_process_is_told_by_its_executable(machine: Write) -> None:
    host = machine(process(10, "bash", own=700, given=50) | process(2, "kthreadd", parent=0))
    with looking(host) as collector:
        bash, kernel = sorted(collector.tasks(), key=lambda t: t.name)
    assert bash == Task((10, 5), None, "process", "bash", 7.0, 0.5, 40960.0, 0.05)
    assert kernel.name == "kernel"


@pytest.mark.parametrize("name", ["a b", "a)b", "(", ") S 1", "new\nline", "tab\t", "\ufffd"])
def test_a_name_may_be_anything(machine: Write, name: str) -> None:
    host = machine({"/proc/10/stat": stat(10, name, own=100), "/proc/10/exe": "!forbidden"})
    with looking(host) as collector:
        (task,) = collector.tasks()
    assert (task.name, task.cpu_s) == (name, 1.0)


def test_what_is_no_process_is_a_gap_that_says_what_was_found(machine: Write) -> None:
    host = machine({"/proc/10/stat": "10 (bash) nonsense"})
    with looking(host) as collector, pytest.raises(ReadError, match="nonsense"):
        collector.tasks()


def test_a_machine_without_processes(machine: Write) -> None:
    with pytest.raises(NotSupported):
        Processes().open(machine({"/proc/stat": "cpu 1"}))


def test_a_number_given_again_is_another_process(machine: Write) -> None:
    host = machine(process(10, "bash"), process(10, "cron", start=900))
    with looking(host) as collector:
        (first,) = collector.tasks()
        host.turn()
        (second,) = collector.tasks()
    assert (first.key, first.name) == ((10, 5), "bash")
    assert (second.key, second.name) == ((10, 900), "cron")


def test_one_that_becomes_another_program_has_its_name(machine: Write) -> None:
    later = process(10, "nginx", "/system.slice/nginx.service")
    host = machine(process(10, "bash"), later)
    with looking(host) as collector:
        assert names(collector.tasks()) == ["bash"]
        host.turn()
        (task,) = collector.tasks()
    assert (task.kind, task.name) == ("service", "nginx.service")


def test_a_counted_group_stands_for_its_processes(machine: Write) -> None:
    group = "/system.slice/nginx.service"
    host = machine(
        process(10, "nginx", group) | process(11, "nginx", group) | process(12, "bash")
        | {
            f"/sys/fs/cgroup{group}/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
            f"/sys/fs/cgroup{group}/memory.current": "8192\n",
        },
        {f"/sys/fs/cgroup{group}/cpu.stat": "!gone"},
    )  # fmt: skip
    with looking(host) as collector:
        service, bash = collector.tasks()
        assert service == Task(group, None, "service", "nginx.service", 2.5, 0.0, 8192.0)
        assert bash.name == "bash"
        host.turn()  # the group is removed while it is read
        assert sorted(names(collector.tasks())) == ["bash", "nginx.service", "nginx.service"]


def test_a_group_that_holds_another_workload_is_counted_by_its_processes(machine: Write) -> None:
    outer, inner = "/system.slice/k3s.service", f"/system.slice/k3s.service/{'ab' * 32}"
    host = machine(
        process(10, "k3s", outer) | process(11, "web", inner)
        | {f"/sys/fs/cgroup{g}/cpu.stat": "usage_usec 9\n" for g in (outer, inner)}
    )  # fmt: skip
    with looking(host) as collector:
        found = {(t.kind, t.name, type(t.key)) for t in collector.tasks()}
    assert found == {("container", "ab" * 6, str), ("service", "k3s.service", tuple)}


def test_through_a_mount_paths_are_told_from_where_the_reader_is(machine: Write) -> None:
    group = "/system.slice/nginx.service"
    host = machine(
        process(1, "systemd", "/../../init.scope")
        | process(10, "nginx", f"/../..{group}")
        | {f"/sys/fs/cgroup{group}/cpu.stat": "usage_usec 1000000\n"}
    )
    with looking(host) as collector:
        found = {(t.name, t.key) for t in collector.tasks()}
    assert ("nginx.service", group) in found


@linux
def test_this_machine_has_us_in_it() -> None:
    collector = Processes()
    collector.open(LocalHost())
    mine = [t for t in collector.tasks() if isinstance(t.key, tuple) and t.key[0] == os.getpid()]
    collector.close()
    for task in mine:  # unless our group is counted as a whole
        assert task.name.startswith(("python", "pytest"))
        spent = os.times()
        assert task.cpu_s == pytest.approx(spent.user + spent.system, abs=0.5)


@linux
def test_a_storm_of_processes_too_short_to_be_seen_is_seen(tmp_path: Path) -> None:
    """Of which a sampler of processes sees a sixth. The kernel's own account is the truth."""
    for name in ("sh", "true"):
        shutil.copy(f"/bin/{name}", tmp_path / f"storm-{name}")
    storm = f"i=0; while [ $i -lt 1500 ]; do {tmp_path}/storm-true; i=$((i+1)); done"
    host, collector, tally = LocalHost(), Processes(), Tally()
    collector.open(host)
    shell = subprocess.Popen(
        [tmp_path / "storm-sh", "-c", f"{storm}; echo done; read end"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert shell.stdin and shell.stdout
    seen_s, ended = 0.0, False
    tally.work((), host.now().boottime_ns / NS_PER_S - 10)
    while True:
        work = tally.work(collector.tasks(), host.now().boottime_ns / NS_PER_S)
        assert work is not None
        seen_s += sum(w.cpu_s for (_, name), w in work.items() if name.startswith("storm-"))
        if ended:
            break
        ended = bool(select.select([shell.stdout], [], [], 0.5)[0])
    shell.stdin.close()
    _, status, used = os.wait4(shell.pid, 0)
    shell.returncode = status
    shell.stdout.close()
    collector.close()
    truth_s = used.ru_utime + used.ru_stime
    assert truth_s > 0.3
    ticks_s = 0.04  # own and children, user and system: each cut to whole ticks of 10 ms
    assert 0.99 * truth_s - ticks_s <= seen_s <= truth_s + ticks_s


@linux
def test_a_process_that_the_kernel_numbers_before_it_lists_it_is_seen() -> None:
    """/proc/loadavg has the number of a fork under way; the listing of that moment has not."""

    class Early(LocalHost):
        hidden = ""

        def text(self, path: str) -> str:
            text = super().text(path)
            return f"0.1 0.1 0.1 1/100 {self.hidden}" if path == "/proc/loadavg" else text

        def names(self, folder: str) -> list[str]:
            names = super().names(folder)
            if folder == "/proc" and not self.listed:
                names.remove(self.hidden)
            return names

        listed = False

    with subprocess.Popen(["sleep", "60"]) as child:
        host = Early()
        host.hidden = str(child.pid)
        collector = Processes()
        collector.open(host)
        assert child.pid not in {task.key[0] for task in collector.tasks()}
        host.listed = True
        assert child.pid in {task.key[0] for task in collector.tasks()}
        collector.close()
        child.kill()
