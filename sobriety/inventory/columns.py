"""The columns of an inventory: how each is read, what it may be called, what it is."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Literal, NamedTuple

from sobriety.core.text import printable

Kind = Literal["text", "number", "count", "date", "yes or no", "word"]

YES = frozenset(("yes", "oui", "true", "vrai", "1", "y", "o", "x"))
NO = frozenset(("no", "non", "false", "faux", "0", "n"))
ENDS = {
    "reused": "reused", "réemployé": "reused", "reemploye": "reused", "réutilisé": "reused",
    "donated": "donated", "donné": "donated", "don": "donated",
    "recycled": "recycled", "recyclé": "recycled",
    "scrapped": "scrapped", "mis au rebut": "scrapped", "rebut": "scrapped",
}  # fmt: skip


class Column(NamedTuple):
    """`names` are others that it may have, without case, accents and signs."""

    name: str
    kind: Kind
    read: Callable[[str], object]
    names: tuple[str, ...]
    meaning: str


def text(raw: str) -> str:
    if len(raw) > 200 or not printable(raw):
        raise ValueError("expected a text of at most 200 printable characters")
    return raw


def number(low: float, high: float, unit: str) -> Callable[[str], float]:
    """A number with point or comma."""

    def read(raw: str) -> float:
        plain = raw.replace("\u202f", "").replace("\xa0", "").replace(",", ".")
        try:
            value = float(plain) if "_" not in plain else float("nan")
        except ValueError:
            value = float("nan")
        if not isfinite(value) or not low <= value <= high:
            raise ValueError(f"expected {unit}, from {low:g} to {high:g}")
        return value

    return read


def count(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= 10_000_000:
        raise ValueError("expected a whole number of pieces, 1 or more")
    return int(raw)


def yes_or_no(raw: str) -> bool:
    word = raw.lower()
    if word not in YES | NO:
        raise ValueError("expected yes or no")
    return word in YES


def end(raw: str) -> str:
    word = ENDS.get(raw.lower())
    if word is None:
        raise ValueError(f"expected one of {', '.join(dict.fromkeys(ENDS.values()))}")
    return word


COLUMNS = (
    Column("id", "text", text, ("identifiant", "asset tag", "numero d inventaire"),
           "its own name; needed"),
    Column("category", "word", text, ("categorie",), "what it is; needed"),
    Column("manufacturer", "text", text, ("fabricant", "marque", "brand"), "maker"),
    Column("model", "text", text, ("modele",), "as its maker calls it"),
    Column("quantity", "count", count, ("quantite", "qty"), "pieces that are alike; 1"),
    Column("site", "text", text, ("lieu", "location"), "id in the file of sites"),
    Column("department", "text", text, ("departement", "direction"), "who uses it"),
    Column("service", "text", text, ("service numerique", "digital service"),
           "id of the digital service that it is for"),
    Column("host", "text", text, ("hote", "nom d hote", "hostname", "host name"),
           "under which its agent reports; its id where this is empty"),
    Column("acquired", "date", text, ("acquis", "date d achat", "date d acquisition",
                                      "purchase date"), "first day"),
    Column("retired", "date", text, ("retire", "date de retrait", "disposed"), "last day"),
    Column("lifetime_years", "number", number(0.1, 50, "years"),
           ("lifetime", "duree de vie", "duree de vie ans"),
           "over which its making is spread; typical where it is empty"),
    Column("refurbished", "yes or no", yes_or_no, ("reconditionne",), "bought refurbished"),
    Column("cpu", "text", text, ("processeur", "processor"), "as its maker spells it"),
    Column("memory_gb", "number", number(0.01, 1e6, "gigabytes"), ("memoire go",), "gigabytes"),
    Column("screen_in", "number", number(1, 150, "inches"), ("ecran po", "screen in", "ecran"),
           "diagonal, inches"),
    Column("yearly_kwh", "number", number(0, 1e6, "kilowatt-hours a year"),
           ("kwh par an", "yearly kwh", "kwh an"), "declared use of one piece"),
    Column("power_w", "number", number(0, 1e5, "watts"), ("puissance w", "power w"),
           "declared mean watts of one piece while it is in use"),
    Column("use_ratio", "number", number(0, 1, "a share of the year"),
           ("taux d utilisation", "use ratio"), "share of the year that it draws power_w; 1"),
    Column("embodied_kg", "number", number(0, 1e6, "kilograms of CO2e"),
           ("kg incorpore", "carbone incorpore kg", "embodied kg"),
           "declared carbon of making one piece"),
    Column("end", "word", end, ("fin", "fin de vie", "fate"),
           "reused, donated, recycled or scrapped: what became of it"),
)  # fmt: skip

BY_NAME = {name: c for c in COLUMNS for name in (c.name.replace("_", " "), *c.names)}
"""By every name that a column may have, folded."""
