"""The one door to the machine. Collectors see files, globs and clocks through it, and nothing else.

`LocalHost` is this machine, or one mounted elsewhere (`--root`). `core.paper` has one written down.
"""

from __future__ import annotations

import errno
import glob as _glob
import os
import sys
import time
from _thread import allocate_lock
from typing import NamedTuple, Protocol

from .errors import ConfigError, NotPermitted, NotSupported, ReadError
from .units import NS_PER_S

_ASK_B = 65_536
_SHORT_B = 1024


class Instant(NamedTuple):
    """One moment on every clock that matters.

    wall_ns        UTC since 1970: for labels; people and daemons set it
    monotonic_ns   for durations; stands still while the machine sleeps (Linux)
    boottime_ns    goes on while the machine sleeps; the same as monotonic where there is none
    boot_id        changes when the machine starts anew; empty where unknown
    """

    wall_ns: int
    monotonic_ns: int
    boottime_ns: int
    boot_id: str = ""


class Watched(Protocol):
    """A file kept open, read again and again from its start."""

    def read(self) -> bytes:
        """The whole file now. Raises ReadError."""
        ...

    def close(self) -> None: ...


class Host(Protocol):
    """A machine that can be looked at."""

    system: str
    """`linux`, `darwin` or `windows`."""

    is_here: bool
    """Whether this process runs on it, so that psutil and NVML speak of the same machine."""

    is_live: bool
    """Whether time passes by itself."""

    is_mounted: bool
    """Whether its /proc is one mounted elsewhere, so that /proc/self and /proc/net are not its."""

    def text(self, path: str) -> str:
        """A small file, stripped. Raises NotSupported, NotPermitted, ReadError."""
        ...

    def watch(self, path: str, *, short: bool = False) -> Watched:
        """A file kept open; `short` where the kernel gives the whole of it at once, which saves a
        second look. Raises NotSupported, NotPermitted, ReadError."""
        ...

    def link(self, path: str) -> str:
        """What a symbolic link says. Raises NotSupported, NotPermitted, ReadError."""
        ...

    def names(self, folder: str) -> list[str]:
        """What is in a folder, in no order. Raises NotSupported, NotPermitted, ReadError."""
        ...

    def glob(self, pattern: str) -> list[str]:
        """The paths that match, in order."""
        ...

    def now(self) -> Instant: ...

    def sleep_until(self, monotonic_ns: int) -> bool:
        """Wait; on paper, turn the page. False when there is nothing more to see, or on `wake`."""
        ...

    def wake(self) -> None:
        """End a sleep early. Safe to call from a signal handler."""
        ...


class LocalHost:
    """This machine; or with `root` one whose /proc and /sys are mounted there, as a container sees
    its host. Clocks are always this kernel's."""

    def __init__(self, root: str = "/") -> None:
        if not os.path.isdir(root):
            raise ConfigError(
                f"there is no folder {root}", hint="name where the machine is mounted"
            )
        self.root = root.rstrip("/")
        self.is_here = not self.root
        self.is_live = True
        self.is_mounted = not self.is_here
        self.system = {"win32": "windows", "cygwin": "windows"}.get(sys.platform, sys.platform)
        self._asleep = allocate_lock()
        self._asleep.acquire()
        self._boot_id = ""
        if self.system == "linux":
            try:
                self._boot_id = self.text("/proc/sys/kernel/random/boot_id")
            except (NotSupported, NotPermitted, ReadError):
                self._boot_id = ""  # told as unknown: an empty id never equals a real one

    def text(self, path: str) -> str:
        try:
            with open(self.root + path, "rb", buffering=0) as file:
                return file.read().decode(errors="replace").strip()
        except OSError as error:
            raise explain(error, path) from error

    def link(self, path: str) -> str:
        try:
            return os.readlink(self.root + path)
        except OSError as error:
            raise explain(error, path) from error

    def watch(self, path: str, *, short: bool = False) -> Watched:
        try:
            return (_ShortFile if short else _LocalFile)(self.root + path, path)
        except OSError as error:
            raise explain(error, path) from error

    def names(self, folder: str) -> list[str]:
        try:
            return os.listdir(self.root + folder)
        except OSError as error:
            raise explain(error, folder) from error

    def glob(self, pattern: str) -> list[str]:
        cut = len(self.root)
        return sorted(found[cut:] for found in _glob.glob(_glob.escape(self.root) + pattern))

    def now(self) -> Instant:
        return Instant(time.time_ns(), time.monotonic_ns(), _boottime_ns(), self._boot_id)

    def sleep_until(self, monotonic_ns: int) -> bool:
        # A lock and not time.sleep, which goes on sleeping after a signal was handled.
        left_s = max(0.0, (monotonic_ns - time.monotonic_ns()) / NS_PER_S)
        return not self._asleep.acquire(timeout=left_s)

    def wake(self) -> None:
        if self._asleep.locked():
            self._asleep.release()


class _LocalFile:
    """pread on a descriptor kept open: a third of what opening the file each time costs."""

    __slots__ = ("_fd", "_path")

    def __init__(self, real_path: str, path: str) -> None:
        self._fd = os.open(real_path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self._path = path

    def read(self) -> bytes:
        try:
            data = more = os.pread(self._fd, _ASK_B, 0)
            # Only an empty answer is the end: /proc gives a page at a time, whatever is asked for.
            while more:
                more = os.pread(self._fd, _ASK_B, len(data))
                data += more
        except OSError as error:
            raise self._silent(error) from error
        return data

    def _silent(self, error: OSError) -> ReadError:
        reason = os.strerror(error.errno or 0)
        return ReadError(f"{self._path} does not answer any more: {reason}")

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class _ShortFile(_LocalFile):
    """One line or a few, made by the kernel at once."""

    __slots__ = ()

    def read(self) -> bytes:
        try:
            data = os.pread(self._fd, _SHORT_B, 0)
        except OSError as error:
            raise self._silent(error) from error
        return data if len(data) < _SHORT_B else super().read()


def explain(error: OSError, path: str) -> NotSupported | NotPermitted | ReadError:
    """What an operating-system error on a file means to a collector."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotPermitted(
            f"{path} is there and this user may not read it",
            hint=f"sudo chmod a+r {path}",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.EISDIR):
        return NotSupported(f"{path} is not on this machine")
    return ReadError(f"{path} cannot be read: {error.strerror}")


if sys.platform == "linux":

    def _boottime_ns() -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

else:
    _boottime_ns = time.monotonic_ns
