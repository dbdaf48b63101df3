"""What sections of a Python program cost: `with sobriety.track("step") as t:`.

Processor time is what is counted, of the thread that a section runs in, of worker threads that it
keeps busy and of child processes that ended. At every entry and exit it is settled to the sections
that were open, so that sections add up to the whole to the nanosecond: nothing is counted twice and
nothing is lost. Tasks that take turns in one thread cannot be told apart: what ran while several
were open is divided among them evenly, and they say so.

Only the standard library is imported here; machine and models come in when a figure is asked for.
"""

from __future__ import annotations

import functools
import inspect
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

if TYPE_CHECKING:
    from sobriety.core.estimate import Estimate

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Section:
    """A stretch of a program. Its figures are whole once it has ended.

    own_cpu_s   processor time of it alone, without sections inside of it
    is_shared   whether other sections of its thread were open meanwhile, beside it and not around
    """

    label: str
    parent: Section | None
    thread: int
    begun_s: float
    wall_s: float = 0.0
    own_cpu_s: float = 0.0
    is_shared: bool = False
    children: list[Section] = field(default_factory=list["Section"])
    open_children: int = 0

    @property
    def cpu_s(self) -> float:
        """With all sections inside of it."""
        return self.own_cpu_s + sum(child.cpu_s for child in self.children)

    @property
    def path(self) -> tuple[str, ...]:
        """Its label, after those around it."""
        return (*(self.parent.path if self.parent else ()), self.label)

    @property
    def result(self) -> Estimate:
        """Joules because of it, idle apart, with all sections inside of it."""
        return energy_of(self.cpu_s)

    @property
    def co2e(self) -> Estimate | None:
        """Kilograms of CO2e of them, location-based; None where no zone is set."""
        from sobriety.estimators import co2e

        factor = _factor()
        return co2e(self.result, factor) if factor else None


@dataclass(slots=True)
class Totals:
    """All sections of one path that have ended. cpu_s is with what was inside of them."""

    calls: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    own_cpu_s: float = 0.0


class _Ledger:
    """Who was open since processor time was last read."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open: list[Section] = []
        self.totals: dict[tuple[str, ...], Totals] = {}
        self._whole_s = 0.0
        self._threads_s: dict[int, float] = {}

    def enter(self, section: Section) -> None:
        with self.lock:
            self._settle()
            if section.parent:
                section.parent.open_children += 1
                section.parent.children.append(section)
            self.open.append(section)
            self._threads_s.setdefault(section.thread, time.thread_time())

    def leave(self, section: Section) -> None:
        with self.lock:
            self._settle()
            self.open.remove(section)
            if section.parent:
                section.parent.open_children -= 1
            if not any(s.thread == section.thread for s in self.open):
                self._threads_s.pop(section.thread, None)
            section.wall_s = time.perf_counter() - section.begun_s
            totals = self.totals.setdefault(section.path, Totals())
            totals.calls += 1
            totals.wall_s += section.wall_s
            totals.cpu_s += section.cpu_s
            totals.own_cpu_s += section.own_cpu_s

    def _settle(self) -> None:
        """Give what was worked since the last time to the innermost sections that were open."""
        whole_s = time.process_time() + _children_s()
        worked_s, self._whole_s = whole_s - self._whole_s, whole_s
        innermost = [s for s in self.open if not s.open_children]
        if not innermost:
            return
        alive = {thread.ident for thread in threading.enumerate()}
        for thread in {s.thread for s in innermost} & alive:
            clock_s = _thread_s(thread)
            if clock_s is None:
                continue  # its time is among that of workers, until it comes by itself
            own_s = max(0.0, min(worked_s, clock_s - self._threads_s.get(thread, clock_s)))
            self._threads_s[thread] = clock_s
            worked_s -= own_s
            _divide(own_s, [s for s in innermost if s.thread == thread])
        # Worker threads and children that ended: of whoever was open.
        _divide(worked_s, innermost, marks=False)


def _divide(worked_s: float, among: list[Section], *, marks: bool = True) -> None:
    for section in among:
        section.own_cpu_s += worked_s / len(among)
        section.is_shared = section.is_shared or (marks and len(among) > 1)


_LEDGER = _Ledger()
_CURRENT: ContextVar[Section | None] = ContextVar("sobriety_section", default=None)


class track:  # used as a function: with track("step")
    """A section by its label: a context manager, of async code too, and a decorator.

    with sobriety.track("load") as section: ...
    section.result, section.co2e, section.cpu_s, section.wall_s

    @sobriety.track("load")
    def load(): ...
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self._entered: list[tuple[Section, Token[Section | None]]] = []

    def __enter__(self) -> Section:
        section = Section(self.label, _CURRENT.get(), threading.get_ident(), time.perf_counter())
        self._entered.append((section, _CURRENT.set(section)))
        _LEDGER.enter(section)
        return section

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        section, token = self._entered.pop()
        _LEDGER.leave(section)
        _CURRENT.reset(token)

    async def __aenter__(self) -> Section:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    @overload
    def __call__(self, function: Callable[P, T]) -> Callable[P, T]: ...
    @overload
    def __call__(self, function: Any) -> Any: ...
    def __call__(self, function: Any) -> Any:
        """Every call is a section; several at once are several."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **given: Any) -> Any:
                with track(self.label):
                    return await function(*args, **given)

            return awaited

        @functools.wraps(function)
        def called(*args: Any, **given: Any) -> Any:
            with track(self.label):
                return function(*args, **given)

        return called


def energy_of(cpu_s: float) -> Estimate:
    """Joules because of so much processor time on this machine, idle apart."""
    from sobriety.costing import by_cpu_time

    return by_cpu_time(_machine(), cpu_s)


def sections() -> dict[tuple[str, ...], Totals]:
    """Sections that have ended, by path, since the program began."""
    with _LEDGER.lock:
        return {path: Totals(t.calls, t.wall_s, t.cpu_s, t.own_cpu_s)
                for path, t in _LEDGER.totals.items()}  # fmt: skip


def _thread_s(thread: int) -> float | None:
    """Processor time of a thread that is alive; None where only it can tell (Windows, macOS)."""
    if thread == threading.get_ident():
        return time.thread_time()
    if not hasattr(time, "pthread_getcpuclockid"):
        return None
    return time.clock_gettime(time.pthread_getcpuclockid(thread))


def _children_s() -> float:
    """Of child processes that ended and were waited for."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@functools.cache
def _machine() -> Any:
    from sobriety import config
    from sobriety.core.host import LocalHost
    from sobriety.this_machine import describe

    return describe(LocalHost(), config.load({}))


@functools.cache
def _factor() -> Estimate | None:
    from sobriety import config
    from sobriety.estimators import intensity
    from sobriety.factor_store import book

    settings = config.load({})
    zone = settings.text("zone")
    if zone is None:
        return None
    kind = settings.text("factor_kind") or "direct"
    return intensity(zone, time.gmtime().tm_year, kind, book(settings)).estimate
