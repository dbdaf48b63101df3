"""The machine in front of us: what it says of itself, and what its owner says of it."""

from __future__ import annotations

from dataclasses import replace

from sobriety.collectors import machine_facts
from sobriety.config import Config
from sobriety.core.host import Host
from sobriety.core.machine import Machine


def describe(host: Host, config: Config) -> Machine:
    """The facts found, with the owner's settings over them."""
    return declared(machine_facts(host), config)


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
        "lifetime_years": config.number("lifetime_years"),
        "embodied_kg": config.number("embodied_kg"),
        "hw_year": None if year is None else int(year),
    }
    return replace(
        machine,
        **{name: value for name, value in said.items() if value is not None},  # type: ignore[arg-type]
    )
