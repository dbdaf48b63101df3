"""What is known of the devices of an inventory: once for all that are alike.

Thirty thousand screens and telephones are of a few hundred kinds, bought on a few hundred days.
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
from sobriety.estimators import embodied, lifetime, typical_year
from sobriety.factors.catalogue import Catalogue
from sobriety.inventory.devices import Device

DECLARED_USE = MethodKind("declared-use", "declared use of a year")
DECLARED_WATTS = MethodKind("declared-watts", "declared watts × share of the year")
REFURBISHED = MethodKind(
    "refurbished", "half of {method:method}: what its former owner charged is unknown"
)
ASSUMED = MethodKind("assumed", "assumed")

DECLARED_RATIO = (0.8, 1.2)
"""How far off a declared yearly consumption may be: makers' own and meters' readings of others."""

_ALIKE: Callable[[Device], tuple[Any, ...]] = attrgetter(
    "category", "manufacturer", "model", "cpu", "memory_gb", "screen_in", "lifetime_years",
    "embodied_kg", "yearly_kwh", "power_w", "use_ratio", "refurbished",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Of one piece, which nobody watches. None is what nothing can be said of.

    machine   without a name
    year      its energy in a year
    """

    machine: Machine
    making: Estimate | None
    year: Estimate | None
    life: Estimate


class Stock:
    """Kinds of devices, as they are met."""

    def __init__(self, catalogue: Catalogue | None) -> None:
        self._catalogue = catalogue
        self._kinds: dict[tuple[Any, ...], Kind] = {}

    def kind(self, device: Device) -> Kind:
        """What is known of a device that nobody watches."""
        key = (*_ALIKE(device), device.acquired and device.acquired.year)
        if key not in self._kinds:
            machine = facts(device, Machine())
            self._kinds[key] = Kind(
                machine, self.making(device, machine), _year(device, machine), _life(machine)
            )
        return self._kinds[key]

    def making(self, device: Device, machine: Machine) -> Estimate | None:
        """Of one piece: as declared, as its maker says, as estimated."""
        declared = None
        if self._catalogue and device.embodied_kg is None and not machine.virtual:
            declared = self._catalogue.embodied(machine.manufacturer, machine.model)
        try:
            found = declared or embodied(machine)
        except FactorNotFound:
            return None
        if device.refurbished and device.embodied_kg is None:
            return _refurbished(found)
        return found


def facts(device: Device, machine: Machine) -> Machine:
    """What the inventory states stands over what was found."""
    stated = {
        "category": None if device.category == "other" else device.category,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "cpu_model": machine.cpu_model or device.cpu,
        "memory_b": machine.memory_b or (device.memory_gb * 1e9 if device.memory_gb else None),
        "screen_in": device.screen_in,
        "lifetime_years": device.lifetime_years,
        "embodied_kg": device.embodied_kg,
        "hw_year": machine.hw_year or (device.acquired.year if device.acquired else None),
    }
    told = {name: value for name, value in stated.items() if value is not None}
    return replace(machine, **told)  # type: ignore[arg-type]


def _year(device: Device, machine: Machine) -> Estimate | None:
    if device.yearly_kwh is not None:
        return _stated(device.yearly_kwh * J_PER_KWH, DECLARED_USE())
    if device.power_w is not None:
        ratio = 1.0 if device.use_ratio is None else device.use_ratio
        return _stated(device.power_w * ratio * S_PER_YEAR, DECLARED_WATTS())
    try:
        return typical_year(machine, device.category)
    except FactorNotFound:
        return None


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
