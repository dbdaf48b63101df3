"""Why a total changed: the causes add up to the last microgram, whatever the fleets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .test_amortisation import assets

# Inner rooms have no address for a type checker: `sobriety/estimators.pyi` is only the door.
room: Any = import_module("sobriety.estimators.bridge")
bridge: Any = room.bridge
FACTORS = ("fleet_s", "coverage_ratio", "activity_ratio", "awake_w", "pue", "factor")
QUARTER_S = 92 * 86_400.0
NONE: set[str] = set()

RATIO = st.just(0.0) | st.floats(1e-6, 1.0)


@st.composite
def terms(draw: st.DrawFn, group: str) -> Any:
    """From a lamp to a city; any factor may be nothing."""
    return room.ChangeTerm(
        group,
        draw(st.just(0.0) | st.floats(1.0, 1e12)),
        draw(RATIO),
        draw(RATIO),
        draw(st.just(0.0) | st.floats(1e-3, 1e4)),
        draw(st.floats(1.0, 3.0)),
        draw(st.just(0.0) | st.floats(1e-10, 1e-6)),
    )


@st.composite
def fleets(draw: st.DrawFn) -> list[Any]:
    names = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6))
    return [draw(terms(name)) for name in names]


def _server(**changed: float) -> Any:
    """A hundred servers of 200 W for a quarter, in Québec of 2023."""
    usual = room.ChangeTerm("server", 100 * QUARTER_S, 0.97, 0.9, 200.0, 1.56, 1.3e-3 / 3.6e6)
    return replace(usual, **changed)


@given(fleets(), fleets(), st.sets(st.sampled_from("abcdefgh")))
def test_before_and_the_parts_are_after(
    before: list[Any], after: list[Any], boundary: set[str]
) -> None:
    found = bridge(before, after, boundary)
    assert found.before_ug == round(math.fsum(t.carbon_kg for t in before) * 1e9)
    assert found.after_ug == round(math.fsum(t.carbon_kg for t in after) * 1e9)
    assert found.before_ug + sum(found.parts.values()) == found.after_ug
    assert set(found.parts) == set(room.CAUSES)


@given(fleets(), fleets(), st.sets(st.sampled_from("abcdefgh")))
def test_the_way_back_has_its_signs_turned(
    before: list[Any], after: list[Any], boundary: set[str]
) -> None:
    there, back = bridge(before, after, boundary), bridge(after, before, boundary)
    assert back.parts == {cause: -ug for cause, ug in there.parts.items()}


@given(st.data(), fleets(), fleets())
def test_the_order_of_groups_does_not_matter(
    data: st.DataObject, before: list[Any], after: list[Any]
) -> None:
    shuffled = (data.draw(st.permutations(before)), data.draw(st.permutations(after)))
    assert bridge(*shuffled) == bridge(before, after)


@given(fleets(), st.sampled_from(range(6)), st.floats(1e-3, 1e3))
def test_one_factor_changed_is_the_only_cause(before: list[Any], place: int, times: float) -> None:
    name, cause = FACTORS[place], room.OF_USE[place]
    after = [replace(t, **{name: getattr(t, name) * times}) for t in before]
    found = bridge(before, after)
    assert found.parts[cause] == found.after_ug - found.before_ug
    assert not any(ug for c, ug in found.parts.items() if c != cause)


@given(fleets(), fleets(), st.sampled_from([2, 64, 1024]))
def test_a_larger_city_has_larger_parts_of_the_same_shape(
    before: list[Any], after: list[Any], times: int
) -> None:
    def larger(fleet: Sequence[Any]) -> list[Any]:
        return [replace(t, fleet_s=t.fleet_s * times) for t in fleet]

    one, many = bridge(before, after), bridge(larger(before), larger(after))
    size_ug = one.before_ug + one.after_ug
    for cause, ug in many.parts.items():
        assert abs(ug - times * one.parts[cause]) <= 3 * times + 1e-12 * times * size_ug


def test_quebec_of_2024_used_less_and_emitted_more() -> None:
    """A tenth fewer kilowatt-hours at a factor 37 % higher."""
    before, after = _server(), _server(awake_w=180.0, factor=1.37 * 1.3e-3 / 3.6e6)
    found = bridge([before], [after])
    assert found.after_ug / found.before_ug == pytest.approx(0.9 * 1.37)
    parts = {cause: ug for cause, ug in found.parts.items() if ug}
    assert set(parts) == {"efficiency", "grid"}
    mean_ug = (found.after_ug - found.before_ug) / math.log(0.9 * 1.37)
    assert parts["efficiency"] == pytest.approx(mean_ug * math.log(0.9))
    assert parts["grid"] == pytest.approx(mean_ug * math.log(1.37))
    assert parts["efficiency"] < 0 < parts["grid"]


def test_a_textbook_change_is_shared_by_logarithms() -> None:
    """From 1 × 1 to 2 × 4: of 7, a third to what doubled and two thirds to what doubled twice."""
    one = room.ChangeTerm("a", 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    found = bridge([one], [replace(one, fleet_s=2.0, awake_w=4.0)])
    assert found.parts["fleet"] == 2_333_333_333
    assert found.parts["efficiency"] == 4_666_666_667


NOTHING: dict[str, float] = {}
NOBODY: set[str] = set()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"factor": 0.0}, NOTHING, {"grid"}, id="one came from zero"),
        pytest.param({"factor": 0.0, "fleet_s": 0.0}, NOTHING, {"grid", "fleet"}, id="two of them"),
        pytest.param({"factor": 0.0}, {"factor": 0.0, "fleet_s": 9.0}, NOBODY, id="zero in both"),
        pytest.param({"factor": 0.0}, {"fleet_s": 0.0}, NOBODY, id="one came and another went"),
        pytest.param(
            {"activity_ratio": 0.0, "awake_w": 0.0}, NOTHING, {"activity"}, id="asleep throughout"
        ),
        pytest.param(
            NOTHING, dict.fromkeys(("fleet_s", "coverage_ratio", "activity_ratio", "awake_w"), 0.0),
            {"fleet"}, id="retired",
        ),
    ],
)  # fmt: skip
def test_nothing_is_a_limit_and_no_accident(
    before: dict[str, float], after: dict[str, float], expected: set[str]
) -> None:
    found = bridge([_server(**before)], [_server(**after)])
    assert {cause for cause, ug in found.parts.items() if ug} == expected


def test_what_is_nearly_zero_tells_what_zero_does() -> None:
    whole = _server()
    limit = bridge([_server(fleet_s=0.0, factor=0.0)], [whole]).parts["grid"]
    near = bridge([_server(fleet_s=1e-90, factor=1e-106)], [whole]).parts["grid"]
    assert near == pytest.approx(limit, rel=0.1)


def test_who_came_or_went_is_the_fleet_unless_it_was_there_uncounted() -> None:
    old, new, kept = (replace(_server(), group=g) for g in ("old", "new", "kept"))
    found = bridge([old, kept], [kept, new], boundary={"new"})
    parts = {cause: ug for cause, ug in found.parts.items() if ug}
    one_ug = round(_server().carbon_kg * 1e9)
    assert parts == pytest.approx({"fleet": -one_ug, "boundary": one_ug}, abs=1)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_what_is_no_amount_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=f"pue of server is {value}"):
        _server(pue=value)


def test_what_a_number_cannot_hold_is_refused() -> None:
    for value in (1e200, 1e-200):
        with pytest.raises(ValueError, match="than a number can hold"):
            _server(fleet_s=value, awake_w=value)


def test_a_group_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="server is given twice"):
        bridge([_server(), _server()], [])


def test_parts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="lead to 11 µg and not to 12 µg"):
        room.Change(10, 12, {"fleet": 1})


# Making, and what was published

Q1 = room.Days(date(2025, 1, 1), date(2025, 3, 31))
Q2 = room.Days(date(2025, 4, 1), date(2025, 6, 30))


@given(st.lists(assets(), max_size=8), st.integers(0, 2000))
def test_making_adds_up_to_what_both_periods_are_charged(held: list[Any], later: int) -> None:
    after = room.Days(*(day + timedelta(days=later) for day in Q1))
    found = room.making(Q1, after, held)
    assert found.before_ug == sum(a.charged_ug(*Q1) for a in held)
    assert found.after_ug == sum(a.charged_ug(*after) for a in held)


@pytest.mark.parametrize(
    ("acquired", "disposed", "cause", "ug"),
    [
        (date(2024, 1, 1), None, "making_kept", 91_000 - 90_000),
        (date(2025, 5, 1), None, "making_bought", 61_000),
        (date(2025, 3, 1), None, "making_bought", 91_000 - 31_000),
        (date(2024, 1, 1), date(2025, 2, 28), "making_ended", -(1_000_000 - 366_000)),
        (date(2024, 1, 1), date(2025, 4, 30), "making_ended", 1_000_000 - 456_000 - 90_000),
        (date(2022, 6, 1), None, "making_ended", -55_000),
    ],
)
def test_each_device_has_one_reason(
    acquired: date, disposed: date | None, cause: str, ug: int
) -> None:
    """A thousand days of a thousand micrograms; what is left is written off on the last one."""
    parts = room.making(Q1, Q2, [room.Asset(1_000_000, acquired, 1_000, disposed)]).parts
    assert {c: part for c, part in parts.items() if part} == {cause: ug}


def test_making_is_asked_from_the_earlier_days_to_the_later() -> None:
    with pytest.raises(ValueError, match="give the earlier days first"):
        room.making(Q2, Q1, [])


@pytest.mark.parametrize("restated", ["correction", "method"])
def test_what_was_published_is_where_the_bridge_begins(restated: str) -> None:
    use = bridge([_server()], [_server(fleet_s=90 * QUARTER_S)])
    made = room.making(Q1, Q2, [room.Asset(10**12, date(2024, 1, 1), 1_000)])
    published_ug = use.before_ug + made.before_ug - 12_345
    found = room.joined([use, made], published_ug, restated)
    assert found.before_ug == published_ug
    assert found.after_ug == use.after_ug + made.after_ug
    parts = {cause: ug for cause, ug in found.parts.items() if ug}
    assert parts == {
        "fleet": use.parts["fleet"], "making_kept": made.parts["making_kept"], restated: 12_345
    }  # fmt: skip


def test_without_a_published_total_nothing_is_corrected() -> None:
    use = bridge([_server()], [_server(pue=1.2)])
    assert room.joined([use]) == use
