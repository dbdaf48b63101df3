"""The looks at this machine that sections of a program share: opened once, at the first of them.

A meter over the network is not asked: a program that is measured waits for nobody.
"""

from __future__ import annotations

import os
import time
from functools import cached_property

from sobriety.agent.sources import source
from sobriety.collectors import choose
from sobriety.core.counting.difference import Difference
from sobriety.core.counting.rows import Rows
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Instant, LocalHost
from sobriety.core.machine import Machine
from sobriety.core.reading import Reading
from sobriety.core.usage import Usage
from sobriety.settings import config as settings
from sobriety.settings.config import Config
from sobriety.settings.machine import describe

from .cpu_shares import CpuShares

LOOKED_AT = frozenset({"cpu", "rapl", "battery", "gpu", "nvml", "psutil"})
"""The collectors that say something of a section, and answer at once."""

LONGEST_S = 60.0
"""Between two looks, or a counter may go round unseen."""

_SHORTEST_NS = 100_000_000
"""Between two looks that count: the kernel's clock of processors ticks a hundred times a second."""

_ONE_ROW_S = 1e9

LEDGER = CpuShares()
"""Of this process. Its lock guards the looks, too."""

Look = tuple[list[Reading], Instant]


class Watch:
    """What the looks during one section say: the first, the last, and those between."""

    def __init__(self, first: Look) -> None:
        self._difference = Difference()
        self._rows = Rows("", _ONE_ROW_S)
        self._done: list[Usage] = []
        self._pending: Look | None = None
        self._difference.step(*first)

    def add(self, look: Look) -> None:
        """One more. It waits for the next: where that comes too soon, this one is left out."""
        if self._pending is not None:
            self._feed(self._pending)
        self._pending = look

    def end(self, last: Look) -> list[Usage]:
        """The rows of the whole section."""
        pending = self._pending
        if pending and last[1].monotonic_ns - pending[1].monotonic_ns >= _SHORTEST_NS:
            self._feed(pending)
        self._feed(last)
        return self._done + self._rows.finish()

    def _feed(self, look: Look) -> None:
        step = self._difference.step(*look)
        if step is not None:
            self._done += self._rows.add(step)


class Looks:
    """Counters read at the ends of sections. Callers hold the ledger's lock."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._host = LocalHost()
        chosen = choose(self._host.system, config.names("collectors"))
        self._sources = [
            source(make(), self._host, _say_nothing) for make in chosen if make.name in LOOKED_AT
        ]
        for each in self._sources:  # until the process ends
            each.open()
        self._looked_s = time.monotonic()
        self._watches: list[Watch] = []

    @cached_property
    def machine(self) -> Machine:
        return describe(self._host, self.config)

    def begin(self) -> Watch:
        """Watch from now on."""
        watch = Watch(self._look())
        self._watches.append(watch)
        return watch

    def end(self, watch: Watch) -> list[Usage]:
        """The rows of what was watched."""
        self._watches.remove(watch)
        return watch.end(self._look())

    def so_far(self, watch: Watch) -> list[Usage]:
        """Its rows if it ended now."""
        from copy import deepcopy

        return deepcopy(watch).end(self._look())

    def keep_up(self, longest_s: float = LONGEST_S) -> None:
        """Look for all who watch, if nobody did for long."""
        if time.monotonic() - self._looked_s >= longest_s:
            self._looked_s = time.monotonic()
            look = self._look()
            for watch in self._watches:
                watch.add(look)

    def _look(self) -> Look:
        return [reading for each in self._sources for reading in each.read()], self._host.now()


def _say_nothing(_name: str, _error: SobrietyError) -> None:
    pass  # what cannot be had is modelled, and the figure's method says so


_looks: dict[int, Looks] = {}


def looks() -> Looks:
    """Those of this process: a child that was forked looks for itself. Raises ConfigError."""
    with LEDGER.lock:
        found = _looks.get(os.getpid())
        if found is None:
            _looks.clear()
            found = _looks[os.getpid()] = Looks(settings.load())
        return found
