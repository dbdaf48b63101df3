"""Finds actions in the data, each with the most that a year of it saves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sobriety.core.estimate import Estimate, product, total
from sobriety.core.machine import Machine
from sobriety.core.method import MethodKind, significant
from sobriety.core.units import S_PER_YEAR
from sobriety.estimators import amortised, embodied, has_screen_beside, lifetime, typical_year

from ..accounts.carbon import Accounts, fleet_total
from ..accounts.contracts import costs
from ..accounts.hosts import HostUse
from ..model.figures import Missing
from ..model.findings import Action
from .breakdown import hidden
from .closed_hours import Closed

LESS = MethodKind("less", "{whole:method}, less {part:method}")
LONGER = MethodKind("longer-life", "(1 ÷ lifetime, less 1 ÷ (lifetime + {years:number} years))")

MORE_YEARS = 2.0
_LARGE = frozenset(("desktop", "workstation"))
_HARDLY_MORE = 0.9
"""Of its energy, what it would have taken doing nothing: then it is too large for its work."""


def actions(
    years: Sequence[HostUse],
    accounts: Accounts,
    year: int,
    closed: Sequence[Closed] = (),
    k: int = 1,
    jobs: Sequence[Action] = (),
) -> tuple[Action, ...]:
    """What a year of each would save at most. `years` are hosts scaled to one; empty, no action.

    closed   energy of places while they were closed
    k        the fewest people whose hours may be told together
    jobs     those that could run at another hour
    """
    if not years:
        return ()
    found = [_sleep(years, accounts, year, servers=False)]
    found += [_sleep(years, accounts, year, servers=True), _keep_longer(years)]
    found += [_switch_off(c, years, accounts, year) for c in closed]
    found += [_drop_screens(years, accounts), _right_size(years, accounts, year)]
    found += jobs
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
        place.site,
    )


def _drop_screens(years: Sequence[HostUse], accounts: Accounts) -> Action | None:
    """Screens beyond one for each computer of their site: use, and making if none replaces them."""
    extra: list[HostUse] = []
    pieces = 0
    for of_site in _by_site(years).values():
        screens = [h for h in of_site if h.machine.category == "monitor"]
        owned = sum(h.quantity for h in screens)
        desks = sum(h.quantity for h in of_site if has_screen_beside(h.machine.category))
        if 0 < desks < owned:
            extra += [h.part(1 - desks / owned) for h in screens]
            pieces += owned - desks
    if not extra:
        return None
    saved = accounts.footprint(extra)
    return Action(
        "drop_screens", (), saved.energy_j, saved.total_co2e_kg, pieces, costs(extra, accounts)
    )


def _by_site(years: Sequence[HostUse]) -> dict[str, list[HostUse]]:
    found: dict[str, list[HostUse]] = {}
    for host in years:
        found.setdefault(host.site.id, []).append(host)
    return found


def _right_size(years: Sequence[HostUse], accounts: Accounts, year: int) -> Action | None:
    """Desktops that hardly ever do more than idle: a notebook in their place, when they are due.
    Where electricity is clean its making may outweigh what it saves; then it is no action."""
    small = Machine(category="notebook")
    small_use, small_making = typical_year(small, "notebook"), _yearly(
        embodied(small), lifetime(small)
    )  # fmt: skip
    saved: list[tuple[HostUse, Estimate]] = []
    making: list[tuple[object, Estimate]] = []
    for host in years:
        use = host.energy
        idle = host.idle.value >= _HARDLY_MORE * use.value > 0
        if not (host.has_agent and host.machine.category in _LARGE and idle):
            continue
        if use.value > small_use.value:
            saved.append((host, _less(use, small_use, floor=0.0)))
            own = _yearly(host.embodied, host.lifetime)
            making.append((host.model_key, _less(own, small_making)))
    if not saved:
        return None
    energy = fleet_total("energy_j", [(h.model_key, e) for h, e in saved])
    use_co2e = accounts.co2e(saved, year)
    if isinstance(use_co2e, Missing):
        return None
    parts = (use_co2e, fleet_total("co2e_kg", making))
    both = total("co2e_kg", parts, shared_error=False)
    if both.value <= 0:
        return None
    using = [replace(h, energy_by_year={year: e}) for h, e in saved]
    return Action(
        "right_size", tuple(h.name for h, _ in saved), energy, both, len(saved),
        costs(using, accounts),
    )  # fmt: skip


def _yearly(making: Estimate, life: Estimate) -> Estimate:
    return amortised(making, life, S_PER_YEAR)


def _less(whole: Estimate, part: Estimate, floor: float = -math.inf) -> Estimate:
    """Their difference, whose errors have nothing to do with each other."""
    return Estimate(
        whole.metric, whole.value - part.value, max(floor, whole.low - part.high),
        whole.high - part.low, "mixed", LESS(whole=whole.method, part=part.method),
        tuple(dict.fromkeys(whole.sources + part.sources)),
    )  # fmt: skip


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
        LONGER(years=significant(MORE_YEARS, 6)),
        life.sources,
    )
    return product("embodied_share_kg", host.embodied, fewer)
