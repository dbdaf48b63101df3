"""Warnings about an inventory: devices that nobody watched or listed."""

from __future__ import annotations

from dataclasses import dataclass

from sobriety.core.text import Text

from ..language.language import Language
from ..language.quantities import category
from .warnings import Caution

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Dark(Caution):
    """kinds   category and pieces of which a part is not known"""

    kinds: tuple[tuple[str, int], ...]
    code = "dark_devices"

    def title(self, language: Language) -> str:
        pieces = sum(count for _, count in self.kinds)
        return language.say_n(
            "Of {n} device its use or its making is not known",
            "Of {n} devices their use or their making is not known",
            pieces,
        )

    def what(self, language: Language) -> str:
        names = [f"{category(language, kind)} ({count})" for kind, count in self.kinds]
        return language.say(
            "Nothing is declared and no typical figure is held for: {names}. What is not known is "
            "left out of the totals.",
            names=language.join(names),
        )

    def hint(self, language: Language) -> str:
        return language.say("Declare yearly_kwh and embodied_kg in the inventory.")


@dataclass(frozen=True, slots=True)
class Unlisted(Caution):
    hosts: tuple[str, ...]
    code = "unlisted_hosts"

    def title(self, language: Language) -> str:
        return language.say_n(
            "{n} machine reports and is not in the inventory",
            "{n} machines report and are not in the inventory",
            len(self.hosts),
        )

    def what(self, language: Language) -> str:
        names = list(self.hosts[:_MOST_NAMES])
        if len(self.hosts) > _MOST_NAMES:
            names.append("…")
        return language.say_n(
            "Its use is counted without site or department, and its making over the time observed:"
            " {names}.",
            "Their use is counted without site or department, and their making over the time "
            "observed: {names}.",
            len(self.hosts), names=language.join(names),
        )  # fmt: skip

    def hint(self, language: Language) -> str:
        return language.say_n(
            "Add it, or write its name in the inventory’s column host.",
            "Add them, or write their names in the inventory’s column host.",
            len(self.hosts),
        )


@dataclass(frozen=True, slots=True)
class Undated(Caution):
    pieces: int
    code = "undated_devices"

    def title(self, language: Language) -> str:
        return language.say_n(
            "{n} device has no day of acquisition",
            "{n} devices have no day of acquisition",
            self.pieces,
        )

    def what(self, language: Language) -> str:
        return language.say(
            "Their making is spread over the typical life of their kind, whatever their age: some "
            "of it may have been charged already."
        )

    def hint(self, language: Language) -> str:
        return language.say("Fill in the inventory’s column acquired.")


@dataclass(frozen=True, slots=True)
class UntoldServices(Caution):
    """names   services that are a part of machines whose workloads nobody saw"""

    names: tuple[Text, ...]
    code = "untold_services"

    def title(self, language: Language) -> str:
        return language.say_n(
            "{n} service could not be told apart", "{n} services could not be told apart",
            len(self.names),
        )  # fmt: skip

    def what(self, language: Language) -> str:
        names = [name.of(language.tongue) for name in self.names]
        return language.say(
            "What works on their machines was not seen, so that their part is unknown: {names}. The"
            " machines themselves are counted.",
            names=language.join(names),
        )

    def hint(self, language: Language) -> str:
        return language.say("Collect on these machines: sobriety collect")


@dataclass(frozen=True, slots=True)
class UnitsUnknown(Caution):
    """Not shown as a caution: why a service has no score."""

    code = "units_unknown"

    def title(self, language: Language) -> str:
        return language.say("How often it was used is not known")

    def what(self, language: Language) -> str:
        return language.say("A score is of a functional unit, and none was counted.")

    def hint(self, language: Language) -> str:
        return language.say("Tell its units, or its access log, in the file of services.")
