"""Who works: every process, by service, container or executable.

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
from collections.abc import Iterable
from typing import ClassVar

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Watched
from sobriety.core.reading import Reading
from sobriety.core.task import Key, Task

from .cgroups import GroupFiles, Workload, membership, workload_of
from .cpu import TICKS_PER_S

MOST_KEPT_OPEN = 700
"""The others are opened at each look, which costs three times as much: programs may open 1,024."""

PAGE_B = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_DELETED = " (deleted)"
_KERNEL_PID = 2
_SIGHTS_TO_KNOW = 2
"""A service manager starts a process first and moves it to its group then."""


class _Process:
    """What is known of a process beyond its counters."""

    __slots__ = ("comm", "file", "group", "key", "name", "sights")

    def __init__(self, file: Watched | None) -> None:
        self.file = file
        self.key: Key = (0, 0)
        self.comm = b""
        self.name = ""
        self.group: str | None = None
        self.sights = 0


class Processes:
    """All that /proc lists. A group whose time the kernel counts stands for its processes."""

    name: ClassVar[str] = "processes"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self._host: Host | None = None
        self._known: dict[str, _Process] = {}
        self._groups: dict[str, GroupFiles | Workload] = {}
        self._kept_open = 0
        self._prefix = ""

    def open(self, host: Host) -> None:
        if not host.glob("/proc/[0-9]*"):
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
        found: list[tuple[_Process, Task]] = []
        seen: set[str] = set()
        for path in self._host.glob("/proc/[0-9]*"):
            process = self._known.get(path)
            task = self._look(path, process)
            if task is not None:
                seen.add(path)
                found.append((self._known[path], task))
        for path in self._known.keys() - seen:
            self._forget(path)
        return self._grouped(found)

    def close(self) -> None:
        for path in list(self._known):
            self._forget(path)
        for group in self._groups.values():
            if isinstance(group, GroupFiles):
                group.close()
        self._groups.clear()

    def _grouped(self, found: list[tuple[_Process, Task]]) -> list[Task]:
        """Groups in the place of their processes, where they can be read."""
        counted: dict[str, Task] = {}
        in_use = {process.group for process, _ in found if process.group is not None}
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
        rest = [task for process, task in found if process.group not in counted]
        return [*counted.values(), *rest]

    def _look(self, path: str, process: _Process | None) -> Task | None:
        """A process now; None when it has ended. `process` is what is known of it."""
        data = self._stat(path, process)
        if data is None and process is not None:  # its number may be somebody else's by now
            self._forget(path)
            process, data = None, self._stat(path, None)
        if data is None:
            return None
        end = data.rfind(b")")  # a name may have any letter in it, that one too
        fields = data[end + 2 :].split(None, 22)
        try:
            pid, start = int(data[: data.index(b" ")]), int(fields[19])
            parent, comm = int(fields[1]), data[data.index(b"(") + 1 : end]
            own, given = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
            memory_b = int(fields[21]) * PAGE_B
        except (ValueError, IndexError):
            raise ReadError(f"{path}/stat says {data[:60]!r}") from None
        if process is None or process.key != (pid, start):
            process = self._meet(path, (pid, start), process)
        if process.sights < _SIGHTS_TO_KNOW or comm != process.comm:
            self._name(path, process, comm, parent)
        return Task(
            process.key,
            self._key_of(parent),
            "process" if process.group is None else self._workload(process.group).kind,
            process.name if process.group is None else self._workload(process.group).name,
            own / TICKS_PER_S,
            given / TICKS_PER_S,
            memory_b,
            start / TICKS_PER_S,
        )

    def _stat(self, path: str, process: _Process | None) -> bytes | None:
        assert self._host
        try:
            if process is not None and process.file is not None:
                return process.file.read()
            return self._host.text(f"{path}/stat").encode(errors="surrogateescape")
        except (NotSupported, NotPermitted, ReadError):
            return None

    def _meet(self, path: str, key: Key, old: _Process | None) -> _Process:
        if old is not None:
            self._forget(path)
        assert self._host
        file = None
        if self._kept_open < MOST_KEPT_OPEN:
            try:
                file = self._host.watch(f"{path}/stat")
                self._kept_open += 1
            except (NotSupported, NotPermitted, ReadError):
                file = None  # it has ended, or too many files are open
        process = self._known[path] = _Process(file)
        process.key = key
        return process

    def _name(self, path: str, process: _Process, comm: bytes, parent: int) -> None:
        assert self._host
        process.sights = process.sights + 1 if comm == process.comm else 1
        process.comm = comm
        if _KERNEL_PID in (parent, process.key[0]):
            process.name = "kernel"
            return
        process.name = _executable(self._host, path) or comm.decode(errors="replace")
        member = membership(_text(self._host, f"{path}/cgroup"), self._prefix)
        workload = workload_of(member.named)
        process.group = None if workload is None else workload.path
        if workload is not None and workload.path not in self._groups:
            files = GroupFiles.open(self._host, workload, member)
            self._groups[workload.path] = files or workload

    def _workload(self, path: str) -> Workload:
        group = self._groups[path]
        return group.workload if isinstance(group, GroupFiles) else group

    def _key_of(self, pid: int) -> Key | None:
        parent = self._known.get(f"/proc/{pid}")
        return None if parent is None else parent.key

    def _forget(self, path: str) -> None:
        process = self._known.pop(path, None)
        if process is not None and process.file is not None:
            process.file.close()
            self._kept_open -= 1

    def _drop_group(self, path: str) -> None:
        group = self._groups.pop(path)
        if isinstance(group, GroupFiles):
            group.close()


def _executable(host: Host, path: str) -> str:
    """The name of the program's file; empty where it may not be asked or there is none."""
    try:
        file = host.link(f"{path}/exe")
        return "" if file.startswith("/memfd:") else file.rpartition("/")[2].removesuffix(_DELETED)
    except (NotSupported, NotPermitted, ReadError):
        return ""


def _text(host: Host, path: str) -> str:
    try:
        return host.text(path)
    except (NotSupported, NotPermitted, ReadError):
        return ""
