"""Opening hours: `Mon-Fri 07:00-18:00`, `lun-ven 7h-18h`, `Sat,Sun 10:00-12:00, 13:00-17:00`.

A range that ends before it begins goes on after midnight: `Fri 22:00-02:00` ends on Saturday.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sobriety.files.faults import Unexpected

MINUTES_A_DAY = 1440

_DAYS = {
    name: number
    for number, names in enumerate(
        ("mon lun", "tue mar", "wed mer", "thu jeu", "fri ven", "sat sam", "sun dim")
    )
    for name in names.split()
}
_RANGE = re.compile(r"(\d{1,2})(?:[:h](\d{2})?)\s*-\s*(\d{1,2})(?:[:h](\d{2})?)")


def _expected() -> Unexpected:
    return Unexpected(
        en="expected days and hours, as in Mon-Fri 07:00-18:00",
        fr="attendu\xa0: des jours et des heures, comme lun-ven 7h-18h",
    )


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """From `opens` up to and without `closes`, minutes of the weekday; 0 is Monday. `closes` may
    be beyond midnight."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a place is open, and the days on which nothing opens.

    closed   (year, month, day); a year of None is every year
    """

    openings: tuple[Opening, ...]
    closed: frozenset[tuple[int | None, int, int]] = frozenset()

    def is_open(self, local: datetime) -> bool:
        """Whether it is open at a moment of its own clock."""
        minute = local.hour * 60 + local.minute
        today = local.date()
        if self._began(today, minute):
            return True
        if today == date.min:
            return False
        return self._began(today - timedelta(days=1), minute + MINUTES_A_DAY)

    def is_closed_on(self, day: date) -> bool:
        return bool(self.closed & {(day.year, day.month, day.day), (None, day.month, day.day)})

    @property
    def hours_a_week(self) -> float:
        """Of a week without closed days; hours told twice count once."""
        week = MINUTES_A_DAY * 7
        open_minutes = {
            (o.weekday * MINUTES_A_DAY + minute) % week
            for o in self.openings
            for minute in range(o.opens, o.closes)
        }
        return len(open_minutes) / 60

    def _began(self, day: date, minute: int) -> bool:
        if self.is_closed_on(day):
            return False
        return any(
            o.weekday == day.weekday() and o.opens <= minute < o.closes for o in self.openings
        )


def openings(raw: object) -> tuple[Opening, ...]:
    """The openings that one text tells; `24/7` is always. Raises ValueError."""
    if not isinstance(raw, str):
        raise _expected()
    words = raw.strip().lower()
    if words == "24/7":
        return tuple(Opening(day, 0, MINUTES_A_DAY) for day in range(7))
    found = re.fullmatch(r"([a-zé.,\s-]+?)\s+(\d.*)", words)
    if not found:
        raise _expected()
    days = _days(found[1])
    ranges = [_range(part.strip()) for part in found[2].split(",")]
    return tuple(Opening(day, *hours) for day in days for hours in ranges)


def joined(texts: Iterable[tuple[Opening, ...]]) -> tuple[Opening, ...]:
    """All of them in order, each once."""
    return tuple(sorted({opening for several in texts for opening in several}))


def _days(words: str) -> list[int]:
    days: list[int] = []
    for part in words.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        begin = _day(first)
        end = _day(last) if dash else begin
        days += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return days


def _day(word: str) -> int:
    names = {
        "monday lundi": 0, "tuesday mardi": 1, "wednesday mercredi": 2, "thursday jeudi": 3,
        "friday vendredi": 4, "saturday samedi": 5, "sunday dimanche": 6,
    }  # fmt: skip
    whole = {name: number for both, number in names.items() for name in both.split()}
    found = (_DAYS | whole).get(word.rstrip("."))
    if found is None:
        raise Unexpected(
            en=f"no day {word!r}; write Mon, Tue, Wed, Thu, Fri, Sat or Sun",
            fr=f"{word!r} n’est pas un jour\xa0; écrivez Mon, Tue, Wed, Thu, Fri, Sat ou Sun",
        )
    return found


def _range(words: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(words)
    if not found:
        raise Unexpected(
            en=f"no hours {words!r}; write them as in 07:00-18:00",
            fr=f"{words!r} ne sont pas des heures\xa0; écrivez-les comme 07:00-18:00",
        )
    hour, minute, last_hour, last_minute = (int(part or 0) for part in found.groups())
    opens, closes = hour * 60 + minute, last_hour * 60 + last_minute
    if minute > 59 or last_minute > 59 or opens >= MINUTES_A_DAY or closes > MINUTES_A_DAY:
        raise Unexpected(
            en=f"no hours {words!r}; a day goes from 00:00 to 24:00",
            fr=f"{words!r} ne sont pas des heures\xa0; un jour va de 00:00 à 24:00",
        )
    if opens == closes:
        raise Unexpected(
            en=f"{words!r} is no time at all; a whole day is 00:00-24:00",
            fr=f"{words!r} est une durée nulle\xa0; un jour entier est 00:00-24:00",
        )
    return opens, closes if closes > opens else closes + MINUTES_A_DAY
