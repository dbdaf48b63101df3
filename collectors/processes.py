"""Processor time by task: every process, by service, container or executable.

Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
Reads:  /proc/PID/stat of every process; at first and second sight /proc/PID/cgroup and
        /proc/PID/exe; the counters of control groups (`cgroups`)
Gives:  tasks: processor time of each, and what it was given by children that ended
Doubt:  a process that ended between two looks is told as its parent's; one that nobody waits for
        is lost, and then its time is `unattributed`. Names are those of executables and units, cut
        at 15 letters where the executable may not be asked: never arguments, users or titles.
        With hidepid the processes of others are not seen. Memory is resident: pages that several
        share are counted for each
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import ClassVar, NamedTuple

from sobriety.core.counting.task import Key, Task
from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading

from .cgroups import GroupFiles, Workload, membership, workload_of
from .cpu import TICKS_PER_S

MOST_KEPT_OPEN = 700
"""The others are opened at each look, which costs three times as much: programs may open 1,024."""

PAGE_B = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_DELETED = " (deleted)"
_KERNEL_PID = 2
_SIGHTS_TO_KNOW = 2
"""A service manager starts a process first and moves it to its group then."""
LISTINGS = 3
"""Of /proc without the process born last, until it is believed to have ended."""


class _Stat(NamedTuple):
    """A line of /proc/PID/stat; times in ticks."""

    key: tuple[int, int]
    comm: bytes
    parent: int
    own_ticks: int
    given_ticks: int
    memory_b: float

    @classmethod
    def parse(cls, data: bytes, pid: str) -> _Stat:
        end = data.rfind(b")")  # a name may have any letter in it, that one too
        fields = data[end + 2 :].split(None, 22)
        try:
            return cls(
                (int(pid), int(fields[19])),
                data[data.index(b"(") + 1 : end],
                int(fields[1]),
                int(fields[11]) + int(fields[12]),
                int(fields[13]) + int(fields[14]),
                float(int(fields[21]) * PAGE_B),
            )
        except (ValueError, IndexError):
            raise ReadError(f"/proc/{pid}/stat says {data[:60]!r}") from None


class _Process:
    """What is known of a process beyond its counters."""

    __slots__ = ("comm", "data", "file", "group", "key", "name", "parent", "sights", "task")

    task: Task

    def __init__(self, key: Key, file: Watched | None) -> None:
        self.key, self.file = key, file
        self.data = b""
        self.parent = ""
        self.comm = b""
        self.name = ""
        self.group: str | None = None
        self.sights = 0


class Processes:
    """All that /proc lists. A group whose time the kernel counts stands for its processes; without
    `by_group` every one is told by its executable."""

    name: ClassVar[str] = "processes"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self, *, by_group: bool = True) -> None:
        self._by_group = by_group
        self._host: Host | None = None
        self._known: dict[str, _Process] = {}
        self._groups: dict[str, GroupFiles | Workload] = {}
        self._kept_open = 0
        self._prefix = ""
        self._newest = ""
        self._early_listings = 0

    def open(self, host: Host) -> None:
        if not any(name.isdigit() for name in host.names("/proc")):
            raise NotSupported("there is no process in /proc")
        self._host = host
        # Through a mount, paths are told from where the reader is: /../../system.slice.
        first = membership(_text(host, "/proc/1/cgroup")).named.removesuffix("/init.scope")
        self._prefix = first.rstrip("/") if first.startswith("/..") else ""

    def read(self) -> Iterable[Reading]:
        """Nothing: it tells who worked, and `cpu` how much."""
        return ()

    def tasks(self) -> Iterable[Task]:
        """Every process, or its group where that is counted. Raises ReadError."""
        assert self._host, "read before open"
        found: list[_Process] = []
        changed: list[_Process] = []
        known = self._known
        pids = self._pids()
        for pid in pids:
            process, data = known.get(pid), b""
            if process is not None and process.file is not None:
                try:
                    data = process.file.read()
                except ReadError:  # its number may be somebody else's by now
                    self._forget(pid)
                    process = None
                if process is not None and data == process.data:
                    found.append(process)  # most do nothing most of the time
                    continue
            process = self._look(pid, process, data)
            if process is not None:
                found.append(process)
                changed.append(process)
        if len(known) > len(found):
            for pid in known.keys() - pids:
                self._forget(pid)
        for process in changed:  # now all are known
            parent = known.get(process.parent)
            process.task = process.task._replace(parent=parent.key if parent else None)
        tasks = [process.task for process in found]
        return self._grouped(tasks) if self._groups else tasks

    def close(self) -> None:
        for pid in list(self._known):
            self._forget(pid)
        for group in self._groups.values():
            if isinstance(group, GroupFiles):
                group.close()
        self._groups.clear()
        self._newest = ""

    def _pids(self) -> Collection[str]:
        """List /proc; or return the last listing, while no process was born since.

        Listing costs a quarter of a scan. The kernel says in /proc/loadavg which number it gave
        last, but of the reader's own processes, so not through a mount. It gives a number before
        the process is listed: a listing without the newest one may be too early, and is repeated.
        """
        assert self._host
        newest = ""
        if self._host.is_here:
            newest = _text(self._host, "/proc/loadavg").rpartition(" ")[2].strip()
            if newest and newest == self._newest and self._early_listings >= LISTINGS:
                return list(self._known)
        names = {name for name in self._host.names("/proc") if name.isdigit()}
        is_listed = newest in names
        if newest != self._newest:
            self._newest, self._early_listings = newest, 0
        self._early_listings = LISTINGS if is_listed else self._early_listings + 1
        return names

    def _grouped(self, found: list[Task]) -> list[Task]:
        """Groups in the place of their processes, where they can be read."""
        counted: dict[str, Task] = {}
        group_of = {p.key: p.group for p in self._known.values() if p.group is not None}
        in_use = set(group_of.values())
        for path in self._groups.keys() - in_use:
            self._drop_group(path)
        for path in in_use:
            files = self._groups.get(path)
            # What a group says holds all below it: one with another workload within is not used.
            if isinstance(files, GroupFiles) and not any(
                other != path and other.startswith(f"{path}/") for other in in_use
            ):
                task = files.task()
                if task is not None:
                    counted[path] = task
        rest = [task for task in found if group_of.get(task.key) not in counted]
        return [*counted.values(), *rest]

    def _look(self, pid: str, process: _Process | None, data: bytes) -> _Process | None:
        """A process that is new, or not the same as before; None when it has ended."""
        assert self._host
        data = data or _text(self._host, f"/proc/{pid}/stat").encode(errors="surrogateescape")
        if not data:
            return None
        stat = _Stat.parse(data, pid)
        if process is None or process.key != stat.key:
            process = self._meet(pid, stat.key, process)
        if process.sights < _SIGHTS_TO_KNOW or stat.comm != process.comm:
            self._name(pid, process, stat)
        kind, name = "process", process.name
        if process.group is not None:
            kind, name, _ = self._workload(process.group)
        process.task = Task(
            stat.key,
            None,
            kind,
            name,
            stat.own_ticks / TICKS_PER_S,
            stat.given_ticks / TICKS_PER_S,
            stat.memory_b,
            stat.key[1] / TICKS_PER_S,
        )
        process.parent = str(stat.parent)
        process.data = data if process.sights >= _SIGHTS_TO_KNOW else b""
        return process

    def _meet(self, pid: str, key: Key, old: _Process | None) -> _Process:
        if old is not None:
            self._forget(pid)
        assert self._host
        file = None
        if self._kept_open < MOST_KEPT_OPEN:
            try:
                file = self._host.watch(f"/proc/{pid}/stat", short=True)
                self._kept_open += 1
            except (NotSupported, NotPermitted, ReadError):
                file = None  # it has ended, or too many files are open
        process = self._known[pid] = _Process(key, file)
        return process

    def _name(self, pid: str, process: _Process, stat: _Stat) -> None:
        assert self._host
        is_same = stat.comm == process.comm
        process.sights = process.sights + 1 if is_same else 1
        process.comm = stat.comm
        if _KERNEL_PID in (stat.parent, stat.key[0]):
            process.name = "kernel"
            return
        # The executable of a process that has ended is not in /proc: it keeps its name.
        kept = process.name if is_same else ""
        process.name = _executable(self._host, pid) or kept or stat.comm.decode(errors="replace")
        if not self._by_group:
            return
        member = membership(_text(self._host, f"/proc/{pid}/cgroup"), self._prefix)
        workload = workload_of(member.named)
        process.group = None if workload is None else workload.path
        if workload is not None and workload.path not in self._groups:
            files = GroupFiles.open(self._host, workload, member)
            self._groups[workload.path] = files or workload

    def _workload(self, path: str) -> Workload:
        group = self._groups[path]
        return group.workload if isinstance(group, GroupFiles) else group

    def _forget(self, pid: str) -> None:
        process = self._known.pop(pid, None)
        if process is not None and process.file is not None:
            process.file.close()
            self._kept_open -= 1

    def _drop_group(self, path: str) -> None:
        group = self._groups.pop(path)
        if isinstance(group, GroupFiles):
            group.close()


def _executable(host: Host, pid: str) -> str:
    """The name of the program's file; empty where it may not be asked or there is none."""
    try:
        file = host.link(f"/proc/{pid}/exe")
        return "" if file.startswith("/memfd:") else file.rpartition("/")[2].removesuffix(_DELETED)
    except (NotSupported, NotPermitted, ReadError):
        return ""


def _text(host: Host, path: str) -> str:
    try:
        return host.text(path)
    except (NotSupported, NotPermitted, ReadError):
        return ""
