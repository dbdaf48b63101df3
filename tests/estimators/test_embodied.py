"""The carbon of making, and its share of a duration as an exact ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import FactorNotFound
from sobriety.core.machine import Machine
from sobriety.core.units import S_PER_YEAR
from sobriety.estimators import amortised, embodied, lifetime


@pytest.mark.parametrize(
    "category", ["server", "notebook", "desktop", "tablet", "thin client", "workstation",
                 "monitor", "phone", "printer"],
)  # fmt: skip
def test_what_makers_declare(category: str) -> None:
    making = embodied(Machine(category=category))
    assert 10 < making.low < making.value < making.high < 10_000
    assert making.basis == "archetype" and "products" in str(making.method)
    assert lifetime(Machine(category=category)).value >= 2


@pytest.mark.parametrize("category", ["ups", "switch", "router", "access point", "storage"])
def test_what_no_maker_declares_is_not_guessed(category: str) -> None:
    with pytest.raises(FactorNotFound):
        embodied(Machine(category=category))
    with pytest.raises(FactorNotFound):
        lifetime(Machine(category=category))


@pytest.mark.parametrize(
    ("category", "maker", "screen_in", "said"),
    [("laptop", "Dell Inc.", 14.0, "maker and screen"), ("laptop", "nobody", 14.0, "on screen ("),
     ("monitor", "LENOVO", None, "on maker ("), ("desktop", "Hewlett-Packard", None, "on maker ("),
     ("desktop", "Apple", 27.0, "maker and screen"),
     ("all-in-one", None, None, "desktop regression on screen")],
)  # fmt: skip
def test_maker_and_screen_say_more(
    category: str, maker: str | None, screen_in: float | None, said: str
) -> None:
    making = embodied(Machine(category=category, manufacturer=maker, screen_in=screen_in))
    assert said in str(making.method) and making.basis == "modelled"
    assert making.low < making.value < making.high < 6 * making.low


def test_a_larger_screen_costs_more_and_an_absurd_one_no_more_than_the_largest() -> None:
    small, large, largest, absurd = (
        embodied(Machine(category="monitor", screen_in=inches)).value
        for inches in (19.0, 32.0, 86.0, 5000.0)
    )
    assert small < large < largest == absurd


def test_a_declared_figure_is_taken() -> None:
    machine = Machine(category="ups", embodied_kg=250.0, lifetime_years=7.0)
    assert (embodied(machine).value, embodied(machine).basis) == (250.0, "declared")
    assert (lifetime(machine).low, lifetime(machine).high) == (7.0, 7.0)


def test_an_unknown_category_is_wider_than_any_known_one() -> None:
    unknown = embodied(Machine())
    assert "unknown" in str(unknown.method)
    assert unknown.low <= embodied(Machine(category="notebook")).low
    assert unknown.high >= embodied(Machine(category="workstation")).high


def test_a_virtual_machine_is_its_threads_share_of_a_server() -> None:
    server = embodied(Machine(category="server"))
    few, many = (embodied(Machine(virtual=True, threads=n)) for n in (2, 8))
    assert many.value == pytest.approx(4 * few.value)
    assert embodied(Machine(virtual=True, threads=10_000)).value == server.value


@given(st.floats(0.1, 1e5), st.floats(0.1, 30))
def test_the_whole_life_bears_the_whole_making(kg: float, years: float) -> None:
    machine = Machine(embodied_kg=kg, lifetime_years=years)
    share = amortised(embodied(machine), lifetime(machine), years * S_PER_YEAR)
    assert share.value == pytest.approx(kg, rel=1e-12)
    assert (share.low, share.high) == pytest.approx((kg * 0.8, kg * 1.2), rel=1e-12)


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_the_shares_of_two_durations_add_up(one_s: float, other_s: float) -> None:
    making, life = embodied(Machine(category="laptop")), lifetime(Machine(category="laptop"))
    apart = amortised(making, life, one_s).value + amortised(making, life, other_s).value
    assert amortised(making, life, one_s + other_s).value == pytest.approx(apart, rel=1e-12)


def test_an_unknown_lifetime_widens_the_share() -> None:
    making = embodied(Machine(category="laptop"))
    declared = lifetime(Machine(category="laptop", lifetime_years=4.0))
    typical = lifetime(Machine(category="laptop"))
    exact, wide = (amortised(making, life, S_PER_YEAR) for life in (declared, typical))
    assert wide.low < exact.low and wide.high > exact.high and wide.value == exact.value
