"""Figures of the devices of an inventory, computed once for all that are alike.

Thirty thousand screens and telephones are of a few hundred kinds, bought on a few hundred days.
"""

from __future__ import annotations

from typing import Any

from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.factors.catalogue import Catalogue
from sobriety.inventory.devices import Device
from sobriety.inventory.figures import DeviceFigures, figure_key, figures_of, making_of


class Stock:
    """Figures by device, as devices are met."""

    def __init__(self, catalogue: Catalogue | None) -> None:
        self._products = catalogue.embodied if catalogue else None
        self._figures: dict[tuple[Any, ...], DeviceFigures] = {}

    def figures(self, device: Device) -> DeviceFigures:
        """The figures of one piece of a device that nobody watches."""
        key = figure_key(device)
        if key not in self._figures:
            self._figures[key] = figures_of(device, self._products)
        return self._figures[key]

    def making(self, device: Device, machine: Machine) -> Estimate | None:
        """The making of one piece of a device that is watched."""
        return making_of(device, machine, self._products)
