"""Text in both languages, printable text, and text folded for comparison."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Tongue = Literal["en", "fr"]

_NO_BREAK = str.maketrans("\u00a0\u202f", "  ")
_SPACES = str.maketrans(dict.fromkeys("-_'’«»\"", " "))


@dataclass(frozen=True, slots=True)
class Text:
    """What is shown to people, in both languages; the same in both where only one was written."""

    fr: str
    en: str

    def of(self, tongue: Tongue) -> str:
        return self.fr if tongue == "fr" else self.en


NO_TEXT = Text("?", "?")


def printable(raw: str) -> bool:
    """Whether no control character is in it: one would reach somebody's terminal with every report.

    The no-break spaces of French typography are printable, though Python counts them otherwise.
    """
    return raw.isprintable() or raw.translate(_NO_BREAK).isprintable()


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Lower case without accents, hyphens, quotes and doubled spaces, so that spellings meet."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(letters.translate(_SPACES).split())
