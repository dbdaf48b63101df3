"""A section of a program and its cost, computed on demand.

The outermost section is measured as a command is (`costing`), and those inside it have its energy
by their share of its processor time, so that they add up to it.
"""

from __future__ import annotations

import time

from sobriety.core.display import duration, energy, mass
from sobriety.core.errors import FactorNotFound, SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.estimators import co2e, intensity
from sobriety.factors.store import book
from sobriety.profiling.costing import NO_ZONE, because_of, by_cpu_time, machine_energy, making
from sobriety.settings.config import data_folder

from .cpu_shares import CpuSpan
from .samples import LEDGER, Looks, Watch, looks


class Section(CpuSpan):
    """A stretch of a program, and what it cost when it has ended."""

    __slots__ = ("looks", "outermost", "rows", "wall_end_ns", "watch", "zone")

    def __init__(self, label: str, parent: Section | None, zone: str | None) -> None:
        super().__init__(label, parent)
        self.outermost: Section = self if parent is None else parent.outermost
        self.zone: str | None = zone or (parent.zone if parent else None)
        self.rows: list[Usage] = []
        self.looks: Looks = looks() if parent is None else parent.looks
        self.watch: Watch | None = None
        self.wall_end_ns = 0

    @property
    def wall_s(self) -> float:
        """From its beginning to its end."""
        return (self._end_ns() - self.began_ns) / NS_PER_S

    @property
    def cpu_s(self) -> float:
        """Processor time, with the sections inside it."""
        self._end_ns()
        return self._cpu_ns / NS_PER_S

    @property
    def result(self) -> Estimate:
        """Its energy, idle apart and the sections inside it included. While the section around it
        goes on, what a sensor says of the whole may still move it a little."""
        self._end_ns()
        return self._energy(self._cpu_ns)

    @property
    def own(self) -> Estimate:
        """Its energy, that of the sections inside it apart."""
        self._end_ns()
        return self._energy(self.own_ns)

    @property
    def sections(self) -> dict[str, Estimate]:
        """Energy by label, of itself and all inside it, each without those inside it: they add up
        to `result`."""
        self._end_ns()
        return {label: self._energy(part_ns) for label, part_ns in self.parts.items()}

    @property
    def co2e(self) -> Estimate | None:
        """Of `result`, location-based; None where no grid zone is set. Raises FactorNotFound."""
        zone, kind = self.grid
        if zone is None:
            return None
        year = time.gmtime(self.wall_end_ns / NS_PER_S).tm_year
        return co2e(
            self.result,
            intensity(
                zone, year, kind, book(data_folder(), self.looks.config.text("factors_as_of"))
            ).estimate,
        )

    @property
    def grid(self) -> tuple[str | None, str]:
        """The zone of its electricity and the kind of factor, as asked for or set."""
        config = self.looks.config
        return self.zone or config.text("zone"), config.text("factor_kind") or "direct"

    @property
    def embodied(self) -> Estimate:
        """The machine's making, for the share of it that the section kept busy."""
        return making(self.looks.machine, self.wall_s, self.cpu_s)

    @property
    def machine_energy(self) -> Estimate | None:
        """The whole machine meanwhile, idle and everybody else included. Only the outermost
        section knows it, and one that was begun to see it."""
        self._end_ns()
        return machine_energy(self.looks.machine, self.rows, [])

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known, and why."""
        notes: list[str] = []
        self._end_ns()
        if self.grid[0] is None:
            notes.append(NO_ZONE)
        if self.shared_ns:
            notes.append(
                f"{self.shared_ns / NS_PER_S:.3g} s of processor time were divided equally with"
                " sections that ran beside it"
            )
        return tuple(notes)

    @property
    def _cpu_ns(self) -> int:
        return self.own_ns + self.inner_ns

    def _energy(self, cpu_ns: int) -> Estimate:
        """The energy of some of its processor time."""
        outermost, machine = self.outermost, self.looks.machine
        rows = outermost.rows
        with LEDGER.lock:
            if outermost.watch is not None:
                rows = self.looks.so_far(outermost.watch)
        spent_s = outermost._cpu_ns / NS_PER_S
        if not rows or not outermost._cpu_ns:
            return by_cpu_time(machine, cpu_ns / NS_PER_S)
        whole = because_of(machine, spent_s, rows).energy
        return whole.scaled(cpu_ns / outermost._cpu_ns)

    def _end_ns(self) -> int:
        if self.ended_ns is None:
            raise SobrietyError(
                f"the section {self.label!r} has not ended", hint="ask it after the with block"
            )
        return self.ended_ns

    def __str__(self) -> str:
        """One line for a person."""
        text = f"{self.label}: {energy(self.result)}"
        try:
            if emitted := self.co2e:
                text += f", {mass(emitted)} of use"
        except FactorNotFound as lost:  # no reason to lose the joules
            text += f", {lost.message}"
        return f"{text}, {duration(self.wall_s)}, processor {duration(self.cpu_s)}"
