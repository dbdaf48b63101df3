"""Checks the sites and services that a list of devices names."""

from __future__ import annotations

from collections.abc import Collection, Container

from sobriety.core.text import Text
from sobriety.files.faults import cell_fault, refuse

from .devices import Inventory

NO_SITE = Text(
    en="no such site in the file of sites", fr="ce site n’est pas dans le fichier des sites"
)
NO_SERVICE = Text(
    en="no such service in the file of services",
    fr="ce service n’est pas dans le fichier des services",
)
HINT = Text(
    en="declare them, or correct the inventory", fr="déclarez-les, ou corrigez l’inventaire"
)


def see_references(inventory: Inventory, sites: Container[str], services: Collection[str]) -> None:
    """Refuse devices of sites that are not declared; of services too, where any is.

    Raises ConfigError.
    """
    faults = [
        cell_fault(device.row, "site", device.site, NO_SITE)
        for device in inventory.devices
        if device.site and device.site not in sites
    ]
    if services:
        faults += [
            cell_fault(device.row, "service", device.service, NO_SERVICE)
            for device in inventory.devices
            if device.service and device.service not in services
        ]
    refuse(inventory.path, faults, HINT)
