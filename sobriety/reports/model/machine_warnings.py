"""Warnings about machines: without a sensor, virtual, unknown."""

from __future__ import annotations

from dataclasses import dataclass

from ..language.language import Language
from .warnings import Caution


@dataclass(frozen=True, slots=True)
class NoSensor(Caution):
    """`plugged`: some of the machines has a plug that a meter could be put at."""

    measured_ratio: float
    plugged: bool
    code = "no_sensor"

    def title(self, language: Language) -> str:
        if self.measured_ratio == 0:
            return language.say("Modelled, not metered")
        return language.say(
            "{share} of the energy was measured by a sensor",
            share=language.share_seen(self.measured_ratio),
        )

    def what(self, language: Language) -> str:
        if self.measured_ratio == 0:
            return language.say(
                "No sensor gave joules. They come from how busy the processor was and from the "
                "power curve of similar machines. What a machine draws when idle is what such a "
                "model knows least."
            )
        return language.say(
            "The rest comes from how busy the processor was and from the power curve of similar "
            "machines. What a machine draws when idle is what such a model knows least."
        )

    def hint(self, language: Language) -> str:
        sensors = language.say("See which sensors could be opened: sobriety doctor.")
        if not self.plugged:
            return sensors
        meter = language.say("Or read a plug meter once: sobriety calibrate --idle-w 27")
        return f"{sensors} {meter}"


@dataclass(frozen=True, slots=True)
class VirtualMachine(Caution):
    hosts: tuple[str, ...]
    code = "virtual_machine"

    def title(self, language: Language) -> str:
        return language.say_n(
            "A virtual machine: {names}", "{n} virtual machines: {names}",
            len(self.hosts), names=language.join(self.hosts),
        )  # fmt: skip

    def what(self, language: Language) -> str:
        return language.say(
            "It cannot see the computer it runs on, nor its neighbours. Its share is a model’s, "
            "made from the processors and memory it was given."
        )

    def hint(self, language: Language) -> str:
        return language.say(
            "Collect on the physical host, or ask the provider for figures of its own."
        )


@dataclass(frozen=True, slots=True)
class UnknownMachine(Caution):
    hosts: tuple[str, ...]
    code = "unknown_machine"

    def title(self, language: Language) -> str:
        return language.say("What {names} is made of is unknown", names=language.join(self.hosts))

    def what(self, language: Language) -> str:
        return language.say(
            "Rows came without the facts of their machine, so a typical one stands in, with a wide "
            "interval."
        )

    def hint(self, language: Language) -> str:
        return language.say("Collect there again: facts are noted when the collector starts.")
