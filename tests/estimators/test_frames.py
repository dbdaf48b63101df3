"""One formula: floats and Narwhals on DuckDB give the same joules."""

from __future__ import annotations

from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.machine import Machine
from sobriety.core.method import STATED
from sobriety.core.usage import MEASURE_NAMES, Usage
from sobriety.estimators import (
    Coefficients,
    EnergyPlan,
    energy,
    plan,
    plan_table,
    with_energy,
)

MACHINES = {
    "web": Machine(category="server", chips=2, cores=40, threads=80, tdp_w=125.0),
    "lap": Machine(category="notebook"),
    "vm": Machine(virtual=True, threads=4),
}
CPU = {"util_sqrt_s": 30.0, "util_s": 20.0, "util_cubed_s": 5.0}
RAPL = {"package_j": 9e3, "dram_j": 1e3}
USAGE = [
    Usage("web", 0, 60.0, 60.0, CPU, ("cpu",)),
    Usage("web", 1, 60.0, 60.0, CPU | RAPL, ("cpu", "dram", "package")),
    Usage("web", 2, 60.0, 60.0, CPU | {"gpu_j": 2e4}, ("cpu", "gpu")),
    Usage("web", 3, 60.0, 0.0, {}, (), "unobserved"),
    Usage("web", 4, 600.0, 0.0, {}, (), "asleep"),
    Usage("lap", 5, 60.0, 60.0, CPU | {"battery_j": 600.0}, ("battery", "cpu")),
    Usage("lap", 6, 3600.0, 0.0, {}, (), "asleep"),
    Usage("lap", 7, 60.0, 0.0, {"memory_used_bs": 1e9}, ("memory",)),
    Usage("vm", 8, 60.0, 60.0, CPU, ("cpu",)),
    Usage("gone", 9, 60.0, 60.0, CPU, ("cpu",)),
]  # fmt: skip


def plans() -> dict[tuple[str, str, str], EnergyPlan]:
    found: dict[tuple[str, str, str], EnergyPlan] = {}
    for row in USAGE:
        if row.host in MACHINES:
            made = plan(MACHINES[row.host], row.observed, row.state)
            if made is not None:
                found[row.host, " ".join(row.observed), row.state] = made
    return found


def lazy(connection: duckdb.DuckDBPyConnection, columns: dict[str, list[Any]]) -> Any:
    frame = pd.DataFrame(columns)
    return nw.from_native(connection.from_df(frame))


@pytest.fixture
def joined() -> dict[int, dict[str, Any]]:
    connection = duckdb.connect()
    names = ("host", "kind", "name", "state", "observed", "start_ns", *MEASURE_NAMES)
    rows = [dict(zip(names, u.as_row(), strict=True)) for u in USAGE]
    columns = {name: [r[name] for r in rows] for name in names}
    for name in MEASURE_NAMES:
        columns[name] = pd.Series(columns[name], dtype="float64")  # type: ignore[assignment]
    usage = lazy(connection, columns)
    frame = with_energy(usage, lazy(connection, plan_table(plans())))
    native = frame.to_native()
    assert native.columns == [*names, "energy_j", "energy_low_j", "energy_high_j"]
    picked = native.select("start_ns, energy_j, energy_low_j, energy_high_j").fetchall()
    return {start: {"value": v, "low": low, "high": high} for start, v, low, high in picked}


def test_the_frame_agrees_with_floats(joined: dict[int, dict[str, Any]]) -> None:
    held = plans()
    compared = 0
    assert set(joined) == {u.start_ns for u in USAGE}
    for row in USAGE:
        found = held.get((row.host, " ".join(row.observed), row.state))
        if found is None:
            assert set(joined[row.start_ns].values()) == {None}
            continue
        measures = row.measures | {"duration_s": row.duration_s, "covered_s": row.covered_s}
        expected = energy(found, measures)
        for bound in ("value", "low", "high"):
            assert joined[row.start_ns][bound] == pytest.approx(getattr(expected, bound), rel=1e-12)
        compared += 1
    assert compared == 6


def test_no_plan_is_null_and_not_0(joined: dict[int, dict[str, Any]]) -> None:
    unknown = {start for start, joules in joined.items() if joules["value"] is None}
    assert unknown == {3, 4, 7, 9}


multiplier = st.floats(0, 1e4)


def a_plan(values: tuple[float, ...]) -> EnergyPlan:
    twice = Coefficients(*(2 * v for v in values))
    return EnergyPlan(
        Coefficients(*values), Coefficients(), twice, "modelled", STATED(text="a test"), ("nobody",)
    )


some_plans = st.tuples(*[multiplier] * len(Coefficients._fields)).map(a_plan)
some_rows = st.lists(
    st.fixed_dictionaries({name: st.floats(0, 1e9) for name in Coefficients._fields}),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(some_plans, some_rows)
def test_any_plan_gives_the_same_joules_to_floats_and_to_frames(
    made: EnergyPlan, rows: list[dict[str, float]]
) -> None:
    columns: dict[str, list[Any]] = {name: [r[name] for r in rows] for name in rows[0]}
    keys = {"host": "h", "observed": "cpu", "state": "on"}
    columns |= {name: [value] * len(rows) for name, value in keys.items()}
    columns["start_ns"] = list(range(len(rows)))
    with duckdb.connect() as connection:
        plans = lazy(connection, plan_table({("h", "cpu", "on"): made}))
        frame = with_energy(lazy(connection, columns), plans)
        found = dict(frame.to_native().select("start_ns, energy_j").fetchall())
    for i, row in enumerate(rows):
        assert found[i] == pytest.approx(energy(made, row).value, rel=1e-12)
