"""Ledger of embodied carbon: each device charged once, by the day, over its life.

Amounts are whole micrograms, so that days add to quarters and quarters to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind, significant
from sobriety.estimators import UG_PER_KG, Asset, days, micrograms, reconciled
from sobriety.inventory.devices import PASSED_ON, Device

from ..model.figures import Ledger

BY_THE_DAY = MethodKind(
    "by-the-day", "{method:method}, by the day over {years:number} years from acquisition"
)


class LedgerLine(NamedTuple):
    """A line of the inventory in the ledger. `embodied` is of all its pieces."""

    device: Device
    asset: Asset
    embodied: Estimate


def asset_of(device: Device, embodied: Estimate, lifetime: Estimate) -> Asset | None:
    """None without a day of acquisition. Its life is as declared, else its kind's: a convention, as
    every amortisation is, and so without an interval."""
    if device.acquired is None:
        return None
    return Asset(
        micrograms(embodied.value),
        device.acquired,
        days(lifetime.value),
        device.retired,
        "passed on" if device.end in PASSED_ON else "discarded",
    )


def part_of(asset: Asset, embodied: Estimate, first: date, last: date) -> Estimate:
    """What these days are charged, with the doubt of the making itself."""
    charged_ug = asset.charged_ug(first, last)
    ratio = charged_ug / asset.embodied_ug if asset.embodied_ug else 0.0
    value = charged_ug / UG_PER_KG
    years = asset.lifetime_days / 365.25
    return replace(
        embodied, metric="embodied_share_kg", value=value,
        low=min(value, embodied.low * ratio), high=max(value, embodied.high * ratio),
        method=BY_THE_DAY(method=embodied.method, years=significant(years, 3)),
    )  # fmt: skip


def ledger_of(held: Sequence[LedgerLine], undated: int, first: date, last: date) -> Ledger | None:
    """None for an inventory of which no device has a day of acquisition."""
    if not held:
        return None
    assets = tuple(h.asset for h in held)
    found = reconciled(assets, first, last)
    written_off_ug = _sum_of("write-off", assets, first, last)
    return Ledger(
        found.bought_ug / UG_PER_KG, found.deferred_ug / UG_PER_KG, found.carried_ug / UG_PER_KG,
        found.passed_on_ug / UG_PER_KG, (found.charged_ug - written_off_ug) / UG_PER_KG,
        written_off_ug / UG_PER_KG, found.charged_ug / UG_PER_KG,
        sum(h.device.quantity for h in held), undated,
    )  # fmt: skip


def _sum_of(kind: str, assets: Iterable[Asset], first: date, last: date) -> int:
    return sum(e.embodied_ug for a in assets for e in a.entries(first, last) if e.kind == kind)
