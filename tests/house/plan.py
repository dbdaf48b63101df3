"""Reads the plan of the house from its sources: rooms, imports, names, sizes.

Every rule is a function from a `House` to the violations it sees, so that a test can show each of
them failing on a small tree with one violation in it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TOPS = ("collectors", "estimators", "cli")
"""Rooms that stand beside `sobriety/` and are installed inside it."""
DOORS = frozenset(("__init__", "__main__", "compat", "pytest_plugin"))
TOWERS = frozenset(("reports", "fleet"))
CATALOGUES = frozenset(("collectors", "cli"))
"""A file per source of readings, and a file per verb: their number is that of the world's things,
and everybody predicts their names. Helpers are underscored, or in `parts`."""
MOST_FILES = 14
MOST_LINES_OF_FUNCTION = 60
MOST_PARAMETERS = 8

ARROWS = {
    "files": "",
    "settings": "files",
    "spool": "files",
    "lake": "files spool",
    "factors": "files",
    "inventory": "files",
    "declared": "files settings",
    "push": "files settings spool",
    "service": "settings",
    "calibration": "spool",
    "imports": "files lake",
    "agent": "factors files push settings spool",
    "profiling": "agent",
    "trials": "profiling",
    "metrics": "agent factors settings",
    "tracking": "agent factors profiling settings",
    "reports": "declared inventory factors lake",
    "publishing": "factors files lake reports settings",
    "fleet": "files lake metrics publishing push reports settings spool",
}
"""What a room may import beside `core`, `collectors` and `estimators`; late imports and those of
type checkers count, since a late import that hides a circle is a circle."""
STOREYS = {
    "reports": ("language", "model", "accounts", "analysis", "views", "formats"),
    "fleet": ("intake", "jobs", "dashboard"),
}
"""From the ground up: a storey sees only those below it."""
DOWNWARDS = {
    "core": ("sobriety.core",),
    "collectors": ("sobriety.core", "sobriety.collectors"),
    "estimators": ("sobriety.core", "sobriety.estimators"),
}


@dataclass(frozen=True)
class Import:
    """An import of a module of this package: by which module, of which, on which line."""

    by: str
    of: str
    line: int


@dataclass(frozen=True)
class House:
    """The sources below a checkout's root."""

    root: Path

    @cached_property
    def files(self) -> dict[str, Path]:
        """Every module by its installed name."""
        files: dict[str, Path] = {}
        for top in ("sobriety", *TOPS):
            for path in sorted((self.root / top).rglob("*.py")):
                files[self._module(path)] = path
        return files

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        return {
            name: ast.parse(path.read_text(encoding="utf-8")) for name, path in self.files.items()
        }

    @cached_property
    def rooms(self) -> dict[str, Path]:
        """Folders that hold modules, by installed name; `sobriety` itself is the hall."""
        return {n: p.parent for n, p in self.files.items() if p.name == "__init__.py"}

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(found for name in self.files for found in self._imports(name))

    def _module(self, path: Path) -> str:
        parts = path.relative_to(self.root).with_suffix("").parts
        parts = parts if parts[0] == "sobriety" else ("sobriety", *parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def _imports(self, name: str) -> Iterator[Import]:
        is_door = self.files[name].name == "__init__.py"
        package = name.split(".") if is_door else name.split(".")[:-1]
        for node in ast.walk(self.trees[name]):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in self.files:
                        yield Import(name, alias.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                module = ".".join([*base, *(node.module.split(".") if node.module else [])])
                if module.split(".")[0] != "sobriety":
                    continue
                for alias in node.names:
                    whole = f"{module}.{alias.name}"
                    # A door may give a function the name of the module that it is in.
                    is_name = module in ("sobriety.collectors", "sobriety.estimators")
                    inside = whole in self.files and not is_name
                    yield Import(name, whole if inside else module, node.lineno)

    def room_of(self, module: str) -> str:
        """`core`, `reports`, `cli`…; the hall is ``."""
        parts = module.split(".")
        if len(parts) == 1 or (len(parts) == 2 and f"sobriety.{parts[1]}" not in self.rooms):
            return ""
        return parts[1]

    def storey_of(self, module: str) -> str:
        """Of a module in a tower: its storey; `` for the tower's own files and for all others."""
        parts = module.split(".")
        inside = len(parts) > 2 and parts[1] in TOWERS and ".".join(parts[:3]) in self.rooms
        return parts[2] if inside else ""

    def where(self, module: str, line: int) -> str:
        return f"{self.files[module].relative_to(self.root)}:{line}"


def strangers_in_the_hall(house: House) -> list[str]:
    """Modules that stand loose in `sobriety/` and are no door."""
    loose = [p for p in (house.root / "sobriety").glob("*.py") if p.stem not in DOORS]
    return [str(path.relative_to(house.root)) for path in loose]


def wrong_arrows(house: House) -> list[str]:
    """Imports that the table does not have."""
    wrong: list[str] = []
    for each in house.imports:
        by, of = house.room_of(each.by), house.room_of(each.of)
        if by == of or not by:
            continue
        if by in DOWNWARDS:
            allowed = any(each.of == m or each.of.startswith(m + ".") for m in DOWNWARDS[by])
        elif of in ("core", "collectors", "estimators"):
            allowed = True
        elif by == "cli":
            allowed = bool(of)
        else:
            allowed = of in ARROWS.get(by, "").split()
        if not allowed:
            wrong.append(f"{house.where(each.by, each.line)}: {by} imports {each.of}")
    return wrong


def climbing_imports(house: House) -> list[str]:
    """Imports of a higher storey of the same tower."""
    wrong: list[str] = []
    for each in house.imports:
        room = house.room_of(each.by)
        if room not in STOREYS or room != house.room_of(each.of):
            continue
        by, of = house.storey_of(each.by), house.storey_of(each.of)
        order = STOREYS[room]
        if by and of and order.index(of) > order.index(by):
            wrong.append(f"{house.where(each.by, each.line)}: {by} imports {each.of}")
    return wrong


def circles(house: House) -> list[list[str]]:
    """Strongly connected files, by Tarjan: each must be alone."""
    graph: dict[str, set[str]] = defaultdict(set)
    for each in house.imports:
        if each.of in house.files and each.by != each.of:
            graph[each.by].add(each.of)
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in order:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], order[target])
        if low[name] == order[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                components.append(sorted(stack[at:]))
            del stack[at:]

    for name in house.files:
        if name not in order:
            visit(name)
    return components


def silent_rooms(house: House) -> list[str]:
    """Rooms that do not say in a sentence what they are."""
    wrong: list[str] = []
    for name in house.rooms:
        first = (ast.get_docstring(house.trees[name]) or "").split("\n\n")[0]
        if not first.endswith(".") or len(first) > 120 or "\n" in first:
            wrong.append(f"{name}: {first!r}")
    return wrong


def crowded_rooms(house: House) -> list[str]:
    """Rooms with more files than anybody keeps in mind, and no sub-rooms for them."""
    wrong: list[str] = []
    for name, folder in house.rooms.items():
        files = [p for p in folder.glob("*.py") if p.name != "__init__.py"]
        if name.removeprefix("sobriety.") not in CATALOGUES and len(files) > MOST_FILES:
            wrong.append(f"{name}: {len(files)} files")
    return wrong


def names_defined_twice(house: House) -> list[str]:
    """Public classes and type aliases of one name, and constants of one name and value."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module, tree in house.trees.items():
        for node in tree.body:
            for name in _definitions(node):
                homes[name].append(house.where(module, node.lineno))
    return [f"{name}: {', '.join(places)}" for name, places in homes.items() if len(places) > 1]


def _definitions(node: ast.stmt) -> Iterator[str]:
    """Classes and aliases by name; constants by name and value, since `PORT` may be many things."""
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = ast.unparse(node.value)
        if value.startswith(("TypeVar(", "ParamSpec(")):
            return
        for target in targets:
            if not isinstance(target, ast.Name) or target.id.startswith("_"):
                continue
            if target.id.isupper():
                if not _is_plain(node.value):
                    yield f"{target.id} = {value}"
            elif target.id[0].isupper():
                yield target.id


def _is_plain(value: ast.expr) -> bool:
    """Whether it is a literal so plain that the same name and value twice is no repetition."""
    return isinstance(value, ast.Constant) and (
        isinstance(value.value, bool) or value.value in (0, 1, "")
    )


def large_functions(house: House) -> list[str]:
    """Functions that fit on no screen, or take more than anybody keeps in mind."""
    wrong: list[str] = []
    for module, tree in house.trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            names = [
                a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            ]
            count = len([name for name in names if name not in ("self", "cls")])
            where = f"{house.where(module, node.lineno)}: {node.name}"
            if lines > MOST_LINES_OF_FUNCTION:
                wrong.append(f"{where} has {lines} lines")
            # CodeCarbon's own signature, for programs that were written for it.
            if count > MOST_PARAMETERS and module != "sobriety.compat":
                wrong.append(f"{where} has {count} parameters")
    return wrong


def unmirrored_tests(house: House) -> list[str]:
    """Folders of tests that mirror no room."""
    own = {"house", "machines", "faults", "release", "arithmetic", "schema"}
    wrong: list[str] = []
    for path in sorted((house.root / "tests").rglob("test_*.py")):
        folder = path.parent.relative_to(house.root / "tests")
        if folder.parts[:1] and folder.parts[0] in own:
            continue
        room = "sobriety." + ".".join(folder.parts) if folder.parts else "sobriety"
        if room not in house.rooms or room == "sobriety":
            wrong.append(str(path.relative_to(house.root)))
    return wrong


def rooms_table(root: Path = Path()) -> str:
    """Markdown for docs/architecture.md: rooms from the ground up, their sentence, their arrows."""
    house = House(root)
    lines = ["| room | holds | imports |", "|---|---|---|"]
    for room in ("core", "collectors", "estimators", *ARROWS, "cli"):
        imports = ARROWS.get(room, "").replace(" ", ", ")
        lines.append(f"| `{room}` | {_sentence(house, f'sobriety.{room}')} | {imports} |")
        for storey in STOREYS.get(room, ()):
            sentence = _sentence(house, f"sobriety.{room}.{storey}")
            lines.append(f"| `{room}.{storey}` | {sentence} | |")
    return "\n".join(lines)


def _sentence(house: House, name: str) -> str:
    return (ast.get_docstring(house.trees[name]) or "").split("\n\n")[0]
