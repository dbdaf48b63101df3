"""Categories of devices, and what people call them in English and French."""

from __future__ import annotations

import re
from functools import cache

from sobriety.core.errors import FactorNotFound
from sobriety.core.text import folded

from .tables import table

_PLURAL = re.compile(r"(?<=ch|sh)es$|(?<=eau)x$|s$")
LONGEST_WORD = 40
"""Of which the nearest are looked for: that takes the square of its length."""


def category_of(text: str) -> str:
    """The category that a word means: `Laptop` and `Ordinateurs portables` are `notebook`.

    Raises FactorNotFound with the nearest words.
    """
    word = folded(text.replace("/", " "))
    found = aliases().get(word) or _singular_aliases().get(singular(word))
    if found is None:
        import difflib

        near = difflib.get_close_matches(word[:LONGEST_WORD], aliases(), n=3)
        raise FactorNotFound(
            f"unknown category {text!r}",
            hint=f"did you mean {' or '.join(near)}?"
            if near
            else "use: " + ", ".join(categories()),
        )
    return found


@cache
def aliases() -> dict[str, str]:
    """Category by folded alias."""
    return {folded(row["alias"].replace("/", " ")): row["category"] for row in table("categories")}


@cache
def _singular_aliases() -> dict[str, str]:
    return {singular(alias): category for alias, category in aliases().items()}


def singular(word: str) -> str:
    """Without what makes a plural in English or French, word by word; a word of three letters is
    left alone: `NA` is no NAS."""
    return " ".join(_PLURAL.sub("", part) if len(part) > 3 else part for part in word.split())


def categories() -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["category"] for row in table("categories")))
