"""Digits: only those that the interval supports, and parts that add up as printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.rounding import apportioned, decimals, decimals_of_sum, rounded

amounts = st.floats(0, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or x > 1e-9)


@pytest.mark.parametrize(
    ("figure", "places"),
    [
        ((27.3, 12.1, 50.2), 0),
        ((0.4821, 0.21, 0.93), 2),
        ((316.4, 210.0, 500.0), -1),
        ((98.41, 98.40, 98.42), 2),
        ((99.34, 98.7, 99.6), 1),
        ((1.9, 1.9, 1.9), 2),
        ((0.0, 0.0, 0.0), 0),
        ((0.0, 0.0, 4.0), 1),
    ],
)
def test_places_that_an_interval_supports(figure: tuple[float, float, float], places: int) -> None:
    assert decimals(*figure) == places


@given(st.lists(amounts, min_size=1, max_size=40), st.integers(-3, 6))
def test_printed_parts_add_up_to_the_printed_total(parts: list[float], places: int) -> None:
    cut = apportioned(parts, places)
    steps = 10.0**places
    assert sum(round(c * steps) for c in cut) == round(math.fsum(parts) * steps)


@given(st.lists(amounts, min_size=1, max_size=40), st.integers(-3, 6))
def test_no_part_moves_by_more_than_a_step(parts: list[float], places: int) -> None:
    step = 10.0**-places
    for part, cut in zip(parts, apportioned(parts, places), strict=True):
        assert abs(part - cut) < step * (1 + 1e-6) + abs(part) * 1e-12
        assert cut >= 0


@given(amounts, st.integers(0, 6))
def test_a_rounded_number_is_the_nearest_float_to_its_text(value: float, places: int) -> None:
    assert abs(rounded(value, places) - value) <= 0.5 * 10**-places + value * 1e-15
    assert float(f"{rounded(value, places):.{places}f}") == rounded(value, places)


def test_a_small_part_gets_a_digit_when_the_sum_can_bear_it() -> None:
    assert decimals_of_sum((302.0, 150.0, 600.0), [300.0, 1.7]) == 0
    assert decimals_of_sum((118.5, 60.0, 210.0), [117.9, 0.6]) == 1


def test_and_no_more_than_four_digits_of_the_total() -> None:
    assert decimals_of_sum((300.0, 150.0, 600.0), [300.0, 1e-6]) == 1
