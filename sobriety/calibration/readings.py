"""Readings of a meter at the plug, tried on this machine's model before they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine, readings_of
from sobriety.estimators import power_model, power_w

FAR = 10.0
"""A reading this many times off the model is more likely a slip of the comma. Assumed."""


class Outlook(NamedTuple):
    """What a machine is taken to draw at the plug."""

    idle: Estimate
    full: Estimate


def outlook(machine: Machine) -> Outlook:
    """Watts at idle and at full load, as every estimate takes them."""
    model = power_model(machine)

    def watts(u: float) -> Estimate:
        value, low, high = (power_w(c, u) for c in (model.curve, model.low, model.high))
        return Estimate("power_w", value, low, high, model.basis, model.method, model.sources)

    return Outlook(watts(0.0), watts(1.0))


def bare(machine: Machine) -> Machine:
    """The machine as nobody has read it."""
    return replace(machine, idle_w=None, max_w=None, readings=None, meter_ratio=None)


def merged(machine: Machine, at: Mapping[float, float], meter_ratio: float | None) -> Machine:
    """The machine with more readings, by load from 0 to 1; one at the same load is replaced.

    Raises ConfigError.
    """
    try:
        points = dict(machine.points()) | dict(at)
    except ValueError as error:
        raise ConfigError(f"readings: {error}") from None
    return replace(
        machine,
        idle_w=points.pop(0.0, None),
        max_w=points.pop(1.0, None),
        readings=as_text(points) or None,
        meter_ratio=machine.meter_ratio if meter_ratio is None else meter_ratio,
    )


def as_text(points: Mapping[float, float]) -> str:
    """Readings as the settings have them: `50=88 75=104`."""
    return " ".join(f"{100 * load:.4g}={watts:.6g}" for load, watts in sorted(points.items()))


def load_and_watts(text: str) -> tuple[float, float]:
    """`50=88` or `50%=88` as 0.5 and 88. Raises ConfigError."""
    try:
        ((load, watts),) = readings_of(text)
    except ValueError as error:
        raise ConfigError(f"--at {text!r}: {error}", hint="write it as in --at 50=88") from None
    return load, watts


def check(machine: Machine, *, force: bool = False) -> None:
    """Refuse readings that no machine has, and unless forced those far off the model.

    Raises ConfigError.
    """
    if machine.virtual:
        raise ConfigError(
            "a virtual machine has no plug to read a meter at", hint="calibrate its physical host"
        )
    power_model(machine)
    model = power_model(bare(machine))
    for load, watts in machine.points():
        modelled_w = power_w(model.curve, load)
        if not force and not modelled_w / FAR < watts < modelled_w * FAR:
            raise ConfigError(
                f"{watts:g} W at {100 * load:g} % of load is not within {FAR:g} times what"
                f" is modelled, {modelled_w:.3g} W",
                hint="check the reading and its unit; if both are right, add --force",
            )
