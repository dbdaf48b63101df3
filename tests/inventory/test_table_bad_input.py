"""What people do to inventories: each is refused or told with its column and value, and the other
rows get the figures that they would have had."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.inventory.table import estimate_file

Row = dict[str, str]

BEFORE = {"id": "first", "category": "server", "cores_total": "32"}
AFTER = {"id": "last", "category": "laptop", "manufacturer": "Dell"}
NUMBERS = ("chips", "cores_total", "cores", "threads_total", "nodes", "disks", "ghz", "base_ghz",
           "tdp_w", "memory_gb", "screen_in", "weight", "storage_gb", "utilisation", "idle_w",
           "max_w")  # fmt: skip
TEXTS = ("manufacturer", "name", "cpu_model", "subcategory", "graphics")
COLUMNS = ("id", "category", *TEXTS, "hw_year", *NUMBERS)
WHOLE = {"chips": "8", "cores_total": "4"}


def written(rows: list[Row]) -> str:
    text = io.StringIO(newline="")
    table: csv.DictWriter[str] = csv.DictWriter(text, COLUMNS, restval="")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def estimated(folder: Path, content: str | bytes, separator: str = ",") -> list[Row]:
    source, out = folder / "in.csv", folder / "out.csv"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    estimate_file(source, out, (0, 100))
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


def between(folder: Path, bad: Row) -> Row:
    """The row of `bad`, between two good ones that must come out as if it were not there."""
    first, row, last = estimated(
        folder, written([BEFORE, {"id": "bad", "category": "server"} | bad, AFTER])
    )
    assert [first, last] == estimated(folder, written([BEFORE, AFTER]))
    return row


def figures(row: Row) -> Row:
    return {k: v for k, v in row.items() if k.endswith(("_low", "_high"))}


@pytest.mark.parametrize(
    ("column", "value", "hint"),
    [
        ("tdp_w", "-205", ""), ("tdp_w", "0.2", "watts, not kilowatts"), ("tdp_w", "205 W", ""),
        ("tdp_w", "205000", "not milliwatts"), ("tdp_w", "1e400", ""), ("tdp_w", "NaN", ""),
        ("tdp_w", "1_50", ""), ("idle_w", "-1", ""), ("idle_w", "0.2", "watts, not kilowatts"),
        ("idle_w", "1e9", "not milliwatts"), ("max_w", "0.4", "watts, not kilowatts"),
        ("max_w", "NaN", ""), ("cores_total", "0", ""), ("cores_total", "-0", ""),
        ("chips", "1.5", ""), ("hw_year", "2999", ""), ("memory_gb", "-inf", ""),
        ("utilisation", "50", "not percent"), ("disks", "none", ""), ("disks", "0 x 300 TB", None),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be(tmp_path: Path, column: str, value: str, hint: str | None) -> None:
    row, without = between(tmp_path, {column: value}), between(tmp_path, {})
    if hint is None:  # no disk is a number of disks
        assert row["warnings"] == ""
        return
    assert row["warnings"].startswith(column) and value in row["warnings"]
    assert hint in row["warnings"] and ("(" in row["warnings"]) == bool(hint)
    assert row[column] == value
    assert figures(row) == figures(without)


def test_the_watts_of_a_server_are_not_those_of_a_laptop(tmp_path: Path) -> None:
    assert between(tmp_path, {"idle_w": "5000"})["warnings"] == ""
    for category, watts in (("laptop", "5000"), ("server", "0.5")):
        row = between(tmp_path, {"category": category, "idle_w": watts})
        assert f"idle_w {watts}: cannot be a" in row["warnings"]
    assert between(tmp_path, {"category": "tablet", "idle_w": "0.5"})["warnings"] == ""


@pytest.mark.parametrize("column", TEXTS)
def test_ten_kilobytes_of_a_name(tmp_path: Path, column: str) -> None:
    row = between(tmp_path, {column: "Xeon " * 2000})
    assert f"{column} 'Xeon Xeon" in row["warnings"] and "has 9999 characters" in row["warnings"]
    assert len(row["warnings"]) < 200
    assert figures(row) == figures(between(tmp_path, {}))
    assert row[column] == "Xeon " * 2000


def test_ten_kilobytes_of_a_category(tmp_path: Path) -> None:
    row = between(tmp_path, {"category": "x" * 10_000})
    assert "unknown category" in row["warnings"] and len(row["warnings"]) < 300
    assert not row["basis"]


def test_what_contradicts_itself_names_the_column_that_was_given(tmp_path: Path) -> None:
    assert (
        "cores 4: fewer than chips 8" in between(tmp_path, {"chips": "8", "cores": "4"})["warnings"]
    )
    row = between(tmp_path, WHOLE)
    assert "cores_total 4: fewer than chips 8: both left out" in row["warnings"]
    assert figures(row) == figures(between(tmp_path, {}))


def test_more_cells_than_columns(tmp_path: Path) -> None:
    rows = estimated(tmp_path, "category,name\nserver,a\nserver" + ",y" * 10_000 + "\nlaptop,b\n")
    assert [bool(row["basis"]) for row in rows] == [True, True, True]
    assert "9999 cells more than columns" in rows[1]["warnings"]
    assert figures(rows[0]) == figures(rows[1])


def test_ten_thousand_columns(tmp_path: Path) -> None:
    header = "category," + ",".join(f"c{n}" for n in range(10_000))
    (row,) = estimated(tmp_path, f"{header}\nserver{',y' * 10_000}\n")
    assert row["basis"] and row["c9999"] == "y" and row["warnings"] == ""


def test_separators_inside_quotes_do_not_count(tmp_path: Path) -> None:
    text = '\n\ncategory;"note, with, many, commas";ghz;cores\nserver;"a, b";2,5;8\n'
    (row,) = estimated(tmp_path, text, ";")
    assert row["note, with, many, commas"] == "a, b" and row["warnings"] == ""
    assert "clock" in row["method"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (row,) = estimated(tmp_path, "category\nserver\n".encode("utf-8-sig"))
    assert row["category"] == "server" and row["basis"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("category,name\nserver,a\nécran,é\n".encode("cp1252"), "line 3: byte 0xe9"),
        ("category,name\nserver,a\nécran,é\n".encode("cp1252"), "near 'écran,é'"),
        ("category\nserver\n".encode("utf-16"), "is in UTF-16 and not in UTF-8"),
        (b"category,tdp_w,Tdp_w \nserver,1,2\n", "'tdp_w' twice"),
        (b'category,name\nserver,a\nserver,"b\n', "line 3"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"name;type\na;server\n", "no column 'category', but name, type"),
    ],
)
def test_no_table_is_refused_and_what_was_written_before_stays(
    tmp_path: Path, content: bytes, said: str
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    out.write_text("yesterday's")
    with pytest.raises(ConfigError) as caught:
        estimate_file(source, out, (0,))
    assert said in caught.value.message and caught.value.hint
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "out.csv"]
    assert out.read_text() == "yesterday's"


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"category,tdp_w\nserver,-1\ntoaster,\n", 0, "1 of 2 rows estimated"),
        (b"category,tdp_w\n", 2, "has no row below its header"),
        (b"category\ntoaster\n", 2, "no row of in.csv could be estimated"),
        (b"category\n\xe9cran\n", 2, "is not UTF-8"),
        (b"", 2, "is empty"),
    ],
)
def test_the_exit_code(tmp_path: Path, content: bytes, code: int, said: str) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "sobriety", "estimate", "in.csv", "--at", "0"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and "Traceback" not in done.stderr


ANY = st.text(max_size=60) | st.sampled_from(
    ["", "server", "VM", "laptop", "écran", "nan", "-inf", "1e308", "-0", "0", "1", "2026", "٣",
     "1_0", "1,5", "@", "(", "processor (", "G7", "2 x 300", "=1+1", "\x00", "\r", '"', ";",
     "x" * 201, "AMD EPYC Processor"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[
          HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.dictionaries(st.sampled_from(COLUMNS[1:]), ANY))
@example({"category": "VM", "idle_w": "1", "max_w": "2", "nodes": "1024", "cores": "1"})
@example({"category": "server", "cpu_model": "@" * 200, "name": "vm", "ghz": "10"})
def test_any_text_in_any_cell_is_told_and_harms_no_other_row(tmp_path: Path, cells: Row) -> None:
    row = between(tmp_path, cells)
    assert row["basis"] or row["warnings"]
    for name in figures(row):
        figure = name.removesuffix("_low").removesuffix("_high")
        if row[figure]:
            low, value, high = (float(row[f"{figure}{end}"]) for end in ("_low", "", "_high"))
            assert 0 <= low <= value <= high
    for column, text in cells.items():
        if text and column in (*NUMBERS, "hw_year") and not any(map(str.isdigit, text)):
            assert not text.strip() or column in row["warnings"]


@pytest.mark.parametrize(
    "cells",
    [
        {"cpu_model": "EPYC Processor"}, {"cpu_model": "QEMU Virtual CPU version 2.5+"},
        {"cpu_model": "vCPU"}, {"cpu_model": "Xeon Processor (Skylake, IBRS)"},
        {"cpu_model": "Westmere E56xx/L56xx/X56xx (Nehalem-C)"},
        {"cpu_model": "AMD Opteron 62xx class CPU"},
        {"category": "VM"}, {"category": "Machines virtuelles"}, {"category": "serveur virtuel"},
        {"category": "Serveurs (VM)"}, {"subcategory": "virtual"}, {"name": "VM"},
        {"name": "vm_web_01"}, {"name": "web-vm12"}, {"name": "Machine virtuelle 3"},
        {"name": "VMware Virtual Platform"}, {"name": "Standard PC (Q35 + ICH9, 2009)"},
        {"manufacturer": "QEMU"}, {"manufacturer": "VMware, Inc."},
    ],
)  # fmt: skip
def test_virtual_machines_by_any_of_their_names(tmp_path: Path, cells: Row) -> None:
    row = between(tmp_path, cells | {"threads_total": "4"})
    assert "virtual machine: 4 threads" in row["method"]
    assert float(row["power_w_at_100_high"]) < 50
    guessed = next((c for c in ("name", "manufacturer") if c in cells), "")
    assert row["warnings"].startswith(guessed) and bool(row["warnings"]) == bool(guessed)


@pytest.mark.parametrize(
    "cells",
    [
        {"name": "VMware ESXi host"}, {"name": "VM host 3"}, {"name": "hôte de VM"},
        {"name": "vmax"}, {"name": "PowerEdge R740"}, {"cpu_model": "AMD EPYC 7742"},
        {"cpu_model": "Xeon E5-26xx"}, {"manufacturer": "Xenon"}, {},
    ],
)  # fmt: skip
def test_machines_that_are_none(tmp_path: Path, cells: Row) -> None:
    row = between(tmp_path, cells | {"threads_total": "64"})
    assert "virtual machine" not in row["method"] + row["warnings"]
    assert float(row["power_w_at_100"]) > 50


def test_a_virtual_machine_has_cores_and_no_plug(tmp_path: Path) -> None:
    row = between(tmp_path, {"category": "VM", "cores_total": "8", "idle_w": "120"})
    assert "virtual machine: 8 threads" in row["method"] and "measured" not in row["method"]
    assert row["warnings"] == "idle_w 120: a virtual machine has no plug: left out"
    desk = between(tmp_path, {"category": "laptop", "name": "vm-laptop"})
    assert "virtual" not in desk["method"] + desk["warnings"]


def test_unknown_threads_are_any_likely_number_of_them(tmp_path: Path) -> None:
    unknown, least, two, most = (
        between(tmp_path, {"category": "VM", "threads_total": threads})
        for threads in ("", "1", "2", "16")
    )
    assert "2 (assumed) threads" in unknown["method"]
    for name in ("power_w_at_0", "power_w_at_100"):
        for bound, of in (("", two), ("_low", least), ("_high", most)):
            known_w = float(of[f"{name}{bound}"])
            assert float(unknown[f"{name}{bound}"]) == pytest.approx(known_w, abs=0.002)
    assert float(unknown["embodied_kg_low"]) < 0.8 * float(two["embodied_kg_low"])
    assert float(unknown["embodied_kg_high"]) > 1.2 * float(two["embodied_kg_high"])
