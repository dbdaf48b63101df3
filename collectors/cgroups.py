"""Which workload a control group is: a service, a container, a pod; and where its time is counted.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html,
        https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html,
        https://systemd.io/CGROUP_DELEGATION/
Reads:  /proc/PID/cgroup; cpu.stat and memory.current below /sys/fs/cgroup, or cpuacct.usage and
        memory.usage_in_bytes where version 1 is mounted
Gives:  to `processes` the name of a workload and the counters of its group
Doubt:  names are those of systemd, Docker, containerd, CRI-O, Podman, LXC and Kubernetes; another
        manager's groups are told by executable. A container is named by the twelve digits of
        its number, since its name is known to its manager only
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sobriety.core.counting.task import Task
from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched

_CONTAINER = re.compile(
    r"(?:(?:docker|cri-containerd|crio|libpod|containerd)-)?([0-9a-f]{12})[0-9a-f]{52}(?:\.scope)?"
)
_POD = re.compile(
    r"(?:kubepods(?:-besteffort|-burstable)?-)?pod([0-9a-f]{8}[-_0-9a-f]{24,28})(?:\.slice)?"
)
_PAYLOAD = re.compile(r"lxc\.payload\.(.+)|machine-(.+)\.scope")
ROOT = "/sys/fs/cgroup"
_V2 = tuple((f"{ROOT}{folder}", "cpu.stat") for folder in ("", "/unified"))
_V1 = tuple((f"{ROOT}/{folder}", "cpuacct.usage") for folder in ("cpuacct", "cpu,cpuacct"))
_USER_MANAGER = re.compile(r"user@\d+\.service")


class Membership(NamedTuple):
    """What /proc/PID/cgroup says: the path that tells most, and those below which time is counted,
    in either version; None where that version is not mounted."""

    named: str
    v1: str | None
    v2: str | None


class Workload(NamedTuple):
    """kind, name, and the path of the group that is the whole of it."""

    kind: str
    name: str
    path: str


def membership(text: str, prefix: str = "") -> Membership:
    """Read the lines of either version, and of both mounted together. `prefix` is cut off."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        for controller in controllers.split(","):
            paths[controller] = path.removeprefix(prefix)
    v1, v2 = paths.get("cpuacct"), paths.get("")
    return Membership(max(paths.get("name=systemd", ""), v1 or "", v2 or "", key=len), v1, v2)


def workload_of(path: str) -> Workload | None:
    """The innermost workload of a path; None where only the executable can tell."""
    parts = path.split("/")
    for end in range(len(parts), 1, -1):
        part, whole = parts[end - 1], "/".join(parts[:end])
        if found := _POD.fullmatch(part):
            return Workload("pod", found[1].replace("_", "-"), whole)
        if found := _CONTAINER.fullmatch(part):
            pod = workload_of("/".join(parts[: end - 1]))
            return pod if pod and pod.kind == "pod" else Workload("container", found[1], whole)
        if found := _PAYLOAD.fullmatch(part):
            return Workload("container", _plain(found[1] or found[2]), whole)
        if part == "init.scope":
            manager = parts[end - 2]  # who starts the services is one of them
            name = "user@.service" if _USER_MANAGER.fullmatch(manager) else "init.scope"
            return Workload("service", name, whole)
        if part.endswith(".service") and not _USER_MANAGER.fullmatch(part):
            return Workload("service", _plain(part), whole)
        if part.endswith(".scope"):
            return None  # a session or an application that somebody started
    return None


def _plain(name: str) -> str:
    r"""systemd writes a dash within a name as \x2d."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), name)


class GroupFiles:
    """The counters of one group, kept open."""

    def __init__(self, workload: Workload, cpu: Watched, memory: Watched | None, v1: bool) -> None:
        self.workload = workload
        self._cpu, self._memory, self._v1 = cpu, memory, v1

    @classmethod
    def open(cls, host: Host, workload: Workload, member: Membership) -> GroupFiles | None:
        """None where this group's time is not counted: it is that of its processes, then."""
        for root, file in _V2 + _V1:
            v1 = (root, file) in _V1
            path = member.v1 if v1 else member.v2
            if path is None or not f"{path}/".startswith(f"{workload.path}/"):
                continue
            cpu = _watch(host, f"{root}{workload.path}/{file}")
            if cpu is not None:
                memory = f"{ROOT}/memory" if v1 else root
                file = "memory.usage_in_bytes" if v1 else "memory.current"
                return cls(workload, cpu, _watch(host, f"{memory}{workload.path}/{file}"), v1)
        return None

    def task(self) -> Task | None:
        """Its counters now; None when the group was removed."""
        try:
            data = self._cpu.read()
            if self._v1:
                cpu_s = int(data) / 1e9
            else:
                at = data.index(b"usage_usec")
                cpu_s = int(data[at:].split(None, 2)[1]) / 1e6
            memory_b = float(int(self._memory.read())) if self._memory else None
        except (ReadError, ValueError, IndexError):
            return None
        kind, name, path = self.workload
        return Task(path, None, kind, name, cpu_s, 0.0, memory_b)

    def close(self) -> None:
        self._cpu.close()
        if self._memory:
            self._memory.close()


def _watch(host: Host, path: str) -> Watched | None:
    try:
        return host.watch(path)
    except (NotSupported, NotPermitted, ReadError):
        return None


def find_group(host: Host, kind: str, name: str) -> GroupFiles | Workload | None:
    """The group of a service or a container in which something runs: its counters, or the workload
    alone where the kernel does not count it. A container may be named by more digits than we keep.
    """
    seen: set[str] = set()
    for pid in filter(str.isdigit, host.names("/proc")):
        try:
            text = host.text(f"/proc/{pid}/cgroup")
        except (NotSupported, NotPermitted, ReadError):
            continue  # it has ended
        if text in seen:
            continue
        seen.add(text)
        member = membership(text)
        found = workload_of(member.named)
        if found is None or found.kind != kind:
            continue
        if found.name == name or (kind == "container" and _is_number(name, found.name)):
            return GroupFiles.open(host, found, member) or found
    return None


def _is_number(name: str, digits: str) -> bool:
    return len(name) > len(digits) == 12 and name.startswith(digits)
