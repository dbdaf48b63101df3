"""Declared footprints: the product of that very name, or none."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sobriety.cli import command
from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.factors.catalogue import Catalogue, catalogue_of

# Invented figures, in the columns of Boavizta's file.
BOAVIZTA = """manufacturer,name,category,subcategory,gwp_total,gwp_use_ratio,\
gwp_error_ratio,lifetime,sources
Dell,Latitude 7999,Workplace,Laptop,300,20%,10%,4,https://example.org/7999
Dell,Latitude 7999 512GB SSD,Workplace,Laptop,400,0.25,0,4,https://example.org/7999b
HP,EliteDesk 999 Mini,Workplace,Desktop,200,0.5,0.3,5,
HP,EliteDesk,Workplace,Desktop,100,0.5,0.3,5,
Dell,No figure,Workplace,Laptop,,0.5,,,
"""
OURS = """manufacturer,name,embodied_kg,low_kg,high_kg,source
Lenovo,ThinkPad T99 Gen 9,210,180,260,a data sheet
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str, name: str = "catalogue.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def catalogue(write: Write) -> Catalogue:
    return catalogue_of([write(BOAVIZTA), write(OURS, "ours.csv")])


def found(catalogue: Catalogue, maker: str, name: str) -> Estimate:
    estimate = catalogue.embodied(maker, name)
    assert estimate is not None
    return estimate


def test_use_is_taken_off_and_the_stated_error_is_the_interval(catalogue: Catalogue) -> None:
    latitude = found(catalogue, "Dell Inc.", "LATITUDE 7999")
    assert (latitude.value, latitude.low, latitude.high) == pytest.approx((240, 216, 264))
    assert (latitude.basis, str(latitude.method)) == ("declared", "catalogue: Latitude 7999")
    assert latitude.sources == ("https://example.org/7999",)
    unstated = found(catalogue, "dell", "Latitude 7999, 512GB SSD")
    assert (unstated.value, unstated.low, unstated.high) == pytest.approx((300, 240, 360))
    assert "by Boavizta" in found(catalogue, "Hewlett-Packard", "EliteDesk 999 mini").sources[0]


@pytest.mark.parametrize(
    ("maker", "name"),
    [("Dell", "Latitude 7998"), ("Dell", "Latitude"), ("Lenovo", "Latitude 7999"), ("Dell", ""),
     ("", "Latitude 7999"), ("HP", "EliteDesk 800"), ("Dell", "7999 Precision")],
)  # fmt: skip
def test_a_similar_product_is_another_one(catalogue: Catalogue, maker: str, name: str) -> None:
    assert catalogue.embodied(maker, name) is None


def test_what_a_sales_name_adds_does_not_matter_where_there_is_a_number(
    catalogue: Catalogue,
) -> None:
    assert found(catalogue, "LENOVO", "ThinkPad T99 Gen 9 (21XY)").value == 210
    assert found(catalogue, "HP", "EliteDesk").value == 50  # its name, all of it
    longer = found(catalogue, "Dell", "Latitude 7999 512GB SSD Black")
    assert longer.value == pytest.approx(300)  # the more exact of two


def test_one_name_twice_gives_the_median_and_all_bounds(write: Write) -> None:
    text = "manufacturer,name,embodied_kg\nDell,Latitude 7999,200\nDell,Latitude-7999,300\n"
    both = found(catalogue_of([write(text)]), "Dell", "Latitude 7999")
    assert (both.value, both.low, both.high) == pytest.approx((250, 160, 360))
    assert "2 products" in str(both.method)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOAVIZTA.replace("300,20%", "many,1.5"), r"row 2, gwp_total: 'many'; no number"),
        (BOAVIZTA.replace("400,0.25", "400,1.5"), r"row 3, gwp_use_ratio: '1.5'; not within"),
        (OURS.replace("210", "-3"), r"row 2, embodied_kg: '-3'; not within 0"),
        (OURS.replace("210", "nan"), "not within"),
        (OURS.replace("210", "300"), "not within 180 to 260"),
        (OURS.replace("Lenovo", ""), "manufacturer: ''; nothing there"),
        ("a,b\n1,2\n", "no file that is known here; its columns are a, b"),
        (OURS.splitlines()[0] + "\n", "has no product"),
    ],
)  # fmt: skip
def test_every_wrong_cell_is_told(write: Write, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        catalogue_of([write(text)])


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_is_answered(maker: str, name: str) -> None:
    assert Catalogue([]).embodied(maker, name) is None


def test_estimate_takes_the_catalogue_given_or_kept(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path / "home"))

    def sobriety(*words: str) -> str:
        done = CliRunner().invoke(command(), words)
        assert done.exit_code == 0, done.output
        return done.output

    devices = write(
        "category,manufacturer,name\nlaptop,Dell,Latitude 7999\nlaptop,Dell,Latitude 5555\n",
        "devices.csv",
    )
    path, out = write(BOAVIZTA), tmp_path / "out.csv"

    def rows(*more: str) -> list[dict[str, str]]:
        sobriety("estimate", str(devices), "-o", str(out), *more)
        with out.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    plain, other = rows()
    assert "catalogue" not in plain["method"] and float(plain["embodied_kg"]) != 240
    declared, same = rows("--catalogue", str(path))
    assert (declared["embodied_kg"], declared["embodied_kg_low"]) == ("240", "216")
    assert "embodied (declared): catalogue: Latitude 7999" in declared["method"]
    assert same == other
    kept = sobriety("factors", "import", str(path), "--name", "boavizta")
    assert "1 row has no footprint" in kept
    assert rows()[0] == declared
    assert "boavizta" in sobriety("factors", "list")
    assert "CA-QC" in sobriety("factors", "show", "CA-QC")
    sobriety("factors", "remove", "boavizta")
    assert rows()[0] == plain
