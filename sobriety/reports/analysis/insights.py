"""Computes indicators, narrowings of intervals, and the cost of measuring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.declared.goal import Goal
from sobriety.estimators import Curve, power_model, power_w
from sobriety.inventory.devices import WORKSTATIONS, Device

from ..accounts.carbon import Accounts, Input, fleet_total, share_of
from ..accounts.hosts import HostUse
from ..model.figures import Figure, Footprint, Missing, OwnCost
from ..model.findings import IndicatorFigure, IndicatorId, Narrowing
from ..model.warnings import NothingKnown
from .goals import serving

REFURBISHED_SHARE = MethodKind("refurbished-share", "pieces refurbished ÷ pieces")
SHARE_OF_ENERGY = MethodKind("share-of-energy", "({method:method}) ÷ energy")
BUSY_THREAD = MethodKind("busy-thread", "processor time × watts of one more busy thread")

_NARROWINGS: tuple[tuple[str, Input], ...] = (
    ("meter", "energy"),
    ("maker_footprint", "embodied"),
    ("lifetime", "lifetime"),
    ("grid_factor", "grid"),
)


def indicators(
    hosts: Sequence[HostUse],
    totals: Footprint,
    closed_ratio: Figure | None = None,
    goals: Sequence[Goal] = (),
) -> tuple[IndicatorFigure, ...]:
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
    return tuple(IndicatorFigure(name, f, serving(goals, name)) for name, f in figures.items())


def _refurbished(devices: Sequence[Device]) -> Figure:
    """Of the pieces that people use; those that say nothing were bought new."""
    used = [d for d in devices if d.category in WORKSTATIONS]
    pieces = sum(d.quantity for d in used)
    if not pieces:
        return Missing(NothingKnown())
    share = sum(d.quantity for d in used if d.refurbished) / pieces
    return Estimate(
        "refurbished_ratio", share, share, share, "declared", REFURBISHED_SHARE(),
        ("inventory",),
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
    return share_of(part, left, metric, SHARE_OF_ENERGY(method=part.method))


def _three(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.low, estimate.value, estimate.high


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
        SHARE_OF_ENERGY(method=energy.method),
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
        BUSY_THREAD(),
        model.sources,
    )
