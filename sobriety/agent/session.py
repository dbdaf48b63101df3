"""Collectors opened on a host, read together, and turned into usage rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType

from sobriety.core.counting.attribution import Attribution
from sobriety.core.counting.difference import Difference, Step
from sobriety.core.counting.rows import Rows
from sobriety.core.errors import SobrietyError, Unavailable
from sobriety.core.host import Host, Instant, LocalHost
from sobriety.core.ports import Collector
from sobriety.core.reading import Reading
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage

from .sources import Reporter, Source, source


def _say_nothing(_name: str, _error: SobrietyError) -> None:
    pass


class Session:
    """Reads collectors again and again. One that fails never stops the others.

    with Session(LocalHost(), choose("linux"), name="web-1") as session:
        session.sample()
        ...
        rows = session.sample() + session.finish()

    work_s            between two looks at who works; may be changed at any time
    longest_step_s    samples further apart than this may miss that a counter wrapped
    is_elsewhere      its rows are of another machine than the one that looks
    looked            when it was last asked who works; None where nobody can say
    """

    def __init__(
        self,
        host: Host | None = None,
        collectors: Iterable[Callable[[], Collector]] = (),
        *,
        name: str = "",
        row_s: float = 60.0,
        work_s: float = 30.0,
        is_elsewhere: bool = False,
        tell: Reporter | None = None,
    ) -> None:
        self.host: Host = host or LocalHost()
        self.last_step: Step | None = None
        self._sources = [source(make(), self.host, tell or _say_nothing) for make in collectors]
        self._difference = Difference()
        self._rows = Rows(name, row_s, "unobserved" if is_elsewhere else "asleep")
        self.is_elsewhere = is_elsewhere
        self.work_s = work_s
        self.longest_step_s: float | None = None
        self.looked: Instant | None = None
        self._tellers = [s for s in self._sources if s.tells_tasks]
        self.attribution = Attribution(name, row_s)

    @property
    def opened(self) -> tuple[str, ...]:
        """The collectors that this machine could offer."""
        return tuple(s.name for s in self._sources if s.is_open)

    @property
    def refusals(self) -> dict[str, Unavailable]:
        """Why the others could not be opened."""
        return {s.name: s.refusal for s in self._sources if s.refusal is not None}

    @property
    def failing(self) -> dict[str, SobrietyError]:
        """Why some of those that were opened say nothing now."""
        return {s.name: s.failure for s in self._sources if s.failure is not None}

    def __enter__(self) -> Session:
        with ExitStack() as undo:
            for each in self._sources:
                undo.callback(each.close)
                each.open()
            undo.pop_all()  # they stay open; a bug or Ctrl-C on the way here gives them back
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._sources:
            each.close()

    def sample(self) -> list[Usage]:
        """Read everything once; the rows that are complete by it."""
        readings: list[Reading] = []
        for each in self._sources:
            readings += each.read()
        self.longest_step_s = _longest_step_s(readings)
        now = self.host.now()
        step = self._difference.step(readings, now)
        self.last_step = step
        if step is None:
            self.attribution.forget()
            return self._look(now)
        rows = self._rows.add(step)
        if self._teller is not None:
            self.attribution.add(step)
            if self.looked is None or self._is_due(self.looked, now):
                rows += self._look(now)
        return rows

    def finish(self) -> list[Usage]:
        """End the open rows."""
        rows = self._rows.finish()
        if self._teller is not None:
            rows += self._look(self.host.now())
        return rows + self.attribution.finish()

    @property
    def _teller(self) -> Source | None:
        """Who can say who works; None on a machine that shows no process."""
        return next((s for s in self._tellers if s.is_open), None)

    def _is_due(self, looked: Instant, now: Instant) -> bool:
        """Looks are aligned to the wall clock, so that rows of workloads end with the host's."""
        work_ns = int(self.work_s * NS_PER_S)
        return (
            now.wall_ns // work_ns != looked.wall_ns // work_ns
            or now.monotonic_ns - looked.monotonic_ns >= work_ns
        )

    def _look(self, now: Instant) -> list[Usage]:
        """Ask who worked since the last look."""
        if self._teller is None:
            return []
        self.looked = now
        return self.attribution.look(self._teller.tasks(), now.boottime_ns / NS_PER_S)


def _longest_step_s(readings: Iterable[Reading]) -> float | None:
    """The time in which the quickest counter could go round once."""
    return min(
        (r.wraps_at / r.max_per_s for r in readings if r.wraps_at and r.max_per_s), default=None
    )
