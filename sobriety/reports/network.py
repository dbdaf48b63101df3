"""What networks are said to use for the bytes of the report: beside the totals, never in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sobriety.estimators import network_energy

from .carbon import Accounts
from .model import Network
from .query import UsageSum

_COLUMNS = ("network_received_b", "network_sent_b")


def network_of(sums: Sequence[UsageSum], accounts: Accounts, year: int) -> Network | None:
    """All bytes that were counted, taken as carried through the internet. None where none were."""
    counted = [s.measures[name] for s in sums for name in _COLUMNS if name in s.measures]
    transferred_b = math.fsum(counted)
    if not transferred_b:
        return None
    energy = network_energy(transferred_b)
    return Network(transferred_b, energy, accounts.co2e(energy, year, in_room=False))
