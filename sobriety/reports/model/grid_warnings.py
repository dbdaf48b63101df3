"""Warnings about grids: no zone, no factor, an old one, a room without overhead."""

from __future__ import annotations

from dataclasses import dataclass

from sobriety.estimators import FactorKind

from ..language.language import Language
from .warnings import Caution


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
        return language.say("Name it: sobriety config set grid.zone CA-QC")


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
                "Try life-cycle factors: sobriety config set grid.factor_kind life-cycle"
            )
        return language.say("Try direct factors: sobriety config set grid.factor_kind direct")


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
            "State it for their site, or for all: sobriety config set grid.pue 1.4, or the kind of "
            "room: sobriety config set grid.pue closet"
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
