"""The declaration that every table, file and page is made from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.units import unit_of
from sobriety.core.usage import (
    COLUMNS,
    DURATIONS,
    GROUP_BY_NAME,
    GROUPS,
    KEY_NAMES,
    KEYS,
    MEASURE_NAMES,
    MEASURES,
    Column,
    Usage,
    broken_rule,
)


def test_every_name_is_declared_once() -> None:
    names = [*KEY_NAMES, *MEASURE_NAMES]
    assert len(names) == len(set(names))
    assert len(GROUPS) == len(GROUP_BY_NAME)


@pytest.mark.parametrize("column", MEASURES, ids=lambda c: c.name)
def test_a_measures_unit_is_its_suffix(column: Column) -> None:
    # Processor time is core-seconds and its suffix says seconds: a core is counted, not measured.
    # So is an accelerator.
    unit = column.unit.removeprefix("core·").removeprefix("device·")
    assert unit == unit_of(column.name)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.name)
def test_a_measure_belongs_to_a_group_that_there_is(column: Column) -> None:
    assert column.group in GROUP_BY_NAME


def test_no_group_is_empty() -> None:
    assert {c.group for c in COLUMNS} == GROUP_BY_NAME.keys()


def test_names_can_stand_in_sql_and_in_a_list() -> None:
    """They go into statements unquoted, and `observed` joins groups with spaces."""
    for name in (*KEY_NAMES, *MEASURE_NAMES, *GROUP_BY_NAME):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)


def test_every_declaration_says_what_it_means() -> None:
    assert all(d.meaning for d in (*KEYS, *GROUPS, *MEASURES))


@given(st.dictionaries(st.sampled_from([c.name for c in COLUMNS]), st.floats(allow_nan=False)))
def test_a_row_has_its_values_in_their_columns(measures: dict[str, float]) -> None:
    row = Usage("web-1", 5, 60.0, 30.0, measures, ("cpu", "wall"), "on", "service", "nginx")
    by_name = dict(zip(KEY_NAMES + MEASURE_NAMES, row.as_row(), strict=True))
    assert by_name["host"] == "web-1"
    assert by_name["kind"] == "service"
    assert by_name["name"] == "nginx"
    assert by_name["state"] == "on"
    assert by_name["observed"] == "cpu wall"
    assert by_name["start_ns"] == 5
    assert [by_name[d.name] for d in DURATIONS] == [60.0, 30.0]
    assert {c.name: by_name[c.name] for c in COLUMNS if by_name[c.name] is not None} == measures


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"cpu_busy_s": 9.0, "cpu_capacity_s": 8.0}, "cpu_busy_s"),
        ({"duration_s": 60.0, "covered_s": 61.0}, "covered_s"),
        ({"duration_s": 60.0, "util_s": 75.0}, "util_s"),
        ({"duration_s": 60.0, "screen_on_s": 60.2}, "screen_on_s"),
        ({"wall_j": -1.0}, "wall_j"),
        ({"wall_j": float("nan")}, "wall_j"),
    ],
)
def test_a_measure_that_cannot_be_breaks_a_rule(values: dict[str, float], column: str) -> None:
    broken = broken_rule(values)
    assert broken and broken[0] == column and f"{values[column]:g}" in broken[1]


def test_what_clocks_differ_by_breaks_none() -> None:
    assert broken_rule({"duration_s": 60.0, "covered_s": 60.05, "cpu_busy_s": None}) is None
    assert broken_rule({"cpu_busy_s": 8.0, "cpu_capacity_s": 8.0, "wall_j": 0.0}) is None


def test_limits_name_columns() -> None:
    assert {c.most_of for c in MEASURES if c.most_of} <= set(MEASURE_NAMES)
