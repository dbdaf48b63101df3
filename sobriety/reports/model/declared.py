"""Everything that an organization declares for a report: devices, sites, services, goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text, Tongue
from sobriety.declared.goals import Goals, built_in, read_goals
from sobriety.declared.services import Service, read_services
from sobriety.declared.sites import Site, read_sites
from sobriety.inventory.devices import Inventory
from sobriety.inventory.reading import read_devices
from sobriety.inventory.references import see_references

T = TypeVar("T")
LANGUAGES: tuple[Tongue, ...] = ("en", "fr")


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
        english, french = ("\n".join(e.message_in(tongue) for e in errors) for tongue in LANGUAGES)
        hint = errors[0].hint and Text(en=errors[0].hint, fr=errors[0].hint_in("fr") or "")
        raise ConfigError(Text(en=english, fr=french), hint=hint)
    if found.inventory and sites is not None:
        see_references(found.inventory, found.sites, found.services)
    return found
