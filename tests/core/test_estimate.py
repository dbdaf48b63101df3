"""No number alone, and intervals that mean something."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.estimate import Estimate, product, total
from sobriety.core.method import STATED
from sobriety.core.units import unit_of

positive = st.floats(1e-6, 1e9)
ratio = st.floats(1, 10)


def figure(value: float, low: float, high: float, metric: str = "energy_j") -> Estimate:
    return Estimate(metric, value, low, high, "modelled", STATED(text="a test"), ("nobody",))


@pytest.mark.parametrize(
    ("value", "low", "high"), [(1, 2, 3), (4, 2, 3), (math.nan, 0, 1), (1, 0, math.inf)]
)
def test_an_interval_that_does_not_hold_is_refused(value: float, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="energy_j"):
        figure(value, low, high)


def test_a_figure_without_source_or_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="source"):
        Estimate("energy_j", 1, 1, 1, "modelled", STATED(text="a test"), ())
    with pytest.raises(ValueError, match="declares no unit"):
        unit_of("power")


def test_the_longest_suffix_names_the_unit() -> None:
    assert unit_of("intensity_g_per_kwh") == "g/kWh"
    assert unit_of("memory_used_bs") == "B·s"
    assert figure(1, 1, 1).as_dict()["unit"] == "J"


def test_shared_errors_add_and_independent_ones_partly_cancel() -> None:
    parts = [figure(10, 8, 12)] * 4
    shared = total("energy_j", parts, shared_error=True)
    apart = total("energy_j", parts, shared_error=False)
    assert (shared.value, shared.low, shared.high) == (40, 32, 48)
    assert (apart.value, apart.low, apart.high) == pytest.approx((40, 36, 44))


@given(st.lists(st.tuples(positive, ratio, ratio), min_size=1, max_size=20))
def test_an_independent_sum_holds_its_value_and_is_never_wider_than_a_shared_one(
    figures: list[tuple[float, float, float]],
) -> None:
    parts = [figure(value, value / down, value * up) for value, down, up in figures]
    shared = total("energy_j", parts, shared_error=True)
    apart = total("energy_j", parts, shared_error=False)
    assert apart.value == shared.value == math.fsum(p.value for p in parts)
    assert shared.low <= apart.low <= apart.value <= apart.high <= shared.high
    if len(parts) == 1:
        assert (apart.low, apart.high) == (parts[0].low, parts[0].high)


@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.5])
def test_the_interval_of_a_sum_of_skewed_figures_holds_nine_times_in_ten(sigma: float) -> None:
    """Half-widths added as squares would hold 81 % of the time at 0.5, for want of the mean."""
    draw, held, trials = random.Random(7), 0, 2000
    bound = math.exp(1.645 * sigma)
    for _ in range(trials):
        watts = [draw.uniform(50, 500) for _ in range(40)]
        apart = total(
            "energy_j", [figure(w, w / bound, w * bound) for w in watts], shared_error=False
        )
        held += apart.low <= sum(w * draw.lognormvariate(0, sigma) for w in watts) <= apart.high
    assert 0.87 <= held / trials <= 0.93


def test_the_sum_of_nothing_is_not_zero() -> None:
    with pytest.raises(ValueError, match="nothing to add"):
        total("energy_j", [], shared_error=True)


@given(positive, ratio, ratio, positive, ratio, ratio)
def test_a_product_is_wider_than_either_and_never_as_wide_as_both(
    a: float, a_down: float, a_up: float, b: float, b_down: float, b_up: float
) -> None:
    left, right = figure(a, a / a_down, a * a_up), figure(b, b / b_down, b * b_up)
    both = product("energy_j", left, right)
    up, down = both.high / both.value, both.value / both.low
    assert max(a_up, b_up) * 0.999999 <= up <= a_up * b_up * 1.000001
    assert max(a_down, b_down) * 0.999999 <= down <= a_down * b_down * 1.000001


def test_a_product_with_an_interval_down_to_zero_reaches_zero() -> None:
    both = product("energy_j", figure(2, 0, 4), figure(3, 3, 3))
    assert (both.low, both.value, both.high) == (0, 6, 12)


def test_nothing_times_something_is_nothing_with_an_upper_end() -> None:
    both = product("energy_j", figure(0, 0, 4), figure(3, 2, 5))
    assert (both.low, both.value, both.high) == (0, 0, 20)


def test_a_sum_of_different_bases_says_mixed() -> None:
    measured = Estimate("energy_j", 1, 1, 1, "measured", STATED(text="a meter"), ("meter",))
    both = total("energy_j", [measured, figure(1, 0, 2)], shared_error=True)
    assert both.basis == "mixed"
    assert both.sources == ("meter", "nobody")
