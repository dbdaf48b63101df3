"""All that an organisation declares, as a report takes it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sobriety.core.errors import ConfigError
from sobriety.inventory.devices import Inventory, read_devices

from .goals import Goals, built_in, read_goals
from .services import Service, read_services
from .sites import Site, read_sites

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Declared:
    """What was read from the files that were named; nothing where none was."""

    inventory: Inventory | None = None
    sites: Mapping[str, Site] = field(default_factory=dict[str, Site])
    services: Mapping[str, Service] = field(default_factory=dict[str, Service])
    goals: Goals | None = None
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])

    @property
    def own_goals(self) -> Goals:
        """One's own, else what the city of Montréal and the ITU have published."""
        if self.goals is not None:
            return self.goals
        city, sector = built_in("montreal-2030"), built_in("itu-l1470")
        return Goals(city.goals | sector.goals, city.frameworks | sector.frameworks)


def read_declared(
    inventory: Path | None = None,
    sites: Path | None = None,
    services: Path | None = None,
    goals: Path | None = None,
) -> Declared:
    """Read the files. Raises ConfigError with all that is wrong in all of them."""
    errors: list[ConfigError] = []

    def read(what: Path | None, how: Callable[[Path], T], nothing: T) -> T:
        if what is None:
            return nothing
        try:
            return how(what)
        except ConfigError as error:
            errors.append(error)
            return nothing

    found = Declared(
        read(inventory, read_devices, None),
        read(sites, read_sites, {}),
        read(services, read_services, {}),
        read(goals, read_goals, None),
        {
            kind: path
            for kind, path in (
                ("inventory", inventory),
                ("sites", sites),
                ("services", services),
                ("goals", goals),
            )
            if path is not None
        },
    )
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ConfigError("\n".join(e.message for e in errors), hint=errors[0].hint)
    if found.inventory and sites is not None:
        _see_references(found, found.inventory)
    return found


def _see_references(found: Declared, inventory: Inventory) -> None:
    """Sites and services that an inventory names are declared. Raises ConfigError."""
    from sobriety.files.faults import cell_fault, refuse

    wrong = [
        cell_fault(d.row, "site", d.site, "no such site in the file of sites")
        for d in inventory.devices
        if d.site and d.site not in found.sites
    ]
    if found.services:
        wrong += [
            cell_fault(d.row, "service", d.service, "no such service in the file of services")
            for d in inventory.devices
            if d.service and d.service not in found.services
        ]
    refuse(inventory.path, wrong, hint="declare them, or correct the inventory")
