"""Inventories: read whole or refused whole, with everything that is wrong."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.inventory.columns import COLUMNS
from sobriety.inventory.devices import CATEGORIES, Device, Hardware, cell_of, written
from sobriety.inventory.reading import read_devices

TODAY = date(2026, 11, 23)


def read(folder: Path, text: str | bytes) -> tuple[Device, ...]:
    path = folder / "devices.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_devices(path, TODAY).devices


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    assert caught.value.hint
    return caught.value.message


def test_french_columns_words_and_numbers(tmp_path: Path) -> None:
    (device,) = read(
        tmp_path,
        "Identifiant;Catégorie;Quantité;Date d’achat;kWh par an;Reconditionné;Fin de vie;x_note\n"
        "a-1;Ordinateur portable;3;14/03/2024;22,5;oui;donné;peu importe\n",
    )
    assert device == Device(
        "a-1", "notebook", quantity=3, acquired=date(2024, 3, 14), yearly_kwh=22.5,
        refurbished=True, end="donated", row=2,
    )  # fmt: skip


def test_the_example_can_be_read() -> None:
    example = Path(__file__).parents[2] / "docs" / "devices.example.csv"
    devices = read_devices(example).devices
    assert sum(d.quantity for d in devices) == 131


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    said = refused(
        tmp_path,
        "id,category,quantity,acquired,retired,yearly_kwh,power_w,use_ratio,lifetime_years\n"
        "a,server,1,2024-05-01,2023-01-01,-3,,,\n"
        "a,lapto,0,2027-01-01,,,-5,1.2,0\n"
        ",server,1,,,,,,\n",
    )
    assert said.startswith("10 wrong cells in")
    for part in (
        "row 2, retired: '2023-01-01'; it was acquired later",
        "row 2, yearly_kwh: '-3'",
        "row 3, id: 'a'; row 2 has the same one",
        "row 3, category: 'lapto'; unknown category; did you mean 'laptop'?",
        "row 3, quantity: '0'",
        "row 3, acquired: '2027-01-01'; this day is to come",
        "row 3, power_w: '-5'",
        "row 3, use_ratio: '1.2'",
        "row 3, lifetime_years: '0'",
        "row 4, id",
    ):
        assert part in said, part


@pytest.mark.parametrize(
    ("cells", "part"),
    [
        (["2024-03-01", "2024-04-01", "01/03/2024"], "row 4, acquired: '01/03/2024'; a date in"),
        (["13/03/2024", "03/13/2024", "14/01/2024"], "row 3, acquired: '03/13/2024'; a date in"),
        (["03/04/2024", "05/06/2024", "2/2/2024"], "day or month first?"),
        (["2024-02-30"], "there is no such day"),
        (["spring 2024"], "no date"),
    ],
)
def test_dates_are_never_guessed(tmp_path: Path, cells: list[str], part: str) -> None:
    rows = "".join(f"d{i},server,{cell}\n" for i, cell in enumerate(cells))
    assert part in refused(tmp_path, "id,category,acquired\n" + rows)


def test_one_row_tells_the_form_of_all(tmp_path: Path) -> None:
    found = read(tmp_path, "id,category,acquired\na,server,03/04/2024\nb,server,03/25/2024\n")
    assert [d.acquired for d in found] == [date(2024, 3, 4), date(2024, 3, 25)]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("id,category\n", "has no device"),
        ("id,colour,category\n", "unknown columns: 'colour'"),
        ("id,categori\n", "did you mean 'categor"),
        ("id\na\n", "no column 'category'"),
        ("id,id,category\n", "the column 'id' twice"),
        ('id,category\n"a,server\n', "line 2: unexpected end"),
        ("id,catégorie\né,server\n".encode("latin-1"), "is not UTF-8"),
        ("id,category\na,server\n".encode("utf-16"), "is in UTF-16"),
        ("id,category\n" + "a,server\n" * 400, "rows 3–401, id: 'a'; row 2 has the same one"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str | bytes, part: str) -> None:
    assert part in refused(tmp_path, text)


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12
)
some = st.builds(
    Device,
    id=texts,
    category=st.sampled_from(CATEGORIES),
    model=st.none() | texts,
    quantity=st.integers(1, 1000),
    site=st.none() | texts,
    acquired=st.none() | st.dates(date(1990, 1, 1), TODAY),
    lifetime_years=st.none() | st.floats(0.1, 50),
    refurbished=st.none() | st.booleans(),
    yearly_kwh=st.none() | st.floats(0, 1e6),
    use_ratio=st.none() | st.floats(0, 1),
    embodied_kg=st.none() | st.floats(0, 1e6),
    hardware=st.builds(
        Hardware,
        virtual=st.none() | st.booleans(),
        cores=st.none() | st.integers(64, 128),
        weight_kg=st.none() | st.floats(1, 9),
    ),
    end=st.sampled_from([None, "reused", "donated", "recycled", "scrapped"]),
)


@given(st.lists(some, min_size=1, max_size=5, unique_by=lambda d: d.id))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, devices: list[Device]
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(written(devices))
    found = read(tmp_path_factory.mktemp("x"), out.getvalue())
    assert [{**as_dict(d), "row": 0} for d in found] == [as_dict(d) for d in devices]


def as_dict(device: Device) -> dict[str, object]:
    cells: dict[str, object] = {c.name: cell_of(device, c) for c in COLUMNS}
    return cells | {"row": device.row}


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
) -> None:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    with contextlib.suppress(ConfigError):
        read(tmp_path_factory.mktemp("x"), b"id,category,acquired\n" + data)


def test_no_break_spaces_of_french_typography_are_printable(tmp_path: Path) -> None:
    devices = read(tmp_path, "id,category,model\np-1,écran,24\u00a0po\u202f; large\n")
    assert devices[0].model == "24\u00a0po\u202f; large"


def test_a_wrong_cell_is_reported_once_with_every_row_that_has_it(tmp_path: Path) -> None:
    lines = ["id,category,memory_gb,acquired"]
    lines += [f"p-{i},laptop,lots,2024-13-01" for i in range(3)]
    with pytest.raises(ConfigError) as error:
        read(tmp_path, "\n".join(lines))
    assert "rows 2–4, memory_gb: 'lots'" in error.value.message
    assert "rows 2–4, acquired: '2024-13-01'" in error.value.message
