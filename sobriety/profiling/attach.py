"""Follows a running process tree, service or container for a while."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from shutil import which
from typing import Protocol

from sobriety.collectors import GroupFiles, find_group
from sobriety.core.errors import NotSupported, SobrietyError
from sobriety.core.host import Host

from .command import Run
from .process_tree import ProcessTree

_MANAGERS = ("docker", "podman", "nerdctl")
_NUMBER_DIGITS = 12


class NotRunning(SobrietyError):
    """There is no such process, service or container now."""


class AttachTarget(Protocol):
    """Something whose processor time can be read again and again."""

    shown: str

    def cpu_s(self) -> float | None:
        """Since some moment before it was opened, never falling; None when it has ended."""
        ...

    def close(self) -> None: ...


class GroupTarget:
    """A service or a container, by its control group: exact, whatever starts and ends within."""

    def __init__(self, shown: str, files: GroupFiles) -> None:
        self.shown, self._files = shown, files

    def cpu_s(self) -> float | None:
        task = self._files.task()
        return None if task is None else task.cpu_s

    def close(self) -> None:
        self._files.close()


class Tree:
    """A process and all that it starts, looked at every now and then."""

    def __init__(self, host: Host, pid: int) -> None:
        self.shown = f"process {pid}"
        self.tree = ProcessTree(host)
        self.tree.begin(pid, is_new=False)
        if not self.tree.is_alive:
            self.close()
            raise NotRunning(f"there is no process {pid}")

    def cpu_s(self) -> float | None:
        self.tree.look()
        return self.tree.cpu_s if self.tree.is_alive else None

    def close(self) -> None:
        self.tree.end()


def unit(host: Host, name: str) -> GroupTarget:
    """A systemd service. Raises NotRunning, NotSupported."""
    name = name if "." in name else f"{name}.service"
    return _group(host, "service", name, f"service {name}", f"systemctl status {name}")


def container(host: Host, name: str) -> GroupTarget:
    """By its number, or by the name that its manager knows. Raises NotRunning, NotSupported."""
    number = name.lower()
    if len(number) < _NUMBER_DIGITS or set(number) - set("0123456789abcdef"):
        number = _number_of(name) or name
    return _group(host, "container", number[:64], f"container {name}", "docker ps --no-trunc")


def follow(
    target: AttachTarget, for_s: float, every_s: float, meanwhile: Callable[[], object]
) -> Run:
    """What it uses for so long, or until it ends. Ctrl-C ends it early, and nothing is lost."""
    before_s = target.cpu_s() or 0.0
    begun_s = time.monotonic()
    latest_s, due_s, end_s = before_s, begun_s + every_s, begun_s + for_s
    try:
        while (now_s := time.monotonic()) < end_s:
            time.sleep(max(0.0, min(due_s, end_s) - now_s))
            used_s = target.cpu_s()
            if used_s is None:
                break
            latest_s = used_s
            if time.monotonic() >= due_s:
                meanwhile()
                due_s += every_s
    except KeyboardInterrupt:
        pass
    latest_s = target.cpu_s() or latest_s  # `meanwhile` took time, which is its time as well
    wall_s = time.monotonic() - begun_s
    return Run((target.shown,), 0, wall_s, latest_s - before_s, None, None, None)


def _group(host: Host, kind: str, name: str, shown: str, look: str) -> GroupTarget:
    found = find_group(host, kind, name)
    if found is None:
        raise NotRunning(f"no {shown} runs on this machine", hint=f"see: {look}")
    if not isinstance(found, GroupFiles):
        raise NotSupported(
            f"the kernel does not count the time of {shown}",
            hint="follow its main process with --pid",
        )
    return GroupTarget(shown, found)


def _number_of(name: str) -> str | None:
    """What the manager of containers says; only it knows names."""
    for manager in _MANAGERS:
        if which(manager) is None:
            continue
        asked = [manager, "inspect", "--format", "{{.Id}}", "--", name]
        try:
            told = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)
        except subprocess.TimeoutExpired:
            continue
        if told.returncode == 0:
            return told.stdout.strip()
    return None
