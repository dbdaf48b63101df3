"""Attributes energy to workloads, to unattributed work and to idle; the parts add up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sobriety.core.counting.attribution import UNATTRIBUTED
from sobriety.core.estimate import Estimate, total
from sobriety.core.machine import Machine
from sobriety.core.method import Method, MethodKind
from sobriety.estimators import Coefficients, EnergyPlan, active, energy, energy_j

from ..accounts.carbon import MANY_ABOVE_IDLE, fleet_total
from ..accounts.query import PlanKey, UsageSum, WorkloadSum
from ..model.figures import WorkloadUse, WorkShares
from ..model.settings import Idle

IDLE_LEFT = MethodKind("idle-left", "energy less what was done above idle")
IDLE_BY_CPU_TIME = MethodKind(
    "idle-by-cpu-time", "{method:method}, with its share of idle by processor time"
)
IDLE_BY_MEMORY = MethodKind(
    "idle-by-memory", "{method:method}, with its share of idle by memory held"
)

_UNATTRIBUTED, _ = UNATTRIBUTED
_ROUNDING = 1e-9
Plans = Mapping[PlanKey, EnergyPlan]
Triple = tuple[float, float, float]


def work(
    machines: Mapping[str, Machine],
    plans: Plans,
    hosts: Sequence[UsageSum],
    workloads: Sequence[WorkloadSum],
    *,
    idle_by: Idle = "separate",
) -> WorkShares | None:
    """None where nobody was seen working. `idle_by` says whether idle is divided, and by what."""
    known = [w for w in workloads if w.key in plans]
    if not known:
        return None
    names = {w.key[0] for w in known}
    hosts = [h for h in hosts if h.host in names and h.key in plans]
    by_workload: dict[tuple[str, str], list[WorkloadSum]] = {}
    for each in known:
        by_workload.setdefault((each.kind, each.name), []).append(each)
    used = [_use(machines, plans, kind, name, rows) for (kind, name), rows in by_workload.items()]
    nobody = [u.energy_j for u in used if u.kind == _UNATTRIBUTED]
    used = sorted((u for u in used if u.kind != _UNATTRIBUTED), key=_weight, reverse=True)
    unattributed = _with_unshared(nobody[0] if nobody else None, machines, plans, hosts, known)
    idle = _idle(machines, plans, hosts, known, unattributed, nobody)
    if idle_by != "separate" and (weights := _weights(used, idle_by)):
        return WorkShares(tuple(_shared(used, idle, weights, idle_by)), unattributed, None, idle_by)
    return WorkShares(tuple(used), unattributed, idle)


def _weight(use: WorkloadUse) -> float:
    return use.energy_j.value


def _use(
    machines: Mapping[str, Machine],
    plans: Plans,
    kind: str,
    name: str,
    rows: Sequence[WorkloadSum],
) -> WorkloadUse:
    parts = [(_model(machines[r.key[0]]), energy(active(plans[r.key]), r.measures)) for r in rows]
    cpu_s = math.fsum(r.measures.get("cpu_busy_s", 0.0) for r in rows)
    many = len({e.method for _, e in parts}) > 1
    energy_ = fleet_total("energy_j", parts)
    if many:
        energy_ = _named(energy_, MANY_ABOVE_IDLE())
    memory_bs = math.fsum(r.measures.get("memory_used_bs", 0.0) for r in rows)
    return WorkloadUse(kind, name, len({r.key[0] for r in rows}), cpu_s, memory_bs, energy_)


def _named(estimate: Estimate, method: Method) -> Estimate:
    return total(estimate.metric, [estimate], shared_error=True, method=method)


def _model(machine: Machine) -> tuple[str, str]:
    return machine.category or "", machine.cpu_model or ""


def _with_unshared(
    nobody: Estimate | None,
    machines: Mapping[str, Machine],
    plans: Plans,
    hosts: Sequence[UsageSum],
    known: Sequence[WorkloadSum],
) -> Estimate | None:
    """And what was done while nobody looked who did it, or is not written down yet."""
    shared: dict[PlanKey, dict[str, float]] = {}
    for row in known:
        sums = shared.setdefault(row.key, {})
        for name, value in row.measures.items():
            sums[name] = sums.get(name, 0.0) + value
    parts: list[tuple[object, Estimate]] = []
    for key, whole in _by_key(hosts).items():
        unshared = _unshared(whole, shared.get(key, {}))
        if unshared:
            parts.append((_model(machines[key[0]]), energy(active(plans[key]), unshared)))
    if nobody is not None:
        parts.append(("", nobody))
    return fleet_total("energy_j", parts) if parts else None


def _by_key(hosts: Sequence[UsageSum]) -> dict[PlanKey, dict[str, float]]:
    """A host's quiet hours and its others together."""
    found: dict[PlanKey, dict[str, float]] = {}
    for host in hosts:
        sums = found.setdefault(host.key, {})
        for name, value in host.measures.items():
            sums[name] = sums.get(name, 0.0) + value
    return found


def _unshared(whole: Mapping[str, float], shared: Mapping[str, float]) -> dict[str, float]:
    """The moments that no row of a workload has: exact. Of a sensor's joules it is not known how
    many were above idle meanwhile: as many as by the moments of the others. Empty for nothing."""
    worked = whole.get("util_s", 0.0)
    done = min(1.0, shared.get("util_s", 0.0) / worked) if worked > 0 else 1.0
    if done > 1 - _ROUNDING:
        return {}
    times = 1 / done - 1 if done > 0 else 0.0
    return {
        name: shared.get(name, 0.0) * times
        if name.endswith("_j")
        else max(0.0, value - shared.get(name, 0.0))
        for name, value in whole.items()
        if name in Coefficients._fields
    }


def _idle(
    machines: Mapping[str, Machine],
    plans: Plans,
    hosts: Sequence[UsageSum],
    known: Sequence[WorkloadSum],
    unattributed: Estimate | None,
    nobody: Sequence[Estimate],
) -> Estimate:
    """What is left of each host, whatever bound is taken: one wrong curve is wrong for both."""
    parts: list[tuple[object, Estimate]] = []
    for name in dict.fromkeys(h.host for h in hosts):
        own = [h for h in hosts if h.host == name]
        whole = _bounds((plans[h.key], h.measures) for h in own)
        shared = _bounds((active(plans[w.key]), w.measures) for w in known if w.key[0] == name)
        left = [max(0.0, w - s) for w, s in zip(whole, shared, strict=True)]
        first = plans[own[0].key]
        sources = tuple(dict.fromkeys(s for h in own for s in plans[h.key].sources))
        parts.append(
            (
                _model(machines[name]),
                Estimate(
                    "energy_j", left[0], min(left), max(left), first.basis,
                    IDLE_LEFT(), sources,
                ),
            )
        )  # fmt: skip
    idle = fleet_total("energy_j", parts)
    unshared_j = (unattributed.value if unattributed else 0.0) - math.fsum(n.value for n in nobody)
    if idle.value <= 0 or unshared_j <= 0:
        return idle
    return idle.scaled(max(0.0, 1 - unshared_j / idle.value))


def _bounds(rows: Iterable[tuple[EnergyPlan, Mapping[str, float]]]) -> Triple:
    sums = [0.0, 0.0, 0.0]
    for plan, measures in rows:
        values = [measures.get(name, 0.0) for name in Coefficients._fields]
        for i, coefficients in enumerate((plan.value, plan.low, plan.high)):
            sums[i] += energy_j(coefficients, values)
    return sums[0], sums[1], sums[2]


def _weights(used: Sequence[WorkloadUse], by: Idle) -> list[float]:
    """What idle is divided by; empty where nobody used or held anything."""
    weights = [u.cpu_s if by == "share" else u.memory_bs for u in used]
    whole = math.fsum(weights)
    return [w / whole for w in weights] if whole > 0 else []


def _shared(
    used: Sequence[WorkloadUse], idle: Estimate, weights: Sequence[float], by: Idle
) -> list[WorkloadUse]:
    kind = IDLE_BY_CPU_TIME if by == "share" else IDLE_BY_MEMORY
    return [
        replace(
            u,
            energy_j=total(
                "energy_j",
                (u.energy_j, idle.scaled(weight)),
                shared_error=True,
                method=kind(method=u.energy_j.method),
            ),
        )
        for u, weight in zip(used, weights, strict=True)
    ]
