"""Runs one collector: opens it, reads it, retries with back-off, reports each failure once.

A slow one (a meter over the network, a management controller) is read in a thread of its own, so
that it never holds up the others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sobriety.core.counting.difference import METRICS, SIGNED_METRICS
from sobriety.core.counting.task import Task
from sobriety.core.errors import ReadError, SobrietyError, Unavailable
from sobriety.core.host import Host
from sobriety.core.ports import Collector, Slow, TaskSource
from sobriety.core.reading import Reading
from sobriety.core.units import NS_PER_S

if TYPE_CHECKING:
    from threading import Event, Thread

Reporter = Callable[[str, SobrietyError], None]
"""Called once when a collector refuses to open, stops answering, or answers again (`Answers`)."""

_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 300.0
_REFUSED_WAIT_S = 600.0
_STALE_PACES = 3


class Answers(SobrietyError):
    """Not a failure: a collector that had stopped answers again."""


class Source:
    """One collector on one host.

    refusal   why it could not be opened: asked again every ten minutes, since a battery may be
              plugged in and a permission be given
    failure   what it said when it stopped answering: asked again at the next sample, then after
              5, 10, 20… and at most 300 s
    """

    def __init__(self, collector: Collector, host: Host, tell: Reporter) -> None:
        self.name = collector.name
        self.refusal: Unavailable | None = None
        self.failure: SobrietyError | None = None
        self._collector, self._host, self._tell = collector, host, tell
        self._failures = 0
        self._try_again_ns = 0
        self._reported: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether this machine has it, even if it does not answer now."""
        return self.refusal is None

    def open(self) -> None:
        """Open the collector; what it refuses is kept in `refusal` or `failure`, and told."""
        try:
            self._collector.open(self._host)
        except Unavailable as refusal:
            self._collector.close()
            self._refused(refusal)
        except ReadError as error:
            self._failed(error)  # it is there; perhaps it answers later

    def read(self) -> Iterable[Reading]:
        """What it says now; nothing while it fails."""
        if self.refusal is None and self.failure is None:
            try:
                return self._checked(self._ask())
            except (ReadError, Unavailable) as error:
                self._failed(error)
                return ()
        return self._try_again() if self._now_ns() >= self._try_again_ns else ()

    @property
    def tells_tasks(self) -> bool:
        """Whether it can say who works."""
        return isinstance(self._collector, TaskSource)

    def tasks(self) -> tuple[Task, ...] | None:
        """Who works now; None while it cannot say. Asked again as `read` is."""
        if not isinstance(self._collector, TaskSource) or self.refusal or self.failure:
            return None
        try:
            return tuple(self._collector.tasks())
        except (ReadError, Unavailable) as error:
            self._failed(error)
            return None

    def close(self) -> None:
        """Give back what the collector took."""
        self._collector.close()

    def _checked(self, readings: Iterable[Reading]) -> tuple[Reading, ...]:
        """The readings that a usage row can have; each other kind is reported once, and left out.

        A gateway would refuse the row of a value that cannot be, again and again.
        """
        checked: list[Reading] = []
        for reading in readings:
            if reading.metric not in METRICS:
                why = f"{reading.metric!r} is no metric of a usage row"
                self._report_once(reading.metric, why, "see docs/collectors.md for their names")
            elif not (0 <= reading.value < math.inf or reading.metric in SIGNED_METRICS):
                why = f"{reading.metric} of {reading.subject or self.name} is {reading.value:g}"
                self._report_once(f"{reading.metric} value", why, "it is left out as not observed")
            else:
                checked.append(reading)
        return tuple(checked)

    def _report_once(self, what: str, message: str, hint: str) -> None:
        if what not in self._reported:
            self._reported.add(what)
            self._tell(self.name, ReadError(message, hint=hint))

    def _ask(self) -> Iterable[Reading]:
        return self._collector.read()

    def _now_ns(self) -> int:
        return self._host.now().monotonic_ns

    def _try_again(self) -> Iterable[Reading]:
        try:
            self._reopen()
            readings = self._checked(self._ask())
        except (ReadError, Unavailable) as error:
            if self.refusal is not None and isinstance(error, Unavailable):
                self._collector.close()
                self._refused(error)
            else:
                self.refusal = None
                self._failed(error)
            return ()
        self.refusal = self.failure = None
        self._failures = 0
        self._tell(self.name, Answers(f"{self.name} answers again"))
        return readings

    def _reopen(self) -> None:
        """A device that came back has new files: descriptors of the old ones stay dead."""
        self._collector.close()
        self._collector.open(self._host)

    def _refused(self, refusal: Unavailable) -> None:
        if self.refusal is None:
            self._tell(self.name, refusal)
        self.refusal = refusal.with_traceback(None)  # which holds every frame on the way here
        self._wait(_REFUSED_WAIT_S)

    def _failed(self, error: SobrietyError) -> None:
        if self.failure is None:
            self._tell(self.name, error)
        self.failure = error.with_traceback(None)
        self._failures += 1
        if self._failures > 1:
            self._wait(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(20, self._failures - 2)))

    def _wait(self, wait_s: float) -> None:
        self._try_again_ns = self._now_ns() + int(wait_s * NS_PER_S)


class SlowSource(Source):
    """Asked every `pace_s` by its own thread; what it said last stands until it speaks again."""

    def __init__(self, collector: Collector, host: Host, tell: Reporter, pace_s: float) -> None:
        super().__init__(collector, host, tell)
        self._pace_s = pace_s
        self._said: tuple[float, tuple[Reading, ...]] | None = None
        self._error: ReadError | Unavailable | None = None
        self._end: Event | None = None
        self._thread: Thread | None = None

    def _checked(self, readings: Iterable[Reading]) -> tuple[Reading, ...]:
        """The readings that a usage row can have; each other kind is reported once, and left out.

        A gateway would refuse the row of a value that cannot be, again and again.
        """
        checked: list[Reading] = []
        for reading in readings:
            if reading.metric not in METRICS:
                why = f"{reading.metric!r} is no metric of a usage row"
                self._report_once(reading.metric, why, "see docs/collectors.md for their names")
            elif not (0 <= reading.value < math.inf or reading.metric in SIGNED_METRICS):
                why = f"{reading.metric} of {reading.subject or self.name} is {reading.value:g}"
                self._report_once(f"{reading.metric} value", why, "it is left out as not observed")
            else:
                checked.append(reading)
        return tuple(checked)

    def _report_once(self, what: str, message: str, hint: str) -> None:
        if what not in self._reported:
            self._reported.add(what)
            self._tell(self.name, ReadError(message, hint=hint))

    def _ask(self) -> Iterable[Reading]:
        if self._thread is None:
            self._begin()
        if self._said is None:
            if self._error is not None:
                raise self._error.with_traceback(None)  # raised again, it would grow each time
            return ()  # it has not spoken yet
        at_s, readings = self._said
        silent_s = time.monotonic() - at_s
        if silent_s > _STALE_PACES * self._pace_s:
            silent = ReadError(f"{self.name} has not answered for {silent_s:.0f} s")
            raise (self._error or silent).with_traceback(None)
        return readings

    def _reopen(self) -> None:
        """Its thread does it, which may wait."""
        if self._thread is None:
            self._error = self.refusal or ReadError(f"{self.name} has not answered yet")
            self._begin()

    def close(self) -> None:
        if self._end is not None:
            self._end.set()  # the thread closes the collector: it may be waiting for its answer
        else:
            super().close()
        self._thread = self._end = self._said = self._error = None

    def _begin(self) -> None:
        from threading import Event, Thread

        self._end = Event()
        self._thread = Thread(
            target=self._go_on_asking, args=(self._end,), name=self.name, daemon=True
        )
        self._thread.start()

    def _go_on_asking(self, end: Event) -> None:
        while not end.is_set():
            try:
                if self._error is not None:
                    self._collector.close()
                    self._collector.open(self._host)
                said = time.monotonic(), tuple(self._collector.read())
            except (ReadError, Unavailable) as error:
                self._error = error
            else:
                self._said, self._error = said, None
            end.wait(self._pace_s)
        self._collector.close()


def source(collector: Collector, host: Host, tell: Reporter) -> Source:
    """The right kind of source. On a recorded machine no time passes, and everything is quick."""
    if isinstance(collector, Slow) and host.is_live:
        return SlowSource(collector, host, tell, collector.pace_s)
    return Source(collector, host, tell)
