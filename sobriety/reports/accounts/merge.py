"""Merges lines that are alike: what is linear in them is computed once.

Lines of one model are wrong together, so that their energies, charges and intervals add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sobriety.core.estimate import Estimate, total

from .hosts import HostUse


def joined(
    hosts: Iterable[HostUse], apart: Callable[[HostUse], object] = lambda host: None
) -> list[HostUse]:
    """Fewer lines with the same footprint, whatever of it is taken as known exactly. Only energy,
    making, time, pieces and place of the lines mean anything; `apart` are never one."""
    alike: dict[object, list[HostUse]] = {}
    for host in hosts:
        alike.setdefault((_key(host), apart(host)), []).append(host)
    return [_sum(same) for same in alike.values()]


def _key(host: HostUse) -> object:
    charge = host.charge
    return (
        host.model_key,
        host.site.id,
        host.in_room,
        tuple((year, e.method) for year, e in host.energy_by_year.items()),
        # Without a ledger the making is spread over the time, in proportion to it.
        (host.embodied, host.lifetime) if charge is None else charge.method,
    )


def _sum(same: Sequence[HostUse]) -> HostUse:
    first = same[0]
    if len(same) == 1:
        return first
    charges = [h.charge for h in same if h.charge]
    return replace(
        first,
        energy_by_year={
            year: _added([h.energy_by_year[year] for h in same]) for year in first.energy_by_year
        },
        observed_s=sum(h.observed_s for h in same),
        quantity=sum(h.quantity for h in same),
        charge=_added(charges) if charges else None,
    )


def _added(parts: Sequence[Estimate]) -> Estimate:
    return total(parts[0].metric, parts, shared_error=True)
