"""Sentences, numbers, dates and lists in the language of a report.

The source is English; French comes from `locale/fr/LC_MESSAGES/sobriety.po`, read as it is, so that
a translator's edit needs no build. A sentence without translation is a bug and raises.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from sobriety.core.errors import MissingExtra
from sobriety.core.text import Tongue

NBSP: Final = "\u00a0"
_LOCALES: Final = {"en": "en_CA", "fr": "fr_CA"}
_PLACES: Final = "#,##0"


class Language:
    """Says things in English or French: those of reports, and those of the packages named."""

    def __init__(self, tongue: Tongue = "en", *packages: str) -> None:
        self.tongue: Tongue = tongue
        self.locale = _LOCALES[tongue]
        self.tag = self.locale.replace("_", "-")
        self._forms: Mapping[str, tuple[str, ...]] | None = None
        if tongue != "en":
            every = (
                _forms(tongue, package) for package in ("sobriety.reports.language", *packages)
            )
            self._forms = ChainMap(*every)

    def say(self, sentence: str, /, **values: object) -> str:
        """The sentence in this language, its {places} filled. Raises LookupError: untranslated."""
        return self._of(sentence)[0].format(**values)

    def say_n(self, one: str, many: str, count: int, /, **values: object) -> str:
        """The form that the count asks for; {n} is the count."""
        if self._forms is None:
            text = one if count == 1 else many
        else:
            text = self._of(one)[0 if abs(count) < 2 else 1]
        return text.format(n=self.number(count), **values)

    def number(self, value: float, places: int = 0) -> str:
        """`1,234.5`, `1 234,5`; negative places are whole numbers already rounded."""
        from babel.numbers import format_decimal

        pattern = _PLACES + ("." + "0" * places if places > 0 else "")
        return format_decimal(value + 0.0, format=pattern, locale=self.locale)

    def share(self, share: float, places: int = 0) -> str:
        """`98%`, `98 %`."""
        return self.say("{number}%", number=self.number(share * 100, places))

    def share_seen(self, share: float) -> str:
        """Whole hundredths, rounded down: 99.6 % is not all of it; and a little is not nothing."""
        if 0 < share < 0.01:
            return "<" + NBSP + self.share(0.01)
        return self.share(int(share * 100 + 1e-9) / 100)

    def money(self, value: float, currency: str) -> str:
        """`$1,235`, `1 235 $`; cents below a hundred."""
        from babel.numbers import format_currency

        places = "#,##0.00" if abs(value) < 100 else "#,##0"
        pattern = f"{places} ¤" if self.tongue == "fr" else f"¤{places}"
        text = format_currency(value, currency, pattern, self.locale, currency_digits=False)
        return text.replace(" ", NBSP)

    def days(self) -> tuple[str, ...]:
        """The days of a week in short, Monday first."""
        from babel.dates import get_day_names

        names = get_day_names("abbreviated", locale=self.locale)
        return tuple(names[i] for i in range(7))

    def day(self, day: date, *, year: bool = True) -> str:
        """`November 23, 2026`, `23 novembre 2026`, `1er juin 2026`; without the year, where another
        date tells it."""
        from babel.dates import format_date

        short = "MMMM d" if self.tongue == "en" else "d MMMM"
        text = format_date(day, "long" if year else short, locale=self.locale)
        return "1er" + text[1:] if self.tongue == "fr" and day.day == 1 else text

    def clock(self, moment: datetime) -> str:
        """`2:05 p.m.`, `14 h 05`, on the moment's own clock."""
        from babel.dates import format_time

        clock = format_time(moment, "short", locale=self.locale, tzinfo=moment.tzinfo)
        return clock.replace(" ", NBSP)  # a time is never broken over two lines

    def moment(self, moment: datetime) -> str:
        return self.say("{day} at {time}", day=self.day(moment), time=self.clock(moment))

    def in_calendar(self, day: date, pattern: str) -> str:
        """A date by a CLDR pattern: `QQQQ y` is `4th quarter 2026`."""
        from babel.dates import format_date

        return format_date(day, pattern, locale=self.locale)

    def join(self, items: Sequence[str], most: int = 3) -> str:
        """`a, b and c`; beyond `most` the rest is counted."""
        shown = list(items)
        if len(shown) > most:
            left = len(shown) - most
            shown = [*shown[:most], self.say_n("{n} other", "{n} others", left)]
        if len(shown) < 2:
            return "".join(shown)
        return self.say("{first} and {last}", first=", ".join(shown[:-1]), last=shown[-1])

    def _of(self, sentence: str) -> tuple[str, ...]:
        if self._forms is None:
            return (sentence,)
        if sentence not in self._forms:
            raise LookupError(f"no {self.tongue} for {sentence!r}")
        return self._forms[sentence]


@cache
def _forms(tongue: Tongue, package: str) -> dict[str, tuple[str, ...]]:
    """Every translated sentence of a package: its one form, or its singular and plural."""
    try:
        from babel.messages.pofile import read_po
    except ImportError:
        raise MissingExtra("babel", "report") from None

    path = files(package) / "locale" / tongue / "LC_MESSAGES" / "sobriety.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale=tongue)
    sentences: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else message.string
        if key and forms and all(forms):
            sentences[key] = tuple(forms)
    return sentences
