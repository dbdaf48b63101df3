"""Reads scenarios: changes to devices and their use, for what-if."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sobriety.core.text import Text
from sobriety.estimators import known_category
from sobriety.files.faults import Unexpected
from sobriety.files.toml_form import Entry, read_form

from . import values


@dataclass(frozen=True, slots=True)
class DeviceChange:
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
    changes: tuple[DeviceChange, ...]


def read_scenario(path: Path) -> Scenario:
    """Read it. Raises ConfigError with every fault."""
    form = read_form(path)
    top = form.top()
    name = top.take("name", values.in_both) or Text(path.stem, path.stem)
    changes = tuple(_change(entry) for entry in top.tables("change"))
    top.close()
    if not changes:
        top.wrong("", Text(en="has no [[change]]", fr="n’a pas de [[change]]"))
    form.refuse()
    return Scenario(name, changes)


def _change(entry: Entry) -> DeviceChange:
    change = DeviceChange(
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
    if change == DeviceChange(change.categories, change.sites):
        entry.wrong("", Text(en="changes nothing", fr="ne change rien"))
    return change


def _category(raw: object) -> str:
    category = known_category(raw) if isinstance(raw, str) else None
    if category is None:
        raise Unexpected(
            en="expected a category, as in laptop",
            fr="attendu\xa0: une catégorie, comme portable",
        )
    return category
