"""Breaks the processor time of a process tree down by executable.

Scanned every now and then, and a last time when the command has ended and is not yet reaped. What
ends between two scans is its parent's, as the kernel gives it to the process that waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sobriety.collectors import Processes
from sobriety.core.counting.task import Key, Task
from sobriety.core.counting.work import Tally
from sobriety.core.host import Host
from sobriety.core.units import NS_PER_S

Path = tuple[str, ...]
"""Names of executables from the outermost process to this one."""

_BETWEEN = "\0"


@dataclass(frozen=True, slots=True)
class Branch:
    """Processes of one path. `cpu_s` is theirs alone, `whole_cpu_s` with all below them."""

    path: Path
    processes: int
    cpu_s: float
    whole_cpu_s: float


class ProcessTree:
    """A process, all that it starts, and all that they start."""

    def __init__(self, host: Host) -> None:
        """Raises NotSupported."""
        self._host = host
        self._pid = 0
        self._root: Key | None = None
        self._source = Processes(by_group=False)
        self._source.open(host)
        self._tally = Tally()
        self._paths: dict[Key, Path] = {}
        self._cpu_s: dict[Path, float] = {}
        self.is_alive = True

    def begin(self, pid: int, *, is_new: bool = True) -> None:
        """`is_new`: it was started just now, and all that it used counts. Raises ReadError."""
        self._pid = pid
        if is_new:
            self._tally.work((), 0.0)
        self.look()

    def look(self, series: object = None) -> None:
        """Count what was used since the last look. Raises ReadError."""
        now_s = self._host.now().boottime_ns / NS_PER_S
        tasks = self._members(self._source.tasks())
        self.is_alive = bool(tasks)
        for (_, name), work in (self._tally.work(tasks, now_s) or {}).items():
            path = tuple(name.split(_BETWEEN))
            self._cpu_s[path] = self._cpu_s.get(path, 0.0) + work.cpu_s

    def end(self) -> None:
        """Harmless when called twice."""
        self._source.close()

    @property
    def cpu_s(self) -> float:
        """Of all, until the last look."""
        return sum(self._cpu_s.values())

    def branches(self) -> tuple[Branch, ...]:
        """Outermost first, each followed by what is below it, the costliest first."""
        counts: dict[Path, int] = {}
        whole: dict[Path, float] = {}
        for path in self._paths.values():
            counts[path] = counts.get(path, 0) + 1
        for path in counts.keys() | self._cpu_s.keys():
            for depth in range(1, len(path) + 1):
                whole.setdefault(path[:depth], 0.0)
                whole[path[:depth]] += self._cpu_s.get(path, 0.0)

        def below(above: Path) -> Iterable[Branch]:
            inner = [p for p in whole if p[:-1] == above]
            for path in sorted(inner, key=lambda p: (-whole[p], p)):
                own_s = self._cpu_s.get(path, 0.0)
                yield Branch(path, counts.get(path, 0), own_s, whole[path])
                yield from below(path)

        return tuple(below(()))

    def _members(self, tasks: Iterable[Task]) -> list[Task]:
        """The tasks of the tree, each under the way to it."""
        everyone = {task.key: task for task in tasks}
        found: list[Task] = []
        for task in everyone.values():
            path = self._path(task, everyone)
            if path:
                # What executes another program is still the process that it was.
                self._paths[task.key] = path = (*path[:-1], task.name)
                found.append(task._replace(kind="process", name=_BETWEEN.join(path)))
        return found

    def _path(self, task: Task, everyone: dict[Key, Task]) -> Path:
        """Empty where it is not of the tree."""
        known = self._paths.get(task.key)
        if known:
            return known
        if self._is_root(task.key):
            return (task.name,)
        parent = everyone.get(task.parent) if task.parent is not None else None
        above = self._path(parent, everyone) if parent is not None else ()
        return (*above, task.name) if above else ()

    def _is_root(self, key: Key) -> bool:
        """Whether it is the process that was started: the first of its number, not a later one.

        Its children may be listed before it, at the first scan already.
        """
        if self._root is None and isinstance(key, tuple) and key[0] == self._pid:
            self._root = key
        return key == self._root
