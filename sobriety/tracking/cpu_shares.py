"""Shares the processor time of this process among open sections, each nanosecond once.

Whenever a section begins, ends, waits or goes on, the time since the last such moment is booked:
that of a thread to the innermost section that runs on it, and the rest (threads without a section,
children that were waited for) to the innermost sections that run anywhere. Where several stand side
by side it is divided equally, and `shared_ns` tells how much that was. Whole numbers of nanoseconds
make parts that add up to the whole exactly.
"""

from __future__ import annotations

import sys
import time
from _thread import RLock, get_ident
from collections.abc import Sequence
from typing import Any


class CpuSpan:
    """A labelled stretch of work.

    own_ns      its processor time, that of sections inside it apart
    shared_ns   what of `own_ns` was divided with sections that ran beside it
    inner_ns    that of the sections inside it that have ended
    parts       processor time by label, itself included, when it has ended
    """

    __slots__ = (
        *("began_ns", "ended_ns", "inner_ns", "label", "own_ns", "parent", "parts", "shared_ns"),
        *("strand", "thread"),
    )

    def __init__(self, label: str, parent: CpuSpan | None) -> None:
        self.label, self.parent = label, parent
        self.began_ns = self.own_ns = self.shared_ns = self.inner_ns = 0
        self.ended_ns: int | None = None
        self.parts: dict[str, int] = {}
        self.strand: list[CpuSpan] | None = None
        self.thread: _Thread | None = None


class _Thread:
    """A thread on which sections are open.

    plain     those that run whenever the thread does
    running   the coroutines that run now, innermost last, each with the sections that it opened
    waiting   the coroutines that wait
    """

    __slots__ = ("clock", "count", "plain", "running", "used_ns", "waiting")

    def __init__(self) -> None:
        self.clock = _thread_clock()
        self.used_ns = self._now_ns()
        self.count = 0
        self.plain: list[CpuSpan] = []
        self.running: list[list[CpuSpan]] = []
        self.waiting: list[list[CpuSpan]] = []

    def innermost(self) -> list[CpuSpan]:
        if self.running:
            return self.running[-1][-1:]
        if len(self.plain) < 2:
            return self.plain
        outer: set[int] = set()
        for span in self.plain:
            up = span.parent
            while up is not None and id(up) not in outer:
                outer.add(id(up))
                up = up.parent
        return [span for span in self.plain if id(span) not in outer]

    def used_since(self) -> int:
        before_ns, self.used_ns = self.used_ns, self._now_ns()
        return max(0, self.used_ns - before_ns)

    def _now_ns(self) -> int:
        if sys.platform != "linux" or self.clock is None:
            return 0  # its time is then part of the rest
        try:
            return time.clock_gettime_ns(self.clock)
        except OSError:  # the thread ended and left a section open
            return self.used_ns


class CpuShares:
    """The open sections of this process. `lock` may be held by who does more at the same moment."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child has to: neither its clocks nor its threads are the old."""
        self.lock = RLock()
        self._threads: dict[int, _Thread] = {}
        self._used_ns = _process_ns()

    def begin(self, span: CpuSpan, *, coroutine: bool = False) -> None:
        """Open a section on this thread. One of a coroutine waits until `go_on`."""
        with self.lock:
            self._book()
            key = get_ident()
            thread = self._threads.get(key)
            if thread is None:
                thread = self._threads[key] = _Thread()
            span.thread = thread
            thread.count += 1
            if coroutine:
                span.strand = [span]
                thread.waiting.append(span.strand)
            else:
                span.strand = thread.running[-1] if thread.running else None
                (thread.plain if span.strand is None else span.strand).append(span)
            span.began_ns = time.perf_counter_ns()

    def go_on(self, span: CpuSpan) -> None:
        """A coroutine's next step begins, on whatever thread."""
        with self.lock:
            self._book()
            if span.thread is not None and span.strand is not None:
                _drop(span.thread.waiting, span.strand)
                span.thread.running.append(span.strand)

    def wait(self, span: CpuSpan) -> None:
        """A coroutine's step ends."""
        with self.lock:
            self._book()
            if span.thread is not None and span.strand is not None:
                _drop(span.thread.running, span.strand)
                span.thread.waiting.append(span.strand)

    def end(self, span: CpuSpan) -> None:
        """Close a section, and add it to the one around it. Harmless when called twice."""
        with self.lock:
            if span.ended_ns is not None:
                return
            self._book()
            span.ended_ns = time.perf_counter_ns()
            thread = span.thread
            if thread is not None:
                self._leave(thread, span)
            parts = span.parts
            parts[span.label] = parts.get(span.label, 0) + span.own_ns
            around = span.parent
            if around is not None and around.ended_ns is None:
                around.inner_ns += span.own_ns + span.inner_ns
                for label, part_ns in parts.items():
                    around.parts[label] = around.parts.get(label, 0) + part_ns

    def _leave(self, thread: _Thread, span: CpuSpan) -> None:
        if span.strand is not None and span.strand[:1] == [span]:
            _drop(thread.waiting, span.strand)
            _drop(thread.running, span.strand)
        else:
            _drop(thread.plain if span.strand is None else span.strand, span)
        thread.count -= 1
        if not thread.count:
            for key in [k for k, t in self._threads.items() if t is thread]:
                del self._threads[key]

    def _book(self) -> None:
        """Give what was used since the last moment to those who were open."""
        before_ns, self._used_ns = self._used_ns, _process_ns()
        rest_ns = self._used_ns - before_ns
        everyone: list[CpuSpan] = []
        for thread in self._threads.values():
            innermost = thread.innermost()
            used_ns = thread.used_since()
            rest_ns -= used_ns
            _divide(used_ns, innermost)
            everyone += innermost
        if rest_ns > 0 and self._threads:
            waiting = (s[-1] for t in self._threads.values() for s in t.waiting)
            _divide(rest_ns, everyone or list(waiting))


def _divide(used_ns: int, spans: Sequence[CpuSpan]) -> None:
    if len(spans) == 1:
        spans[0].own_ns += used_ns
    elif spans:
        each_ns, left_ns = divmod(used_ns, len(spans))
        for index, span in enumerate(spans):
            part_ns = each_ns + (index < left_ns)
            span.own_ns += part_ns
            span.shared_ns += part_ns


def _drop(things: list[Any], thing: object) -> None:
    """Take out this very thing: lists of sections that are equal are not the same."""
    for index in range(len(things) - 1, -1, -1):
        if things[index] is thing:
            del things[index]
            return


if sys.platform == "win32":
    _process_ns = time.process_time_ns
else:
    from resource import RUSAGE_CHILDREN, getrusage

    def _process_ns() -> int:
        children = getrusage(RUSAGE_CHILDREN)
        return time.process_time_ns() + int((children.ru_utime + children.ru_stime) * 1e9)


def _thread_clock() -> int | None:
    """The clock of this thread, which others can read; None where the system has none."""
    if sys.platform != "linux":
        return None
    return time.pthread_getcpuclockid(get_ident())
