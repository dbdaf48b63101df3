"""Columns of a list of devices: names in both languages, how each is read, range and meaning.

Every verb that reads a list of devices reads these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Literal, NamedTuple

from sobriety.core.text import Text, printable
from sobriety.files.faults import Unexpected

ColumnKind = Literal["text", "number", "count", "date", "yes or no", "word"]

LONGEST_TEXT = 200
FIRST_YEAR = 1980
_YES = frozenset(("yes", "oui", "true", "vrai", "1", "y", "o", "x"))
_NO = frozenset(("no", "non", "false", "faux", "0", "n"))
_ENDS = {
    "reused": "reused", "réemployé": "reused", "reemploye": "reused", "réutilisé": "reused",
    "donated": "donated", "donné": "donated", "don": "donated",
    "recycled": "recycled", "recyclé": "recycled",
    "scrapped": "scrapped", "mis au rebut": "scrapped", "rebut": "scrapped",
}  # fmt: skip
NOT_KILOWATTS = Text(en="watts, not kilowatts", fr="en watts, non en kilowatts")
NOT_MILLIWATTS = Text(en="watts, not milliwatts", fr="en watts, non en milliwatts")
_NO_HINT = Text("", "")


class DeviceColumn(NamedTuple):
    """A column.

    names      others that it may have, folded; of several in one file the first that holds
               anything counts
    hardware   whether it describes the machine itself, for its estimate
    """

    name: str
    kind: ColumnKind
    read: Callable[[str], object]
    names: tuple[str, ...]
    meaning: Text
    hardware: bool = False


def plain_name(name: str) -> str:
    """A column's name without case, accents and signs: `Date d’achat ` is `date d achat`."""
    plain = unicodedata.normalize("NFKD", name.lower())
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", kept).strip()


def text(raw: str) -> str:
    if len(raw) > LONGEST_TEXT:
        raise Unexpected(
            en=f"has {len(raw)} characters; expected at most {LONGEST_TEXT}",
            fr=f"a {len(raw)} caractères\xa0; {LONGEST_TEXT} au plus sont attendus",
        )
    if not printable(raw):
        raise Unexpected(
            en="expected a text of printable characters",
            fr="un texte de caractères imprimables est attendu",
        )
    return raw


def number(
    low: float,
    high: float,
    unit: Text,
    *,
    too_little: Text = _NO_HINT,
    too_much: Text = _NO_HINT,
) -> Callable[[str], float]:
    """Reads a number with point or comma. The hints say what a value out of range may be."""

    def read(raw: str) -> float:
        value = _float(raw)
        if isfinite(value) and low <= value <= high:
            return value
        hint = _NO_HINT
        if high < value < float("inf"):
            hint = too_much
        elif 0 < value < low:
            hint = too_little
        raise Unexpected(
            en=f"expected {unit.en}, from {low:g} to {high:g}" + (hint.en and f" ({hint.en})"),
            fr=f"attendu\xa0: {unit.fr}, de {low:g} à {high:g}" + (hint.fr and f" ({hint.fr})"),
        )

    return read


def whole(low: int, high: int, unit: Text) -> Callable[[str], int]:
    """Reads a whole number; `8.0` is one, as spreadsheets write it."""

    def read(raw: str) -> int:
        value = _float(raw)
        if isfinite(value) and value.is_integer() and low <= value <= high:
            return int(value)
        raise Unexpected(
            en=f"expected a whole number of {unit.en}, from {low} to {high}",
            fr=f"attendu\xa0: un nombre entier de {unit.fr}, de {low} à {high}",
        )

    return read


def disks(raw: str) -> int:
    """Reads a number of disks; `2 x 300 GB SAS` is 2."""
    listed = re.match(r"(\d{1,3})\s*[x×]\s*\S", raw)
    return whole(0, 10_000, Text(en="disks", fr="disques"))(listed[1] if listed else raw)


def built_year(raw: str) -> int:
    """Reads a year from 1980 to the present one."""
    this_year = datetime.now(UTC).year
    value = _float(raw)
    if isfinite(value) and value.is_integer() and FIRST_YEAR <= value <= this_year:
        return int(value)
    raise Unexpected(
        en=f"expected a year, from {FIRST_YEAR} to {this_year}",
        fr=f"attendu\xa0: une année, de {FIRST_YEAR} à {this_year}",
    )


def _float(raw: str) -> float:
    """Not a number where it is none. Python alone reads 1_000."""
    plain = raw.replace("\u202f", "").replace("\xa0", "").replace(",", ".")
    try:
        return float(plain) if "_" not in plain else float("nan")
    except ValueError:
        return float("nan")


def count(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or len(raw) > 8 or not 1 <= int(raw) <= 10_000_000:
        raise Unexpected(
            en="expected a whole number of pieces, 1 or more",
            fr="attendu\xa0: un nombre entier de pièces, 1 ou plus",
        )
    return int(raw)


def yes_or_no(raw: str) -> bool:
    word = raw.lower()
    if word not in _YES | _NO:
        raise Unexpected(en="expected yes or no", fr="attendu\xa0: oui ou non")
    return word in _YES


def end(raw: str) -> str:
    word = _ENDS.get(raw.lower())
    if word is None:
        raise Unexpected(
            en=f"expected one of {', '.join(dict.fromkeys(_ENDS.values()))}",
            fr="attendu\xa0: réemployé, donné, recyclé ou mis au rebut",
        )
    return word


def _watts(high: float, least: float = 0.1) -> Callable[[str], float]:
    unit = Text(en="watts", fr="watts")
    return number(least, high, unit, too_little=NOT_KILOWATTS, too_much=NOT_MILLIWATTS)


def _of(en: str, fr: str) -> Text:
    return Text(en=en, fr=fr)


COLUMNS = (
    DeviceColumn("id", "text", text, ("identifiant", "asset tag", "numero d inventaire"),
           _of("its own name; needed", "son nom propre; obligatoire")),
    DeviceColumn("category", "word", text, ("categorie",),
           _of("what it is; needed", "ce que c’est; obligatoire")),
    DeviceColumn("manufacturer", "text", text, ("fabricant", "marque", "brand"),
           _of("maker", "fabricant")),
    DeviceColumn("model", "text", text, ("modele", "name"),
           _of("as its maker calls it", "tel que son fabricant le nomme")),
    DeviceColumn("quantity", "count", count, ("quantite", "qty"),
           _of("pieces that are alike; 1", "pièces semblables; 1")),
    DeviceColumn("site", "text", text, ("lieu", "location"),
           _of("id in the file of sites", "identifiant dans le fichier des sites")),
    DeviceColumn("department", "text", text, ("departement", "direction"),
           _of("department that uses it", "service administratif qui l’utilise")),
    DeviceColumn("service", "text", text, ("service numerique", "digital service"),
           _of("id of the digital service that it is for",
               "identifiant du service numérique auquel il sert")),
    DeviceColumn("host", "text", text, ("hote", "nom d hote", "hostname", "host name"),
           _of("under which its agent reports; its id where this is empty",
               "nom sous lequel son agent rapporte; son identifiant si c’est vide")),
    DeviceColumn("acquired", "date", text, ("acquis", "date d achat", "date d acquisition",
                                      "purchase date"), _of("first day", "premier jour")),
    DeviceColumn("retired", "date", text, ("retire", "date de retrait", "disposed"),
           _of("last day", "dernier jour")),
    DeviceColumn("lifetime_years", "number", number(0.1, 50, _of("years", "des années")),
           ("lifetime", "duree de vie", "duree de vie ans"),
           _of("over which its making is spread; typical where it is empty",
               "durée sur laquelle sa fabrication est répartie; typique si c’est vide")),
    DeviceColumn("refurbished", "yes or no", yes_or_no, ("reconditionne",),
           _of("bought refurbished", "acheté reconditionné")),
    DeviceColumn("cpu", "text", text, ("processeur", "processor", "cpu model"),
           _of("as its maker spells it", "tel que son fabricant l’écrit")),
    DeviceColumn("memory_gb", "number", number(0.01, 1e6, _of("gigabytes", "des gigaoctets")),
           ("memoire go",), _of("gigabytes", "gigaoctets")),
    DeviceColumn("screen_in", "number", number(1, 150, _of("inches", "des pouces")),
           ("ecran po", "ecran"), _of("diagonal, inches", "diagonale, pouces")),
    DeviceColumn("yearly_kwh", "number",
           number(0, 1e6, _of("kilowatt-hours a year", "des kilowattheures par an")),
           ("kwh par an", "kwh an"),
           _of("declared use of one piece", "consommation déclarée d’une pièce")),
    DeviceColumn("power_w", "number", number(0, 1e5, _of("watts", "des watts")),
           ("puissance w",), _of("declared mean watts of one piece while it is in use",
               "watts moyens déclarés d’une pièce en service")),
    DeviceColumn("use_ratio", "number",
           number(0, 1, _of("a share of the year", "une part de l’année")), ("taux d utilisation",),
           _of("share of the year that it draws power_w; 1",
               "part de l’année où il consomme power_w; 1")),
    DeviceColumn("embodied_kg", "number",
           number(0, 1e6, _of("kilograms of CO2e", "des kilogrammes de CO2e")),
           ("kg incorpore", "carbone incorpore kg"),
           _of("declared carbon of making one piece",
               "carbone déclaré de la fabrication d’une pièce")),
    DeviceColumn("end", "word", end, ("fin", "fin de vie", "fate"),
           _of("reused, donated, recycled or scrapped: what became of it",
               "réemployé, donné, recyclé ou mis au rebut: ce qu’il est devenu")),
    DeviceColumn("subcategory", "text", text, ("sous categorie",),
           _of("a narrower word: blade, tower, 2-in-1, virtual",
               "un mot plus étroit: lame, tour, 2-en-1, virtuel"), True),
    DeviceColumn("virtual", "yes or no", yes_or_no, ("virtuel", "machine virtuelle"),
           _of("a virtual machine: a share of a host; else recognized by its category, subcategory,"
               " processor, model or maker",
               "une machine virtuelle: une part d’un hôte; sinon reconnue à sa catégorie, à sa"
               " sous-catégorie, à son processeur, à son modèle ou à son fabricant"), True),
    DeviceColumn("hw_year", "number", built_year, ("annee", "annee de fabrication", "year"),
           _of("year that it was built; that of acquisition where it is empty",
               "année de fabrication; celle de l’acquisition si c’est vide"), True),
    DeviceColumn("chips", "number", whole(1, 64, _of("processors", "processeurs")),
           ("processeurs", "sockets"), _of("processors, of all nodes",
               "processeurs, de tous les nœuds"), True),
    DeviceColumn("cores", "number", whole(1, 4096, _of("cores", "cœurs")),
           ("cores total", "coeurs"), _of("cores, of all nodes", "cœurs, de tous les nœuds"), True),
    DeviceColumn("threads", "number", whole(1, 8192, _of("threads", "fils d’exécution")),
           ("threads total", "vcpus"), _of("threads, of all nodes",
               "fils d’exécution, de tous les nœuds"), True),
    DeviceColumn("nodes", "number", whole(1, 1024, _of("servers", "serveurs")), ("noeuds",),
           _of("servers in one enclosure; 1", "serveurs dans un même châssis; 1"), True),
    DeviceColumn("disks", "number", disks, ("disques",),
           _of("disks, of all nodes; a text that begins with a count, as in 2 x 300 GB SAS",
               "disques, de tous les nœuds; un texte qui commence par un nombre, comme"
               " 2 x 300 Go SAS"), True),
    DeviceColumn("ghz", "number", number(0.1, 10, _of("gigahertz", "des gigahertz")),
           ("base ghz",), _of("base clock, gigahertz", "fréquence de base, gigahertz"), True),
    DeviceColumn("tdp_w", "number", _watts(2000, 1.0), (),
           _of("design power of one processor, watts",
               "puissance thermique d’un processeur, watts"), True),
    DeviceColumn("graphics", "text", text, ("carte graphique",),
           _of("ENERGY STAR class, G1 to G7, or a card’s name",
               "classe ENERGY STAR, G1 à G7, ou nom d’une carte"), True),
    DeviceColumn("storage_gb", "number", number(0, 1e7, _of("gigabytes", "des gigaoctets")),
           ("stockage go",), _of("storage, gigabytes", "stockage, gigaoctets"), True),
    DeviceColumn("weight_kg", "number", number(0.01, 5000, _of("kilograms", "des kilogrammes")),
           ("weight", "poids kg", "poids"), _of("kilograms", "kilogrammes"), True),
    DeviceColumn("utilisation", "number",
           number(0, 1, _of("a share", "une part"),
                  too_much=_of("a share, not percent", "une part, non un pourcentage")),
           ("utilization",), _of("mean load of a server; not used yet",
               "charge moyenne d’un serveur; pas encore utilisée"), True),
    DeviceColumn("idle_w", "number", _watts(20_000), (),
           _of("watts read at the plug when idle, of all nodes",
               "watts lus à la prise au repos, de tous les nœuds"), True),
    DeviceColumn("max_w", "number", _watts(50_000), (),
           _of("watts read at the plug at full load, of all nodes",
               "watts lus à la prise à pleine charge, de tous les nœuds"), True),
)  # fmt: skip

COLUMNS_BY_NAME = {
    name: column for column in COLUMNS for name in (plain_name(column.name), *column.names)
}
"""By every name that a column may have, folded."""


def known_columns(header: Sequence[str]) -> list[DeviceColumn | None]:
    """The columns of a header by place; None for one that is not known."""
    return [COLUMNS_BY_NAME.get(plain_name(name)) for name in header]
