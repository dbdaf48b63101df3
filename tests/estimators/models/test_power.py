"""Curves and plans of any machine: bounds around them, the widest sensor first, nothing twice."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError, FactorNotFound
from sobriety.core.machine import Machine
from sobriety.estimators import (
    Coefficients,
    EnergyPlan,
    PowerModel,
    active,
    energy,
    energy_j,
    plan,
    power_model,
    power_w,
    state_watts,
)

# Inner rooms have no address for a type checker: `sobriety/estimators.pyi` is only the door.
as_sold: Callable[[], Any] = import_module("sobriety.estimators.models.server").as_sold

POWERED = (
    "server", "serveur", "notebook", "Laptop", "ordinateur portable", "desktop", "all-in-one",
    "tablet", "thin client", "workstation", None,
)  # fmt: skip
CPUS = (
    "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
    "AMD EPYC 7742 64-Core Processor",
    "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz",
    "AMD EPYC Processor",
    "no such thing",
)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


FACTS: dict[str, st.SearchStrategy[Any]] = {
    "category": st.sampled_from(POWERED),
    "cpu_model": optional(st.sampled_from(CPUS)),
    "chips": optional(st.integers(0, 32)),
    "cores": optional(st.integers(0, 4096)),
    "threads": optional(st.integers(0, 8192)),
    "tdp_w": optional(st.floats(1, 2000)),
    "memory_b": optional(st.floats(1e8, 2e13)),
    "hw_year": optional(st.integers(1990, 2040)),
    "disks": optional(st.integers(0, 60)),
    "virtual": st.sampled_from((None, False, True)),
}


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """A machine as sensors, tables and owners describe it, sometimes with readings at the plug."""
    facts = {name: draw(values) for name, values in FACTS.items()}
    idle_w = draw(optional(st.floats(0.1, 2000)))
    max_w = draw(optional(st.floats(0.1, 4000)))
    if idle_w is not None and max_w is not None:
        idle_w, max_w = sorted((idle_w, max_w))
    return Machine(idle_w=idle_w, max_w=max_w, **facts)


GROUPS = ("cpu", "memory", "disk", "package", "core", "uncore", "dram", "psys", "battery", "gpu",
          "wall")  # fmt: skip


@st.composite
def rows(draw: st.DrawFn, observed: tuple[str, ...]) -> dict[str, float]:
    """The measures of a row in which these groups were seen; moments that a real load has."""
    duration_s = draw(st.floats(0.1, 3600))
    measures = {"duration_s": duration_s, "covered_s": 0.0}
    if "cpu" in observed:
        loads = draw(st.lists(st.floats(0, 1), min_size=1, max_size=5))
        step_s = duration_s / len(loads)
        measures |= {
            "covered_s": duration_s,
            "util_sqrt_s": sum(u**0.5 for u in loads) * step_s,
            "util_s": sum(loads) * step_s,
            "util_cubed_s": sum(u**3 for u in loads) * step_s,
        }
    for group in ("package", "dram", "psys", "battery", "gpu", "wall"):
        if group in observed:
            measures[f"{group}_j"] = draw(st.floats(0, 1e6))
    return measures


LOADS = [u / 100 for u in range(101)]


def check(model: PowerModel) -> None:
    for u in LOADS:
        low, value, high = (power_w(c, u) for c in (model.low, model.curve, model.high))
        slack = 1e-9 * high
        assert 0 <= low <= value + slack <= high + 2 * slack
        assert math.isfinite(high)
    for curve in (model.low, model.curve, model.high):
        watts = [power_w(curve, u) for u in LOADS]
        assert all(b >= a - 1e-9 * abs(a) for a, b in pairwise(watts))


@settings(max_examples=150, deadline=None)
@given(machines())
def test_any_machine_has_a_curve_within_its_bounds(machine: Machine) -> None:
    check(power_model(machine))


@settings(deadline=None)
@given(machines())
def test_a_reading_at_the_plug_is_met(machine: Machine) -> None:
    model = power_model(machine)
    if machine.idle_w is not None:
        assert power_w(model.curve, 0) == pytest.approx(machine.idle_w)
    if machine.max_w is not None:
        assert power_w(model.curve, 1) == pytest.approx(machine.max_w)


@given(st.sampled_from(["server", "notebook", "workstation"]), st.floats(10, 500))
def test_a_reading_at_full_load_says_little_of_idle(category: str, max_w: float) -> None:
    model = power_model(Machine(category=category, max_w=max_w))
    ratio = power_w(model.high, 0) / power_w(model.low, 0)
    assert ratio > 1.5
    assert power_w(model.high, 1) / power_w(model.low, 1) == pytest.approx(1.02 / 0.98)


@pytest.mark.parametrize(
    "machine",
    [
        Machine(category="server", idle_w=200.0, max_w=100.0),
        Machine(category="server", idle_w=-5.0),
        Machine(category="server", max_w=math.nan),
        Machine(category="server", max_w=math.inf),
        Machine(category="server", idle_w=0.0),
    ],
)
def test_readings_that_no_machine_has_are_refused(machine: Machine) -> None:
    with pytest.raises(ConfigError):
        power_model(machine)


@pytest.mark.parametrize("category", ["phone", "imprimante", "monitor", "ups", "toaster"])
def test_what_is_not_known_is_not_guessed(category: str) -> None:
    with pytest.raises(FactorNotFound):
        power_model(Machine(category=category))


@pytest.mark.parametrize("u", [-0.01, 1.01, math.nan])
def test_utilisation_is_a_share(u: float) -> None:
    with pytest.raises(ValueError, match="not within 0 to 1"):
        power_w(power_model(Machine(category="server")).curve, u)


def test_a_two_socket_xeon_is_about_what_such_servers_draw() -> None:
    model = power_model(
        Machine(category="server", cpu_model="Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
                chips=2, cores=40, threads=80, tdp_w=125.0, memory_b=192e9, hw_year=2019)
    )  # fmt: skip
    assert 50 < power_w(model.curve, 0) < 130  # makers' results of such machines: 50 to 110 W
    assert 280 < power_w(model.curve, 1) < 450
    assert power_w(model.high, 0) >= 1.6 * power_w(model.curve, 0)  # with disks and supplies
    assert "year of sale" in str(model.method) and model.basis == "modelled"


def test_facts_beyond_the_fit_are_said_and_bounded() -> None:
    inside = power_model(Machine(category="server", chips=2, cores=64, memory_b=1536e9))
    beyond = power_model(Machine(category="server", chips=2, cores=64, memory_b=40_000e9))
    assert "memory 40,000 GB taken as 1,536 GB" in str(beyond.method)
    assert beyond.curve == inside.curve


def test_what_was_assumed_is_said() -> None:
    assert "one chip assumed" in str(power_model(Machine(category="server", cores=8)).method)
    assert "typical" in str(power_model(Machine(category="server")).method)
    assert power_model(Machine(category="server")).basis == "archetype"
    assert "unknown" in str(power_model(Machine()).method)


def test_a_virtual_machine_is_wide_and_grows_with_its_threads() -> None:
    small, large = (power_model(Machine(virtual=True, threads=n)) for n in (2, 16))
    assert power_w(large.curve, 0.5) == pytest.approx(8 * power_w(small.curve, 0.5))
    assert power_w(small.high, 0.5) > 2 * power_w(small.low, 0.5)
    # Its host's design power, when a collector reads one, is no fact of the share.
    assert power_model(Machine(virtual=True, threads=2, tdp_w=300.0)).curve == small.curve


SUBSETS = st.lists(st.sampled_from(GROUPS), unique=True).map(tuple)
SERVER = Machine(category="server", chips=2, cores=40, threads=80, tdp_w=125.0)
LAPTOP = Machine(category="notebook")


def known(machine: Machine, observed: tuple[str, ...], state: str = "on") -> EnergyPlan:
    found = plan(machine, observed, state)
    assert found is not None
    return found


def measures(plan: EnergyPlan) -> set[str]:
    return {name for name, c in zip(Coefficients._fields, plan.value, strict=True) if c}


@settings(max_examples=100, deadline=None)
@given(machines(), SUBSETS, st.data())
def test_every_row_has_joules_within_bounds_and_not_below_what_was_measured(
    machine: Machine, observed: tuple[str, ...], data: Any
) -> None:
    found = plan(machine, observed, "on")
    sensors = {"wall", "battery", "psys", "cpu"}
    assert (found is None) == (not sensors & set(observed))
    if found is None:
        return
    row = data.draw(rows(observed))
    joules = energy(found, row)
    assert 0 <= joules.low <= joules.value <= joules.high
    if not {"wall", "battery", "psys"} & set(observed):
        seen = sum(row.get(f"{g}_j", 0.0) for g in ("package", "gpu"))
        if "package" in observed:
            seen += row.get("dram_j", 0.0)
        assert joules.low >= seen * (1 - 1e-12)


@settings(max_examples=100, deadline=None)
@given(machines(), SUBSETS, st.data())
def test_the_plan_of_a_sum_is_the_sum_of_the_plans(
    machine: Machine, observed: tuple[str, ...], data: Any
) -> None:
    found = plan(machine, observed, "on")
    if found is None:
        return
    few = data.draw(st.lists(rows(observed), min_size=2, max_size=4))
    whole = {name: sum(r[name] for r in few) for name in few[0]}
    for bound in ("value", "low", "high"):
        apart = sum(getattr(energy(found, r), bound) for r in few)
        assert getattr(energy(found, whole), bound) == pytest.approx(apart, rel=1e-9, abs=1e-9)


@given(SUBSETS)
def test_the_widest_sensor_takes_it_all(observed: tuple[str, ...]) -> None:
    found = plan(SERVER, observed, "on")
    for group in ("wall", "battery", "psys"):
        if group in observed:
            assert found and measures(found) == {f"{group}_j"}
            return
    if found:
        assert not measures(found) & {"wall_j", "battery_j", "psys_j"}
        assert ("package_j" in measures(found)) == ("package" in observed)
        assert ("gpu_j" in measures(found)) == ("gpu" in observed)


def test_core_and_uncore_are_within_package() -> None:
    alone = known(SERVER, ("cpu", "package"))
    assert known(SERVER, ("cpu", "package", "core", "uncore")).value == alone.value
    assert measures(known(SERVER, ("cpu", "package", "dram"))) - measures(alone) == {"dram_j"}


def test_an_accelerator_comes_on_top_of_a_model_that_has_none() -> None:
    without = known(SERVER, ("cpu",))
    beside = known(SERVER, ("cpu", "gpu"))
    assert beside.value == without.value._replace(gpu_j=1.0)
    assert beside.basis == "mixed" and "gpu measured" in str(beside.method)


@pytest.mark.parametrize("observed", [(), ("cpu",), ("wall", "cpu")])
def test_where_nobody_looked_nothing_is_said(observed: tuple[str, ...]) -> None:
    assert plan(SERVER, observed, "unobserved") is None


def test_memory_alone_says_nothing_of_energy() -> None:
    assert plan(SERVER, ("memory", "disk"), "on") is None
    assert plan(SERVER, ("dram",), "on") is None


def test_sleep_is_its_watts_times_its_duration() -> None:
    asleep = known(LAPTOP, (), "asleep")
    joules = energy(asleep, {"duration_s": 3600.0, "covered_s": 0.0})
    assert joules.value == pytest.approx(0.6 * 3600, rel=0.1)  # ENERGY STAR, median of notebooks
    assert energy(known(LAPTOP, (), "off"), {"duration_s": 3600.0}).value < joules.value


@pytest.mark.parametrize(
    "machine",
    [SERVER, Machine(), Machine(category="notebook", virtual=True), Machine(category="toaster")],
)
@pytest.mark.parametrize("state", ["asleep", "off"])
def test_a_state_that_nobody_measured_is_unknown(machine: Machine, state: str) -> None:
    assert plan(machine, (), state) is None


def test_a_category_without_power_has_only_what_is_measured() -> None:
    printer = Machine(category="printer")
    assert plan(printer, ("cpu",), "on") is None
    assert energy(known(printer, ("wall",)), {"wall_j": 7.0}).value == 7.0


def test_a_row_without_what_the_plan_needs_is_a_bug_and_not_0() -> None:
    with pytest.raises(KeyError, match="package_j"):
        energy(known(SERVER, ("cpu", "package")), {"covered_s": 1.0, "util_s": 0.0})


def test_both_sides_of_the_formula_have_the_same_length() -> None:
    with pytest.raises(ValueError, match="shorter"):
        energy_j([1.0, 2.0], [1.0])


def test_a_server_full_of_disks_idles_higher_and_says_so() -> None:
    facts: dict[str, Any] = {"category": "server", "chips": 2, "cores": 40, "threads": 80}
    bare, one, full = (power_model(Machine(disks=n, **facts)) for n in (None, 1, 12))
    sold = as_sold()
    for u in (0.0, 0.5, 1.0):
        more_w = power_w(one.curve, u) - power_w(bare.curve, u)
        assert more_w == pytest.approx(2 * sold.chip_w + sold.disk_w)
        more_w = power_w(full.curve, u) - power_w(one.curve, u)
        assert more_w == pytest.approx(11 * sold.disk_w)
    assert (
        "disks" in str(full.method)
        and "disks" in str(one.method)
        and "disks" not in str(bare.method)
    )
    assert power_w(full.low, 0) <= sold.low * power_w(full.curve, 0) + 1e-9
    assert power_w(full.high, 0) >= sold.high * power_w(full.curve, 0) - 1e-9


def test_a_server_whose_disks_are_unknown_may_be_as_others_are_sold() -> None:
    for cores in (2, 8, 40):
        bare, one = (
            power_model(Machine(category="server", chips=1, cores=cores, threads=cores, disks=n))
            for n in (None, 1)
        )
        assert power_w(bare.high, 0) >= power_w(one.curve, 0) - 1e-9


@pytest.mark.parametrize("facts", [{}, {"idle_w": 12.0}, {"cpu_model": CPUS[2], "cores": 4}])
def test_a_day_at_a_notebook_is_the_sum_over_its_states(facts: dict[str, Any]) -> None:
    """Eight hours lit, two dark, six asleep, eight off; hardly anything computed."""
    laptop = Machine(category="notebook", **facts)
    model = power_model(laptop)
    short_w = power_w(model.curve, 0)
    long, short, sleep, off = (
        state_watts(laptop, state) for state in ("long_idle", "short_idle", "sleep", "off")
    )
    assert long and short and sleep and off
    long_w = short_w * long.value_w / short.value_w
    awake = {"duration_s": 36_000.0, "covered_s": 36_000.0, "screen_on_s": 28_800.0,
             "util_sqrt_s": 0.0, "util_s": 0.0, "util_cubed_s": 0.0}  # fmt: skip
    seen = known(laptop, ("cpu", "screen"))
    day_j = math.fsum([
        energy(seen, awake).value,
        energy(known(laptop, (), "asleep"), {"duration_s": 21_600.0}).value,
        energy(known(laptop, (), "off"), {"duration_s": 28_800.0}).value,
    ])  # fmt: skip
    by_hand_j = 28_800 * short_w + 7_200 * long_w + 21_600 * sleep.value_w + 28_800 * off.value_w
    assert day_j == pytest.approx(by_hand_j)
    assert long_w < short_w and "no screen is lit" in str(seen.method)
    # Where nobody saw the screen it is taken as lit, and the method says which idle it is.
    blind = known(laptop, ("cpu",))
    assert energy(blind, awake).value == pytest.approx(36_000 * short_w)
    assert "no screen" not in str(blind.method) and "short idle" in str(blind.method)


def test_a_servers_console_is_no_screen_of_its_own() -> None:
    for machine in (SERVER, Machine(category="notebook", virtual=True), Machine()):
        assert known(machine, ("cpu", "screen")) == known(machine, ("cpu",))


def test_what_a_package_sensor_does_not_see_has_the_screen_in_it() -> None:
    lit = known(LAPTOP, ("cpu", "package"))
    dark = known(LAPTOP, ("cpu", "package", "screen"))
    assert dark.value.covered_s + dark.value.screen_on_s == pytest.approx(lit.value.covered_s)
    assert dark.value.screen_on_s > 0 and dark.value.package_j == 1.0
    work = active(dark)
    assert work.value.screen_on_s == work.value.covered_s == 0.0
