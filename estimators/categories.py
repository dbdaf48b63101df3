"""Kinds of devices: what people call them in English and French, and what is known of each.

One row of `data/categories.csv` is one kind; its columns are described in docs/methods.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from sobriety.core.errors import FactorNotFound
from sobriety.core.text import Text, folded

from .tables import by_category, table

_PLURAL = re.compile(r"(?<=ch|sh)es$|(?<=eau)x$|s$")
LONGEST_WORD = 40
"""Of which the nearest are looked for: that takes the square of its length."""

OTHER = "other"
"""What an inventory calls a device of no kind that is known here."""
_OTHER_WORDS = frozenset((OTHER, "autre", "divers", "misc"))


def category_of(text: str) -> str:
    """The category that a word means: `Laptop` and `Ordinateurs portables` are `notebook`.

    Raises FactorNotFound with the nearest words.
    """
    word = folded(text.replace("/", " "))
    category = aliases().get(word) or _singular_aliases().get(singular(word))
    if category is None:
        import difflib

        near = difflib.get_close_matches(word[:LONGEST_WORD], aliases(), n=3)
        raise FactorNotFound(
            f"unknown category {text!r}",
            hint=f"did you mean {' or '.join(near)}?"
            if near
            else "use: " + ", ".join(categories()),
        )
    return category


def known_category(text: str) -> str | None:
    """The category that a word means, or `other`; None for a word that nobody knows."""
    if text.lower() in _OTHER_WORDS:
        return OTHER
    try:
        return category_of(text)
    except FactorNotFound:
        return None


@cache
def aliases() -> dict[str, str]:
    """Category by folded alias."""
    return {
        folded(word.replace("/", " ")): row["category"]
        for row in table("categories")
        for word in (row["category"], row["fr"], *row["aliases"].split("|"))
        if word
    }


@cache
def _singular_aliases() -> dict[str, str]:
    return {singular(alias): category for alias, category in aliases().items()}


def singular(word: str) -> str:
    """Without what makes a plural in English or French, word by word; a word of three letters is
    left alone: `NA` is no NAS."""
    return " ".join(_PLURAL.sub("", part) if len(part) > 3 else part for part in word.split())


def categories() -> tuple[str, ...]:
    """Every kind that is known."""
    return tuple(by_category("categories"))


def category_facts(category: str) -> Mapping[str, str]:
    """The row of a kind; empty for one that is not known."""
    return by_category("categories").get(category, {})


def category_name(category: str) -> Text:
    """A kind's word in both languages; one that its owner made up stays as it is."""
    if category == OTHER:
        return Text("autre", OTHER)
    return Text(category_facts(category).get("fr", category), category)


def is_personal(category: str | None) -> bool:
    """Whether one person uses such a device: its hours are hers or his."""
    return category is not None and category_facts(category).get("user") == "person"


def is_nobodys(category: str | None) -> bool:
    """Whether nobody is the user of such a device. Everything else, the unknown too, is taken for
    somebody's."""
    return category is not None and category_facts(category).get("user") == "nobody"


def has_screen_beside(category: str | None) -> bool:
    """Whether people put a screen beside it."""
    return category is not None and category_facts(category).get("screen") == "yes"


@cache
def terminals() -> tuple[str, ...]:
    """What people sit at, of which ENERGY STAR measured the watts."""
    return tuple(row["category"] for row in table("categories") if row["terminal"] == "yes")


@cache
def made() -> tuple[str, ...]:
    """Kinds that the regression of makers' footprints has seen."""
    return tuple(row["category"] for row in table("categories") if row["making"] == "fitted")
