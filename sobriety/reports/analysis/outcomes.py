"""Compares the savings that an earlier sealed report expected with those reached.

An action's saving is found in the data of its own period. What could be saved then and cannot be
saved now was saved, or grew elsewhere: the difference is measured by the same methods, so that
their errors are shared.
"""

from __future__ import annotations

from collections.abc import Sequence

from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.core.period import Period

from ..accounts.hosts import HostUse
from ..model.findings import Action, ActionId, Outcome
from ..model.settings import Promise
from .closed_hours import Closed

KEPT_PROMISE = MethodKind(
    "kept-promise", "expected by the sealed report, less what is left to save"
)

MONITOR = "monitor"


def outcomes(
    promises: Sequence[Promise],
    earlier: Period,
    actions: Sequence[Action],
    hosts: Sequence[HostUse],
    closed: Sequence[Closed],
) -> tuple[Outcome, ...]:
    """Of each promise whose subject was seen again. `earlier` is the period of the promises."""
    now: dict[tuple[str, str], Action] = {(a.id, a.site.id if a.site else ""): a for a in actions}
    sites = {h.site.id: h.site.name for h in hosts}
    found: list[Outcome] = []
    for promise in promises:
        action = now.get((promise.id, promise.site))
        left = action.energy_j if action else None
        id_ = _known(promise.id)
        if id_ is None or (left is None and not _seen(id_, promise.site, hosts, closed)):
            continue
        name = sites.get(promise.site) if promise.site else None
        found.append(
            Outcome(id_, name, earlier, promise.energy_j, left, _saved(promise.energy_j, left))
        )
    return tuple(found)


def _known(name: str) -> ActionId | None:
    ids: tuple[ActionId, ...] = (
        "sleep_when_quiet", "consolidate_quiet", "switch_off_closed", "drop_screens", "right_size",
    )  # fmt: skip
    return next((i for i in ids if i == name), None)


def _seen(id_: ActionId, site: str, hosts: Sequence[HostUse], closed: Sequence[Closed]) -> bool:
    """Whether there being nothing to save means that nothing is left, or that nobody looked."""
    if id_ == "switch_off_closed":
        return site in {c.site.id for c in closed}
    if id_ == "drop_screens":
        return any(h.machine.category == MONITOR for h in hosts)
    in_room = id_ == "consolidate_quiet"
    return any(h.has_agent and h.in_room is in_room for h in hosts)


def _saved(expected: Estimate, left: Estimate | None) -> Estimate:
    """Negative where it grew."""
    if left is None:
        return expected
    value = expected.value - left.value
    ends = sorted((expected.low - left.low, expected.high - left.high))
    return Estimate(
        "energy_j", value, min(value, ends[0]), max(value, ends[1]), left.basis,
        KEPT_PROMISE(),
        tuple(dict.fromkeys(expected.sources + left.sources)),
    )  # fmt: skip
