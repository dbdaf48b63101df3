"""Rules that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sobriety.core.units import UNIT_OF_SUFFIX

ROOT = Path(__file__).parent.parent.parent
SOURCES = [
    p
    for room in ("sobriety", "collectors", "estimators", "cli")
    for p in (ROOT / room).rglob("*.py")
]
LONGEST = 300

# A formula's own letters, a figure's parts, and pure numbers.
UNITLESS = frozenset(
    (
        *("u", "value", "low", "high", "share", "ratio", "factor", "unit_factor", "chips"),
        *("largest", "wraps_at", "cut", "pue", "most", "count", "expected", "ghz"),
        *("utilisation", "start", "end", "top", "bottom"),  # shares: of capacity, of an axis
    )
)
SUFFIXES = (*UNIT_OF_SUFFIX, "_g", "_per_s", "_dpi", "_in", "_gb", "_ghz", "_j_per_b", "_px", "_m2")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_float(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in ("float", "float | None")


def floats(tree: ast.Module) -> list[tuple[str, int]]:
    """Public names that hold a float: fields, arguments, and functions that return one."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if not (isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)):
                    continue
                if is_float(item.annotation):
                    found.append((item.target.id, item.lineno))
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            for argument in (*node.args.args, *node.args.kwonlyargs):
                if is_float(argument.annotation):
                    found.append((argument.arg, argument.lineno))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_every_public_float_says_its_unit(path: Path) -> None:
    for name, line in floats(ast.parse(path.read_text(encoding="utf-8"))):
        fine = name.startswith("_") or name in UNITLESS or name.endswith((*SUFFIXES, "_share"))
        assert fine, f"{ids(path)}:{line}: {name!r} is a float without a unit in its name"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_no_percent_inside(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.arg | ast.FunctionDef):
            name = node.arg if isinstance(node, ast.arg) else node.name
            assert "percent" not in name and not name.endswith("_pct"), f"{ids(path)}: {name}"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_no_broad_except(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught not in ("", "Exception", "BaseException"), f"{ids(path)}:{node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_a_long_module_says_why(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = text.split('"""')[1] if text.startswith('"""') else ""
    if text.count("\n") > LONGEST:
        assert "long because" in first.lower(), f"{ids(path)} has over {LONGEST} lines"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_every_module_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or text.startswith('"""'), ids(path)
