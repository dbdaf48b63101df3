"""A host or an inventory line in a period: its energy and its making, no carbon of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sobriety.core.estimate import Estimate, total
from sobriety.core.machine import Machine
from sobriety.core.text import Text
from sobriety.core.units import S_PER_YEAR
from sobriety.declared.sites import Site
from sobriety.inventory.devices import Device

NOWHERE = Site("", Text("", ""))
"""Of which nothing is declared."""


@dataclass(frozen=True, slots=True)
class HostUse:
    """A host in the period, before any carbon; or devices of one line of an inventory.

    energy_by_year   at the plug, by calendar year: grid factors are yearly
    observed_s       the time of that energy
    covered_s        the part of it in which the processor was observed
    measured_j       the joules of it that a sensor gave
    idle             what the time observed would have cost with nothing to do, screens as they were
    quiet            energy of hours that were hardly busy; None when there were none
    watched          energy of the time in which it was known whether anybody was logged in, if any
    unattended       the part of it in which nobody was; None when there was none
    agent_cpu_s      of this toolkit's own collector; None when it was not observed
    awake_s          the part of observed_s in which it ran
    site             where it stands, with what the settings say of places that say nothing
    quantity         pieces; energy and making are of all of them
    held_s           the part of the period in which its owner had it, of all pieces
    charge           making that a ledger charges to the period; None: spread over the time observed
    device           its line in the inventory; None where it has none
    has_agent        whether its energy was observed; else it is declared or typical
    """

    machine: Machine
    energy_by_year: Mapping[int, Estimate]
    observed_s: float
    covered_s: float
    measured_j: float
    idle: Estimate
    quiet: Estimate | None
    watched: Estimate | None
    unattended: Estimate | None
    agent_cpu_s: float | None
    embodied: Estimate
    lifetime: Estimate
    awake_s: float = 0.0
    site: Site = NOWHERE
    quantity: int = 1
    held_s: float = 0.0
    charge: Estimate | None = None
    device: Device | None = None
    has_agent: bool = True

    @property
    def name(self) -> str:
        if self.device is not None and not self.has_agent:
            return self.device.id
        return self.machine.host

    @property
    def model_key(self) -> tuple[str, str]:
        """Hosts with the same one are wrong in the same way."""
        return self.machine.category or "", self.machine.cpu_model or ""

    @property
    def in_room(self) -> bool:
        """Whether a room's overhead is for it: a server's, and no laptop's."""
        return self.machine.category == "server"

    @property
    def energy(self) -> Estimate:
        years = self.energy_by_year
        if len(years) == 1:  # asked of forty thousand lines, many times
            return next(iter(years.values()))
        return total("energy_j", years.values(), shared_error=True)

    def part(self, ratio: float) -> HostUse:
        """A share of it, use and making alike."""
        return replace(
            self,
            energy_by_year={y: e.scaled(ratio) for y, e in self.energy_by_year.items()},
            embodied=self.embodied.scaled(ratio),
            charge=self.charge.scaled(ratio) if self.charge else None,
        )

    def as_year(self) -> HostUse:
        """A year like the time observed."""
        times = S_PER_YEAR / self.observed_s
        return replace(
            self,
            energy_by_year={y: e.scaled(times) for y, e in self.energy_by_year.items()},
            observed_s=float(S_PER_YEAR),
            covered_s=self.covered_s * times,
            measured_j=self.measured_j * times,
            idle=self.idle.scaled(times),
            quiet=self.quiet.scaled(times) if self.quiet else None,
            watched=self.watched.scaled(times) if self.watched else None,
            unattended=self.unattended.scaled(times) if self.unattended else None,
            awake_s=self.awake_s * times,
            charge=self.charge.scaled(S_PER_YEAR / self.held_s * self.quantity)
            if self.charge and self.held_s
            else None,
        )
