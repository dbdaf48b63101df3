"""One list of the kinds of devices: a row is all that a new kind takes."""

from __future__ import annotations

import ast
import csv
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sobriety
from sobriety.estimators import OTHER, categories, category_name, known_category

ROOT = Path(sobriety.__file__).parent.parent
DATA = ROOT / "estimators" / "data"

PROJECTOR = {
    "category": "projector", "fr": "projecteur", "aliases": "beamer|vidéoprojecteur",
    "user": "nobody", "use_kwh": "120", "use_low_kwh": "40", "use_high_kwh": "300",
    "use": "while on", "amount": "250", "amount_low": "100", "amount_high": "400",
    "percent": "5.5", "use_source": "assumed", "making_kg": "90", "making_low_kg": "45",
    "making_high_kg": "180", "making_source": "assumed", "life_years": "7",
    "life_low_years": "5", "life_high_years": "10",
}  # fmt: skip

PROGRAM = """
import sys
from importlib import import_module
import_module("sobriety.estimators.tables").FOLDER = sys.argv[1]

from sobriety.core.machine import Machine
from sobriety.estimators import embodied, lifetime, typical_year
from sobriety.inventory.devices import CATEGORIES
from sobriety.reports.language.language import Language
from sobriety.reports.language.methods import method
from sobriety.reports.language.quantities import category
from sobriety.settings.config import load
from sobriety.settings.pseudonym import is_wanted
from sobriety.fleet.dashboard import hosts

machine, french = Machine("p", category="projector"), Language("fr")
year = typical_year(machine, "projector")
print(round(year.value / 3.6e6), embodied(machine).value, lifetime(machine).value)
print(method(french, year.method))
print(category(french, "projector"), "projector" in CATEGORIES)
wanted = is_wanted(machine, load(environ={"SOBRIETY_HOME": sys.argv[1]}))
print(wanted, "'projector'" in hosts._NAMED)

from sobriety.cli import main
sys.argv[1:] = sys.argv[2:]
main()
"""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """The tables with one more kind of device."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    path = folder / "categories.csv"
    with path.open(encoding="utf-8", newline="") as file:
        columns = csv.DictReader(file).fieldnames or ()
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, columns, restval="", lineterminator="\n").writerow(PROJECTOR)
    return folder


def run(tables: Path, tmp_path: Path, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tables), *words], cwd=tmp_path, capture_output=True,
        env={**os.environ, "SOBRIETY_HOME": str(tmp_path / "home")},
        text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines() + ([] if "-" in words else done.stderr.splitlines())


def test_a_row_is_a_kind_that_everything_knows(tables: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    rows = "id,category,acquired\np-1,Vidéoprojecteurs,2024-01-01\n"
    source.write_text(rows, encoding="utf-8")
    lines = run(tables, tmp_path, "estimate", "in.csv", "-o", "out.csv")
    assert lines[0] == "120 90.0 7.0"
    assert lines[1] == (
        "projecteur typique\u00a0: 250\u00a0W (de 100 à 400) sous tension, 5,5\u00a0% du temps"
    )
    assert lines[2:4] == ["projecteur True", "False True"]
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["embodied_kg"] == "90" and "typical projector" in row["method"]
    checked = run(tables, tmp_path, "inventory", "check", "in.csv")
    assert "nothing wrong" in checked[4]
    report = run(
        tables, tmp_path, "report", "--inventory", "in.csv", "--year", "2025", "--lang", "fr",
        "--format", "json", "-o", "-",
    )  # fmt: skip
    told = json.loads("\n".join(report[4:]))
    assert told["totals"]["energy_j"]["value"] == pytest.approx(120 * 3.6e6, rel=1e-3)
    assert told["totals"]["energy_j"]["method"].startswith("projecteur typique")
    assert told["totals"]["embodied_share_kg"]["value"] == pytest.approx(90 / 7, rel=1e-2)


def test_without_the_row_nobody_knows_it() -> None:
    assert known_category("vidéoprojecteur") is None
    assert known_category("Divers") == OTHER


def test_no_other_list_of_categories_is_in_the_code() -> None:
    names = {*categories()}
    lists: list[str] = []
    for folder in ("sobriety", "estimators", "collectors", "cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                elements = (
                    node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set)
                    else node.keys if isinstance(node, ast.Dict) else ()
                )  # fmt: skip
                constants = [e for e in elements if isinstance(e, ast.Constant)]
                if len({e.value for e in constants} & names) >= 4:
                    lists.append(f"{path.relative_to(ROOT)}:{constants[0].lineno}")
    assert lists == []


def test_every_kind_says_who_uses_it_and_how_it_is_called() -> None:
    for row in import_module("sobriety.estimators.tables").table("categories"):
        assert row["user"] in ("person", "nobody", "shared"), row
        assert row["fr"] == category_name(row["category"]).fr != row["category"]
        for low, value, high in (
            ("use_low_kwh", "use_kwh", "use_high_kwh"), ("amount_low", "amount", "amount_high"),
            ("making_low_kg", "making_kg", "making_high_kg"),
            ("life_low_years", "life_years", "life_high_years"),
            ("full_load_low_w", "full_load_w", "full_load_high_w"),
        ):  # fmt: skip
            if row[low] and row[value]:
                assert 0 < float(row[low]) <= float(row[value]) <= float(row[high]), row
        shares = [row[f"{state}_ratio"] for state in ("off", "sleep", "long_idle", "short_idle")]
        assert not any(shares) or sum(map(float, shares)) == pytest.approx(1)
