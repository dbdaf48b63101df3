"""Categories of devices, and what people call them in English and French."""

from __future__ import annotations

import unicodedata
from functools import cache

from sobriety.core.errors import FactorNotFound

from .tables import table

_SPACES = str.maketrans(dict.fromkeys("-_'’«»\"", " "))


def category_of(text: str) -> str:
    """The category that a word means: `Laptop` and `ordinateur portable` are `notebook`.

    Raises FactorNotFound with the nearest words.
    """
    found = aliases().get(folded(text))
    if found is None:
        import difflib

        near = difflib.get_close_matches(folded(text), aliases(), n=3)
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
    return {folded(row["alias"]): row["category"] for row in table("categories")}


def categories() -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["category"] for row in table("categories")))


def folded(text: str) -> str:
    """Lower case without accents, hyphens, quotes and doubled spaces, so that spellings meet."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(letters.translate(_SPACES).split())
