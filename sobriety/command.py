"""A child process, run to its end without getting in its way.

Its stdin, stdout, tty, environment, signals and exit code are its own. What the kernel says of it
afterwards (wait4) counts every child that it waited for, however short-lived.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sobriety.core.errors import NotSupported, SobrietyError

if TYPE_CHECKING:
    from resource import struct_rusage

NOT_FOUND, NOT_EXECUTABLE, SIGNALLED = 127, 126, 128
"""Exit codes as a shell gives them; SIGNALLED plus the signal's number."""

_POLL_S = 0.005  # where the kernel has no pidfd to wait on


class CannotRun(SobrietyError):
    """The command could not be started; the exit code is the one that a shell would give."""

    def __init__(self, message: str, exit_code: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Run:
    """What the kernel says of a finished command. cpu_s is of all its threads and children."""

    command: tuple[str, ...]
    exit_code: int
    wall_s: float
    user_s: float
    system_s: float
    max_rss_b: int

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


def run(
    command: Sequence[str],
    *,
    every_s: float,
    meanwhile: Callable[[], object],
    quiet: bool = False,
) -> Run:
    """Run a command, calling `meanwhile` every `every_s` until it ends.

    A quiet one reads nothing, and what it writes is thrown away. Raises CannotRun, and NotSupported
    where there is no POSIX.
    """
    if not hasattr(os, "posix_spawnp"):
        raise NotSupported(f"a command cannot be profiled on {sys.platform} yet")
    begun_s = time.monotonic()
    pid = _spawn(command, quiet)
    with _signals_for(pid):
        status, used = _wait(pid, every_s, meanwhile)
    wall_s = time.monotonic() - begun_s
    code = os.waitstatus_to_exitcode(status)
    return Run(
        tuple(command),
        code if code >= 0 else SIGNALLED - code,
        wall_s,
        used.ru_utime,
        used.ru_stime,
        used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def _spawn(command: Sequence[str], quiet: bool) -> int:
    name = command[0]
    nothing = [
        (os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY, 0)
        for number in (0, 1, 2)
    ]
    try:
        return os.posix_spawnp(
            name, list(command), os.environ, file_actions=nothing if quiet else ()
        )
    except (FileNotFoundError, NotADirectoryError):
        raise CannotRun(
            f"{name!r} is not a command that can be found",
            NOT_FOUND,
            "pass a shell line as: sh -c '…'" if " " in name else None,
        ) from None
    except OSError as error:
        raise CannotRun(
            f"{name!r} cannot be run: {os.strerror(error.errno or 0)}", NOT_EXECUTABLE
        ) from None


@contextmanager
def _signals_for(pid: int) -> Generator[None]:
    """A terminal's Ctrl-C reaches the child by itself and must not end us before it; SIGTERM and
    SIGHUP come to us alone and are handed on."""

    def hand_on(number: int, _frame: object) -> None:
        # The child is not reaped before the handlers are back, so its pid cannot be another's.
        os.kill(pid, number)

    handlers: dict[signal.Signals, Callable[[int, object], None]] = {
        signal.SIGINT: lambda _number, _frame: None,
        signal.SIGQUIT: lambda _number, _frame: None,
        signal.SIGTERM: hand_on,
        signal.SIGHUP: hand_on,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(pid: int, every_s: float, meanwhile: Callable[[], object]) -> tuple[int, struct_rusage]:
    ended = _pidfd_wait(pid)
    due_s = time.monotonic() + every_s
    while True:
        left_s = max(0.0, due_s - time.monotonic())
        if ended is None:
            time.sleep(min(_POLL_S, left_s))
        else:
            ended(left_s)
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            return status, used
        if time.monotonic() >= due_s:
            meanwhile()
            due_s += every_s


def _pidfd_wait(pid: int) -> Callable[[float], object] | None:
    """A wait for the end of a process that costs nothing; None where the kernel has none."""
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:  # an older kernel, or a sandbox
        return None
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda left_s: poll.poll(left_s * 1000)
