"""Processors by name: the same one or none, with and without CodeCarbon's table."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from sobriety.core.machine import Machine
from sobriety.estimators import cpu_generation, cpu_match, is_one_cpu, power_model

# Inner rooms have no address for a type checker: `sobriety/estimators.pyi` is only the door.
plain_name: Callable[[str], str] = import_module("sobriety.estimators.models.cpu").plain_name
codecarbon = import_module("sobriety.estimators.grid.codecarbon")


@pytest.mark.parametrize(
    ("datasheet", "cpuinfo"),
    [
        ("Intel Xeon E5-2640", "Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz"),
        ("Intel Xeon E5-2690 v4", "Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz"),
        ("Intel Xeon X5670", "Intel(R) Xeon(R) CPU           X5670  @ 2.93GHz"),
        ("AMD EPYC 7742", "AMD EPYC 7742 64-Core Processor"),
        ("AMD Opteron 2356", "Quad-Core AMD Opteron(tm) Processor 2356"),
        ("Intel Core i5-1135G7", "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz"),
        ("AMD Ryzen 7 5800X", "AMD Ryzen 7 5800X 8-Core Processor"),
        ("AMD Ryzen 5 5600G", "AMD Ryzen 5 5600G with Radeon Graphics"),
        ("Intel Xeon 3070", "INTEL® XEON™ 3070"),
    ],
)
def test_spellings_meet(datasheet: str, cpuinfo: str) -> None:
    assert plain_name(datasheet) == plain_name(cpuinfo)


def test_versions_do_not_meet() -> None:
    names = ["Intel Xeon E5-2640", "Intel Xeon E5-2640 v2", "Intel Xeon E5-2640 v4", "Intel Xeon"]
    assert len({plain_name(n) for n in names}) == len(names)


@pytest.mark.parametrize(
    "cpu_model", ["AMD EPYC Processor", "Intel(R) Xeon(R) Processor", "AMD EPYC 97545", "", "?",
                  "Intel Atom E665CT", "QEMU Virtual CPU version 2.5+", "x" * 10_000, None],
)  # fmt: skip
def test_no_match_rather_than_a_wrong_one(cpu_model: str | None) -> None:
    assert cpu_match(cpu_model) is None


def test_an_exact_match_brings_its_design_power() -> None:
    found = cpu_match("AMD EPYC 7742 64-Core Processor")
    assert found and found.tdp_w == 225 and found.name == "AMD EPYC 7742"
    with_tdp = power_model(Machine(category="server", cores=64, cpu_model="AMD EPYC 7742"))
    assert "design power" in str(with_tdp.method)


@pytest.mark.parametrize(
    ("cpu_model", "name", "year"),
    [("Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz", "Broadwell", 2016),
     ("Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz", "Sandy Bridge", 2012),
     ("Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "Cascade Lake", 2019),
     ("Silver 4108", "Skylake", 2017), ("Xeon? Gold 5118", "Skylake", 2017),
     ("Intel Xeon 5160", "Core 2", 2007), ("Intel(R) Xeon(R) 6780E", "Xeon 6", 2024),
     ("AMD EPYC 9754 128-Core Processor", "EPYC 4 (Genoa)", 2022),
     ("AMD EPYC 7543 32-Core Processor", "EPYC 3 (Milan)", 2021),
     ("Six-Core AMD Opteron(tm) Processor 2431", "Opteron (K10)", 2009),
     ("11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", "Tiger Lake", 2021)],
)  # fmt: skip
def test_a_number_tells_its_series(cpu_model: str, name: str, year: int) -> None:
    assert cpu_generation(cpu_model) == (name, year)


@pytest.mark.parametrize(
    "cpu_model", ["AMD EPYC Processor", "Intel(R) Xeon(R) Processor", "AMD EPYC 97545", "", None,
                  "QEMU Virtual CPU version 2.5+", "x" * 10_000, "Intel Xeon Imaginary 9"],
)  # fmt: skip
def test_no_series_rather_than_a_wrong_one(cpu_model: str | None) -> None:
    assert cpu_generation(cpu_model) is None


def test_what_names_one_processor() -> None:
    assert is_one_cpu("Nvidia Grace Superchip") and not is_one_cpu("AMD EPYC Processor")
    assert not is_one_cpu("QEMU Virtual CPU version 2500") and not is_one_cpu("1234" * 100)


def test_what_is_no_number_in_the_table_is_left_out() -> None:
    assert len(codecarbon.cpu_table()) > 4000
    assert all(watts > 0 for _, watts in codecarbon.cpu_table())
    assert cpu_match("Intel Celeron 1000A") is None  # its power is written 27.29.5


def test_mixes_are_read() -> None:
    assert codecarbon.energy_mixes()["FRA"].intensity_g_per_kwh > 0


SHUT_OUT = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name == "codecarbon" else find(name, path, target)
sys.meta_path = [Finder if f is PathFinder else f for f in sys.meta_path]
"""


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_codecarbon_is_read_and_never_imported(tmp_path: Path) -> None:
    code = """
import sys
from sobriety.core.machine import Machine
from sobriety.estimators import all_factors, power_model
factors = all_factors("FR")
model = power_model(Machine(category="server", cores=64, cpu_model="AMD EPYC 7742"))
print("CodeCarbon" in str(factors), "design" in str(model.method), "codecarbon" in sys.modules)
"""
    assert run(code, tmp_path) == "True True False"


def test_all_works_without_codecarbon(tmp_path: Path) -> None:
    code = (
        SHUT_OUT
        + """
from sobriety.core.errors import FactorNotFound
from sobriety.core.machine import Machine
from sobriety.estimators import all_factors, intensity, power_model
model = power_model(Machine(category="server", cores=64, cpu_model="AMD EPYC 7742"))
try:
    intensity("ES", 2024, "life-cycle")
except FactorNotFound as error:
    print("codecarbon" in error.hint, end=" ")
print("CodeCarbon" in str(all_factors("FR")), "design" in str(model.method), len(all_factors("FR")))
"""
    )
    assert run(code, tmp_path) == "True False False 3"


def test_the_door_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
import sys
before = set(sys.modules)  # what an editable install brings along at start
import sobriety.estimators
heavy = {"pandas", "numpy", "narwhals", "duckdb", "csv", "json", "difflib", "codecarbon",
         "importlib.resources", "subprocess"}
print(sorted(heavy & set(sys.modules) - before))
"""
    assert run(code, tmp_path) == "[]"
