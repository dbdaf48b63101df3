"""The data that comes with the estimators holds together."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

from sobriety.core.errors import FactorNotFound
from sobriety.core.text import folded
from sobriety.estimators import Curve, categories, category_of, known_sets, power_w, resolve_zone

# Inner rooms have no address for a type checker: `sobriety/estimators.pyi` is only the door.
singular: Callable[[str], str] = import_module("sobriety.estimators.categories").singular
through: Callable[..., list[Curve]] = import_module("sobriety.estimators.models.curve").through
_categories = import_module("sobriety.estimators.categories")
TERMINALS, MADE = _categories.terminals(), _categories.made()
aliases: Callable[[], dict[str, str]] = _categories.aliases
table: Callable[[str], tuple[dict[str, str], ...]] = import_module(
    "sobriety.estimators.tables"
).table

NAMES = [
    p.stem for p in (Path(__file__).parent.parent.parent / "estimators" / "data").glob("*.csv")
]
BOUNDS = {"grid": "_g_per_kwh"}


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_whole(name: str) -> None:
    rows = table(name)
    assert rows
    for row in rows:
        assert None not in row and None not in row.values(), f"{name}: a row of another length"


@pytest.mark.parametrize(("name", "unit"), BOUNDS.items())
def test_every_figure_is_within_its_interval(name: str, unit: str) -> None:
    for row in table(name):
        low, value, high = (float(row[f"{bound}{unit}"]) for bound in ("low", "value", "high"))
        assert 0 < low <= value <= high, row


def test_every_factor_says_where_it_is_from() -> None:
    for row in table("grid"):
        for column in ("zone", "year", "kind", "basis", "status", "source", "licence"):
            assert row[column].strip(), row
        assert re.fullmatch(r"20\d\d-\d\d", row["retrieved"]), row
        assert row["kind"] in ("direct", "life-cycle")
        assert row["status"] in ("final", "preliminary")
        assert row["basis"] in ("consumption", "production")
        assert resolve_zone(row["zone"]) == row["zone"]


def test_a_factor_is_told_once() -> None:
    keys = Counter((r["zone"], r["year"], r["kind"], r["source"]) for r in table("grid"))
    assert keys.most_common(1)[0][1] == 1


def test_zone_codes_are_unique() -> None:
    for column in ("zone", "iso3"):
        codes = Counter(row[column] for row in table("zones") if row[column])
        assert codes.most_common(1)[0][1] == 1


def test_no_name_means_two_zones() -> None:
    owners: dict[str, set[str]] = {}
    for row in table("zones"):
        names = (
            row["zone"],
            row["iso3"],
            row["name_en"],
            row["name_fr"],
            *row["others"].split("|"),
        )
        for name in filter(None, names):
            owners.setdefault(folded(name), set()).add(row["zone"])
    assert {name: zones for name, zones in owners.items() if len(zones) > 1} == {}


def test_no_alias_means_two_categories() -> None:
    owners: dict[str, set[str]] = {}
    for row in table("categories"):
        for word in (row["category"], row["fr"], *row["aliases"].split("|")):
            for form in (folded(word), singular(folded(word))):
                owners.setdefault(form, set()).add(row["category"])
    assert {alias: found for alias, found in owners.items() if len(found) > 1} == {}
    for category in categories():
        assert category_of(category) == category


@pytest.mark.parametrize(
    ("word", "category"),
    [("Laptop", "notebook"), ("ORDINATEUR PORTABLE", "notebook"), ("Serveur", "server"),
     ("téléphone", "smartphone"), ("Telephone", "smartphone"), ("tout en un", "all-in-one"),
     ("All in One", "all-in-one"), ("écran", "monitor"), ("point d’accès", "access point"),
     ("point d'acces", "access point"), ("Imprimante", "printer"), ("onduleur", "ups"),
     ("client léger", "thin client"), ("station  de travail", "workstation"),
     ("commutateur", "switch"), ("baie de stockage", "storage"), ("routeur", "router"),
     ("tablette", "tablet"), ("unité centrale", "desktop")],
)  # fmt: skip
def test_words_in_both_languages(word: str, category: str) -> None:
    assert category_of(word) == category


@pytest.mark.parametrize(
    ("word", "plural", "category"),
    [("ordinateur portable", "ordinateurs portables", "notebook"),
     ("poste fixe", "postes fixes", "desktop"), ("tout-en-un", "tout-en-un", "all-in-one"),
     ("tablette", "tablettes", "tablet"), ("client léger", "clients légers", "thin client"),
     ("station de travail", "stations de travail", "workstation"), ("écran", "écrans", "monitor"),
     ("téléphone intelligent", "téléphones intelligents", "smartphone"),
     ("commutateur", "commutateurs", "switch"), ("routeur", "routeurs", "router"),
     ("borne", "bornes", "access point"), ("borne Wi-Fi", "bornes Wi-Fi", "access point"),
     ("point d'accès", "points d'accès", "access point"), ("stockage", "stockages", "storage"),
     ("baie de stockage", "baies de stockage", "storage"), ("onduleur", "onduleurs", "ups"),
     ("imprimante", "imprimantes", "printer"), ("serveur", "serveurs", "server"),
     ("alimentation sans coupure", "alimentations sans coupure", "ups"),
     ("commutateur réseau", "commutateurs réseaux", "switch")],
)  # fmt: skip
def test_french_words_in_any_case_without_accents_and_in_the_plural(
    word: str, plural: str, category: str
) -> None:
    for form in (word, plural):
        bare = unicodedata.normalize("NFKD", form).encode("ascii", "ignore").decode()
        for spelt in (form, form.upper(), bare, bare.title(), f" {form}  "):
            assert category_of(spelt) == category, spelt


@pytest.mark.parametrize(
    ("word", "category"),
    [("Switches", "switch"), ("Access Points", "access point"), ("Laptops", "notebook"),
     ("Workstations", "workstation"), ("All-in-ones", "all-in-one"), ("NAS", "storage"),
     ("UPS", "ups"), ("PCs", "desktop"), ("Displays", "monitor"), ("Servers", "server"),
     ("borne / point d’accès", "access point"), ("tablet/slate", None), ("NA", None),
     ("n/a", None), ("up", None), ("s", None), ("", None), ("ordinateur", None),
     ("x" * 9999, None)],
)  # fmt: skip
def test_plurals_and_what_is_no_category(word: str, category: str | None) -> None:
    if category is not None:
        assert category_of(word) == category
        return
    with pytest.raises(FactorNotFound) as caught:
        category_of(word)
    assert caught.value.hint


def test_every_alias_is_found_in_its_plural() -> None:
    for alias, category in aliases().items():
        assert category_of(alias.upper()) == category
        if len(alias.split()[-1]) > 3 and not alias.endswith("s"):
            assert category_of(f"{alias}s") == category


def test_every_set_of_facts_has_its_error() -> None:
    labels = {" ".join(known) for known in known_sets()}
    assert {r["known"] for r in table("server_power_error")} == labels
    for row in table("server_power_error"):
        for load in (0, 10, 50, 100):
            assert 0 < float(row[f"low_ratio_at_{load}"]) < 1 < float(row[f"high_ratio_at_{load}"])


def test_every_regression_has_its_error() -> None:
    for name in ("embodied_error", "terminal_error"):
        for row in table(name):
            assert 0 < float(row["low_ratio"]) < 1 < float(row["high_ratio"])
    assert {r["category"] for r in table("terminal_error")} == set(TERMINALS)
    assert {r["category"] for r in table("embodied_error")} == set(MADE)


def test_knowing_more_is_better_than_knowing_nothing() -> None:
    error = {r["known"]: float(r["mape_ratio"]) for r in table("server_power_error")}
    assert error["tdp_w hw_year ghz memory_gb maker"] == min(error.values()) <= 0.125
    # The maker and the clock alone say nothing: their row is as bad, but for noise.
    assert error[""] >= max(error.values()) - 0.002
    for fewer in known_sets():
        for more in known_sets():
            if {*fewer} < {*more}:
                assert error[" ".join(more)] <= error[" ".join(fewer)] + 0.006, (fewer, more)


@pytest.mark.parametrize(
    "watts", [(50.0, 80.0, 120.0, 200.0), (50.0, 50.0, 50.0, 50.0), (100.0, 60.0, 180.0, 200.0)]
)
def test_a_curve_through_points_never_falls(watts: tuple[float, ...]) -> None:
    (curve,) = through(watts)
    steps = [power_w(curve, u / 1000) for u in range(1001)]
    assert all(b >= a for a, b in pairwise(steps))
    assert (steps[0], steps[-1]) == pytest.approx((watts[0], watts[3]))
