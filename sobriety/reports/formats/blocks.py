"""What pages on paper are made of: paragraphs, facts, tables, lists, a curve. Texts, no figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """(name, value, what to know of it) each."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `numeric` says which columns stand to the right; `total` is its last line."""

    caption: str
    head: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """(title, text, what to do or to know) each."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean power over time with its interval: (moment, value, low, high) in `unit`."""

    says: str
    unit: str
    points: tuple[tuple[str, float, float, float], ...]


Block = Paragraph | Facts | Grid | Items | Curve
