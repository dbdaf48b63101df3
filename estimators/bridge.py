"""Splits the change of a carbon total between two periods into causes that add up exactly.

Logarithmic mean Divisia index, additive (LMDI-I): no order of the causes is preferred, nothing is
left over, and the way back is the way there with its signs turned. In whole micrograms, so that
before and the parts are after, to the last one.

Source  B. W. Ang, LMDI decomposition approach: a guide for implementation, Energy Policy 86 (2015)
        233-238, https://doi.org/10.1016/j.enpol.2015.07.007; zeros as in B. W. Ang and N. Liu,
        Handling zero values in the logarithmic mean Divisia index decomposition approach, Energy
        Policy 35 (2007) 238-246, https://doi.org/10.1016/j.enpol.2005.11.001
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, get_args

from .amortisation import UG_PER_KG, Asset, micrograms

Cause = Literal[
    "fleet", "coverage", "activity", "efficiency", "overhead", "grid", "boundary",
    "making_bought", "making_ended", "making_kept", "method", "correction",
]  # fmt: skip
Restated = Literal["method", "correction"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
_FACTORS = ("fleet_s", "coverage_ratio", "activity_ratio", "awake_w", "pue", "factor")
OF_USE: tuple[Cause, ...] = CAUSES[:6]
"""The cause that each factor of a term is, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class ChangeTerm:
    """The carbon of using a group of devices in a period, as a product of six factors.

    group            what is compared with itself: the same in both periods
    fleet_s          device-seconds held
    coverage_ratio   seconds observed per second held
    activity_ratio   seconds awake per second observed
    awake_w          joules per second awake: the less, the more efficient
    pue              joules of the room per joule of the devices
    factor           kilograms of CO2e per joule
    """

    group: Hashable
    fleet_s: float
    coverage_ratio: float
    activity_ratio: float
    awake_w: float
    pue: float
    factor: float

    def __post_init__(self) -> None:
        for name, value in zip(_FACTORS, self.factors, strict=True):
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} of {self.group} is {value}: give a number from zero up")
        if self.carbon_kg == math.inf or (self.carbon_kg == 0 and 0 not in self.factors):
            raise ValueError(
                f"the factors of {self.group} give more or less than a number can hold"
            )

    @property
    def factors(self) -> tuple[float, ...]:
        """In the order of OF_USE."""
        return (
            self.fleet_s, self.coverage_ratio, self.activity_ratio,
            self.awake_w, self.pue, self.factor,
        )  # fmt: skip

    @property
    def carbon_kg(self) -> float:
        """All of its factors multiplied."""
        return math.prod(self.factors)


@dataclass(frozen=True, slots=True)
class Change:
    """Two totals and what led from one to the other; every cause is there, most often as zero."""

    before_ug: int
    after_ug: int
    parts: Mapping[Cause, int]

    def __post_init__(self) -> None:
        explained_ug = self.before_ug + sum(self.parts.values())
        if explained_ug != self.after_ug:
            raise ValueError(f"the parts lead to {explained_ug} µg and not to {self.after_ug} µg")


class Days(NamedTuple):
    """A period of whole days, both included."""

    first: date
    last: date


def bridge(
    before: Iterable[ChangeTerm], after: Iterable[ChangeTerm], boundary: Collection[Hashable] = ()
) -> Change:
    """Why the carbon of use changed.

    boundary   groups that entered the report or left it: they were there, and were not counted.
               A group that is in one period only and not named here was bought or retired: fleet.
    """
    old, new = _by_group(before), _by_group(after)
    pieces_kg: dict[Cause, list[float]] = {cause: [] for cause in CAUSES}
    for group in old.keys() & new.keys():
        for cause, piece_kg in zip(OF_USE, _pieces_kg(old[group], new[group]), strict=True):
            pieces_kg[cause].append(piece_kg)
    for group in old.keys() ^ new.keys():
        cause = "boundary" if group in boundary else "fleet"
        pieces_kg[cause].append(new[group].carbon_kg if group in new else -old[group].carbon_kg)
    before_ug, after_ug = (
        micrograms(math.fsum(t.carbon_kg for t in terms.values())) for terms in (old, new)
    )
    exact_ug: dict[Cause, float] = {
        c: math.fsum(pieces) * UG_PER_KG for c, pieces in pieces_kg.items() if any(pieces)
    }
    return Change(before_ug, after_ug, _whole(exact_ug, after_ug - before_ug))


def making(before: Days, after: Days, assets: Iterable[Asset]) -> Change:
    """Why the charge of making changed between a period and a later one.

    bought   not charged before, or only since it was bought in the course of that period
    ended    its life or its stay ended before the later period did
    kept     charged on all days of both: what changes is the number of days
    """
    if after.first < before.first:
        raise ValueError(f"{after.first} comes before {before.first}: give the earlier days first")
    parts: dict[Cause, int] = dict.fromkeys(CAUSES, 0)
    before_ug = after_ug = 0
    for asset in assets:
        old_ug, new_ug = asset.charged_ug(*before), asset.charged_ug(*after)
        before_ug, after_ug = before_ug + old_ug, after_ug + new_ug
        cause: Cause = "making_kept"
        if old_ug and asset.end < after.last:
            cause = "making_ended"
        elif asset.acquired > before.first:
            cause = "making_bought"
        parts[cause] += new_ug - old_ug
    return Change(before_ug, after_ug, parts)


def joined(
    changes: Sequence[Change], published_ug: int | None = None, restated: Restated = "correction"
) -> Change:
    """Several changes between the same two periods as one.

    published_ug   the earlier total as it was sealed; what it has since become by better data is a
                   correction, and by another way of computing a method
    """
    parts: dict[Cause, int] = {c: sum(change.parts.get(c, 0) for change in changes) for c in CAUSES}
    before_ug = sum(change.before_ug for change in changes)
    if published_ug is not None:
        parts[restated] += before_ug - published_ug
        before_ug = published_ug
    return Change(before_ug, sum(change.after_ug for change in changes), parts)


def _by_group(terms: Iterable[ChangeTerm]) -> dict[Hashable, ChangeTerm]:
    by_group: dict[Hashable, ChangeTerm] = {}
    for term in terms:
        if term.group in by_group:
            raise ValueError(f"{term.group} is given twice in one period: join it to one term")
        by_group[term.group] = term
    return by_group


def _pieces_kg(old: ChangeTerm, new: ChangeTerm) -> list[float]:
    """What each factor did to one group: L(new, old) × ln(new factor / old factor)."""
    old_kg, new_kg = old.carbon_kg, new.carbon_kg
    pairs = _comparable(old, new)
    if old_kg and new_kg:
        mean_kg = _logarithmic_mean(old_kg, new_kg)
        return [mean_kg * _log_ratio(a, b) for a, b in pairs]
    # The limits as zeros are approached: who came from zero or went to it did all of it, in equal
    # shares; where one came and another went, the product was zero throughout.
    moved = [(a == 0) != (b == 0) for a, b in pairs]
    share_kg = (new_kg - old_kg) / max(1, sum(moved))
    return [share_kg if m else 0.0 for m in moved]


def _comparable(old: ChangeTerm, new: ChangeTerm) -> list[tuple[float, float]]:
    """Their factors side by side; a ratio to nothing is unknown, and counts as unchanged.

    Of no devices held no share is observed, and of no second observed none is awake: only the first
    of these zeros is a cause.
    """
    pairs = list(zip(old.factors, new.factors, strict=True))
    for place in range(1, 4):
        if 0 in pairs[place - 1]:
            pairs[place:4] = [(1.0, 1.0)] * (4 - place)
    return pairs


def _logarithmic_mean(a: float, b: float) -> float:
    return a if a == b else (b - a) / _log_ratio(a, b)


def _log_ratio(a: float, b: float) -> float:
    """ln(b / a), the exact opposite of ln(a / b), and precise where they are close."""
    low, high = min(a, b), max(a, b)
    ratio = math.log1p((high - low) / low) if high < 2 * low else math.log(high) - math.log(low)
    return ratio if b > a else -ratio


def _whole(exact_ug: Mapping[Cause, float], change_ug: int) -> dict[Cause, int]:
    """The parts as whole micrograms that add up to the change, by largest remainder.

    Cut towards zero, so that the way back gives the same; what did nothing is given nothing.
    """
    parts: dict[Cause, int] = {c: math.trunc(exact_ug.get(c, 0)) for c in CAUSES}
    left = change_ug - sum(parts.values())
    sign = 1 if left > 0 else -1
    by_rest = sorted(exact_ug, key=lambda c: sign * (exact_ug[c] - parts[c]), reverse=True)
    each, more = divmod(abs(left), max(1, len(by_rest)))
    for place, cause in enumerate(by_rest):
        parts[cause] += sign * (each + (place < more))
    return parts
