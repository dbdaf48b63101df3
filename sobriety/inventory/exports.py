"""Inventories of other tools, brought into our form: GLPI's, G4IT's, and any by a mapping.

Who uses a device is never taken over. Columns that we have no use for are left out.

Source: GLPI 10's CSV exports of assets, https://glpi-project.org; G4IT's equipment file,
        https://saas-g4it.com/documentation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from sobriety.core.errors import ConfigError
from sobriety.files.tables import Row
from sobriety.files.toml_form import read_form

from .columns import COLUMNS, plain_name
from .devices import Device
from .reading import devices_of, table_of


@dataclass(frozen=True, slots=True)
class Export:
    """How an export tells what we ask.

    columns      our name by theirs, folded; of several the first that holds anything
    categories   our category by their word, folded
    constants    cells that every device has
    """

    columns: Mapping[str, tuple[str, ...]]
    categories: Mapping[str, str] = field(default_factory=dict[str, str])
    constants: Mapping[str, str] = field(default_factory=dict[str, str])


GLPI = Export(
    {
        "id": ("numero d inventaire", "inventory number", "id", "nom", "name"),
        "host": ("nom", "name"),
        "category": ("type", "types", "type d element", "item type"),
        "manufacturer": ("fabricant", "manufacturer", "manufacturers"),
        "model": ("modele", "model"),
        "site": ("lieu", "lieux", "location", "locations"),
        "department": ("groupe", "group", "groups", "entite", "entity"),
        "cpu": ("composants processeur", "components processor"),
        "acquired": ("informations financieres et administratives date d achat",
                     "financial and administrative information date of purchase",
                     "date d achat", "date of purchase"),
        "retired": ("informations financieres et administratives date de reforme",
                    "financial and administrative information decommission date",
                    "date de reforme", "decommission date"),
    },
    {"ordinateur": "desktop", "computer": "desktop", "telephone": "smartphone",
     "materiel reseau": "switch", "network equipment": "switch", "vmware": "server",
     "docking station": "other", "peripherique": "other"},
)  # fmt: skip
G4IT = Export(
    {
        "id": ("nomequipementphysique",),
        "model": ("modele",),
        "quantity": ("quantite",),
        "category": ("type",),
        "site": ("nomcourtdatacenter", "paysdutilisation"),
        "department": ("nomentite",),
        "acquired": ("dateachat",),
        "retired": ("dateretrait",),
        "yearly_kwh": ("consoelecannuelle",),
    },
    {"serveur": "server", "ecran": "monitor", "communication device": "smartphone",
     "network": "switch", "reseau": "switch", "consumable": "other"},
)  # fmt: skip
FORMS = {"glpi": GLPI, "g4it": G4IT}


def read_export(path: Path, mapping: Export) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """The devices of an export, and the columns that were left out.

    Raises ConfigError with every cell that cannot be taken over.
    """
    header, rows = table_of(path)
    names = [plain_name(name) for name in header]
    wanted = {theirs for several in mapping.columns.values() for theirs in several}
    missing = [
        ours
        for ours in ("id", "category")
        if ours not in mapping.constants and not set(mapping.columns.get(ours, ())) & set(names)
    ]
    if missing:
        raise ConfigError(
            f"{path} has no column that tells the {missing[0]}, but {', '.join(header)[:200]}",
            hint="tell which does: sobriety inventory import mapped --mapping FILE",
        )
    left = tuple(name for name, plain in zip(header, names, strict=True) if plain not in wanted)
    return devices_of(path, _rows(rows, names, mapping)), left


def _rows(
    rows: Iterator[tuple[int, list[str]]], names: list[str], mapping: Export
) -> Iterator[tuple[int, Row]]:
    places = {
        ours: [names.index(theirs) for theirs in several if theirs in names]
        for ours, several in mapping.columns.items()
    }
    for number, cells in rows:
        row = dict(mapping.constants)
        for ours, candidates in places.items():
            told = (cells[i].strip() for i in candidates if i < len(cells))
            text = next((t for t in told if t), "")
            if text:
                row[ours] = text
        if "category" in row:
            row["category"] = mapping.categories.get(plain_name(row["category"]), row["category"])
        yield number, row


def read_mapping(path: Path) -> Export:
    """A mapping of one's own. Raises ConfigError that tells every wrong entry.

    [columns] is ours = theirs, or a list; [categories] theirs = ours; [constants] ours = text.
    """
    form = read_form(path)
    top = form.top()
    ours = {column.name for column in COLUMNS}
    found: dict[str, dict[str, tuple[str, ...]]]
    found = {"columns": {}, "categories": {}, "constants": {}}
    for table, texts_of in found.items():
        entry = top.table(table)
        if entry is None:
            continue
        for key, value in entry.data.items():
            texts = cast("list[object]", value) if isinstance(value, list) else [value]
            if table != "categories" and key not in ours:
                entry.wrong(key, f"no column of ours; one of {', '.join(sorted(ours))}")
            elif not all(isinstance(text, str) and text.strip() for text in texts):
                entry.wrong(key, "expected a text, or a list of them")
            else:
                texts_of[key] = tuple(str(text) for text in texts)
    top.close()
    form.refuse()
    return Export(
        {name: tuple(plain_name(t) for t in texts) for name, texts in found["columns"].items()},
        {plain_name(theirs): texts[0] for theirs, texts in found["categories"].items()},
        {name: texts[0] for name, texts in found["constants"].items()},
    )
