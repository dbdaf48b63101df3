"""Methods in the reader's language. Estimators speak English; these are their sentences.

A method is a sentence with places, or several joined by signs: `{model} × 2024 direct factor of
CA-QC, consumption`. What is not known here stays English and is marked as such.
"""

from __future__ import annotations

import re
from functools import cache

from .language import Language


def mark(sentence: str) -> str:
    """Found by the catalogue's extractor; said later."""
    return sentence


SENTENCES = (
    mark("category unknown, taken as a {method}"),
    mark("server regression on {facts}"),
    mark("two threads a core assumed, one chip assumed"),
    mark("two threads a core assumed"),
    mark("one chip assumed"),
    mark("{facts} {n} taken as {n}"),
    mark("regression of {category}s on {facts} ({n} products)"),
    mark("nothing: a typical 2 × 32 cores"),
    mark("typical {category}: short idle and {method}"),
    mark("{category} by its parts: short idle and {method}"),
    mark("{category} by its parts, sleep"),
    mark("{category} by its parts, off"),
    mark("typical {category} ({n} products)"),
    mark("typical {category}, sleep"),
    mark("typical {category}, off"),
    mark("virtual machine: {n} threads of a typical host that cannot be seen"),
    mark("virtual machine: {n} (assumed) threads of a typical host that cannot be seen"),
    mark("{method} read at the plug; shape of: {method}"),
    mark("{method} read at the plug to within {n} %; shape of: {method}"),
    mark("{n} loads"),
    mark("{n} % load"),
    mark("long idle while no screen is lit"),
    mark("idle and full load"),
    mark("idle"),
    mark("full load"),
    mark("a processor of its class"),
    mark("measured at the plug"),
    mark("measured by {sensors}, with the losses before it"),
    mark("{sensors} measured; the rest of the machine: {method}"),
    mark("{sensors} measured; {method}"),
    mark("{year} direct factor of {zone}, consumption"),
    mark("{year} direct factor of {zone}, production"),
    mark("{year} life-cycle factor of {zone}, consumption"),
    mark("{year} life-cycle factor of {zone}, production"),
    mark("{year} production mix of {zone}"),
    mark("hourly direct intensity of {zone}"),
    mark("hourly life-cycle intensity of {zone}"),
    mark("{method} for {n} % of the energy, else {method}"),
    mark("its user's own"),
    mark("as CodeCarbon told it"),
    mark("market-based, by contract"),
    mark("{method}, over {method}"),
    mark("{n} years, {method}"),
    mark("declared"),
    mark("catalogue: {n} products named {name}"),
    mark("catalogue: {name}"),
    mark("as makers assume ({n} products)"),
    mark("median of {category}s ({n} products)"),
    mark("category unknown: {method}"),
    mark("(1 ÷ lifetime, less 1 ÷ (lifetime + {n} years))"),
    mark("{n} methods, each machine by its own"),
    mark("its processor's design power"),
    mark("median of servers ({n} products)"),
    mark("{n} threads of a typical host"),
    mark("making ÷ (making + use)"),
    mark("({method}) ÷ energy"),
    mark("power curve at no load × time observed"),
    mark("processor time × watts of one more busy thread"),
    mark("PUE {n}"),
    mark("typical closet"),
    mark("typical server room"),
    mark("typical data centre"),
    mark("typical hyperscale"),
    mark("bytes × kWh a GB of fixed networks"),
    mark("energy with overhead × {n} a kilowatt-hour"),
    mark("typical {category}: {name}"),
    mark("declared use of a year"),
    mark("declared watts × share of the year"),
    mark("off, asleep and idle as such devices are used, at the plug"),
    mark("a server at 15 % of load all the time; {method}"),
    mark("half of {method}: what its former owner charged is unknown"),
    mark("{method}, by the day over {n} years from acquisition"),
    mark("energy of the hours, each machine by its own method"),
    mark("energy of closed hours ÷ energy"),
    mark("pieces refurbished ÷ pieces"),
    mark("not known: left out"),
    mark("assumed"),
    mark("above idle: {method}"),
    mark("above idle, each machine by its own"),
    mark("energy less what was done above idle"),
    mark("{method}, less {method}"),
    mark("hours of {zone}, now less then"),
    mark("expected by the sealed report, less what is left to save"),
    mark("{method}, with its share of idle by processor time"),
    mark("{method}, with its share of idle by memory held"),
)
FACTS = (
    mark("cores"),
    mark("design power"),
    mark("year of sale"),
    mark("disks"),
    mark("idle watts a chip"),
    mark("full-load watts a chip"),
    mark("clock"),
    mark("processor series"),
    mark("memory"),
    mark("maker"),
    mark("screen"),
    mark("line"),
    mark("weight"),
    mark("disk space"),
)
CATEGORIES = (
    mark("access point"),
    mark("all-in-one"),
    mark("desktop"),
    mark("monitor"),
    mark("notebook"),
    mark("printer"),
    mark("router"),
    mark("server"),
    mark("smartphone"),
    mark("storage"),
    mark("switch"),
    mark("tablet"),
    mark("thin client"),
    mark("ups"),
    mark("workstation"),
)

_NAME_OF_FACT = {
    "cores": "cores",
    "tdp_w": "design power",
    "hw_year": "year of sale",
    "disks": "disks",
    "idle_w": "idle watts a chip",
    "full_w": "full-load watts a chip",
    "ghz": "clock",
    "memory_gb": "memory",
    "maker": "maker",
    "series": "processor series",
    "screen": "screen",
    "line": "line",
    "weight": "weight",
    "storage": "disk space",
    "year": "year of sale",
}
_SENSORS = "(?:package|dram|gpu|psys|battery|wall)"
_PATTERN = {
    "n": r"[\d.]+",
    "year": r"\d{4}",
    "zone": "[A-Z]{2,5}(?:-[A-Z0-9]{1,6}){0,2}",
    "category": "|".join(map(re.escape, CATEGORIES)),
    "facts": r"[\w, ]+|nothing: a typical 2 × 32 cores",
    "sensors": f"{_SENSORS}(?: and {_SENSORS})*",
    "method": ".+",
    "name": ".+",
}
_PLACE = re.compile(r"\\\{(\w+)\\\}|\{(\w+)\}")


def method(language: Language, text: str) -> str | None:
    """The method in this language; None if a part of it is not known here."""
    if language.tongue == "en":
        return text
    return (
        _joined(language, " + ", text)
        or _whole(language, text)
        or _joined(language, "; ", text)
        or _joined(language, " × ", text)
    )


def _whole(language: Language, text: str) -> str | None:
    return next((s for s in (_said(language, x, text) for x in SENTENCES) if s is not None), None)


def _joined(language: Language, sign: str, text: str) -> str | None:
    """The parts around a sign; wherever it stands, since a sentence may hold the sign itself."""
    for found in re.finditer(re.escape(sign), text):
        left = method(language, text[: found.start()])
        right = method(language, text[found.end() :]) if left else None
        if left and right:
            return left + sign + right
    return None


def _said(language: Language, sentence: str, text: str) -> str | None:
    """The text as this sentence, if it is one and all its places can be said."""
    found = _pattern(sentence).fullmatch(text)
    if found is None:
        return None
    places = _places(sentence)
    values = [_value(language, p, v) for p, v in zip(places, found.groups(), strict=True)]
    if None in values:
        return None
    translated = language.term(sentence)
    if translated is None:
        return None
    # Two places may have one name; a translation keeps their order.
    left = list(zip(places, values, strict=True))

    def fill(place: re.Match[str]) -> str:
        i = next(i for i, (name, _) in enumerate(left) if name == place[2])
        return left.pop(i)[1] or ""

    return _PLACE.sub(fill, translated)


def _value(language: Language, place: str, text: str) -> str | None:
    if place == "method":
        return method(language, text)
    if place == "n":
        return language.number(float(text), len(text.partition(".")[2]))
    if place == "category":
        return language.term(text)
    if place == "facts":
        if text.startswith("nothing"):
            return method(language, text)
        names = [_NAME_OF_FACT.get(name) for name in re.split(", | and ", text)]
        said = [word for name in names if name for word in [language.term(name)] if word]
        return language.join(said, len(said)) if len(said) == len(names) else None
    if place == "sensors":
        return language.join(text.split(" and "))
    return text


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(lambda p: f"({_PATTERN[p[1]]})", re.escape(sentence)))


@cache
def _places(sentence: str) -> list[str]:
    return [p[2] for p in _PLACE.finditer(sentence)]
