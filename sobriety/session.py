"""Collectors opened on a host, read together, and turned into usage rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType

from sobriety.core.difference import Difference, Step
from sobriety.core.errors import ReadError, SobrietyError, Unavailable
from sobriety.core.host import Host, LocalHost
from sobriety.core.ports import Collector
from sobriety.core.reading import Reading
from sobriety.core.rows import Rows
from sobriety.core.usage import Usage

Tell = Callable[[str, SobrietyError], None]
"""Called once when a collector refuses to open, stops answering, or answers again (`Answers`)."""


class Answers(SobrietyError):
    """Not a failure: a collector that had stopped answers again."""


def _say_nothing(_name: str, _error: SobrietyError) -> None:
    pass


class Session:
    """Reads collectors again and again. One that fails never stops the others.

    with Session(LocalHost(), choose("linux"), name="web-1") as session:
        session.sample()
        ...
        rows = session.sample() + session.finish()
    """

    def __init__(
        self,
        host: Host | None = None,
        collectors: Iterable[Callable[[], Collector]] = (),
        *,
        name: str = "",
        row_s: float = 60.0,
        tell: Tell | None = None,
    ) -> None:
        self.host: Host = host or LocalHost()
        self.refusals: dict[str, Unavailable] = {}
        self.failing: dict[str, SobrietyError] = {}
        self.last_step: Step | None = None
        self._collectors = [make() for make in collectors]
        self._open: list[Collector] = []
        self._difference = Difference()
        self._rows = Rows(name, row_s)
        self._tell: Tell = tell or _say_nothing

    @property
    def opened(self) -> tuple[str, ...]:
        """The collectors that this machine could offer."""
        return tuple(c.name for c in self._open)

    def __enter__(self) -> Session:
        for collector in self._collectors:
            try:
                collector.open(self.host)
            except Unavailable as refusal:
                self.refusals[collector.name] = refusal
                self._tell(collector.name, refusal)
            except ReadError as error:
                self._open.append(collector)  # it is there; perhaps it answers later
                self._fail(collector, error)
            else:
                self._open.append(collector)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for collector in self._open:
            collector.close()

    def sample(self) -> list[Usage]:
        """Read everything once; the rows that are complete by it."""
        readings: list[Reading] = []
        for collector in self._open:
            try:
                if collector.name in self.failing:
                    readings.extend(self._try_again(collector))
                else:
                    readings.extend(collector.read())
            except (ReadError, Unavailable) as error:
                self._fail(collector, error)
        step = self._difference.step(readings, self.host.now())
        self.last_step = step
        return [] if step is None else self._rows.add(step)

    def finish(self) -> list[Usage]:
        """End the open row."""
        return self._rows.finish()

    def _fail(self, collector: Collector, error: SobrietyError) -> None:
        if collector.name not in self.failing:
            self._tell(collector.name, error)
        self.failing[collector.name] = error

    def _try_again(self, collector: Collector) -> list[Reading]:
        """A device that came back has new files: descriptors of the old ones stay dead."""
        collector.close()
        collector.open(self.host)
        readings = list(collector.read())
        del self.failing[collector.name]
        self._tell(collector.name, Answers(f"{collector.name} answers again"))
        return readings
