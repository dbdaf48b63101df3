"""Which workload a group is, in the spellings of those who make groups; and real groups."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sobriety.collectors import Processes
from sobriety.core.counting.task import Task
from sobriety.core.host import Host, LocalHost
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]

ID = "4f1e" * 16
CRON = "/system.slice/cron.service"
STAT = "10 (worker) S 1 0 0 0 0 0 0 0 0 0 20 0 0 0 20 0 1 0 5 1000 10 18446744"
POD = "0a1b2c3d_4e5f_6789_abcd_ef0123456789"


def look(host: Host) -> list[Task]:
    collector = Processes()
    collector.open(host)
    tasks = list(collector.tasks())
    collector.close()
    return tasks


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/system.slice/nginx.service", "service", "nginx.service"),
        ("/system.slice/nginx.service/workers/3", "service", "nginx.service"),
        (r"/system.slice/system-getty.slice/getty@tty1.service", "service", "getty@tty1.service"),
        (r"/system.slice/my\x2dapp.service", "service", "my-app.service"),
        ("/init.scope", "service", "init.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/init.scope", "service", "user@.service"),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/pipewire.service",
            "service",
            "pipewire.service",
        ),
        (f"/docker/{ID}", "container", ID[:12]),
        (f"/system.slice/docker-{ID}.scope", "container", ID[:12]),
        (f"/machine.slice/libpod-{ID}.scope/container", "container", ID[:12]),
        (f"/system.slice/docker-{ID}.scope/system.slice/cron.service", "service", "cron.service"),
        ("/lxc.payload.web/system.slice", "container", "web"),
        (r"/machine.slice/machine-qemu\x2d1\x2dvm.scope", "container", "qemu-1-vm"),
        (
            f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD}.slice"
            f"/cri-containerd-{ID}.scope",
            "pod",
            POD.replace("_", "-"),
        ),
        (
            f"/kubepods/besteffort/pod{POD.replace('_', '-')}/{ID}",
            "pod",
            POD.replace("_", "-"),
        ),
        (f"/kubepods.slice/kubepods-pod{POD}.slice", "pod", POD.replace("_", "-")),
    ],
)
def test_a_groups_path_tells_its_workload(machine: Write, path: str, kind: str, name: str) -> None:
    (task,) = look(machine({"/proc/10/stat": STAT, "/proc/10/cgroup": f"0::{path}"}))
    assert (task.kind, task.name) == (kind, name)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/user.slice/user-1000.slice/session-3.scope",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal-12.scope",
        "/user.slice/user-1000.slice/user@1000.service",
        "/some/folder",
    ],
)
def test_of_others_only_the_executable_tells(machine: Write, path: str) -> None:
    (task,) = look(machine({"/proc/10/stat": STAT, "/proc/10/cgroup": f"0::{path}"}))
    assert (task.kind, task.name) == ("process", "worker")


@pytest.mark.parametrize(
    ("text", "counter", "cpu_s"),
    [
        (f"0::{CRON}", f"/sys/fs/cgroup{CRON}/cpu.stat", 2.5),
        (
            f"4:cpu,cpuacct:{CRON}\n1:name=systemd:{CRON}\n0::/",
            f"/sys/fs/cgroup/cpu,cpuacct{CRON}/cpuacct.usage",
            1.5,
        ),
        (
            f"4:cpuacct:/\n1:name=systemd:/\n0::{CRON}",
            f"/sys/fs/cgroup/unified{CRON}/cpu.stat",
            2.5,
        ),
        # Accounting is off: all services count together, and their processes must be asked.
        (f"4:cpuacct,cpu:/\n1:name=systemd:{CRON}", "/sys/fs/cgroup/cpuacct/cpuacct.usage", 0.2),
        (f"0::{CRON}", "/elsewhere", 0.2),
    ],
)
def test_both_versions_count(machine: Write, text: str, counter: str, cpu_s: float) -> None:
    counts = "1500000000\n" if counter.endswith("usage") else "user_usec 1\nusage_usec 2500000\n"
    files = {"/proc/10/stat": STAT, "/proc/10/cgroup": text, counter: counts}
    (task,) = look(machine(files))
    assert (task.kind, task.name, task.cpu_s) == ("service", "cron.service", cpu_s)


@pytest.mark.parametrize("text", ["", "nonsense", "::::", "0::", "\n"])
def test_what_is_no_membership_is_none(machine: Write, text: str) -> None:
    (task,) = look(machine({"/proc/10/stat": STAT, "/proc/10/cgroup": text}))
    assert task.kind == "process"


@pytest.fixture(params=["cpuacct", "cpu,cpuacct", "", "unified"])
def group(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A real control group of ours, of either version."""
    root = Path("/sys/fs/cgroup") / request.param
    folder = root / f"sobriety-test-{os.getpid()}.service"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip(f"no control group can be made in {root}")
    try:
        if not ((folder / "cpuacct.usage").exists() or (folder / "cpu.stat").exists()):
            pytest.skip(f"{root} counts no processor time")
        yield folder
    finally:
        folder.rmdir()


def test_a_real_groups_time_is_that_of_its_dead(group: Path) -> None:
    """One stays in it and does nothing; another works there and ends before it can be seen."""
    join = f"import os; open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()));"
    stay = subprocess.Popen(
        [sys.executable, "-c", f"{join} print(); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert stay.stdin and stay.stdout
    collector = Processes()
    collector.open(LocalHost())
    try:
        assert stay.stdout.readline()
        (before,) = (t for t in collector.tasks() if t.name == group.name)
        assert (before.kind, before.key) == ("service", f"/{group.name}")
        work = "import time\nwhile time.process_time() < 0.3: pass"
        worker = subprocess.Popen([sys.executable, "-c", f"{join}{work}"])
        _, status, used = os.wait4(worker.pid, 0)
        worker.returncode = status
        assert status == 0
        (after,) = (t for t in collector.tasks() if t.name == group.name)
        assert 0.25 < after.cpu_s - before.cpu_s <= used.ru_utime + used.ru_stime + 0.1
    finally:
        stay.communicate()
        assert group.name not in {t.name for t in collector.tasks()}
        collector.close()
