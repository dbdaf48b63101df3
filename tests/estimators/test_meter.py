"""Readings at the plug: met by the curve, bounded by the meter at least, never a falling curve."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.core.machine import Machine
from sobriety.estimators import PowerModel, power_model, power_w

LOADS = [u / 100 for u in range(101)]
SERVER: dict[str, Any] = {"category": "server", "chips": 2, "cores": 40, "threads": 80}
KINDS: tuple[dict[str, Any], ...] = (
    SERVER,
    {**SERVER, "disks": 12},
    {"category": "server"},
    {"category": "notebook"},
    {"category": "desktop", "tdp_w": 95.0},
    {"category": "workstation"},
    {},
    {"virtual": True, "threads": 8},
)


@st.composite
def calibrated(draw: st.DrawFn) -> tuple[PowerModel, Machine]:
    """A machine's own model, and the machine with readings somewhere off it."""
    plain = Machine(**draw(st.sampled_from(KINDS)))
    model = power_model(plain)
    level = draw(st.floats(0.5, 2))
    at = draw(st.lists(st.integers(0, 100), min_size=1, max_size=4, unique=True).map(sorted))
    bends = draw(st.lists(st.floats(1, 1.05), min_size=len(at), max_size=len(at)).map(sorted))
    text = " ".join(
        f"{u}={level * bend * power_w(model.curve, u / 100)!r}"
        for u, bend in zip(at, bends, strict=True)
    )
    meter_ratio = draw(st.none() | st.floats(0.005, 0.1))
    return model, Machine(
        **{n: getattr(plain, n) for n in plain.__slots__ if n not in ("readings", "meter_ratio")},
        readings=text,
        meter_ratio=meter_ratio,
    )


def width(model: PowerModel, u: float) -> float:
    return (power_w(model.high, u) - power_w(model.low, u)) / power_w(model.curve, u)


@settings(max_examples=300, deadline=None)
@given(calibrated())
def test_any_readings_give_a_rising_curve_within_rising_bounds(
    found: tuple[PowerModel, Machine],
) -> None:
    after = power_model(found[1])
    for u in LOADS:
        low, value, high = (power_w(c, u) for c in (after.low, after.curve, after.high))
        slack = 1e-9 * high
        assert 0 <= low <= value + slack and value <= high + slack
    for curve in (after.low, after.curve, after.high):
        watts = [power_w(curve, u) for u in LOADS]
        assert all(b >= a - 1e-9 * abs(a) for a, b in pairwise(watts))


@settings(max_examples=300, deadline=None)
@given(calibrated())
def test_readings_are_within_the_interval_that_is_never_surer_than_the_meter(
    found: tuple[PowerModel, Machine],
) -> None:
    machine = found[1]
    points = machine.points()
    if len(points) > 2:
        return
    after = power_model(machine)
    least = 2 * (0.02 if machine.meter_ratio is None else machine.meter_ratio)
    for u, watts in points:
        assert power_w(after.low, u) <= watts * 1.001 and watts <= power_w(after.high, u) * 1.001
    assert all(width(after, u) >= least * 0.99 for u in LOADS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [(0,), (30,), (50,), (100,), (0, 100), (10, 90), (0, 50, 100)])
@pytest.mark.parametrize("level", [0.7, 1.0, 1.4])
def test_readings_that_machines_have_are_met(
    kind: dict[str, Any], at: tuple[int, ...], level: float
) -> None:
    before = power_model(Machine(**kind))
    read = {u: level * power_w(before.curve, u / 100) for u in at}
    after = power_model(Machine(**kind, readings=" ".join(f"{u}={w!r}" for u, w in read.items())))
    for u, watts in read.items():
        assert power_w(after.curve, u / 100) == pytest.approx(watts, rel=0.01)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.floats(0.6, 1.6), st.integers(0, 100))
def test_one_reading_narrows_the_interval_where_it_was_read(
    kind: dict[str, Any], level: float, at: int
) -> None:
    before = power_model(Machine(**kind))
    u = at / 100
    watts = level * power_w(before.curve, u)
    after = power_model(Machine(**kind, readings=f"{at}={watts!r}"))
    assert width(after, u) < width(before, u)


@pytest.mark.parametrize("kind", KINDS)
def test_both_ends_narrow_it_everywhere(kind: dict[str, Any]) -> None:
    before = power_model(Machine(**kind))
    idle_w, max_w = 0.8 * power_w(before.curve, 0), 0.9 * power_w(before.curve, 1)
    after = power_model(Machine(**kind, idle_w=idle_w, max_w=max_w))
    assert all(width(after, u) < width(before, u) for u in LOADS)
    assert (
        width(after, 0) == pytest.approx(0.04, rel=0.05) == pytest.approx(width(after, 1), rel=0.1)
    )
    assert after.basis == "measured"
    coarse = power_model(Machine(**kind, idle_w=idle_w, max_w=max_w, meter_ratio=0.05))
    assert width(coarse, 0) == pytest.approx(0.10, rel=0.05)
    assert "to within 5 %" in str(coarse.method)


def test_between_two_readings_the_shape_is_in_doubt_and_less_than_before() -> None:
    before = power_model(Machine(**SERVER))
    after = power_model(Machine(**SERVER, idle_w=100.0, max_w=400.0))
    assert width(after, 0) < 0.05 > width(after, 1)
    assert 0.1 < width(after, 0.5) < 0.6 * width(before, 0.5)


def test_what_was_read_of_one_load_tells_most_of_those_near_it() -> None:
    before = power_model(Machine(**SERVER))
    after = power_model(Machine(**SERVER, readings=f"50={1.3 * power_w(before.curve, 0.5)!r}"))
    rise = [power_w(after.curve, u) / power_w(before.curve, u) for u in (0, 0.3, 0.5, 0.7, 1)]
    assert rise[2] == pytest.approx(1.3, rel=0.01)
    assert min(rise) > 1.05 and max(rise) < 1.45 and rise[4] < rise[3]
    narrower = [width(after, u) / width(before, u) for u in (0, 0.5, 1)]
    assert narrower[1] < narrower[0] < 1 and narrower[1] < narrower[2] < 1


def test_two_readings_of_nearly_one_load_do_not_tell_a_slope() -> None:
    half_w = power_w(power_model(Machine(**SERVER)).curve, 0.5)
    near = power_model(Machine(**SERVER, readings=f"50={half_w!r} 52={1.02 * half_w!r}"))
    one = power_model(Machine(**SERVER, readings=f"50={half_w!r}"))
    for u in (0.0, 1.0):
        assert power_w(near.curve, u) == pytest.approx(power_w(one.curve, u), rel=0.1)


def test_a_third_reading_bends_the_curve_and_halves_the_doubt() -> None:
    ends: dict[str, Any] = {"idle_w": 100.0, "max_w": 400.0}
    two = power_model(Machine(**SERVER, **ends))
    half_w = 1.03 * power_w(two.curve, 0.5)
    three = power_model(Machine(**SERVER, **ends, readings=f"50={half_w!r}"))
    assert power_w(three.curve, 0.5) == pytest.approx(half_w, rel=0.005)
    assert width(three, 0.5) < width(two, 0.5)
    assert "3 loads" in str(three.method)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"readings": "50"}, "no load in percent"),
        ({"readings": "101=5"}, "no load in percent"),
        ({"readings": "50=nan"}, "no load in percent"),
        ({"readings": "50=88 50=90"}, "second reading"),
        ({"readings": "50=88", "max_w": 80.0}, "below 50 %"),
    ],
)
def test_readings_that_tell_nothing_are_refused(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        power_model(Machine(**SERVER, **facts))
