"""What to make of the figures: indicators, actions, what would narrow the doubt, own cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sobriety.core.estimate import Estimate, product
from sobriety.core.machine import Machine
from sobriety.core.units import S_PER_YEAR
from sobriety.declared.devices import WORKSTATIONS, Device
from sobriety.declared.goals import Goal
from sobriety.estimators import Curve, EnergyPlan, power_model, power_w

from .carbon import Accounts, HostUse, Input, fleet_total, share_of
from .contracts import costs
from .goals import serving
from .hours import Closed
from .model import Action, Figure, Footprint, Indicator, IndicatorId, Missing, Narrowing, OwnCost
from .slices import hidden
from .warnings import NothingKnown

MORE_YEARS = 2.0

_NARROWINGS: tuple[tuple[str, Input], ...] = (
    ("meter", "energy"),
    ("maker_footprint", "embodied"),
    ("lifetime", "lifetime"),
    ("grid_factor", "grid"),
)


def measured_j(plan: EnergyPlan, measures: Mapping[str, float]) -> float:
    """The joules of a row that a sensor gave, supply losses on the way included."""
    coefficients: dict[str, float] = plan.value._asdict()
    return math.fsum(
        coefficients[name] * measures.get(name, 0.0)
        for name in coefficients
        if name.endswith("_j") and name != "told_j"
    )


def indicators(
    hosts: Sequence[HostUse],
    totals: Footprint,
    closed_ratio: Figure | None = None,
    goals: Sequence[Goal] = (),
) -> tuple[Indicator, ...]:
    """How sober the use is, each with the goals that it serves."""
    # What another tool told has no processor time: of such a machine nothing is known but joules.
    seen = [h for h in hosts if h.covered_s > 0]
    whole = fleet_total("energy_j", [(h.model_key, h.energy) for h in seen]) if seen else None
    figures: dict[IndicatorId, Figure] = {
        "embodied_ratio": totals.embodied_ratio,
        "idle_ratio": _idle(seen, whole),
        "quiet_ratio": _quiet(seen, whole),
    }
    watched = [(h.model_key, h.watched) for h in hosts if h.watched is not None]
    if watched:
        figures["unattended_ratio"] = _unattended(hosts, fleet_total("energy_j", watched))
    if closed_ratio is not None:
        figures["closed_ratio"] = closed_ratio
    devices = [h.device for h in hosts if h.device]
    if any(d.refurbished is not None for d in devices):
        figures["refurbished_ratio"] = _refurbished(devices)
    return tuple(Indicator(name, f, serving(goals, name)) for name, f in figures.items())


def _refurbished(devices: Sequence[Device]) -> Figure:
    """Of the pieces that people use; those that say nothing were bought new."""
    used = [d for d in devices if d.category in WORKSTATIONS]
    pieces = sum(d.quantity for d in used)
    if not pieces:
        return Missing(NothingKnown())
    share = sum(d.quantity for d in used if d.refurbished) / pieces
    return Estimate(
        "refurbished_ratio", share, share, share, "declared", "pieces refurbished ÷ pieces",
        ("inventory",),
    )  # fmt: skip


def idle(machine: Machine, rows: Sequence[tuple[EnergyPlan, Mapping[str, float]]]) -> Estimate:
    """The curve at no load over the time observed, less what screens saved while they were dark."""
    model = power_model(machine)
    covered_s = math.fsum(measures["covered_s"] for _, measures in rows)
    bounds: list[float] = []
    for name, curve in (("value", model.curve), ("low", model.low), ("high", model.high)):
        saved_j = math.fsum(
            getattr(plan, name).screen_on_s
            * max(0.0, measures["covered_s"] - measures.get("screen_on_s", 0.0))
            for plan, measures in rows
        )
        bounds.append(max(0.0, power_w(curve, 0.0) * covered_s - saved_j))
    value, low, high = bounds
    return Estimate(
        "energy_j", value, min(low, value), max(high, value), model.basis,
        "power curve at no load × time observed", model.sources,
    )  # fmt: skip


def _idle(hosts: Sequence[HostUse], whole: Estimate | None) -> Figure:
    if whole is None:
        return Missing(NothingKnown())
    idle = fleet_total("energy_j", [(h.model_key, h.idle) for h in hosts])
    return _part_of(idle, whole, "idle_ratio")


def _quiet(hosts: Sequence[HostUse], whole: Estimate | None) -> Figure:
    """Energy of hours hardly busy, of all energy."""
    if whole is None:
        return Missing(NothingKnown())
    parts = [(h.model_key, h.quiet) for h in hosts if h.quiet is not None]
    return _part_of(_sum(parts, whole), whole, "quiet_ratio")


def _unattended(hosts: Sequence[HostUse], watched: Estimate) -> Figure:
    """Energy while nobody was logged in, of that of the time in which this was known."""
    parts = [(h.model_key, h.unattended) for h in hosts if h.unattended is not None]
    return _part_of(_sum(parts, watched), watched, "unattended_ratio")


def _sum(parts: Sequence[tuple[object, Estimate]], whole: Estimate) -> Estimate:
    """Their total; of none a zero, known as well as the whole."""
    if parts:
        return fleet_total("energy_j", parts)
    return Estimate("energy_j", 0.0, 0.0, 0.0, whole.basis, whole.method, whole.sources)


def _part_of(part: Estimate, whole: Estimate, metric: str) -> Figure:
    """part ÷ whole, where the rest errs on its own: a curve can be right when idle and wrong under
    load. So the interval is rather too wide than too narrow."""
    if whole.value <= 0:
        return Missing(NothingKnown())
    # With a sensor the energy does not follow the curve, and a modelled part may exceed it.
    rest = sorted(max(0.0, w - p) for w, p in zip(_three(whole), _three(part), strict=True))
    left = Estimate("energy_j", rest[1], rest[0], rest[2], whole.basis, whole.method, whole.sources)
    return share_of(part, left, metric, f"({part.method}) ÷ energy")


def _three(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.low, estimate.value, estimate.high


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
        tuple(h.machine.host for h, _ in quiet),
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
        tuple(h.machine.host for h in kept),
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


def narrowings(
    hosts: Sequence[HostUse], accounts: Accounts, totals: Footprint
) -> tuple[Narrowing, ...]:
    """What each input, were it exact, would take off the interval; the most first."""
    target = "energy_j" if isinstance(totals.total_co2e_kg, Missing) else "total_co2e_kg"
    before = _width(getattr(totals, target))
    if before == 0:
        return ()
    found: list[Narrowing] = []
    for name, given in _NARROWINGS:
        after = _width(getattr(accounts.footprint(hosts, frozenset({given})), target))
        narrower = 1 - after / before
        if narrower >= 0.01:
            found.append(Narrowing(name, target, narrower))  # type: ignore[arg-type]
    return tuple(sorted(found, key=lambda n: n.narrower_ratio, reverse=True))


def _width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def own_cost(hosts: Iterable[HostUse], totals: Footprint) -> OwnCost | None:
    """What the collector took: its processor time, each second as one more busy thread."""
    parts: list[tuple[object, Estimate]] = []
    cpu_s = 0.0
    for host in hosts:
        if host.agent_cpu_s is None:
            continue
        cpu_s += host.agent_cpu_s
        parts.append((host.model_key, _marginal(host, host.agent_cpu_s)))
    if not parts or totals.energy_j.value <= 0:
        return None
    energy = fleet_total("energy_j", parts)
    whole = totals.energy_j.value
    ratio = Estimate(
        "agent_ratio",
        energy.value / whole,
        energy.low / whole,
        energy.high / whole,
        energy.basis,
        f"({energy.method}) ÷ energy",
        energy.sources,
    )
    return OwnCost(cpu_s, energy, ratio)


def _marginal(host: HostUse, cpu_s: float) -> Estimate:
    model = power_model(host.machine)
    threads = host.machine.threads or 1

    def joules(curve: Curve) -> float:
        return max(0.0, power_w(curve, 1.0) - power_w(curve, 0.0)) / threads * cpu_s

    value = joules(model.curve)
    around = (value, joules(model.low), joules(model.high))
    return Estimate(
        "energy_j",
        value,
        min(around),
        max(around),
        model.basis,
        "processor time × watts of one more busy thread",
        model.sources,
    )
