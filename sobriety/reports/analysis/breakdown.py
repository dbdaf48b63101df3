"""Breaks the total down by host, category, site, department and service; small groups are merged.

One person's hours are personal data: a group with fewer workstations than `k` is folded into one,
and if that is too small as well, the next smallest with it, since a difference would tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sobriety.inventory.devices import WORKSTATIONS

from ..accounts.carbon import Accounts, measured_ratio
from ..accounts.hosts import HostUse
from ..model.figures import FOLDED, CoverageGap, Footprint, GapKind, Missing, Slice
from ..model.report import Dimension


def breakdown(
    hosts: Sequence[HostUse], accounts: Accounts, k: int
) -> dict[Dimension, tuple[Slice, ...]]:
    """Parts of the total, the largest first. Dimensions of which nothing is declared are empty."""
    dimensions: tuple[Dimension, ...] = ("host", "category")
    if any(h.device for h in hosts):
        dimensions = (*dimensions, "site", "department", "service")
    return {d: _slices(folded(groups_of(hosts, d), k), accounts) for d in dimensions}


def groups_of(hosts: Sequence[HostUse], dimension: str) -> dict[str, list[HostUse]]:
    """Hosts by what a dimension says of them; empty where it says nothing."""
    key = _KEYS[dimension]
    groups: dict[str, list[HostUse]] = {}
    for host in hosts:
        groups.setdefault(key(host), []).append(host)
    return groups


def folded(groups: Mapping[str, Sequence[HostUse]], k: int) -> dict[str, list[HostUse]]:
    """Groups with 1 to k − 1 workstations become one, unless there is but one group."""
    counts = {name: workstations(hosts) for name, hosts in groups.items()}
    if len(groups) == 1 or sum(counts.values()) == 0:
        return {name: list(hosts) for name, hosts in groups.items()}
    small = {name: None for name, count in counts.items() if 0 < count < k}  # in their order
    if small:
        # The total less the others is what was folded: that has to be enough people too.
        rest = sorted((n for n in groups if counts[n] >= k), key=lambda n: counts[n])
        while rest and sum(counts[n] for n in small) < k:
            small[rest.pop(0)] = None
    found = {name: list(hosts) for name, hosts in groups.items() if name not in small}
    if small:
        found[FOLDED] = [h for name in small for h in groups[name]]
    return found


def hidden(hosts: Sequence[HostUse], k: int) -> frozenset[str]:
    """Watched workstations of which nothing may be told by name: all but one that is alone."""
    watched = [h for h in hosts if h.has_agent]
    if k <= 1 or len(watched) <= 1:
        return frozenset()
    return frozenset(h.name for h in watched if h.machine.category in WORKSTATIONS)


def too_few(hosts: Sequence[HostUse], k: int) -> frozenset[str]:
    """Those of them that are too few even together."""
    names = hidden(hosts, k)
    return names if len(names) < k else frozenset()


def folded_gaps(gaps: Sequence[CoverageGap], names: frozenset[str]) -> tuple[CoverageGap, ...]:
    """Gaps of hidden hosts are told together, by kind."""
    kept = [g for g in gaps if g.host not in names]
    together: dict[GapKind, float] = {}
    for gap in gaps:
        if gap.host in names:
            together[gap.kind] = together.get(gap.kind, 0.0) + gap.duration_s
    kept += [CoverageGap(FOLDED, kind, duration_s) for kind, duration_s in together.items()]
    return tuple(sorted(kept, key=lambda g: g.duration_s, reverse=True))


def workstations(hosts: Sequence[HostUse]) -> int:
    """Pieces that somebody sits at and whose use was watched: what is declared tells no hours."""
    return sum(h.quantity for h in hosts if h.has_agent and h.machine.category in WORKSTATIONS)


def _department(host: HostUse) -> str:
    return (host.device and host.device.department) or ""


def _service(host: HostUse) -> str:
    return (host.device and host.device.service) or ""


def _category(host: HostUse) -> str:
    return host.machine.category or ""


def _name(host: HostUse) -> str:
    return host.name


def _site(host: HostUse) -> str:
    return host.site.id


_KEYS: dict[str, Callable[[HostUse], str]] = {
    "host": _name, "category": _category, "site": _site, "department": _department,
    "service": _service,
}  # fmt: skip


def _slices(groups: Mapping[str, Sequence[HostUse]], accounts: Accounts) -> tuple[Slice, ...]:
    known: dict[object, Footprint] = {}

    def footprint(hosts: Sequence[HostUse]) -> Footprint:
        only = hosts[0]
        if len(hosts) > 1 or only.has_agent:
            return accounts.footprint(hosts)
        # Devices of one kind, bought on one day, share their figures: thousands have one footprint.
        key = (id(only.energy_by_year), id(only.charge), only.site.id)
        if key not in known or only.charge is None:
            known[key] = accounts.footprint(hosts)
        return known[key]

    slices = [
        Slice(
            name,
            sum(h.quantity for h in hosts),
            sum(h.observed_s for h in hosts if h.has_agent),
            footprint(hosts),
            measured_ratio(hosts),
        )
        for name, hosts in groups.items()
    ]
    return tuple(sorted(slices, key=_weight, reverse=True))


def _weight(part: Slice) -> float:
    both = part.footprint.total_co2e_kg
    return part.footprint.energy_j.value if isinstance(both, Missing) else both.value
