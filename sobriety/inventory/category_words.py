"""Words for categories in lists of devices: their meaning, and hints for unknown ones."""

from __future__ import annotations

import difflib
from functools import lru_cache

from sobriety.core.errors import FactorNotFound
from sobriety.core.text import Text
from sobriety.estimators import category_of, known_category

from .devices import CATEGORIES

category_of_word = lru_cache(10_000)(known_category)
"""A large list says the same few words a million times."""


def narrower_category(subcategory: str) -> str | None:
    """The category that a subcategory means; None where it means none."""
    try:
        return category_of(subcategory) if subcategory else None
    except FactorNotFound:
        return None


def unknown_category(text: str, taken_from: str | None) -> Text:
    """What is expected instead of a category that is not known."""
    if not text:
        return Text(en="no category", fr="aucune catégorie")
    if taken_from:
        return Text(
            en=f"unknown category: taken from subcategory {taken_from[:40]!r}",
            fr=f"catégorie inconnue\xa0: prise de la sous-catégorie {taken_from[:40]!r}",
        )
    near = difflib.get_close_matches(text.lower()[:40], (*CATEGORIES, "laptop"), n=1, cutoff=0.5)
    if near:
        return Text(
            en=f"unknown category; did you mean {near[0]!r}?",
            fr=f"catégorie inconnue\xa0; vouliez-vous dire {near[0]!r}\xa0?",
        )
    every = ", ".join(CATEGORIES)
    return Text(
        en=f"unknown category; one of {every}", fr=f"catégorie inconnue\xa0; une de {every}"
    )
