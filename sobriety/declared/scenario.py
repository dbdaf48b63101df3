"""What could be otherwise: a file of changes to what an organisation has and does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sobriety.core.text import Text
from sobriety.estimators import known_category
from sobriety.files.toml_form import Entry, read_form

from . import values


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise for some devices; None is as it is.

    categories, sites   which; all where they are empty
    lifetime_years      how long they are kept
    quantity_ratio      how many of them there are, of those that there are
    energy_ratio        what they draw, of what they draw
    off_while_closed    they draw nothing out of their site's opening hours
    zone, pue           the grid and the overhead that they are on
    """

    categories: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    lifetime_years: float | None = None
    quantity_ratio: float | None = None
    energy_ratio: float | None = None
    off_while_closed: bool = False
    zone: str | None = None
    pue: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    name: Text
    changes: tuple[Change, ...]


def read_scenario(path: Path) -> Scenario:
    """Read it. Raises ConfigError that tells every wrong entry."""
    form = read_form(path)
    top = form.top()
    name = top.take("name", values.in_both) or Text(path.stem, path.stem)
    changes = tuple(_change(entry) for entry in top.tables("change"))
    top.close()
    if not changes:
        top.wrong("", "has no [[change]]")
    form.refuse()
    return Scenario(name, changes)


def _change(entry: Entry) -> Change:
    change = Change(
        entry.take("categories", values.several(_category)) or (),
        entry.take("sites", values.several(values.identifier)) or (),
        entry.take("lifetime_years", values.number(0.1, 50)),
        entry.take("quantity_ratio", values.number(0, 100)),
        entry.take("energy_ratio", values.number(0, 100)),
        entry.take("off_while_closed", values.truth) or False,
        entry.take("zone", values.zone),
        entry.take("pue", values.number(1, 5)),
    )
    entry.close()
    if change == Change(change.categories, change.sites):
        entry.wrong("", "changes nothing")
    return change


def _category(raw: object) -> str:
    found = known_category(raw) if isinstance(raw, str) else None
    if found is None:
        raise ValueError("expected a category, as in laptop")
    return found
