"""Describes this machine: detected facts, overridden by stated ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sobriety.collectors import machine_facts
from sobriety.core.host import Host
from sobriety.core.machine import Machine

from .config import Config


def describe(host: Host, config: Config) -> Machine:
    """The facts found, with the owner's settings over them."""
    return declared(machine_facts(host), config)


CALIBRATION = ("idle_w", "max_w", "readings", "meter_ratio")
"""What `sobriety calibrate` writes: settings and facts of the same names."""


def calibration(config: Config) -> dict[str, object]:
    """The readings at the plug that the settings have; all of them or, without any, nothing."""
    found: dict[str, object] = {name: config.value(name) for name in CALIBRATION}
    return found if any(found[name] is not None for name in CALIBRATION[:3]) else {}


def own_calibration(host: Host, config: Config, folder: Path) -> dict[str, dict[str, object]]:
    """The readings of this machine by the name that its rows carry: they count for what was
    recorded before them, too. Nothing where there is no reading.

    Raises SobrietyError where that name cannot be told.
    """
    found = calibration(config)
    if not found:
        return {}
    from .pseudonym import pseudonymised  # brings SQLite with it

    return {pseudonymised(describe(host, config), config, folder).host: found}


def declared(machine: Machine, config: Config) -> Machine:
    """The owner's settings over the facts of any machine."""
    year = config.number("hw_year")
    said: dict[str, str | float | int | None] = {
        "host": config.text("host"),
        "category": config.text("category"),
        "cpu_model": config.text("cpu_model"),
        "tdp_w": config.number("tdp_w"),
        "idle_w": config.number("idle_w"),
        "max_w": config.number("max_w"),
        "readings": config.text("readings"),
        "meter_ratio": config.number("meter_ratio"),
        "lifetime_years": config.number("lifetime_years"),
        "embodied_kg": config.number("embodied_kg"),
        "hw_year": None if year is None else int(year),
    }
    return replace(
        machine,
        **{name: value for name, value in said.items() if value is not None},  # type: ignore[arg-type]
    )
