"""A device's figures as cells of a table: watts, energy of a year, carbon of making, methods."""

from __future__ import annotations

from collections.abc import Sequence

from sobriety.core.method import Method
from sobriety.core.text import Text, Tongue
from sobriety.core.units import J_PER_KWH, S_PER_YEAR
from sobriety.estimators import (
    METER_RATIO,
    STATES,
    cpu_generation,
    cpu_label,
    cpu_match,
    is_terminal,
    kind_of,
    known_terminal,
    power_model,
    power_w,
    state_watts,
)

from .devices import Device
from .figures import DeviceFigures, Products, details_of, figures_of

BOUNDS = ("", "_low", "_high")


def estimate_cells(
    device: Device, at: Sequence[int], products: Products | None, tongue: Tongue = "en"
) -> dict[str, str]:
    """Cells of one device by column; `warnings` says what is unknown."""
    figures = figures_of(device, products)
    cells = _Cells(device.hardware.nodes or 1)
    _put_power(cells, device, figures, at)
    warnings: list[Text] = []
    if figures.year is None:
        warnings.append(
            Text(
                en=f"no use is held for the category {device.category!r}",
                fr=f"aucune consommation n’est connue pour la catégorie {device.category!r}",
            )
        )
    else:
        year = figures.year
        joules = (year.value, year.low, year.high)
        cells.put("mean_w", [one / S_PER_YEAR for one in joules])
        cells.put("yearly_kwh", [one / J_PER_KWH for one in joules])
        cells.method("use", year.basis, year.method)
    if figures.making is None:
        warnings.append(
            Text(
                en=f"no maker's figure is held for the category {device.category!r}",
                fr=f"aucun fabricant n’a rien publié pour la catégorie {device.category!r}",
            )
        )
    else:
        making = figures.making
        cells.put("embodied_kg", (making.value, making.low, making.high))
        cells.method("embodied", making.basis, making.method)
    cpu = figures.machine.cpu_model
    cpu = None if (cpu or " @").startswith(" @") else cpu
    used = device.category == "server" and not figures.machine.virtual
    if cpu and used and not (cpu_match(cpu) or cpu_generation(cpu)):
        warnings.append(
            Text(
                en="cpu_model is in no table: only what it spells is used",
                fr="cpu_model n’est dans aucune table\xa0: seul ce qu’il épelle est utilisé",
            )
        )
    return cells.finish() | {
        "matched_cpu": cpu_label(cpu) if cpu else "",
        "warnings": "; ".join(warning.of(tongue) for warning in warnings),
    }


class _Cells:
    """Cells so far, and how each figure was made."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._cells: dict[str, str] = {}
        self._bases: list[str] = []
        self._methods: list[str] = []

    def put(self, name: str, figures: Sequence[float], times: int = 1) -> None:
        for bound, value in zip(BOUNDS, figures, strict=True):
            self._cells[f"{name}{bound}"] = f"{value * times:.3f}".rstrip("0").rstrip(".")

    def method(self, what: str, basis: str, method: Method | str) -> None:
        nodes = f", × {self._nodes} nodes" if self._nodes > 1 and basis != "declared" else ""
        self._bases.append(basis)
        self._methods.append(f"{what} ({basis}): {method}{nodes}")

    def finish(self) -> dict[str, str]:
        if not self._bases:
            return self._cells
        return self._cells | {"basis": self._bases[0], "method": "; ".join(self._methods)}


def _put_power(cells: _Cells, device: Device, figures: DeviceFigures, at: Sequence[int]) -> None:
    """Watts of a server by load, of a terminal by state. Of others only their mean is known."""
    machine, details = figures.machine, details_of(device)
    nodes = device.hardware.nodes or 1
    if device.category == "server":
        model = power_model(machine, details)
        for load in at:
            curves = (model.curve, model.low, model.high)
            cells.put(f"power_w_at_{load}", [power_w(curve, load / 100) for curve in curves], nodes)
        cells.method("power", model.basis, model.method)
    elif is_terminal(device.category):
        for state in STATES:
            watts = state_watts(machine, state, details)
            if watts:
                cells.put(f"{state}_w", watts, nodes)
        basis = "modelled" if known_terminal(machine) else "archetype"
        cells.method("power", basis, f"{kind_of(machine, device.category)}, ENERGY STAR")
        if machine.idle_w:
            ratios = (1.0, 1 - METER_RATIO, 1 + METER_RATIO)
            cells.put("short_idle_w", [machine.idle_w * ratio for ratio in ratios], nodes)
            cells.method("short idle", "measured", "idle_w read at the plug")
