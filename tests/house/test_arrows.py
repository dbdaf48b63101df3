"""cli → sobriety → {collectors, estimators} → sobriety.core. Never sideways, never up."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("collectors", "estimators", "cli", "sobriety")
STDLIB = sys.stdlib_module_names

MAY_IMPORT = {
    "core": ("sobriety.core",),
    "collectors": ("sobriety.core", "sobriety.collectors"),
    "estimators": ("sobriety.core", "sobriety.estimators"),
    "sobriety": ("sobriety",),
    "cli": ("sobriety",),
}
GATEWAY = {"msgspec", "starlette", "uvicorn"}
IO_MODULES = {"os", "io", "glob", "pathlib", "subprocess", "socket", "shutil", "sqlite3", "urllib"}


def sources() -> list[Path]:
    return [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py"))]


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return "core" if parts[:2] == ("sobriety", "core") else parts[0]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts if parts[0] == "sobriety" else ("sobriety", *parts))


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Module, line, and whether it is imported when the file is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    } | {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.dump(test.test)
        for node in ast.walk(test)
    }
    package = module_of(path).split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) not in late
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                # A door may give a function the name of the module that it is in.
                door = module in ("sobriety.collectors", "sobriety.estimators")
                inside = module.startswith("sobriety") and not door and is_module(whole)
                yield (whole if inside else module), node.lineno, id(node) not in late


def is_module(name: str) -> bool:
    parts = name.split(".")
    place = ROOT.joinpath(*(parts[1:] if parts[1:2] and parts[1] in ROOMS else parts))
    return place.is_dir() or place.with_suffix(".py").exists()


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    room = room_of(path)
    for module, line, _ in imports(path):
        if module.split(".")[0] != "sobriety":
            continue
        allowed = any(module == m or module.startswith(m + ".") for m in MAY_IMPORT[room])
        if room == "sobriety":
            # __main__ is the one that hands over to the command line
            allowed = not module.startswith("sobriety.cli") or path.name == "__main__.py"
        assert allowed, f"{path.relative_to(ROOT)}:{line}: {room} may not import {module}"


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_are_entered_by_the_door(path: Path) -> None:
    """From outside, `from sobriety.collectors import Rapl`: what a room has inside is its own."""
    room = room_of(path)
    for module, line, _ in imports(path):
        for other in ("collectors", "estimators"):
            inside = module.startswith(f"sobriety.{other}.")
            assert not inside or room == other, f"{path.relative_to(ROOT)}:{line}: {module}"


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_light_rooms_import_nothing_third_party_on_sight(path: Path) -> None:
    room = room_of(path)
    for module, line, at_once in imports(path):
        top = module.split(".")[0]
        if top in STDLIB or top == "sobriety":
            continue
        where = f"{path.relative_to(ROOT)}:{line}"
        if room == "core":
            assert top == "narwhals" and not at_once, f"{where}: core imports {module}"
        elif at_once and "fleet" in path.parts and top in GATEWAY:
            continue  # nobody but a gateway loads these modules
        elif at_once and (path.name, top) != ("pytest_plugin.py", "pytest"):  # who loads it
            assert room == "cli" and top == "click", f"{where}: import {module} where it is used"


@pytest.mark.parametrize(
    "path",
    [p for p in sources() if room_of(p) == "core" and p.name != "host.py"],
    ids=lambda p: p.name,
)
def test_only_the_host_does_input_and_output_in_core(path: Path) -> None:
    for module, line, _ in imports(path):
        assert module.split(".")[0] not in IO_MODULES, f"{path.name}:{line}: {module}"


@pytest.mark.parametrize(
    "path", [p for p in sources() if room_of(p) == "estimators"], ids=lambda p: p.name
)
def test_estimators_look_at_no_machine(path: Path) -> None:
    for module, line, _ in imports(path):
        assert module.split(".")[0] not in {"os", "socket", "subprocess", "psutil", "time"}, (
            f"{path.name}:{line}: {module}"
        )
