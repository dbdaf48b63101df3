"""Chooses the factors of a report's year among all that are held, with reasons."""

from __future__ import annotations

from typing import NamedTuple, get_args

from sobriety.core.errors import FactorNotFound
from sobriety.estimators import FactorBook, FactorKind, GridFactor, all_factors, intensity


class Held(NamedTuple):
    """A factor, and why it is used or is not, in few words."""

    factor: GridFactor
    used: bool
    why: str


class Choice(NamedTuple):
    """Of one kind. `why` is a sentence; of a kind without a factor, what is missing."""

    kind: FactorKind
    held: tuple[Held, ...]
    why: str
    warnings: tuple[str, ...]


def choices(zone: str, year: int, book: FactorBook) -> tuple[Choice, ...]:
    """Both kinds, side by side. Raises FactorNotFound for a zone that nobody knows."""
    every = all_factors(zone, book)
    return tuple(_choice(kind, zone, every, year, book) for kind in get_args(FactorKind))


def _choice(
    kind: FactorKind, zone: str, every: list[GridFactor], year: int, book: FactorBook
) -> Choice:
    held = sorted((f for f in every if f.kind == kind), key=lambda f: -f.year)
    try:
        best = intensity(zone, year, kind, book)
    except FactorNotFound as error:
        said = f"{error.message}; {error.hint}" if error.hint else error.message
        return Choice(
            kind, tuple(Held(f, False, _why_not(f, None, year, book)) for f in held), said, ()
        )
    # `best` has more notes than the factor that it is.
    used = next(f for f in held if _same(f, best))
    lines = (
        Held(f, f is used, "used" if f is used else _why_not(f, used, year, book)) for f in held
    )
    return Choice(kind, tuple(lines), _why(used, held, year, book), best.notes)


def _same(a: GridFactor, b: GridFactor) -> bool:
    return (a.estimate, a.edition, a.own) == (b.estimate, b.edition, b.own)


def _why(used: GridFactor, held: list[GridFactor], year: int, book: FactorBook) -> str:
    """One sentence."""
    if used.year == year:
        said = f"{used.year} is the year asked"
    elif used.year < year:
        said = f"{used.year} is the newest year held that is not after {year}"
    else:
        said = f"{used.year} is the first year held, and none is as old as {year}"
    rivals = [f for f in held if f.year == used.year and book.dated(f) and f is not used]
    if used.own is not None:
        said += f", and a user's own, {used.own}, comes first"
    elif any(f.source == used.source for f in rivals):
        said += f", and {used.edition} its newest edition"
    elif rivals:
        said += ", and its source the first in our list"
    return f"{said}." if book.as_of is None else f"{said}, as of {book.as_of}."


def _why_not(factor: GridFactor, used: GridFactor | None, year: int, book: FactorBook) -> str:
    if not book.dated(factor):
        return f"out after {book.as_of}" if factor.edition else "nobody dated it"
    assert used is not None  # a dated factor would have been used
    if factor.year > used.year:
        return f"after {year}" if used.year <= year else "a later year"
    if factor.year < used.year:
        return "an older year"
    if factor.own is None and used.own is not None:
        return "your own is first"
    if factor.source == used.source or factor.own is not None:
        return "an older edition" if factor.edition < used.edition else "listed later"
    return "listed later"
