"""The regression in plain Python says what the numerical one said that it was fitted with."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.machine import Machine
from sobriety.estimators import Details, embodied, state_watts

# Inner rooms have no address for a type checker: `sobriety/estimators.pyi` is only the door.
kernel = import_module("sobriety.estimators.models.kernel")
solve: Callable[[Sequence[Sequence[float]], Sequence[float]], tuple[float, ...]] = kernel.solve


def fitted() -> tuple[Any, Any, list[Any]]:
    """A small fit of a known formula, in both forms, and its rows; some facts are missing."""
    pytest.importorskip("numpy")
    numpy = import_module("numpy")
    fit = import_module("tools.kernel_fit")
    draw = random.Random(4)
    rows: list[Any] = []
    for _ in range(80):
        a, b = draw.uniform(0, 4), draw.uniform(-1, 1)
        numbers = {"a": a, "b": b + 0.5 * a, "c": draw.gauss(0, 1)}
        if draw.random() < 0.3:
            del numbers["b"]
        rows.append((numbers, ["odd"] if draw.random() < 0.5 else ["even", "rare"]))
    y = numpy.array([[math.sin(n["a"]) + n["c"], n["a"] - ("odd" in w)] for n, w in rows])
    shape = fit.Kernel(lengths={"a": 0.8, "b": 2.0, "c": 3.0}, centres=12, noise=0.05, linear=1.0)
    model = fit.Fit(shape).learn(rows, y)
    table = [dict(zip(("part", "name", "values"), row, strict=True)) for row in model.rows()]
    return model, kernel.Regression(table), rows


def test_plain_python_says_what_the_fit_says() -> None:
    model, plain, rows = fitted()
    for row, expected in zip(rows, model.predict(rows), strict=True):
        assert plain.predict(*row) == pytest.approx(list(expected), rel=2e-3, abs=2e-3)


def test_the_fit_learns_a_curve_and_a_word() -> None:
    _, plain, rows = fitted()
    off = [abs(plain.predict(n, w)[1] - (n["a"] - ("odd" in w))) for n, w in rows if "b" in n]
    assert max(off) < 0.3
    assert plain.knows("odd") and not plain.knows("never said")


def test_unknown_words_and_no_numbers_give_the_expectation() -> None:
    _, plain, _ = fitted()
    assert plain.predict({}, ["never said"]) == plain.predict({}, [])
    assert all(math.isfinite(v) for v in plain.predict({}, []))


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(0.1, 5))
def test_small_systems_are_solved(x: list[float], ridge: float) -> None:
    matrix = [[1.0 + ridge, 0.5, 0.2], [0.5, 1.0 + ridge, 0.1], [0.2, 0.1, 1.0 + ridge]]
    right = [sum(m * v for m, v in zip(row, x, strict=True)) for row in matrix]
    assert solve(matrix, right) == pytest.approx(x, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["notebook", "desktop", "all-in-one", "tablet", "thin client", "workstation"]),
    st.none() | st.sampled_from(["Core i7", "i5-8250U", "Xeon", "x" * 100]),
    st.none() | st.integers(1, 10_000),
    st.none() | st.floats(0.001, 1e6),
    st.none() | st.integers(1980, 2100),
    st.sampled_from([None, "G1", "G7", "a card"]),
)
def test_states_are_in_order_and_within_their_bounds(
    category: str, cpu: str | None, cores: int | None, memory_gb: float | None,
    year: int | None, graphics: str | None,
) -> None:  # fmt: skip
    memory_b = memory_gb * 1e9 if memory_gb else None
    machine = Machine(
        category=category, cpu_model=cpu, cores=cores, memory_b=memory_b, hw_year=year
    )
    states = [
        state_watts(machine, s, Details(graphics=graphics))
        for s in ("off", "sleep", "long_idle", "short_idle")
    ]
    values = [s.value_w for s in states if s]
    assert len(values) == 4 and values == sorted(values)
    assert all(s and 0 < s.low_w < s.value_w < s.high_w < 2000 for s in states)


def test_a_known_product_line_is_narrower_than_a_new_maker() -> None:
    known, maker, new = (
        embodied(Machine(category="laptop", manufacturer=m, model=name, screen_in=14.0))
        for m, name in (("Dell", "Latitude 7999"), ("Dell", "Zzyzx 1"), ("Nobody", "Latitude 7999"))
    )
    assert (
        "line" in str(known.method)
        and "line" not in str(maker.method)
        and "maker" not in str(new.method)
    )
    width = [e.high / e.low for e in (known, maker, new)]
    assert width == sorted(width)
