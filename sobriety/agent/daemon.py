"""Runs a session on a clock: sample, write finished rows, sleep, until stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sobriety.core.errors import SobrietyError
from sobriety.core.host import Instant
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage

from .cadence import Cadence
from .session import Session

MAX_PENDING_ROWS = 1440
"""A day of minutes kept in memory while the disk is full: about 1 MB."""

_LEAST_STEP_NS = NS_PER_S // 10


class Sink(Protocol):
    """Where finished rows go: the spool."""

    def append(self, rows: Sequence[Usage], /) -> None: ...


class Daemon:
    """Samples `session` at a cadence, aligned to the wall clock: rows end on the minute.

    Time is the host's: on a recorded machine a run of a day takes a moment.
    """

    def __init__(
        self,
        session: Session,
        sink: Sink,
        *,
        cadence: Cadence | None = None,
        tell: Callable[[SobrietyError], None],
        on_sample: Callable[[float], None] | None = None,
        alive: Callable[[], None] | None = None,
        alive_s: float | None = None,
    ) -> None:
        """`alive` is called at least every `alive_s`, however far apart the samples are."""
        self._session = session
        self._sink = sink
        self._cadence = cadence or Cadence()
        self._tell = tell
        self._on_sample = on_sample
        self._alive = alive
        self._alive_ns = None if alive_s is None else int(alive_s * NS_PER_S)
        self._pending: list[Usage] = []
        self._disk_failed = False
        self._stopping = False
        self.rows_written = 0
        self.rows_dropped = 0

    def stop(self, *_: object) -> None:
        """Finish the open row and return from `run`. Safe to call from a signal handler."""
        self._stopping = True
        self._session.host.wake()

    def run(self, for_s: float | None = None) -> None:
        """Sample until stopped, or for `for_s` seconds. The last, short row is written too."""
        host = self._session.host
        # From the first sample, which may take long: before it nothing is known.
        sampled_ns = begun_ns = self._sample()
        end_ns = None if for_s is None else begun_ns + int(for_s * NS_PER_S)
        while not self._stopping:
            now = host.now()
            if end_ns is not None and now.monotonic_ns >= end_ns:
                break
            if not self._sleep_until(self._next_ns(now, end_ns)):
                break
            sampled_ns = self._sample()
            if self._on_sample:
                self._on_sample((host.now().monotonic_ns - begun_ns) / NS_PER_S)
        if host.now().monotonic_ns - sampled_ns >= _LEAST_STEP_NS:
            self._sample()  # told to stop: what happened since the last sample is not lost
        self._keep(self._session.finish())

    def _sample(self) -> int:
        """Read everything, keep what is complete; the time of it, on the monotonic clock."""
        session = self._session
        rows = session.sample()
        sampled_ns = session.host.now().monotonic_ns
        self._keep(rows)
        self._cadence.note(session.last_step)
        session.work_s = self._cadence.work_s
        return sampled_ns

    def _next_ns(self, now: Instant, end_ns: int | None) -> int:
        """The next whole interval of the wall clock, or the end. No step is shorter than half an
        interval: in a few milliseconds the kernel's clock may not tick, and nothing is observed."""
        interval_ns = int(self._cadence.interval_s(self._session.longest_step_s) * NS_PER_S)
        due_ns = now.monotonic_ns + interval_ns - now.wall_ns % interval_ns
        if due_ns - now.monotonic_ns < interval_ns // 2:
            due_ns += interval_ns
        if end_ns is not None and end_ns - due_ns < interval_ns // 2:
            return end_ns
        return due_ns

    def _sleep_until(self, due_ns: int) -> bool:
        host = self._session.host
        if self._alive is not None and self._alive_ns is not None:
            self._alive()
            while (next_ns := host.now().monotonic_ns + self._alive_ns) < due_ns:
                if not host.sleep_until(next_ns):
                    return False
                self._alive()
        return host.sleep_until(due_ns)

    def _keep(self, rows: list[Usage]) -> None:
        """Write rows; while the disk refuses, hold them and try again with the next ones."""
        if not rows and not self._pending:
            return
        self._pending += rows
        try:
            self._sink.append(self._pending)
        except SobrietyError as error:
            if not self._disk_failed:
                self._tell(error)
            self._disk_failed = True
            excess = len(self._pending) - MAX_PENDING_ROWS
            if excess > 0:
                del self._pending[:excess]
                self.rows_dropped += excess
            return
        self.rows_written += len(self._pending)
        self._pending.clear()
        self._disk_failed = False

    @property
    def rows_unwritten(self) -> int:
        """Rows that the disk has not taken yet."""
        return len(self._pending)
