"""When not to believe a report, and what to try next. Long because every caution stands here.

A caution carries facts only; it says them in the reader's language.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from sobriety.estimators import FactorKind

from ..language.language import Language


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
class NoZone(Caution):
    code = "no_zone"

    def title(self, language: Language) -> str:
        return language.say("No electricity grid is set")

    def what(self, language: Language) -> str:
        return language.say(
            "The carbon of use depends on the grid, from 2 to over 700 g a kilowatt-hour, and is "
            "left unknown instead of guessed."
        )

    def hint(self, language: Language) -> str:
        return language.say("Name it: sobriety config set zone CA-QC")


@dataclass(frozen=True, slots=True)
class NoFactor(Caution):
    zone: str
    year: int
    kind: FactorKind
    code = "no_factor"

    def title(self, language: Language) -> str:
        return language.say("No emission factor for {zone}", zone=self.zone)

    def what(self, language: Language) -> str:
        if self.kind == "direct":
            return language.say(
                "No source that we know publishes direct emissions of {zone} for {year}, so the "
                "carbon of use is unknown.",
                zone=self.zone,
                year=self.year,
            )
        return language.say(
            "No source that we know publishes life-cycle emissions of {zone} for {year}, so the "
            "carbon of use is unknown.",
            zone=self.zone,
            year=self.year,
        )

    def hint(self, language: Language) -> str:
        if self.kind == "direct":
            return language.say(
                "Try life-cycle factors: sobriety config set factor_kind life-cycle"
            )
        return language.say("Try direct factors: sobriety config set factor_kind direct")


@dataclass(frozen=True, slots=True)
class UntoldHours(Caution):
    """untold_ratio   energy of hours that no file tells, of all of it"""

    zone: str
    untold_ratio: float
    code = "untold_hours"

    def title(self, language: Language) -> str:
        return language.say(
            "For {share} of the energy the hour’s intensity is not told",
            share=language.share(self.untold_ratio),
        )

    def what(self, language: Language) -> str:
        return language.say(
            "The files of hours do not tell all hours of {zone} in which energy was used; for the "
            "rest the year’s factor counts.",
            zone=self.zone,
        )

    def hint(self, language: Language) -> str:
        return language.say("Give the missing hours with another --grid-hours FILE.")


@dataclass(frozen=True, slots=True)
class NoOverhead(Caution):
    hosts: tuple[str, ...]
    code = "no_overhead"

    def title(self, language: Language) -> str:
        return language.say("The overhead of the servers’ room is not counted")

    def what(self, language: Language) -> str:
        return language.say(
            "Cooling and power supplies of rooms add from 10% to more than 100% to what servers "
            "draw at the plug. Without it: {names}.",
            names=language.join(self.hosts),
        )

    def hint(self, language: Language) -> str:
        return language.say(
            "State it for their site, or for all: sobriety config set pue 1.4, or the kind of "
            "room: sobriety config set pue closet"
        )


@dataclass(frozen=True, slots=True)
class StaleFactor(Caution):
    zone: str
    year: int
    edition_year: int
    code = "stale_factor"

    def title(self, language: Language) -> str:
        return language.say(
            "The grid factor is of {edition}, the use of {year}",
            edition=self.edition_year,
            year=self.year,
        )

    def what(self, language: Language) -> str:
        return language.say(
            "No factor of {year} is held for {zone}. Grids change from one year to the "
            "next: Québec’s factor rose by 37% from 2023 to 2024.",
            zone=self.zone,
            year=self.year,
        )

    def hint(self, language: Language) -> str:
        return language.say(
            "Keep the data and make this report again when the factor of {year} is out.",
            year=self.year,
        )


@dataclass(frozen=True, slots=True)
class NotOutYet(Caution):
    zone: str
    as_of: str
    code = "no_factor_as_of"

    def title(self, language: Language) -> str:
        return language.say(
            "No emission factor for {zone} was out in {month}", zone=self.zone, month=self.as_of
        )

    def what(self, language: Language) -> str:
        return language.say(
            "Those that are held came out later and are left out as asked, so the carbon of use "
            "is unknown."
        )

    def hint(self, language: Language) -> str:
        return language.say("See when each came out: sobriety factors show {zone}", zone=self.zone)


@dataclass(frozen=True, slots=True)
class OlderEdition(Caution):
    as_of: str
    code = "older_edition"

    def title(self, language: Language) -> str:
        return language.say("The grid factors are those of {month}", month=self.as_of)

    def what(self, language: Language) -> str:
        return language.say("Editions that came out later are left out, as asked.")

    def hint(self, language: Language) -> str:
        return language.say("For the newest, make this report again without factors_as_of.")


@dataclass(frozen=True, slots=True)
class PreliminaryFactor(Caution):
    zone: str
    year: int
    code = "preliminary_factor"

    def title(self, language: Language) -> str:
        return language.say("The grid factor of {year} is preliminary", year=self.year)

    def what(self, language: Language) -> str:
        return language.say("Its publisher may still correct it, and the carbon of use with it.")

    def hint(self, language: Language) -> str:
        return language.say("Make this report again when the final factor is out.")


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


def duration(language: Language, duration_s: float) -> str:
    """A length of time as people say it: 45 seconds, 12 minutes, 8 hours, 92 days."""
    if duration_s < 119.5:
        return language.say_n("{n} second", "{n} seconds", round(duration_s))
    if duration_s < 119.5 * 60:
        return language.say_n("{n} minute", "{n} minutes", round(duration_s / 60))
    if duration_s < 71.5 * 3600:
        return language.say_n("{n} hour", "{n} hours", round(duration_s / 3600))
    return language.say_n("{n} day", "{n} days", round(duration_s / 86_400))
