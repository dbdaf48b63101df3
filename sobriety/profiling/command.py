"""Runs a child process to its end without getting in its way.

Its stdin, stdout, tty, environment, signals and exit code are its own. What the kernel says of it
afterwards (wait4) counts every child that it waited for, however short-lived; a control group,
where one may be made, also those that nobody waited for.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sobriety.core.errors import NotSupported, SobrietyError

if TYPE_CHECKING:
    from resource import struct_rusage

    from .control_group import ControlGroup

NOT_FOUND, NOT_EXECUTABLE, SIGNALLED = 127, 126, 128
"""Exit codes as a shell gives them; SIGNALLED plus the signal's number."""

_POLL_S = 0.005  # where the kernel has no pidfd to wait on
_TICK_S = 0.01
_BLOCK_B = 512  # of what Linux counts in ru_inblock and ru_oublock


class CannotRun(SobrietyError):
    """The command could not be started; the exit code is the one that a shell would give."""

    def __init__(self, message: str, exit_code: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Run:
    """What the kernel says of a finished command, with all its threads and children.

    cpu_s             of all of them; user_s and system_s are what of it was waited for, None where
                      it is not told apart
    max_rss_b         the largest single process; None where nobody knows
    max_rss_below_b   a process begins as a copy of the one that starts it: where the command did
                      not grow beyond that, only this much is known
    unwaited_cpu_s    of children that nobody waited for, in no other figure; None where there was
                      no control group, so that they are not known
    disk_read_b       from disks and not from the kernel's cache; None where it is not counted
    disk_written_b    that disks were given to write, now or later
    still_running     its children that go on after it; None where they are not known
    """

    command: tuple[str, ...]
    exit_code: int
    wall_s: float
    cpu_s: float
    user_s: float | None
    system_s: float | None
    max_rss_b: int | None
    unwaited_cpu_s: float | None = None
    disk_read_b: int | None = None
    disk_written_b: int | None = None
    still_running: int | None = None
    max_rss_below_b: int | None = None


def run(
    command: Sequence[str],
    *,
    every_s: float,
    meanwhile: Callable[[], object],
    quiet: bool = False,
    group: ControlGroup | None = None,
    started: Callable[[int], object] | None = None,
    ended: Callable[[], object] | None = None,
) -> Run:
    """Run a command, calling `meanwhile` every `every_s` until it ends, `started` with its pid.

    `ended` is called, on Linux only, when it has ended and /proc still has its counters. A quiet
    command reads nothing, and what it writes is thrown away. Raises CannotRun, and NotSupported
    where there is no POSIX.
    """
    if not hasattr(os, "posix_spawnp"):
        raise NotSupported(f"a command cannot be profiled on {sys.platform} yet")
    with _signals_handed_on() as child_is:
        with group.around() if group else nullcontext():
            begun_s = time.monotonic()
            pid = _spawn(command, quiet)
        child_is(pid)
        if started is not None:
            started(pid)
        status, used, ended_s = _wait(pid, every_s, meanwhile, ended)
    wall_s = ended_s - begun_s
    code = os.waitstatus_to_exitcode(status)
    waited_cpu_s = used.ru_utime + used.ru_stime
    unwaited_cpu_s = None if group is None else _unwaited_s(group, waited_cpu_s)
    unit_b = 1 if sys.platform == "darwin" else 1024
    peak_b, own_b = used.ru_maxrss * unit_b, _own_peak_b(unit_b)
    counts_blocks = sys.platform == "linux"
    return Run(
        tuple(command),
        code if code >= 0 else SIGNALLED - code,
        wall_s,
        waited_cpu_s + (unwaited_cpu_s or 0.0),
        used.ru_utime,
        used.ru_stime,
        peak_b if peak_b > own_b else None,
        unwaited_cpu_s,
        used.ru_inblock * _BLOCK_B if counts_blocks else None,
        used.ru_oublock * _BLOCK_B if counts_blocks else None,
        None if group is None else len(group.pids()),
        own_b if peak_b <= own_b else None,
    )


def _own_peak_b(unit_b: int) -> int:
    """Ours since we began: rusage would have the peak of who started us as well."""
    import resource

    try:
        # pathlib would be imported for this alone.
        with open("/proc/self/status", encoding="ascii") as lines:  # noqa: PTH123
            for line in lines:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit_b


def _unwaited_s(group: ControlGroup, waited_cpu_s: float) -> float:
    """The two accounts of the same work differ by a tick; what is beyond that is of others."""
    beyond_s = group.cpu_s() - waited_cpu_s
    return beyond_s if beyond_s > max(_TICK_S, 0.005 * waited_cpu_s) else 0.0


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
def _signals_handed_on() -> Generator[Callable[[int], None]]:
    """Give what to call with the child's pid once it runs.

    A terminal's Ctrl-C reaches the child by itself and must not end us before it; SIGTERM and
    SIGHUP come to us alone and are handed on. Before there is a child, all of them are kept for it.
    """
    pid: int | None = None
    early: list[int] = []

    def leave(number: int, _frame: object) -> None:
        if pid is None:
            early.append(number)

    def hand_on(number: int, _frame: object) -> None:
        if pid is None:
            early.append(number)
        else:
            with suppress(ProcessLookupError):  # it was reaped a moment ago
                os.kill(pid, number)

    handlers: dict[signal.Signals, Callable[[int, object], None]] = {
        signal.SIGINT: leave,
        signal.SIGQUIT: leave,
        signal.SIGTERM: hand_on,
        signal.SIGHUP: hand_on,
    }
    # The child inherits what is ignored, so that is handled only once it runs.
    ignored = {number for number in handlers if signal.getsignal(number) == signal.SIG_IGN}
    before = {n: signal.signal(n, handlers[n]) for n in handlers if n not in ignored}

    def child_is(child: int) -> None:
        nonlocal pid
        pid = child
        before.update({number: signal.signal(number, handlers[number]) for number in ignored})
        for number in early:
            os.kill(child, number)

    try:
        yield child_is
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(
    pid: int,
    every_s: float,
    meanwhile: Callable[[], object],
    ended: Callable[[], object] | None,
) -> tuple[int, struct_rusage, float]:
    """Return its status, what it used, and when it ended by the monotonic clock."""
    sleep = _pidfd_wait(pid)
    due_s = time.monotonic() + every_s
    while True:
        left_s = max(0.0, due_s - time.monotonic())
        if sleep is None:
            time.sleep(min(_POLL_S, left_s))
        else:
            sleep(left_s)
        if _may_be_over(pid):
            now_s = time.monotonic()
            if ended is not None and sys.platform == "linux":
                ended()
            done, status, used = os.wait4(pid, os.WNOHANG)
            if done:
                return status, used, now_s
        if time.monotonic() >= due_s:
            meanwhile()
            due_s += every_s


def _may_be_over(pid: int) -> bool:
    """On Linux, whether it has ended; it stays in /proc until it is reaped. Elsewhere only reaping
    shows that."""
    if sys.platform != "linux":
        return True
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


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
