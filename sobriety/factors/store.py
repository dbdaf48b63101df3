"""A user's own factors: files that were checked and kept, and the book that is made of them.

They are under `factors/` in the data folder, `data`. A file is kept whole or not at all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.estimators import FactorBook, GridFactor, contract_intensity, grid_factor, room_pue

if TYPE_CHECKING:
    from .catalogue import Catalogue
    from .forms import FactorForm, TakenRows

GRID, PRODUCTS = "", "products"
"""Folders below `factors/`, by what is kept in them."""


def forms() -> tuple[FactorForm, ...]:
    """What `sobriety factors import` recognises; the first that does takes the file. One that
    shares a header with another stands before it and looks at the rows."""
    from .catalogue import FORMS
    from .forms import (
        FactorForm,
        is_electricity_maps,
        is_grid,
        take_electricity_maps,
        take_grid,
    )

    return (
        FactorForm("yearly grid factors", GRID, is_grid, take_grid),
        FactorForm("Electricity Maps, yearly", GRID, is_electricity_maps, take_electricity_maps),
        *FORMS,
    )


_ANY_MONTH = "9999-12"


class Kept(NamedTuple):
    """A file of a user's own factors. `place` as in FactorForm."""

    name: str
    place: str
    path: Path


class FileSummary(NamedTuple):
    """What a file holds. `form` is its place, or `grid`; `zones` are empty where it has none."""

    name: str
    form: str
    rows: int
    zones: tuple[str, ...]
    path: str


def factors_folder(data: Path) -> Path:
    """The folder that they are kept in."""
    return data / "factors"


def take(
    data: Path, path: Path, name: str | None, *, month: str
) -> tuple[Kept, FactorForm, TakenRows]:
    """Check a file and keep it as `name`, else by its own name.

    Raises ConfigError with every wrong cell, for a file that nobody recognises, and where another
    one is kept under that name.
    """
    from sobriety.files.durable import make_folder, write_whole
    from sobriety.files.tables import read_sheet

    from .forms import recognised

    sheet = read_sheet(path, needs=None)
    form = recognised(path, sheet, forms())
    taken = form.take(path, sheet, month)
    name = _name(name or path.stem)
    kept = Kept(name, form.place, factors_folder(data) / form.place / f"{name}.csv")
    text = _text(taken)
    if any(k.name == name and (k != kept or _read(k.path) != text) for k in held(data)):
        raise ConfigError(
            f"other factors are kept as {name!r}",
            hint=f"choose another name with --name, or first: sobriety factors remove {name}",
        )
    try:
        make_folder(kept.path.parent)
    except OSError as error:
        raise ConfigError(f"{kept.path.parent} cannot be made: {error.strerror}") from None
    write_whole(kept.path, text)
    return kept, form, taken


def remove(data: Path, name: str) -> Kept:
    """Forget a file. Raises ConfigError when none has that name."""
    from sobriety.files.durable import sync_folder

    every = {kept.name: kept for kept in held(data)}
    if name not in every:
        import difflib

        near = difflib.get_close_matches(name, every, n=1)
        raise ConfigError(
            f"no factors are kept as {name!r}",
            hint=f"did you mean {near[0]!r}?" if near else "list them with: sobriety factors list",
        )
    path = every[name].path
    try:
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(f"{path} cannot be removed: {error.strerror}") from None
    return every[name]


def held(data: Path) -> list[Kept]:
    """What is kept, by name."""
    folder = factors_folder(data)
    return sorted(
        Kept(p.stem, place, p) for place in _places(folder) for p in (folder / place).glob("*.csv")
    )


def _places(folder: Path) -> list[str]:
    """Folders as they are, so that nothing is imported to look for files that nobody keeps."""
    try:
        return [GRID, *(p.name for p in folder.iterdir() if p.is_dir())]
    except OSError:
        return []


def factors_of(kept: Kept) -> list[GridFactor]:
    """The yearly factors of a file; none for a file of something else.

    Raises ConfigError for one that was changed by hand into what cannot be right.
    """
    if kept.place != GRID:
        return []
    from sobriety.files.tables import read_sheet

    from .forms import take_grid

    taken = take_grid(kept.path, read_sheet(kept.path, needs=None), _ANY_MONTH)
    return [grid_factor(row, own=kept.name) for row in taken.rows]


def summary(kept: Kept) -> FileSummary:
    """What a file that is kept holds. Raises ConfigError when it cannot be read."""
    from sobriety.files.tables import read_sheet

    zones = tuple(dict.fromkeys(f.zone for f in factors_of(kept)))
    rows = len(read_sheet(kept.path, needs=None).rows)
    return FileSummary(kept.name, kept.place or "grid", rows, zones, str(kept.path))


def book(data: Path, as_of: str | None = None) -> FactorBook:
    """All factors that are here, as of a month."""
    own = tuple(factor for kept in held(data) for factor in factors_of(kept))
    return FactorBook(own, as_of)


def kept_products(data: Path) -> Catalogue | None:
    """Declared footprints that are kept here; None where there are none."""
    paths = [kept.path for kept in held(data) if kept.place == PRODUCTS]
    if not paths:
        return None
    from .catalogue import catalogue_of

    return catalogue_of(paths)


def market(value_g_per_kwh: float | None, source: str | None, origin: str) -> Estimate | None:
    """What the contract for electricity states. It stands apart, and nothing is added to it.

    `origin` is where the value is set. Raises ConfigError for a value without a source.
    """
    if value_g_per_kwh is None:
        return None
    if source is None:
        raise ConfigError(
            f"{origin}: market_g_per_kwh is {value_g_per_kwh:g}, and no market_source says by what"
            " contract",
            hint='name it: sobriety config set market_source "…"',
        )
    return contract_intensity(value_g_per_kwh, source)


def overhead(room: str | None, pue: float | None) -> Estimate | float | None:
    """Power usage effectiveness of the servers' room: measured, or that of such rooms; None where
    neither is known."""
    return room_pue(room) if room else pue


def _name(text: str) -> str:
    name = re.sub(r"[^\w.-]+", "-", text).strip(".-")[:80]
    if not name:
        raise ConfigError(f"{text!r} is no name for a file", hint="name it with --name")
    return name


def _text(taken: TakenRows) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, taken.columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(taken.rows)
    return text.getvalue()


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
