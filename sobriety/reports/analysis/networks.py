"""Allocates network energy to the bytes of a report: beside the totals, never in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sobriety.estimators import network_energy

from ..accounts.carbon import Accounts
from ..accounts.hosts import HostUse
from ..accounts.query import NETWORK, UsageSum
from ..model.figures import NetworkUse


def network_of(
    sums: Sequence[UsageSum], hosts: Sequence[HostUse], accounts: Accounts, year: int
) -> NetworkUse | None:
    """All bytes that were counted, taken as carried through the internet. None where none were."""
    by_host: dict[str, float] = {}
    for s in sums:
        counted = [s.measures[name] for name in NETWORK if name in s.measures]
        by_host[s.host] = by_host.get(s.host, 0.0) + math.fsum(counted)
    # Networks stand on the grid of who uses them, and not in their rooms.
    carried = [
        (replace(h, site=replace(h.site, pue=None)), network_energy(by_host[h.name]))
        for h in hosts
        if by_host.get(h.name)
    ]
    if not carried:
        return None
    transferred_b = math.fsum(by_host[h.name] for h, _ in carried)
    return NetworkUse(transferred_b, network_energy(transferred_b), accounts.co2e(carried, year))
