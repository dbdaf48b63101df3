"""The desk estimate: every row comes back, in order, and says why it has no figure."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.inventory.table import EstimatedRows, estimate_file

EXAMPLE = Path(__file__).parents[2] / "docs" / "inventory.example.csv"
LOADS = (0, 50, 100)
STATES = ("off_w", "sleep_w", "long_idle_w", "short_idle_w")
NUMBERS = ("chips", "cores_total", "cores", "threads_total", "nodes", "disks", "ghz", "base_ghz",
           "tdp_w", "memory_gb", "screen_in", "weight", "storage_gb", "utilisation", "idle_w",
           "max_w")  # fmt: skip
ALL = ("id", "category", "manufacturer", "name", "subcategory", "cpu_model", "graphics", "hw_year",
       *NUMBERS)  # fmt: skip

Row = dict[str, str]


def estimated(path: Path, text: str | bytes, at: tuple[int, ...] = LOADS) -> list[Row]:
    path.mkdir(exist_ok=True)
    source, out = path / "in.csv", path / "out.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    summary = estimate_file(source, out, at)
    rows = read(out)
    assert summary == EstimatedRows(len(rows), sum(bool(r["basis"]) for r in rows))
    return rows


def read(path: Path, separator: str = ",") -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


def figures(row: Row) -> list[tuple[str, float, float, float]]:
    """Those that the row has, with their bounds."""
    names = [name.removesuffix("_low") for name in row if name.endswith("_low")]
    return [
        (name, float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))
        for name in names
        if row[name]
    ]


def one(path: Path, **cells: str) -> Row:
    return estimated(path, ",".join(cells) + "\n" + ",".join(cells.values()) + "\n")[0]


def test_the_example_keeps_its_rows_and_columns(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    summary = estimate_file(EXAMPLE, out, LOADS)
    before, after = read(EXAMPLE), read(out)
    assert [{k: row[k] for k in before[0]} for row in after] == before
    assert list(after[0])[: len(before[0])] == list(before[0])
    assert list(after[0])[-4:] == ["basis", "method", "matched_cpu", "warnings"]
    assert summary == EstimatedRows(16, 16)
    for row in after:
        for name, value, low, high in figures(row):
            assert 0 < low <= value <= high, (row["id"], name)
        assert bool(row["basis"]) == bool(figures(row)) == bool(row["method"])
        assert row["basis"] or row["warnings"]


def test_what_each_kind_of_device_gets(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    estimate_file(EXAMPLE, out, LOADS)
    by_id = {row["id"]: row for row in read(out)}
    loads = [f"power_w_at_{load}" for load in LOADS]
    for name in ("rack-01", "rack-02", "rack-04"):
        watts = [float(by_id[name][column]) for column in loads]
        assert all(b > a for a, b in pairwise(watts))
        assert not any(by_id[name][s] for s in STATES)
        assert by_id[name]["embodied_kg"]
    for name in ("desk-01", "desk-03", "desk-06", "desk-08"):
        watts = [float(by_id[name][s]) for s in STATES]
        assert watts == sorted(watts)
        assert not any(by_id[name][column] for column in loads)
    assert not by_id["room-01"]["off_w"] and by_id["room-01"]["embodied_kg"]
    assert by_id["room-01"]["mean_w"] and not by_id["room-01"]["warnings"]
    assert by_id["room-02"]["mean_w"] and "switch" in by_id["room-02"]["warnings"]
    assert by_id["rack-01"]["matched_cpu"] == "Intel Xeon Gold 6230"
    assert by_id["rack-04"]["matched_cpu"] == ""


def test_nodes_share_what_is_given_for_all(tmp_path: Path) -> None:
    facts = {"category": "server", "ghz": "2.6", "tdp_w": "135", "hw_year": "2016"}
    four = one(tmp_path, **facts, chips="8", cores_total="112", threads_total="224",
               memory_gb="512", nodes="4")  # fmt: skip
    single = one(tmp_path, **facts, chips="2", cores_total="28", threads_total="56",
                 memory_gb="128")  # fmt: skip
    for name, value, *_ in figures(single):
        assert float(four[name]) == pytest.approx(4 * value, rel=1e-3)
    assert "× 4 nodes" in four["method"]


def test_a_meter_takes_over(tmp_path: Path) -> None:
    server = one(tmp_path, category="server", cores_total="32", idle_w="120", max_w="400")
    assert (server["power_w_at_0"], server["power_w_at_100"]) == ("120", "400")
    assert server["basis"] == "measured"
    laptop = one(tmp_path, category="laptop", idle_w="7")
    assert (laptop["short_idle_w"], laptop["short_idle_w_low"]) == ("7", "6.86")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("cores_total", "0"), ("cores_total", "-4"), ("cores_total", "4.5"), ("cores_total", "nan"),
        ("chips", "many"), ("threads_total", "1e9"), ("tdp_w", "0.125"), ("tdp_w", "-65"),
        ("tdp_w", "inf"), ("memory_gb", "-1"), ("memory_gb", "NaN"), ("hw_year", "2999"),
        ("hw_year", "1066"), ("utilisation", "1.5"), ("utilisation", "-0.1"), ("nodes", "0"),
        ("disks", "-1"), ("idle_w", "-100"), ("max_w", "1e9"), ("screen_in", "0"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_right_is_named_and_left_out(
    tmp_path: Path, column: str, value: str
) -> None:
    bad = one(tmp_path, category="server", **{column: value})
    good = one(tmp_path, category="server")
    assert column in bad["warnings"] and value in bad["warnings"]
    assert figures(bad) == figures(good)


def test_kilowatts_are_suspected(tmp_path: Path) -> None:
    assert "not kilowatts" in one(tmp_path, category="server", tdp_w="0.2")["warnings"]


def test_a_year_that_tables_write_with_a_point_is_a_year(tmp_path: Path) -> None:
    assert one(tmp_path, category="server", hw_year="2019.0", cores_total="8.0")["warnings"] == ""


def test_all_of_a_rows_reasons_are_told_at_once(tmp_path: Path) -> None:
    row = one(tmp_path, category="toaster", cores_total="-1", hw_year="2999", tdp_w="0.1")
    for column in ("toaster", "cores_total", "hw_year", "tdp_w"):
        assert column in row["warnings"]
    assert not row["basis"] and not figures(row)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"cores_total": "2", "chips": "4"}, "fewer than chips"),
        ({"cores_total": "16", "threads_total": "8"}, "fewer than cores"),
        ({"idle_w": "300", "max_w": "100"}, "below idle_w"),
        ({"cpu_model": "x" * 10_000}, "10000 characters"),
        ({"cpu_model": "Intel Xeon Imaginary 9"}, "in no table"),
    ],
)
def test_contradictions_are_told(tmp_path: Path, cells: Row, said: str) -> None:
    row = one(tmp_path, category="server", **cells)
    assert said in row["warnings"] and row["basis"]


def test_one_bad_row_does_not_spoil_the_others(tmp_path: Path) -> None:
    rows = estimated(tmp_path, "category,cores_total\nserver,32\ntoaster,\n,\nlaptop,x\n,4,9\n")
    assert [bool(r["basis"]) for r in rows] == [True, False, True, False]
    assert "no category" in rows[3]["warnings"] and "more than columns" in rows[3]["warnings"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_are_recognised_and_kept(tmp_path: Path, separator: str) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    ghz = "2.5" if separator == "," else "2,5"
    rows = [["\ufeffCategory ", "ghz", "cores_total"], ["Serveur", ghz, "32"]]
    source.write_text("\r\n".join(separator.join(r) for r in rows), encoding="utf-8")
    assert estimate_file(source, out, LOADS) == EstimatedRows(1, 1)
    row = read(out, separator)[0]
    assert row["warnings"] == "" and row["ghz"] == ghz
    assert "clock" in row["method"]


def test_quotes_and_newlines_in_cells_come_back(tmp_path: Path) -> None:
    text = 'name,category\n"a ""big"" one,\nin two lines",server\n'
    assert estimated(tmp_path, text)[0]["name"] == 'a "big" one,\nin two lines'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"id,cpu_model\n1,Xeon\n", "no column 'category'"),
        (b"category,name\nserver,ok\nserver,\xe9t\xe9\n", "line 3: byte 0xe9 is not UTF-8"),
        (b"category,Category\nserver,server\n", "'category' twice"),
        (b'category,name\nserver,"never closed\n', "line "),
        (b"category,warnings\nserver,\n", "which an estimate adds"),
        (b"category,power_w_at_50\nserver,\n", "which an estimate adds"),
        (b"category\n" + b"x" * 200_000 + b"\n", "line 2"),
        (b"PK\x03\x04\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        estimate_file(source, out, LOADS)
    assert said in caught.value.message and str(source) in caught.value.message
    assert caught.value.hint
    assert not out.exists()


def test_paths_that_cannot_be_used(tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text("category\nserver\n", encoding="utf-8")
    for source, out, said in (
        (tmp_path, tmp_path / "o.csv", "is a folder"),
        (tmp_path / "absent.csv", tmp_path / "o.csv", "cannot be read"),
        (good, good, "the inventory itself"),
        (good, tmp_path / "no folder" / "o.csv", "cannot be written"),
        (good, tmp_path, "is a folder"),
    ):
        with pytest.raises(ConfigError, match=said):
            estimate_file(source, out, LOADS)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["good.csv"]
    assert good.read_text(encoding="utf-8") == "category\nserver\n"


def test_a_table_without_rows_is_answered_by_one(tmp_path: Path) -> None:
    assert estimated(tmp_path, "category,name\n") == []


CELL = st.text(max_size=40) | st.sampled_from(
    ["server", "laptop", "-1", "0", "nan", "inf", "1e308", "1e-308", "2019", "64", "=1+1", "٣", "½",
     "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "@" * 50, "1_000", "0x10", "\x00"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow,
          HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    st.lists(st.sampled_from(ALL), unique=True).map(lambda names: ["category", *names]),
    st.lists(st.lists(CELL, min_size=1, max_size=12), max_size=5),
)
@example(["category", "ghz"], [["server", "1e-5"], ["0\r"], ["a\r\nb"]])
def test_any_cells_give_a_row_each(
    tmp_path: Path, names: list[str], cells: list[list[str]]
) -> None:
    names = list(dict.fromkeys(names))
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, *cells])
    rows = estimated(tmp_path / "any", text.getvalue())
    assert len(rows) == sum(any(cell.strip() for cell in row) for row in cells)
    for row in rows:
        assert all(0 <= low <= value <= high for _, value, low, high in figures(row))
        assert row["basis"] or row["warnings"]


@settings(max_examples=100, deadline=None, suppress_health_check=[
          HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_an_error(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "bytes.csv"
    source.write_bytes(b"category\nserver\n" + content)
    try:
        assert estimate_file(source, tmp_path / "out.csv", (0,)).rows >= 1
    except ConfigError as error:
        assert str(source) in error.message


def test_ten_thousand_devices(tmp_path: Path) -> None:
    header, *devices = EXAMPLE.read_text(encoding="utf-8").splitlines()
    source = tmp_path / "many.csv"
    many = [devices[n % len(devices)].replace(",192,", f",{100 + n},") for n in range(10_000)]
    source.write_text("\n".join([header, *many]), encoding="utf-8")
    summary = estimate_file(source, tmp_path / "out.csv", tuple(range(0, 101, 10)))
    assert summary == EstimatedRows(10_000, 10_000)


def test_the_verb_says_how_many_and_exits_by_it(tmp_path: Path) -> None:
    def run(text: str, *words: str) -> tuple[int, str]:
        (tmp_path / "in.csv").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "sobriety", "estimate", "in.csv", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout == ""
        return done.returncode, done.stderr

    code, told = run("category\nserver\ntoaster\n", "--at", "0,50")
    assert (code, "1 of 2 rows estimated" in told) == (0, True)
    assert "power_w_at_50_high" in read(tmp_path / "in.estimated.csv")[0]
    code, told = run("category\ntoaster\n", "-o", "none.csv")
    assert (code, "no row of in.csv could be estimated" in told) == (2, True)
    assert "toaster" in read(tmp_path / "none.csv")[0]["warnings"]
    assert run("category\nserver\n", "--at", "101")[0] == 2


def test_a_wider_category_is_narrowed_by_the_subcategory_and_says_so(tmp_path: Path) -> None:
    path, out = tmp_path / "i.csv", tmp_path / "o.csv"
    path.write_text("category,subcategory\nWorkplace,Laptop\nWorkplace,Spoon\nWorkplace,\n")
    assert estimate_file(path, out, (0,)) == EstimatedRows(3, 1)
    laptop, spoon, bare = read(out)
    assert float(laptop["embodied_kg"]) > 100
    assert "taken from subcategory 'Laptop'" in laptop["warnings"]
    assert spoon["embodied_kg"] == bare["embodied_kg"] == ""


def test_both_spellings_are_one_processor(tmp_path: Path) -> None:
    pairs = [
        ("Intel Xeon Gold 6230", "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"),
        ("Intel Xeon 6787P", "Intel(R) Xeon(R) 6787P"),
        ("Nvidia Grace Superchip", "Nvidia Grace Superchip"),
        ("AMD EPYC 8534PN", "AMD EPYC 8534PN 64-Core Processor"),
    ]
    for names in pairs:
        matched = {one(tmp_path, category="server", cpu_model=n)["matched_cpu"] for n in names}
        assert len(matched) == 1 and all(matched), names
    for guest in ("AMD EPYC Processor", "QEMU Virtual CPU version 2.5+", "Intel Xeon Processor"):
        assert not one(tmp_path, category="server", cpu_model=guest)["matched_cpu"]


def test_what_only_an_inventory_knows_is_used(tmp_path: Path) -> None:
    laptop = {"category": "laptop", "manufacturer": "Dell", "name": "Latitude 7390"}
    bare, heavy = one(tmp_path, **laptop), one(tmp_path, **laptop, weight="3.4", screen_in="17")
    assert float(bare["embodied_kg"]) < float(heavy["embodied_kg"])
    assert "weight" in heavy["method"] and "line" in bare["method"]
    desktop = {"category": "desktop", "manufacturer": "Lenovo", "cores": "6", "memory_gb": "32"}
    plain, gamer = one(tmp_path, **desktop), one(tmp_path, **desktop, graphics="G7")
    assert float(plain["short_idle_w"]) < float(gamer["short_idle_w"])


@pytest.mark.parametrize(
    ("name", "virtual"),
    [
        ("QEMU Virtual CPU version 2.5+", True),
        ("AMD EPYC Processor", True),
        ("AMD EPYC Processor (with IBPB)", True),
        ("AMD EPYC-Milan Processor", True),
        ("Intel Xeon Processor (Skylake)", True),
        ("Intel(R) Xeon(R) Processor @ 2.10GHz", True),
        ("Common KVM processor", True),
        ("2 vCPU", True),
        ("AMD EPYC 7742 64-Core Processor", False),
        ("Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz", False),
        ("Intel Xeon E5-2690 v4 (14 cores)", False),
        ("", False),
    ],
)
def test_a_virtual_machine_is_told_by_its_processors_name(
    tmp_path: Path, name: str, virtual: bool
) -> None:
    found = one(tmp_path, category="server", cpu_model=name, threads_total="256")
    assert ("virtual machine: 256 threads" in found["method"]) is virtual


def test_a_subcategory_may_say_that_a_server_is_none(tmp_path: Path) -> None:
    for word in ("VM", "machine virtuelle", "Virtual machine"):
        found = one(tmp_path, category="server", subcategory=word, threads_total="4")
        assert "virtual machine: 4 threads" in found["method"]
