"""Tracks the cost of a section: `with sobriety.track("fit") as t: ...`, then `t.result`.

Entering and leaving reads clocks and counters; figures are computed when they are asked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, ParamSpec, TypeVar, overload

from sobriety.tracking.section import Section

from .samples import LEDGER

P = ParamSpec("P")
R = TypeVar("R")

_current: ContextVar[Section | None] = ContextVar("sobriety_section", default=None)

if hasattr(os, "register_at_fork"):
    # What is open goes on in the parent, which books its children when it waits for them.
    os.register_at_fork(after_in_child=LEDGER.forget)
    os.register_at_fork(after_in_child=lambda: _current.set(None))


def begin(
    label: str, zone: str | None = None, *, coroutine: bool = False, whole: bool = False
) -> Section:
    """Open a section inside the one that is open in this context; with `whole`, one that knows what
    the machine consumed, wherever it is. Raises ConfigError."""
    around = _current.get()
    while around is not None and around.ended_ns is not None:
        around = _around(around)
    section = Section(label, around, zone)
    with LEDGER.lock:
        section.looks.keep_up()
        if whole or around is None:
            section.watch = section.looks.begin()
        LEDGER.begin(section, coroutine=coroutine)
    _current.set(section)
    return section


def end(section: Section) -> None:
    """Close a section; the one around it is the context's again."""
    with LEDGER.lock:
        if section.ended_ns is not None:
            return
        LEDGER.end(section)
        section.wall_end_ns = time.time_ns()
        if section.watch is not None:
            section.rows = section.looks.end(section.watch)
            section.watch = None
    if _current.get() is section:
        _current.set(_around(section))


def _around(section: Section) -> Section | None:
    parent = section.parent
    return parent if isinstance(parent, Section) else None


class Tracker:
    """What `track` gives: a context manager, and a decorator of functions and coroutines. It may be
    entered again and again, by any thread or task, and gives another section each time."""

    def __init__(
        self, label: str, zone: str | None, done: Callable[[Section], object] | None
    ) -> None:
        self._label, self._zone, self._done = label, zone, done
        self._entered: list[Section] = []

    def __enter__(self) -> Section:
        section = begin(self._label or "section", self._zone)
        self._entered.append(section)
        return section

    def __exit__(self, *_raised: object) -> None:
        section = _current.get()
        while section is not None and section not in self._entered:
            section = _around(section)
        # Some frameworks leave a block in another context than they entered it in.
        section = section or self._entered[-1]
        self._entered.remove(section)
        self._close(section)

    def _close(self, section: Section) -> None:
        end(section)
        if self._done is not None:
            self._done(section)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        label = self._label or function.__qualname__
        if isgeneratorfunction(function) or isasyncgenfunction(function):
            raise TypeError(f"{label} is a generator: use `with sobriety.track()` inside it")

        @wraps(function)
        def follow(*args: P.args, **kwargs: P.kwargs) -> R:
            section = begin(label, self._zone)
            try:
                return function(*args, **kwargs)
            finally:
                self._close(section)

        @wraps(function)
        async def follow_steps(*args: P.args, **kwargs: P.kwargs) -> Any:
            section = begin(label, self._zone, coroutine=True)
            try:
                return await _Steps(function(*args, **kwargs), section)  # type: ignore[arg-type]  # a coroutine
            finally:
                self._close(section)

        return follow_steps if iscoroutinefunction(function) else follow  # type: ignore[return-value]


class _Steps(Awaitable[Any]):
    """A coroutine of which every step is booked, and nothing while it waits."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], section: Section) -> None:
        self._coroutine, self._section = coroutine, section

    def __await__(self) -> Generator[Any, Any, Any]:
        return self  # all that `await` asks for

    def __iter__(self) -> _Steps:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        return self._step(self._coroutine.send, value)

    def throw(self, *raised: Any) -> Any:
        return self._step(self._coroutine.throw, *raised)

    def close(self) -> None:
        self._step(self._coroutine.close)

    def _step(self, step: Callable[..., Any], *values: Any) -> Any:
        LEDGER.go_on(self._section)
        try:
            return step(*values)
        finally:
            LEDGER.wait(self._section)


@overload
def track(label: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def track(
    label: str = "",
    *,
    zone: str | None = None,
    done: Callable[[Section], object] | None = None,
) -> Tracker: ...


def track(
    label: str | Callable[..., Any] = "",
    *,
    zone: str | None = None,
    done: Callable[[Section], object] | None = None,
) -> Any:
    """Follow a section of a program, as `with track("fit") as t:` or as a decorator.

    `zone` is the electricity grid, else the setting's; `done` is called with every section that
    ends, which is how a decorated function's are had.
    """
    if callable(label):
        return Tracker("", zone, done)(label)
    return Tracker(label, zone, done)
