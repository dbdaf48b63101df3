"""Readers of single values in declared files; each raises ValueError with what it expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from math import isfinite
from typing import TypeVar, cast

from sobriety.core.text import Text, printable
from sobriety.files.faults import Unexpected

T = TypeVar("T")

_CURRENCIES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
    KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR
    MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
    TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CURRENCIES.split())
"""ISO 4217, those that are money one pays with."""


def text(raw: object) -> str:
    if isinstance(raw, str) and raw.strip() and printable(raw):
        return raw.strip()
    raise Unexpected(
        en="expected a text in quotes, of printable characters",
        fr="attendu\xa0: un texte entre guillemets, de caractères imprimables",
    )


def in_both(raw: object) -> Text:
    """`"Archives"`, or `{ fr = "Bibliothèque", en = "Library" }`."""
    if isinstance(raw, str):
        return Text(text(raw), text(raw))
    if (
        not isinstance(raw, dict)
        or not raw
        or not set(cast("dict[str, object]", raw))
        <= {
            "fr",
            "en",
        }
    ):
        raise Unexpected(
            en='expected a text, or { fr = "…", en = "…" }',
            fr='attendu\xa0: un texte, ou { fr = "…", en = "…" }',
        )
    words = {tongue: text(words) for tongue, words in cast("dict[str, object]", raw).items()}
    other = next(iter(words.values()))
    return Text(words.get("fr", other), words.get("en", other))


def identifier(raw: object) -> str:
    if isinstance(raw, str) and re.fullmatch(r"[\w][\w.-]{0,79}", raw):
        return raw
    raise Unexpected(
        en="expected letters, digits, hyphens and dots, as in archives-2",
        fr="attendu\xa0: lettres, chiffres, traits d’union et points, comme archives-2",
    )


def number(low: float, high: float) -> Callable[[object], float]:
    def read(raw: object) -> float:
        bad = Unexpected(
            en=f"expected a number from {low:g} to {high:g}",
            fr=f"attendu\xa0: un nombre de {low:g} à {high:g}",
        )
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise bad
        if not low <= raw <= high or not isfinite(raw):  # before float(): an int may be too large
            raise bad
        return float(raw)

    return read


def count(least: int, most: int) -> Callable[[object], int]:
    def read(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= most:
            raise Unexpected(
                en=f"expected a whole number from {least} to {most}",
                fr=f"attendu\xa0: un nombre entier de {least} à {most}",
            )
        return raw

    return read


year = count(1970, 2199)


def choice(*allowed: str) -> Callable[[object], str]:
    def read(raw: object) -> str:
        if isinstance(raw, str) and raw in allowed:
            return raw
        raise Unexpected(
            en=f"expected one of {', '.join(allowed)}",
            fr=f"attendu\xa0: un de {', '.join(allowed)}",
        )

    return read


def several(read: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """One, or a list of them."""

    def read_all(raw: object) -> tuple[T, ...]:
        items = cast("list[object]", raw) if isinstance(raw, list) else [raw]
        if not items:
            raise Unexpected(en="expected at least one", fr="attendu\xa0: au moins un")
        return tuple(read(item) for item in items)

    return read_all


def truth(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    raise Unexpected(en="expected true or false", fr="attendu\xa0: true ou false")


def currency(raw: object) -> str:
    if isinstance(raw, str) and raw in CURRENCIES:
        return raw
    raise Unexpected(
        en="expected a code of ISO 4217, as in CAD or EUR",
        fr="attendu\xa0: un code ISO 4217, comme CAD ou EUR",
    )


def timezone(raw: object) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = text(raw)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unexpected(
            en="expected a time zone, as in America/Montreal",
            fr="attendu\xa0: un fuseau horaire, comme America/Montreal",
        ) from None
    return name


def zone(raw: object) -> str:
    """The code of an electricity grid."""
    from sobriety.core.errors import FactorNotFound
    from sobriety.estimators import resolve_zone

    try:
        return resolve_zone(text(raw))
    except FactorNotFound as error:
        raise Unexpected(
            en=f"no grid zone; {error.hint}",
            fr=f"zone électrique inconnue\xa0; {error.hint}",
        ) from None


def day(raw: object) -> tuple[int | None, int, int]:
    """A date, or `12-25`, which is a day of every year: its year is None."""
    if isinstance(raw, date):
        return raw.year, raw.month, raw.day
    try:
        if isinstance(raw, str) and re.fullmatch(r"\d{2}-\d{2}", raw):
            every = date.fromisoformat(f"2000-{raw}")  # a leap year
            return None, every.month, every.day
        if isinstance(raw, str):
            one = date.fromisoformat(raw)
            return one.year, one.month, one.day
    except ValueError:
        pass
    raise Unexpected(
        en="expected a date, as in 2026-12-25, or 12-25 for every year",
        fr="attendu\xa0: une date, comme 2026-12-25, ou 12-25 pour chaque année",
    )


def month_or_longer(raw: object) -> str:
    """The name of a month, quarter or year."""
    from .periods import months_of, name_of

    name = name_of(months_of(text(raw)))
    assert name is not None  # months_of gives nothing else
    return name
