"""The carbon of making as an exact ledger: every microgram is charged once, to a day.

Straight line over the lifetime, from the day of acquisition; what is left on the day of disposal is
written off on it, or goes to the next owner; nothing comes after the lifetime. Integers, so that
days add to quarters and quarters to the whole, to the last microgram.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

UG_PER_KG = 1_000_000_000
DAYS_PER_YEAR = 365.25

Fate = Literal["discarded", "passed on"]
EntryKind = Literal["amortisation", "write-off", "transfer"]


class LedgerEntry(NamedTuple):
    """What a stretch of days is charged. A transfer is no charge of this owner: the next one's.

    first, last   days, both included
    """

    kind: EntryKind
    first: date
    last: date
    embodied_ug: int


@dataclass(frozen=True, slots=True)
class Asset:
    """A device's carbon of making and the days of its life with this owner.

    embodied_ug     everything but use, or what a former owner passed on, in micrograms of CO2e
    acquired        the first day that is charged
    lifetime_days   over which it is spread, as its owner decided
    disposed        the last day; None while it is kept
    fate            what became of it then
    """

    embodied_ug: int
    acquired: date
    lifetime_days: int
    disposed: date | None = None
    fate: Fate = "discarded"

    def __post_init__(self) -> None:
        if self.embodied_ug < 0:
            raise ValueError(f"embodied_ug is {self.embodied_ug}, less than nothing")
        if self.lifetime_days < 1:
            raise ValueError(f"lifetime_days is {self.lifetime_days}, less than a day")
        if self.disposed is not None and self.disposed < self.acquired:
            raise ValueError(f"disposed on {self.disposed}, before {self.acquired}")

    @property
    def end(self) -> date:
        """The last day that is amortised."""
        spread = self.acquired + timedelta(days=self.lifetime_days - 1)
        return spread if self.disposed is None else min(spread, self.disposed)

    def remainder_ug(self, day: date) -> int:
        """What is not amortised by the evening of a day; all of it before it was acquired."""
        return self.embodied_ug - self._spread_ug((day - self.acquired).days + 1)

    def entries(self, first: date, last: date) -> tuple[LedgerEntry, ...]:
        """What the days from first to last, both included, are charged or pass on.

        Entries of any stretches that follow each other add up to those of the whole.
        """
        entries: list[LedgerEntry] = []
        start, end = max(first, self.acquired), min(last, self.end)
        if start <= end:
            charged = self.remainder_ug(start - timedelta(days=1)) - self.remainder_ug(end)
            entries.append(LedgerEntry("amortisation", start, end, charged))
        if self.disposed is not None and first <= self.disposed <= last:
            left = self.remainder_ug(self.disposed)
            if left:
                kind: EntryKind = "transfer" if self.fate == "passed on" else "write-off"
                entries.append(LedgerEntry(kind, self.disposed, self.disposed, left))
        return tuple(entries)

    def charged_ug(self, first: date, last: date) -> int:
        """Amortised and written off on these days; what was passed on is not."""
        return sum(e.embodied_ug for e in self.entries(first, last) if e.kind != "transfer")

    def bought_ug(self, first: date, last: date) -> int:
        """The other view (Scope 3, category 2): all of it on the day of acquisition."""
        return self.embodied_ug if first <= self.acquired <= last else 0

    def passed_on(self, to: date, lifetime_days: int) -> Asset:
        """The device as its next owner keeps it: with what was left, from a day on.

        Raises ValueError for one that was not passed on.
        """
        if self.disposed is None or self.fate != "passed on":
            raise ValueError("this device was not passed on")
        return Asset(self.remainder_ug(self.disposed), to, lifetime_days)

    def _spread_ug(self, days: int) -> int:
        """Amortised on its first days, whole micrograms."""
        return self.embodied_ug * min(max(days, 0), self.lifetime_days) // self.lifetime_days


class Reconciliation(NamedTuple):
    """Why what was bought in some days is not what they are charged; the parts add up exactly.

    bought − deferred + carried − passed on = charged
    """

    bought_ug: int
    deferred_ug: int
    carried_ug: int
    passed_on_ug: int
    charged_ug: int


def reconciled(assets: tuple[Asset, ...], first: date, last: date) -> Reconciliation:
    """The purchases of some days and their amortisation, side by side.

    deferred   of what was bought or held in these days, what is left for later ones
    carried    what was left of earlier purchases when they began
    """
    eve = first - timedelta(days=1)
    bought = sum(a.bought_ug(first, last) for a in assets)
    carried = sum(_held_ug(a, eve) for a in assets)
    deferred = sum(_held_ug(a, last) for a in assets)
    passed_on = sum(
        e.embodied_ug for a in assets for e in a.entries(first, last) if e.kind == "transfer"
    )
    return Reconciliation(
        bought, deferred, carried, passed_on, sum(a.charged_ug(first, last) for a in assets)
    )


def _held_ug(asset: Asset, day: date) -> int:
    """What its owner still has to charge on the evening of a day."""
    held = asset.acquired <= day and (asset.disposed is None or day < asset.disposed)
    return asset.remainder_ug(day) if held else 0


def micrograms(embodied_kg: float) -> int:
    """To the nearest."""
    return round(embodied_kg * UG_PER_KG)


def days(lifetime_years: float) -> int:
    """A lifetime in whole days, one at least."""
    return max(1, round(lifetime_years * DAYS_PER_YEAR))
