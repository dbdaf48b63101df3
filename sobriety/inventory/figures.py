"""Figures of a device that is only listed: the energy of a year, the carbon of making, its life.

Every verb takes them from here, so that a device has the same figures everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.method import Method, MethodKind
from sobriety.core.units import J_PER_KWH, S_PER_YEAR
from sobriety.estimators import Details, embodied, lifetime, typical_year

from .devices import NO_HARDWARE, Device, Hardware

DECLARED_USE = MethodKind("declared-use", "declared use of a year")
DECLARED_WATTS = MethodKind("declared-watts", "declared watts × share of the year")
REFURBISHED = MethodKind(
    "refurbished", "half of {method:method}: what its former owner charged is unknown"
)
ASSUMED = MethodKind("assumed", "assumed")

DECLARED_RATIO = (0.8, 1.2)
"""How far off a declared yearly consumption may be: makers' own and meters' readings of others."""

Products = Callable[[str | None, str | None], Estimate | None]
"""What makers declare of the making of a product, by manufacturer and model; None: nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class DeviceFigures:
    """Figures of one piece that nobody watches. None is unknown.

    machine   one node of it, without a name
    year      its energy in a year
    """

    machine: Machine
    making: Estimate | None
    year: Estimate | None
    life: Estimate


_FACTS: Callable[[Device], tuple[Any, ...]] = attrgetter(
    "category", "manufacturer", "model", "cpu", "memory_gb", "screen_in", "lifetime_years",
    "embodied_kg", "yearly_kwh", "power_w", "use_ratio", "refurbished", "hardware",
)  # fmt: skip


def figure_key(device: Device) -> tuple[Any, ...]:
    """Equal for devices that have the same figures."""
    return (*_FACTS(device), device.acquired and device.acquired.year)


def figures_of(device: Device, products: Products | None = None) -> DeviceFigures:
    """The figures of one piece of a device."""
    machine = machine_of(device)
    return DeviceFigures(
        machine, making_of(device, machine, products), _year(device, machine), _life(machine)
    )


def machine_of(device: Device, watched: Machine | None = None) -> Machine:
    """The machine of a device, or one of its nodes. What the list states of its name and screen
    stands over what was watched; what was watched of its hardware stands over the list."""
    machine = watched or Machine()
    hardware, nodes = device.hardware, device.hardware.nodes or 1
    memory_gb = device.memory_gb
    stated: dict[str, object] = {
        "category": None if device.category == "other" else device.category,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "cpu_model": machine.cpu_model or _with_clock(device.cpu, hardware.ghz),
        "memory_b": machine.memory_b or (memory_gb * 1e9 / nodes if memory_gb else None),
        "screen_in": device.screen_in,
        "lifetime_years": device.lifetime_years,
        "embodied_kg": device.embodied_kg,
        "hw_year": machine.hw_year
        or hardware.hw_year
        or (device.acquired.year if device.acquired else None),
    }
    if hardware != NO_HARDWARE:
        stated |= _hardware(hardware, machine, nodes)
    return replace(machine, **{k: v for k, v in stated.items() if v is not None})  # type: ignore[arg-type]


def details_of(device: Device) -> Details:
    """What estimates need beyond the machine."""
    hardware = device.hardware
    return Details(
        base_ghz=hardware.ghz,
        nodes=hardware.nodes,
        subcategory=hardware.subcategory,
        graphics=hardware.graphics,
        storage_gb=hardware.storage_gb,
        weight_kg=hardware.weight_kg,
    )


def making_of(device: Device, machine: Machine, products: Products | None) -> Estimate | None:
    """The carbon of making one piece: as declared, as its maker says, as estimated."""
    declared = None
    if products and device.embodied_kg is None and not machine.virtual:
        # A product of its name is the host, and not its share of it.
        declared = products(machine.manufacturer, machine.model)
    try:
        making = declared or embodied(machine, details_of(device))
    except FactorNotFound:
        return None
    if device.embodied_kg is not None:
        return making
    making = _scaled(making, device.hardware.nodes)
    return _refurbished(making) if device.refurbished else making


def _hardware(hardware: Hardware, machine: Machine, nodes: int) -> dict[str, object]:
    """Facts of one node, where the machine has none of its own."""

    def count(of_all: int | None) -> int | None:
        return None if of_all is None else max(1, round(of_all / nodes))

    threads, cores = count(hardware.threads), count(hardware.cores)
    if hardware.virtual and not threads:  # threads of a rented one are often called cores
        threads = cores
    own: dict[str, object] = {
        "chips": count(hardware.chips),
        "cores": cores,
        "threads": threads,
        "tdp_w": hardware.tdp_w,
        "disks": None if hardware.disks is None else round(hardware.disks / nodes),
        "virtual": hardware.virtual or None,
        "idle_w": hardware.idle_w and hardware.idle_w / nodes,
        "max_w": hardware.max_w and hardware.max_w / nodes,
    }
    return {name: value for name, value in own.items() if getattr(machine, name) is None}


def _with_clock(cpu: str | None, clock_ghz: float | None) -> str | None:
    """The base clock where Machine has it: behind the name, as /proc/cpuinfo writes it."""
    if clock_ghz is None or (cpu and "@" in cpu):
        return cpu
    return f"{cpu or ''} @ {clock_ghz:g}GHz"


def _year(device: Device, machine: Machine) -> Estimate | None:
    if device.yearly_kwh is not None:
        return _stated(device.yearly_kwh * J_PER_KWH, DECLARED_USE())
    if device.power_w is not None:
        ratio = 1.0 if device.use_ratio is None else device.use_ratio
        return _stated(device.power_w * ratio * S_PER_YEAR, DECLARED_WATTS())
    try:
        year = typical_year(machine, device.category, details_of(device))
    except FactorNotFound:
        return None
    return _scaled(year, device.hardware.nodes)


def _scaled(estimate: Estimate, nodes: int | None) -> Estimate:
    return estimate.scaled(nodes) if nodes and nodes > 1 else estimate


def _stated(joules: float, method: Method) -> Estimate:
    low, high = (joules * ratio for ratio in DECLARED_RATIO)
    return Estimate("energy_j", joules, low, high, "declared", method, ("inventory",))


def _refurbished(new: Estimate) -> Estimate:
    """What a former owner has not charged is not known: half, or anything from refurbishing alone
    to all of it. Assumed."""
    return Estimate(
        new.metric, new.value / 2, new.low / 20, new.high, "archetype",
        REFURBISHED(method=new.method), new.sources,
    )  # fmt: skip


def _life(machine: Machine) -> Estimate:
    try:
        return lifetime(machine)
    except FactorNotFound:
        return Estimate("lifetime_years", 6.0, 4.0, 10.0, "archetype", ASSUMED(), ("assumed",))
