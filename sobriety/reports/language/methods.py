"""Renders methods in a language: English from their declarations, French from `methods.po`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

from sobriety.core.method import Method, MethodKind, from_dict, places_of, rendered
from sobriety.estimators import category_name

from .language import Language

_SEVERAL: Final = {"sum": " + ", "notes": "; ", "alternatives": "; ou "}


def method(language: Language, method: Method) -> str:
    """The method as a sentence. Raises LookupError for one without French."""
    return str(method) if language.tongue == "en" else rendered(method, _French(language))


def with_methods(language: Language, data: dict[str, Any]) -> dict[str, Any]:
    """JSON whose figures have their `method` in this language."""
    if language.tongue == "en":
        return data
    if "method_key" in data and "sources" in data:
        return {**data, "method": method(language, from_dict(data))}
    return {name: _with_methods(language, each) for name, each in data.items()}


def _with_methods(language: Language, data: object) -> object:
    if isinstance(data, list):
        return [_with_methods(language, each) for each in cast("list[object]", data)]
    if isinstance(data, dict):
        return with_methods(language, cast("dict[str, Any]", data))
    return data


class _French:
    """The words of methods in French."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def sentence(self, kind: MethodKind) -> str:
        return french()["method", kind.key]

    def number(self, value: float) -> str:
        return self._language.number(value, places_of(value))

    def word(self, vocabulary: str, word: str) -> str:
        if vocabulary == "category":
            return category_name(word).fr
        return french()[vocabulary, word]

    def listed(self, words: Sequence[str]) -> str:
        return self._language.join(words, len(words))

    def separator(self, place_type: str) -> str:
        return _SEVERAL[place_type]


@cache
def french() -> Mapping[tuple[str, str], str]:
    """Sentences by `method` and key, and words by vocabulary and key."""
    from babel.messages.pofile import read_po

    path = files("sobriety.reports.language") / "locale" / "fr" / "LC_MESSAGES" / "methods.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="fr")
    return {
        (message.context, str(message.id)): str(message.string)
        for message in catalog
        if message.context
    }
