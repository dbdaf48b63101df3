"""A method: how a figure was computed, as data that any language can render.

Code that computes a figure declares its `MethodKind` once, key and English sentence together, and
calls it to make a `Method`. Places of the sentence name a type:

    number, year, text          a figure, a year, words that have no translation (names, codes)
    method                      a method within the sentence
    sum, notes, alternatives    several methods: a + b, a; b, a; or b
    anything else               a word, or several, of the vocabulary of that name
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, cast

MethodValue: TypeAlias = "float | str | Method | tuple[str, ...] | tuple[Method, ...]"

_PLACE: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_SEVERAL: Final = {"sum": " + ", "notes": "; ", "alternatives": "; or "}
_PLAIN: Final = ("number", "year", "text", "method", *_SEVERAL)

_kinds: dict[str, MethodKind] = {}
_vocabularies: dict[str, Mapping[str, str]] = {}


class Words(Protocol):
    """A language, as methods need it."""

    def sentence(self, kind: MethodKind) -> str:
        """The sentence of a kind, with its {places}."""
        ...

    def number(self, value: float) -> str: ...

    def word(self, vocabulary: str, word: str) -> str: ...

    def listed(self, words: Sequence[str]) -> str: ...

    def separator(self, place_type: str) -> str:
        """What stands between several methods."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """A kind of computation and what it was computed with. `str()` gives the English sentence.

    Hashes and comparisons are cheap: figures of many machines are grouped by their methods.
    """

    key: str
    values: tuple[tuple[str, MethodValue], ...] = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.key, self.values)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Method], tuple[object, ...]]:
        return Method, (self.key, self.values)  # hashes of strings differ between processes

    def __str__(self) -> str:
        return rendered(self, _ENGLISH)

    def as_dict(self) -> dict[str, Any]:
        """The values by name, for JSON; a method within is `{method_key, method_values}`."""
        return {name: _plain(value) for name, value in self.values}


class MethodKind:
    """A way of computing something: a key, and the English sentence that names it."""

    __slots__ = ("english", "key", "places")

    def __init__(self, key: str, english: str) -> None:
        """Register the kind. Raises ValueError for a key that another kind has."""
        if key in _kinds:
            raise ValueError(f"two kinds of method have the key {key!r}")
        self.key = key
        self.places = {name: type_ or "text" for name, type_ in _PLACE.findall(english)}
        self.english = english
        _kinds[key] = self

    def __call__(self, **values: MethodValue) -> Method:
        """The method with these values. Raises TypeError for places that are missing or unknown."""
        if values.keys() != self.places.keys():
            raise TypeError(f"{self.key} has the places {[*self.places]}, not {[*values]}")
        return Method(self.key, tuple([(name, values[name]) for name in self.places]))

    def vocabulary(self, place: str) -> str | None:
        """The vocabulary of a place; None for a number, a text or a method."""
        return None if self.places[place] in _PLAIN else self.places[place]


def vocabulary(name: str, words: Mapping[str, str]) -> Mapping[str, str]:
    """Declare words that methods use, in English by key."""
    if name in _vocabularies:
        raise ValueError(f"two vocabularies have the name {name!r}")
    _vocabularies[name] = words
    return words


def kinds() -> Mapping[str, MethodKind]:
    """Every kind declared by the modules that are imported, by key."""
    return _kinds


def vocabularies() -> Mapping[str, Mapping[str, str]]:
    """Every vocabulary declared, by name."""
    return _vocabularies


STATED = MethodKind("stated", "{text:text}")
"""A sentence that was written elsewhere: it has no translation."""
_NOTED = MethodKind("noted", "{notes:notes}")


def noted(method: Method, *notes: Method) -> Method:
    """A method with remarks."""
    return _NOTED(notes=(method, *notes)) if notes else method


def significant(value: float, digits: int) -> float:
    """A number as a sentence shows it: methods that read the same are the same."""
    return float(f"{value:.{digits}g}")


def rendered(method: Method, words: Words) -> str:
    """The sentence of a method in a language. Raises KeyError for a kind that is not declared."""
    kind = _kinds[method.key]
    values = dict(method.values)

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        return _rendered_value(kind.places[name], values[name], words)

    return _PLACE.sub(fill, words.sentence(kind))


def from_dict(figure: Mapping[str, Any]) -> Method:
    """The method of a figure's JSON. One written before methods had keys, or of a kind that is
    not declared here, is its sentence."""
    key, values = figure.get("method_key"), figure.get("method_values")
    if key in _kinds and isinstance(values, Mapping):
        named = cast("Mapping[str, object]", values)
        try:
            return _kinds[key](**{name: _value(value) for name, value in named.items()})
        except TypeError:  # it had other places when it was written
            pass
    return STATED(text=str(figure.get("method", key)))


def _value(raw: object) -> MethodValue:
    if isinstance(raw, Mapping):
        return from_dict(cast("Mapping[str, Any]", raw))
    if isinstance(raw, list):
        return cast("MethodValue", tuple(_value(each) for each in cast("list[object]", raw)))
    if isinstance(raw, str | int | float):
        return raw
    raise TypeError(f"no value of a method: {raw!r}")


def _plain(value: MethodValue) -> Any:
    if isinstance(value, Method):
        return {"method_key": value.key, "method_values": value.as_dict()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _rendered_value(place_type: str, value: MethodValue, words: Words) -> str:
    if isinstance(value, Method):
        return rendered(value, words)
    if place_type in _SEVERAL:
        parts = cast("tuple[Method, ...]", value)
        return words.separator(place_type).join(rendered(part, words) for part in parts)
    if place_type == "number":
        return words.number(cast("float", value))
    if place_type in _PLAIN:
        return str(value)
    several = cast("tuple[str, ...]", value if isinstance(value, tuple) else (value,))
    return words.listed([words.word(place_type, word) for word in several])


def places_of(value: float) -> int:
    """Decimals that a number was given with: none for 1500, two for 0.35."""
    return len(f"{value:.9f}".rstrip("0").partition(".")[2])


class _English:
    """English without any library of languages."""

    def sentence(self, kind: MethodKind) -> str:
        return kind.english

    def number(self, value: float) -> str:
        return f"{value:,.{places_of(value)}f}"

    def word(self, vocabulary: str, word: str) -> str:
        return _vocabularies.get(vocabulary, {}).get(word, word)

    def listed(self, words: Sequence[str]) -> str:
        *first, last = words
        return f"{', '.join(first)} and {last}" if first else last

    def separator(self, place_type: str) -> str:
        return _SEVERAL[place_type]


_ENGLISH: Final = _English()
