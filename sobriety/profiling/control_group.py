"""Gives a command a control group of its own, so that the kernel counts all its processes.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html
Reads:  cpu.stat and cgroup.procs below /sys/fs/cgroup, in a group made beside the command
Doubt:  version 2 only, and only where this user may make a group: root, and programs that a
        user's own systemd started. What wait4 says is exact but for children that nobody waited for
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
US_PER_S = 1_000_000


class ControlGroup:
    """A group that was made for what this process is about to start."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home

    @contextmanager
    def around(self) -> Generator[None]:
        """What is spawned meanwhile is in the group from its first instruction. Nobody but this
        process can put it there in time, so it goes in itself, and out again."""
        _move(os.getpid(), self.folder)
        try:
            yield
        finally:
            _move(os.getpid(), self.home)

    def cpu_s(self) -> float:
        """Processor time of all that was ever in it."""
        for line in (self.folder / "cpu.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "usage_usec":
                return int(value) / US_PER_S
        return 0.0

    def pids(self) -> tuple[int, ...]:
        """The processes in it now."""
        return tuple(int(pid) for pid in (self.folder / "cgroup.procs").read_text().split())

    def close(self) -> None:
        """Take it away. What still runs in it goes on where it would have been without it."""
        for _ in range(3):  # who forks meanwhile leaves a child behind
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    _move(pid, self.home)
            with suppress(OSError):  # busy until the last is gone
                self.folder.rmdir()
                return


@contextmanager
def control_group() -> Generator[ControlGroup | None]:
    """A group beneath this process's own; None where the kernel or its rights do not allow one."""
    found = _made()
    try:
        yield found
    finally:
        if found is not None:
            found.close()


def _made() -> ControlGroup | None:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:  # not Linux
        return None
    own = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    root = next((r for r in ROOTS if (r / "cgroup.procs").exists()), None)
    if own is None or root is None:
        return None
    home = root / own.lstrip("/")
    made = ControlGroup(home / f"sobriety-{os.getpid()}", home)
    try:
        made.folder.mkdir()
    except OSError:
        return None
    try:
        with made.around():  # both ways must be open before anything depends on it
            made.cpu_s()
    except OSError:
        made.folder.rmdir()
        return None
    return made


def _move(pid: int, folder: Path) -> None:
    with (folder / "cgroup.procs").open("wb", buffering=0) as file:
        file.write(b"%d" % pid)
