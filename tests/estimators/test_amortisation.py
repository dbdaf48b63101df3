"""Every microgram once: whatever the stretches, the fate and the life, the ledger adds up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

# Inner rooms have no address for a type checker: `sobriety/estimators.pyi` is only the door.
ledger: Any = import_module("sobriety.estimators.amortisation")
Asset: Callable[..., Any] = ledger.Asset

DAY = st.integers(0, 6000).map(lambda n: date(2015, 1, 1) + timedelta(days=n))
EVER = (date(2000, 1, 1), date(2060, 1, 1))


@st.composite
def assets(draw: st.DrawFn) -> Any:
    acquired = draw(DAY)
    kept = draw(st.none() | st.integers(0, 4000))
    return Asset(
        draw(st.integers(0, 10**13)),
        acquired,
        draw(st.integers(1, 4000)),
        None if kept is None else acquired + timedelta(days=kept),
        draw(st.sampled_from(["discarded", "passed on"])),
    )


@given(assets())
def test_a_life_is_charged_or_passed_on_once(asset: Any) -> None:
    entries = asset.entries(*EVER)
    assert sum(e.embodied_ug for e in entries) == asset.embodied_ug
    assert all(e.embodied_ug >= 0 for e in entries)
    passed_on = sum(e.embodied_ug for e in entries if e.kind == "transfer")
    assert asset.charged_ug(*EVER) == asset.embodied_ug - passed_on


@given(assets(), st.lists(DAY, min_size=2, max_size=12, unique=True).map(sorted))
def test_any_stretches_add_up(asset: Any, cuts: list[date]) -> None:
    one = timedelta(days=1)
    parts = [asset.charged_ug(a, b - one) for a, b in pairwise(cuts)]
    assert sum(parts) == asset.charged_ug(cuts[0], cuts[-1] - one)


@given(assets(), DAY)
def test_a_day_is_charged_its_share_to_the_microgram(asset: Any, day: date) -> None:
    (charged,) = [sum(e.embodied_ug for e in asset.entries(day, day) if e.kind == "amortisation")]
    assert abs(charged - asset.embodied_ug / asset.lifetime_days) < 1 or charged == 0


@given(st.lists(assets(), max_size=6).map(tuple), DAY, st.integers(0, 900))
def test_purchases_and_charges_reconcile(held: tuple[Any, ...], first: date, length: int) -> None:
    found = ledger.reconciled(held, first, first + timedelta(days=length))
    assert (
        found.bought_ug + found.carried_ug - found.deferred_ug - found.passed_on_ug
        == found.charged_ug
    )


def test_a_laptop_kept_six_years_with_a_lifetime_of_four_is_charged_once() -> None:
    laptop = Asset(ledger.micrograms(250.0), date(2018, 1, 1), ledger.days(4), date(2023, 12, 31))
    assert laptop.charged_ug(*EVER) == 250 * 10**9
    assert laptop.charged_ug(date(2022, 1, 1), date(2023, 12, 31)) == 0
    (entry,) = laptop.entries(*EVER)
    assert (entry.kind, entry.last) == ("amortisation", date(2021, 12, 31))


def test_one_that_broke_early_is_written_off_and_one_given_away_goes_on() -> None:
    broke = Asset(1_000_000, date(2024, 1, 1), 1000, date(2024, 1, 10))
    assert [e[0] for e in broke.entries(*EVER)] == ["amortisation", "write-off"]
    assert broke.charged_ug(*EVER) == 1_000_000
    given_away = Asset(1_000_000, date(2024, 1, 1), 1000, date(2024, 1, 10), "passed on")
    assert given_away.charged_ug(*EVER) == 10_000
    again = given_away.passed_on(date(2024, 2, 1), 500)
    assert again.charged_ug(*EVER) + given_away.charged_ug(*EVER) == 1_000_000
    with pytest.raises(ValueError, match="not passed on"):
        broke.passed_on(date(2024, 2, 1), 500)


@pytest.mark.parametrize(
    ("facts", "said"),
    [((-1, date(2024, 1, 1), 10), "less than nothing"), ((1, date(2024, 1, 1), 0), "a day"),
     ((1, date(2024, 1, 2), 10, date(2024, 1, 1)), "before")],
)  # fmt: skip
def test_what_no_device_has_is_refused(facts: tuple[Any, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Asset(*facts)
