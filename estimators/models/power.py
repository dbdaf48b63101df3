"""The power of any machine: the model of its kind, shifted by a reading where there is one."""

from __future__ import annotations

from sobriety.core.machine import Machine
from sobriety.core.method import MethodKind

from ..categories import category_of
from ..meter import calibrated
from .cache import by_facts
from .curve import PowerModel
from .details import NONE, Details
from .server import server_power
from .terminal import is_terminal, terminal_power
from .virtual import virtual_power

UNKNOWN = MethodKind("power-unknown", "category unknown, taken as a {method:method}")


@by_facts
def power_model(machine: Machine, details: Details = NONE) -> PowerModel:
    """Watts at the plug, PUE not included. `details`: what an inventory knows beyond the machine.

    A machine of unknown category is taken as a desktop within bounds from a notebook's idle to
    a workstation's full load, and the method says so.

    Raises FactorNotFound for a category of which no power is known (a phone, a printer).
    """
    return calibrated(_model(machine, details), machine)


def _model(machine: Machine, details: Details) -> PowerModel:
    if machine.virtual:
        return virtual_power(machine)
    if machine.category is None:
        return _unknown(machine)
    category = category_of(machine.category)
    if category == "server":
        return server_power(machine)
    if is_terminal(category):
        return terminal_power(machine, category, details)
    from sobriety.core.errors import FactorNotFound

    raise FactorNotFound(
        f"no power is known of the category {category!r}", hint="give its idle_w and max_w"
    )


def _unknown(machine: Machine) -> PowerModel:
    value = terminal_power(machine, "desktop")
    return PowerModel(
        value.curve,
        terminal_power(machine, "notebook").low,
        terminal_power(machine, "workstation").high,
        "archetype",
        UNKNOWN(method=value.method),
        value.sources,
    )
