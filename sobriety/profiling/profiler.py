"""Profiles a command: its energy and carbon, beside the time that the kernel accounts.

The scope is the process: what the machine drew *because of* the command, idle power apart. Where a
sensor covers the run, what it saw above idle is shared by processor time; elsewhere each second of
a busy core costs the same, so that two cores cost twice one and short children cost as much
as long ones. The scope of the machine is all that it drew, for whomever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict, Unpack

from sobriety.agent.session import Session
from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.host import Host
from sobriety.core.machine import Machine
from sobriety.core.ports import Collector
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.estimators import BUILT_IN, FactorBook, GridFactor, co2e, intensity

from . import command as commands
from . import costing
from .control_group import ControlGroup, control_group
from .series import Series

SAMPLED = frozenset({"cpu", "rapl", "battery", "gpu", "nvml", "agent", "psutil"})
"""The collectors that say something of a command; the others would only cost time."""

_ONE_ROW_S = 1e9
_TWO_TICKS_S = 0.02

Scope = Literal["process", "machine"]
RunUnderWatch = Callable[[Callable[[], object], Callable[[], object]], commands.Run]
"""Does what is to be measured. Calls the first every now and then, the second when the work has
ended and its counters are still there."""


class Watcher(Protocol):
    """Looks at a run while it goes on: its tree, its functions, a line for who waits. One that
    fails is told in the notes, and the run goes on without it."""

    def begin(self, pid: int) -> None:
        """The command has just been started. Raises SobrietyError."""
        ...

    def look(self, series: Series) -> None:
        """A sample was taken, or the command has ended and /proc still has its counters. Raises
        SobrietyError."""
        ...

    def end(self) -> None:
        """The command has ended, whatever happened. Raises SobrietyError."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """A run and what it cost. A figure that nothing supports is None; `notes` says why.

    energy           of the command, idle apart; in the scope of the machine, all that it drew
    machine_energy   of the whole machine meanwhile, idle and everybody else included
    gpu_energy       the part of `energy` that graphics cards drew; None where no sensor sees them
    co2e             of `energy`, location-based
    embodied         the machine's making, for the share of it that the command kept busy; in the
                     scope of the machine, for all of it
    own_cpu_s        what measuring took
    busy_s           what all processors worked meanwhile, for whomever
    is_metered       whether a sensor covered the run
    """

    run: commands.Run
    energy: Estimate
    machine_energy: Estimate | None
    co2e: Estimate | None
    embodied: Estimate
    own_cpu_s: float | None
    notes: tuple[str, ...]
    busy_s: float | None = None
    is_metered: bool = False
    gpu_energy: Estimate | None = None
    scope: Scope = "process"
    series: Series | None = None


@dataclass(frozen=True, slots=True)
class Measuring:
    """How a run is measured: on what, with what, and what its electricity emits."""

    host: Host
    machine: Machine
    collectors: Sequence[Callable[[], Collector]]
    zone: str | None = None
    factor_kind: str = "direct"
    factors: FactorBook = BUILT_IN
    every_s: float = 1.0
    scope: Scope = "process"

    def factor(self) -> GridFactor | None:
        """Raises FactorNotFound."""
        if self.zone is None:
            return None
        return intensity(self.zone, _year(self.host), self.factor_kind, self.factors)


class MeasuringTerms(TypedDict, total=False):
    """Optional terms of `profile`: those of Measuring."""

    zone: str | None
    factor_kind: str
    factors: FactorBook
    every_s: float
    scope: Scope


def profile(
    command: Sequence[str],
    *,
    host: Host,
    machine: Machine,
    collectors: Iterable[Callable[[], Collector]],
    quiet: bool = False,
    **terms: Unpack[MeasuringTerms],
) -> Profile:
    """Run a command and measure it.

    `terms` are `zone`, `factor_kind`, `factors`, `every_s` and `scope`, as in Measuring.
    Raises CannotRun; FactorNotFound before it runs anything.
    """
    return profile_as(Measuring(host, machine, tuple(collectors), **terms), command, quiet=quiet)


def profile_as(
    how: Measuring,
    command: Sequence[str],
    *,
    quiet: bool = False,
    watchers: Sequence[Watcher] = (),
) -> Profile:
    """The same, measured as others were, and watched meanwhile."""
    watching = Watching(watchers)
    with control_group() as group:

        def work(meanwhile: Callable[[], object], ended: Callable[[], object]) -> commands.Run:
            return commands.run(
                command,
                every_s=how.every_s,
                meanwhile=meanwhile,
                quiet=quiet,
                group=group,
                started=watching.begin,
                ended=ended,
            )

        return measured(work, how, group, watching)


class Watching:
    """All who watch a run, and what became of those that failed."""

    def __init__(self, watchers: Sequence[Watcher] = ()) -> None:
        self._watchers = list(watchers)
        self.notes: list[str] = []

    def begin(self, pid: int) -> None:
        self._each(lambda watcher: watcher.begin(pid))

    def look(self, series: Series) -> None:
        self._each(lambda watcher: watcher.look(series))

    def end(self) -> None:
        self._each(lambda watcher: watcher.end())

    def _each(self, ask: Callable[[Watcher], object]) -> None:
        for watcher in tuple(self._watchers):
            try:
                ask(watcher)
            except SobrietyError as error:
                self._watchers.remove(watcher)
                self.notes.append(error.message + (f"; {error.hint}" if error.hint else ""))


def measured(
    work: RunUnderWatch,
    how: Measuring,
    group: ControlGroup | None = None,
    watching: Watching | None = None,
) -> Profile:
    """What some work costs; `group` is where its processor time is counted, if anywhere."""
    factor = how.factor()  # before anything runs
    watching = watching or Watching()
    series = Series()
    seen_s = 0.0

    with Session(how.host, how.collectors, row_s=_ONE_ROW_S) as session:
        rows = session.sample()

        def sample() -> None:
            nonlocal seen_s
            rows.extend(session.sample())
            used_s = None
            if group is not None:
                before_s, seen_s = seen_s, group.cpu_s()
                used_s = seen_s - before_s
            if session.last_step is not None:
                series.add(session.last_step, used_s)

        def meanwhile() -> None:
            sample()
            watching.look(series)

        try:
            run = work(meanwhile, lambda: watching.look(series))
            if len(series):
                _let_the_clock_tick(how.host, series)
            sample()
            rows += session.finish()
        finally:
            watching.end()
    rows = [row for row in rows if row.kind == "host"]
    return _costed(run, rows, series, how, factor, watching.notes)


def _let_the_clock_tick(host: Host, series: Series) -> None:
    """A run that ends right after a sample: too soon for the kernel's clock, and the whole machine
    would be unknown for the sake of a millisecond."""
    passed_s = (host.now().monotonic_ns - series.end_ns) / NS_PER_S
    if 0 <= passed_s < _TWO_TICKS_S:
        time.sleep(_TWO_TICKS_S - passed_s)


def _costed(
    run: commands.Run,
    rows: list[Usage],
    series: Series,
    how: Measuring,
    factor: GridFactor | None,
    notes: list[str],
) -> Profile:
    machine, idle_w = how.machine, series.gpu_idle_w()
    used, is_metered = costing.because_of(machine, run.cpu_s, rows, idle_w)
    cards = costing.graphics(machine, rows, idle_w)
    making = costing.making(machine, run.wall_s, run.cpu_s)
    whole: Estimate | None
    if how.scope == "machine":
        used = costing.whole_machine(machine, run.wall_s, run.cpu_s, rows, notes)
        making, whole = costing.making_of_all(machine, run.wall_s), used
    else:
        whole = costing.machine_energy(machine, rows, notes)
    notes += _of_children(run)
    if factor is None:
        notes.append(costing.NO_ZONE)
    else:
        notes.extend(factor.notes)
    busy = [r.measures["cpu_busy_s"] for r in rows if "cpu" in r.observed]
    own = [r.measures["agent_cpu_s"] for r in rows if "agent" in r.observed]
    return Profile(
        run,
        used,
        whole,
        co2e(used, factor.estimate) if factor else None,
        making,
        sum(own) if own else None,
        tuple(notes),
        sum(busy) if busy else None,
        is_metered,
        cards,
        how.scope,
        series,
    )


def _of_children(run: commands.Run) -> list[str]:
    """What became of children that the command did not wait for."""
    notes: list[str] = []
    if run.unwaited_cpu_s:
        notes.append(
            f"{run.unwaited_cpu_s:.3g} s of the processor time are of children that it did not"
            " wait for"
        )
    if run.still_running:
        who = "1 process goes" if run.still_running == 1 else f"{run.still_running} processes go"
        notes.append(f"{who} on; what comes from now is not counted")
    return notes


def _year(host: Host) -> int:
    return time.gmtime(host.now().wall_ns / NS_PER_S).tm_year
