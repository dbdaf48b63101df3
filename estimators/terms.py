"""Published terms with their ranges: overhead of rooms, energy of networks."""

from __future__ import annotations

from functools import cache

from sobriety.core.estimate import Basis, Estimate
from sobriety.core.method import Method, MethodKind, vocabulary
from sobriety.core.units import J_PER_KWH

from .tables import table

B_PER_GB = 1e9

vocabulary(
    "room",
    {"closet": "closet", "server room": "server room", "data centre": "data centre",
     "hyperscale": "hyperscale"},
)  # fmt: skip
TYPICAL_ROOM = MethodKind("typical-room", "typical {room:room}")
NETWORKS = MethodKind("networks", "bytes × kWh a GB of fixed networks")
CODECARBON = MethodKind("codecarbon", "as CodeCarbon reported it")


def rooms() -> tuple[str, ...]:
    """Kinds of rooms whose overhead is held."""
    return tuple(name.removeprefix("pue ") for name in _terms() if name.startswith("pue "))


def room_pue(room: str) -> Estimate:
    """Power usage effectiveness of a kind of room. Raises KeyError for one that is not held."""
    return _estimate(f"pue {room}", "pue_ratio", TYPICAL_ROOM(room=room))


def network_energy(transferred_b: float) -> Estimate:
    """Joules that fixed networks are said to use for so many bytes, all of them taken as carried
    through the internet: an allocation of what runs anyway."""
    per_gb = _estimate("network fixed", "energy_j", NETWORKS())
    return per_gb.scaled(transferred_b / B_PER_GB * J_PER_KWH)


def told_ratio() -> Estimate:
    """Joules at the plug for one that CodeCarbon reported."""
    return _estimate("told codecarbon", "told_ratio", CODECARBON(), basis="declared")


def _estimate(name: str, metric: str, method: Method, basis: Basis = "archetype") -> Estimate:
    row = _terms()[name]
    value, low, high = (float(row[bound]) for bound in ("value", "low", "high"))
    return Estimate(metric, value, low, high, basis, method, (row["source"],))


@cache
def _terms() -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in table("terms")}
