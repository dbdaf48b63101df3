"""What could be done, found in the data: each with what a year of it saves at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sobriety.core.estimate import Estimate, product
from sobriety.core.units import S_PER_YEAR

from .carbon import Accounts, fleet_total
from .contracts import costs
from .hosts import HostUse
from .hours import Closed
from .model import Action
from .slices import hidden

MORE_YEARS = 2.0


def actions(
    years: Sequence[HostUse],
    accounts: Accounts,
    year: int,
    closed: Sequence[Closed] = (),
    k: int = 1,
) -> tuple[Action, ...]:
    """What a year of each would save at most. `years` are hosts scaled to one; empty, no action.

    closed   energy of places while they were closed
    k        the fewest people whose hours may be told together
    """
    if not years:
        return ()
    found = [_sleep(years, accounts, year, servers=False)]
    found += [_sleep(years, accounts, year, servers=True), _keep_longer(years)]
    found += [_switch_off(c, years, accounts, year) for c in closed]
    names = hidden(years, k)
    told = (_unnamed(a, names, k) for a in found if a)
    return tuple(sorted((a for a in told if a), key=_weight, reverse=True))


def _unnamed(action: Action, names: frozenset[str], k: int) -> Action | None:
    """Without the names of people's machines; none at all where their hours are too few people's.
    How long a device is kept tells nobody's hours."""
    people = [h for h in action.hosts if h in names]
    if action.id == "keep_longer" or not people:
        return action
    if len(people) < k:
        return None
    return replace(action, hosts=tuple(h for h in action.hosts if h not in names))


def _weight(action: Action) -> tuple[float, float]:
    carbon = action.co2e_kg.value if isinstance(action.co2e_kg, Estimate) else 0.0
    return carbon, action.energy_j.value if action.energy_j else 0.0


def _sleep(
    years: Sequence[HostUse], accounts: Accounts, year: int, *, servers: bool
) -> Action | None:
    quiet = [
        (h, h.quiet) for h in years if h.has_agent and h.quiet is not None and h.in_room is servers
    ]
    if not quiet:
        return None
    energy = fleet_total("energy_j", [(h.model_key, q) for h, q in quiet])
    return Action(
        "consolidate_quiet" if servers else "sleep_when_quiet",
        tuple(h.name for h, _ in quiet),
        energy,
        accounts.co2e(quiet, year),
        len(quiet),
        costs([replace(h, energy_by_year={year: q}) for h, q in quiet], accounts),
    )


def _switch_off(
    place: Closed, years: Sequence[HostUse], accounts: Accounts, year: int
) -> Action | None:
    """Off while closed, for what people sit at. At most: all of its energy of those hours."""
    hosts = [h for h in years if h.name in place.hosts]
    if place.in_room or not hosts or place.closed.value <= 0:
        return None
    energy = place.closed.scaled(S_PER_YEAR / place.observed_s)
    whole = replace(hosts[0], energy_by_year={year: energy})
    return Action(
        "switch_off_closed",
        place.hosts,
        energy,
        accounts.co2e([(hosts[0], energy)], year),
        len(hosts),
        costs([whole], accounts),
        place.site.name,
    )


def _keep_longer(years: Sequence[HostUse]) -> Action | None:
    """What is not yet written off, and is not leaving."""
    kept = [h for h in years if h.device is None or _is_kept(h)]
    if not kept:
        return None
    saved = [(h.model_key, _saved_by_keeping(h)) for h in kept]
    return Action(
        "keep_longer",
        tuple(h.name for h in kept),
        None,
        fleet_total("embodied_share_kg", saved),
        sum(h.quantity for h in kept),
    )


def _is_kept(host: HostUse) -> bool:
    charged = host.charge is None or host.charge.value > 0
    return charged and (host.device is None or host.device.retired is None)


def _saved_by_keeping(host: HostUse) -> Estimate:
    """Kilograms a year: making ÷ lifetime, less making ÷ (lifetime and two more years)."""
    life = host.lifetime

    def per_year(lifetime_years: float) -> float:
        return 1 / lifetime_years - 1 / (lifetime_years + MORE_YEARS)

    fewer = Estimate(
        "fewer_ratio",
        per_year(life.value),
        per_year(life.high),
        per_year(life.low),
        life.basis,
        f"(1 ÷ lifetime, less 1 ÷ (lifetime + {MORE_YEARS:g} years))",
        life.sources,
    )
    return product("embodied_share_kg", host.embodied, fewer)
