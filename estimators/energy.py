"""Joules of a usage row: measured where a sensor covers it, modelled elsewhere.

A plan is one multiplier for each measure. It is linear, so that the plan of a sum of rows gives
the sum of the rows' joules: hourly roll-ups lose nothing. A row is homogeneous (`core.usage`), so
that a sensor covers all of it or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Basis, Estimate
from sobriety.core.machine import Machine
from sobriety.core.method import Method, MethodKind, noted, vocabulary

from .categories import category_of
from .models.cache import by_facts
from .models.cpu import design_power_w
from .models.curve import Curve, PowerModel, power_w, straight, through
from .models.power import power_model
from .models.terminal import SOURCE, full_load_w, is_terminal, kind_of, known_terminal, state_watts
from .terms import told_ratio

TEADS = "Teads Engineering, Building an AWS EC2 Carbon Emissions Dataset, 2021"
GPU = "the accelerator's own sensor"
RAPL = "Linux powercap (RAPL) of this machine"

(PACKAGE_OVER_DESIGN,) = through((0.12, 0.32, 0.75, 1.02))
"""Watts of a processor package over its design power, at 0, 10, 50 and 100 % (Teads)."""

DESIGN_OVER_FULL_LOAD = 0.82
"""Design power of all processors over a server's watts at full load: the median of 608 (SPECpower).
Used where the design power is not known."""

LEAST_REST_RATIO = 0.1
"""Outside the package there is always something: supply losses alone are this much."""

WALL_RATIO = (1.0, 0.98, 1.02)
BATTERY_RATIO = (1.15, 1.05, 1.3)
"""Joules at the plug for one out of the battery: charging and supply losses. Assumed."""
PSYS_RATIO = (1.12, 1.03, 1.3)
"""Joules at the plug for one that the board reports: supply losses, a screen beside it. Assumed."""


vocabulary("state", {"sleep": "sleep", "off": "off"})
vocabulary(
    "sensor",
    {"package": "package", "dram": "dram", "gpu": "gpu", "psys": "psys", "battery": "battery",
     "wall": "wall"},
)  # fmt: skip
ABOVE_IDLE = MethodKind("above-idle", "above idle: {method:method}")
GPU_MEASURED = MethodKind("gpu-measured", "gpu measured")
DARK_SCREEN = MethodKind("dark-screen", "long idle while no screen is lit")
AT_PLUG = MethodKind("at-plug", "measured at the plug")
WITH_LOSSES = MethodKind("with-losses", "measured by {sensor:sensor}, with the losses before it")
PARTLY_MEASURED = MethodKind(
    "partly-measured", "{sensors:sensor} measured; the rest of the machine: {rest:method}"
)
AT_REST = MethodKind("at-rest", "{kind:method}, {state:state}")


class Coefficients(NamedTuple):
    """One multiplier for each measure: watts for durations and moments, 1 for measured joules."""

    duration_s: float = 0.0
    covered_s: float = 0.0
    screen_on_s: float = 0.0
    util_sqrt_s: float = 0.0
    util_s: float = 0.0
    util_cubed_s: float = 0.0
    package_j: float = 0.0
    dram_j: float = 0.0
    psys_j: float = 0.0
    battery_j: float = 0.0
    gpu_j: float = 0.0
    wall_j: float = 0.0
    told_j: float = 0.0


@dataclass(frozen=True, slots=True)
class EnergyPlan:
    """How the joules of a kind of row are computed, with the two bounds."""

    value: Coefficients
    low: Coefficients
    high: Coefficients
    basis: Basis
    method: Method
    sources: tuple[str, ...]


T = TypeVar("T")


def energy_j(coefficients: Sequence[T], measures: Sequence[T]) -> T:
    """The one formula: the sum of multiplier × measure, both in the order of Coefficients.

    For floats, and for Narwhals expressions.
    """
    pairs: Any = zip(coefficients, measures, strict=True)  # no type says "can be multiplied"
    joules = [c * m for c, m in pairs]
    whole: T = joules[0]
    for more in joules[1:]:
        whole += more
    return whole


def energy(plan: EnergyPlan, measures: Mapping[str, float]) -> Estimate:
    """The joules of a row. A measure that the plan needs and the row lacks is a KeyError."""
    values = [_joules(c, measures) for c in (plan.value, plan.low, plan.high)]
    return Estimate(
        "energy_j", values[0], min(values), max(values), plan.basis, plan.method, plan.sources
    )


def active(plan: EnergyPlan) -> EnergyPlan:
    """The plan for what a workload did above idle: without the watts that time alone costs.

    The joules of all workloads of a host, what is `unattributed` and idle are the host's. Idle is
    what is left: the watts of time, and a sensor's joules up to the least draw seen.
    """
    value, low, high = (
        c._replace(duration_s=0.0, covered_s=0.0, screen_on_s=0.0)
        for c in (plan.value, plan.low, plan.high)
    )
    return EnergyPlan(value, low, high, plan.basis, ABOVE_IDLE(method=plan.method), plan.sources)


def _joules(coefficients: Coefficients, measures: Mapping[str, float]) -> float:
    needed = [
        measures[name] if c else 0.0
        for name, c in zip(Coefficients._fields, coefficients, strict=True)
    ]
    return energy_j(coefficients, needed)


def plan(machine: Machine, observed: Sequence[str], state: str) -> EnergyPlan | None:
    """The plan for rows of a machine in which these groups were observed, in this state.

    None where nothing is known: no source observed it, or the kind of machine has no such state.
    The widest scope that a sensor covers takes precedence: wall, then battery or psys, then package
    with memory beside it. core and uncore are within package and never added.
    """
    return _plan(machine, tuple(observed), state)


@by_facts
def _plan(machine: Machine, observed: tuple[str, ...], state: str) -> EnergyPlan | None:
    if state in ("asleep", "off"):
        return _at_rest(machine, "sleep" if state == "asleep" else "off")
    if state != "on":
        return None
    for group, ratio, source in (
        ("wall", WALL_RATIO, "a meter at the plug"),
        ("battery", BATTERY_RATIO, "the battery of this machine"),
        ("psys", PSYS_RATIO, RAPL),
    ):
        if group in observed:
            return _whole(group, ratio, source)
    if "told" in observed:
        return _as_told()
    if "cpu" not in observed:
        return None
    try:
        model = power_model(machine)
    except FactorNotFound:
        return None
    lit = _by_processor(machine, model, observed)
    return _by_screen(machine, model, lit) if "screen" in observed else lit


def _by_processor(machine: Machine, model: PowerModel, observed: Sequence[str]) -> EnergyPlan:
    """By its sensors and the model of the rest; else by the model."""
    if "package" in observed:
        return _package(machine, model, observed)
    value, low, high = (_modelled(c) for c in (model.curve, model.low, model.high))
    if "gpu" not in observed:
        return EnergyPlan(value, low, high, model.basis, model.method, model.sources)
    # No model has an accelerator in it. Its own idle is in a desktop's: within the interval.
    value, low, high = (c._replace(gpu_j=1.0) for c in (value, low, high))
    return EnergyPlan(
        value, low, high, "mixed", noted(GPU_MEASURED(), model.method), (GPU, *model.sources)
    )


def _by_screen(machine: Machine, model: PowerModel, lit: EnergyPlan) -> EnergyPlan:
    """The same, with the watts of the screen only while it is lit: long idle for short idle.

    Of what people sit at; a server's consoles and a virtual machine's have no screen of their own.
    """
    if machine.virtual or not machine.category or not is_terminal(category_of(machine.category)):
        return lit
    long, short = (state_watts(machine, state) for state in ("long_idle", "short_idle"))
    if long is None or short is None:
        return lit
    screen_ratio = 1 - long.value_w / short.value_w

    def split(c: Coefficients, curve: Curve) -> Coefficients:
        # What else a sensor leaves out, supply losses at least, stays when the screen goes dark.
        screen_w = min(c.covered_s * (1 - LEAST_REST_RATIO), curve.a_w * screen_ratio)
        return c._replace(covered_s=c.covered_s - screen_w, screen_on_s=screen_w)

    return replace(
        lit,
        value=split(lit.value, model.curve),
        low=split(lit.low, model.low),
        high=split(lit.high, model.high),
        method=noted(lit.method, DARK_SCREEN()),
    )


def _modelled(curve: Curve) -> Coefficients:
    return Coefficients(
        covered_s=curve.a_w, util_sqrt_s=curve.b_w, util_s=curve.c_w, util_cubed_s=curve.d_w
    )


def _whole(group: str, ratio: tuple[float, float, float], source: str) -> EnergyPlan:
    value, low, high = (Coefficients(**{f"{group}_j": r}) for r in ratio)
    if group == "wall":
        return EnergyPlan(value, low, high, "measured", AT_PLUG(), (source,))
    method = WITH_LOSSES(sensor=group)
    return EnergyPlan(value, low, high, "mixed", method, (source,))


def _as_told() -> EnergyPlan:
    ratio = told_ratio()
    value, low, high = (Coefficients(told_j=r) for r in (ratio.value, ratio.low, ratio.high))
    return EnergyPlan(value, low, high, "declared", ratio.method, ratio.sources)


def _package(machine: Machine, model: PowerModel, observed: Sequence[str]) -> EnergyPlan:
    inside = _package_curve(machine, model)
    measured = {f"{g}_j": 1.0 for g in ("package", "dram", "gpu") if g in observed}
    value, low, high = (
        _modelled(_rest(curve, inside))._replace(**measured)
        for curve in (model.curve, model.low, model.high)
    )
    sensors = tuple(name.removesuffix("_j") for name in measured)
    return EnergyPlan(
        value,
        low,
        high,
        "mixed",
        PARTLY_MEASURED(sensors=sensors, rest=model.method),
        (RAPL, *((GPU,) if "gpu" in observed else ()), TEADS, *model.sources),
    )


def _package_curve(machine: Machine, model: PowerModel) -> Curve:
    chip_w = machine.tdp_w or design_power_w(machine.cpu_model)
    if chip_w:
        design_w = chip_w * (machine.chips or 1)
    elif machine.category and (added := full_load_w(category_of(machine.category))):
        design_w = added[0]
    else:
        design_w = power_w(model.curve, 1.0) * DESIGN_OVER_FULL_LOAD
    return PACKAGE_OVER_DESIGN.scaled(design_w)


def _rest(wall: Curve, inside: Curve) -> Curve:
    """What the plug gives beyond the package; a straight line, never falling, never nothing."""
    idle, full = (
        max(power_w(wall, u) * LEAST_REST_RATIO, power_w(wall, u) - power_w(inside, u))
        for u in (0.0, 1.0)
    )
    return straight(idle, max(idle, full))


def _at_rest(machine: Machine, state: str) -> EnergyPlan | None:
    if machine.virtual or machine.category is None:
        return None
    try:
        watts = state_watts(machine, state)
    except FactorNotFound:
        return None
    if watts is None:
        return None
    value, low, high = (Coefficients(duration_s=w) for w in watts)
    category = category_of(machine.category)
    basis: Basis = "modelled" if known_terminal(machine) else "archetype"
    method = AT_REST(kind=kind_of(machine, category), state=state)
    return EnergyPlan(value, low, high, basis, method, (SOURCE,))
