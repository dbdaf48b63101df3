"""Facts of a machine, as the spool and the lake keep them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

from sobriety.core.machine import Machine

_FACT_NAMES = frozenset(f.name for f in fields(Machine)) - {"host"}


class Facts(NamedTuple):
    """What was known of a machine from an instant on; unknown facts are absent."""

    host: str
    at_ns: int
    facts: dict[str, Any]

    def machine(self) -> Machine:
        """Facts that this version does not know are left out."""
        known = self.facts.keys() & _FACT_NAMES
        return Machine(host=self.host, **{name: self.facts[name] for name in known})


def facts_of(machine: Machine) -> dict[str, Any]:
    """What is known of a machine, by name, without its host."""
    return {
        name: value for name in sorted(_FACT_NAMES) if (value := getattr(machine, name)) is not None
    }
