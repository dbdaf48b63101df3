"""Warnings: reasons not to believe a report, each with what to try next.

A caution carries facts only; it says them in the reader's language.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from ..language.language import Language
from ..language.quantities import duration


class Caution(ABC):
    """A reason to doubt: `what` it means for the figures, `hint` what to do about it."""

    __slots__ = ()
    code: ClassVar[str]

    @abstractmethod
    def title(self, language: Language) -> str: ...

    @abstractmethod
    def what(self, language: Language) -> str: ...

    @abstractmethod
    def hint(self, language: Language) -> str: ...


@dataclass(frozen=True, slots=True)
class ShortPeriod(Caution):
    observed_s: float
    code = "short_period"

    def title(self, language: Language) -> str:
        return language.say("Too short to speak of a year")

    def what(self, language: Language) -> str:
        return language.say(
            "{time} observed. Less than an hour says what the machine drew then, not how it is "
            "used.",
            time=duration(language, self.observed_s),
        )

    def hint(self, language: Language) -> str:
        return language.say("Let it run for a working day: sobriety collect --for 8h")


@dataclass(frozen=True, slots=True)
class Unfinished(Caution):
    code = "unfinished_period"

    def title(self, language: Language) -> str:
        return language.say("The period is not over")

    def what(self, language: Language) -> str:
        return language.say("The totals are of the part that has passed and are not extrapolated.")

    def hint(self, language: Language) -> str:
        return language.say("Make this report again when the period has ended.")


@dataclass(frozen=True, slots=True)
class LowCoverage(Caution):
    ratio: float
    code = "low_coverage"

    def title(self, language: Language) -> str:
        return language.say(
            "Only {share} of the period was observed", share=language.share_seen(self.ratio)
        )

    def what(self, language: Language) -> str:
        return language.say(
            "The totals count what was seen and nothing for the rest, so they are too low for the "
            "whole period."
        )

    def hint(self, language: Language) -> str:
        return language.say("Keep the collector running: sobriety collect")


@dataclass(frozen=True, slots=True)
class WideInterval(Caution):
    times: int
    code = "wide_interval"

    def title(self, language: Language) -> str:
        return language.say("The interval is wide")

    def what(self, language: Language) -> str:
        return language.say(
            "Its upper end is {times} times its lower end. Compare orders of magnitude with it, "
            "not months with each other.",
            times=language.number(self.times),
        )

    def hint(self, language: Language) -> str:
        return language.say("See below what would narrow it most.")


@dataclass(frozen=True, slots=True)
class ClockJump(Caution):
    hosts: tuple[str, ...]
    code = "clock_jump"

    def title(self, language: Language) -> str:
        return language.say(
            "{names} recorded more time than has passed", names=language.join(self.hosts)
        )

    def what(self, language: Language) -> str:
        return language.say(
            "The clock was set back, or two collectors ran under one name. Energy of that time may "
            "be counted twice."
        )

    def hint(self, language: Language) -> str:
        return language.say("Look for a second collector, and give each machine its own name.")


@dataclass(frozen=True, slots=True)
class NothingKnown(Caution):
    """Not shown as a caution: why a ratio of nothing is missing."""

    code = "nothing_known"

    def title(self, language: Language) -> str:
        return language.say("Nothing to compare with")

    def what(self, language: Language) -> str:
        return language.say("No energy was observed in this period.")

    def hint(self, language: Language) -> str:
        return language.say("Keep the collector running: sobriety collect")
