"""A device's figures as the cells of an inventory: its watts, the carbon of its making, and why."""

from __future__ import annotations

from collections.abc import Sequence

from sobriety.core.errors import FactorNotFound
from sobriety.core.machine import Machine
from sobriety.core.method import Method
from sobriety.estimators import (
    METER_RATIO,
    STATES,
    Details,
    cpu_generation,
    cpu_label,
    cpu_match,
    embodied,
    is_terminal,
    kind_of,
    known_terminal,
    power_model,
    power_w,
    state_watts,
)
from sobriety.factors.catalogue import Catalogue

BOUNDS = ("", "_low", "_high")


def figures(
    category: str,
    machine: Machine,
    details: Details,
    at: Sequence[int],
    wrong: list[str],
    catalogue: Catalogue | None,
) -> dict[str, str]:
    """Cells of one device by column. What cannot be said goes to `wrong`, in words."""
    nodes = details.nodes or 1
    found: dict[str, str] = {}
    methods: list[str] = []
    bases: list[str] = []

    def put(name: str, figures: Sequence[float]) -> None:
        for bound, value in zip(BOUNDS, figures, strict=True):
            found[f"{name}{bound}"] = f"{value * nodes:.3f}".rstrip("0").rstrip(".")

    def said(what: str, basis: str, method: Method | str) -> None:
        bases.append(basis)
        methods.append(f"{what} ({basis}): {method}" + (f", × {nodes} nodes" if nodes > 1 else ""))

    if category == "server":
        model = power_model(machine, details)
        for load in at:
            curves = (model.curve, model.low, model.high)
            put(f"power_w_at_{load}", [power_w(curve, load / 100) for curve in curves])
        said("power", model.basis, model.method)
    elif is_terminal(category):
        for state in STATES:
            watts = state_watts(machine, state, details)
            if watts:
                put(f"{state}_w", watts)
        basis = "modelled" if known_terminal(machine) else "archetype"
        said("power", basis, f"{kind_of(machine, category)}, ENERGY STAR")
        if machine.idle_w:
            ratios = (1.0, 1 - METER_RATIO, 1 + METER_RATIO)
            put("short_idle_w", [machine.idle_w * ratio for ratio in ratios])
            said("short idle", "measured", "idle_w read at the plug")
    else:
        wrong.append(f"no power is held for the category {category!r}")
    try:
        # A product of its name is the host, and not its share of it.
        known = None if machine.virtual else catalogue
        declared = known and known.embodied(machine.manufacturer, machine.model)
        making = declared or embodied(machine, details)
    except FactorNotFound as error:
        wrong.append(error.message)
    else:
        put("embodied_kg", (making.value, making.low, making.high))
        said("embodied", making.basis, making.method)
    if bases:
        found |= {"basis": bases[0], "method": "; ".join(methods)}
    cpu = None if (machine.cpu_model or " @").startswith(" @") else machine.cpu_model
    used = category == "server" and not machine.virtual
    if cpu and used and not (cpu_match(cpu) or cpu_generation(cpu)):
        wrong.append("cpu_model is in no table: only what it spells is used")
    return found | {"matched_cpu": cpu_label(cpu) if cpu else ""}
