"""Finds the line of every key in a TOML file: the standard library's parser drops it."""

from __future__ import annotations

import re
import tomllib

TomlKey = tuple[str | int, ...]
"""The way to a key: `("site", 0, "pue")`."""

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'|#[^\n]*|[\[\]{}]",
    re.DOTALL,
)
_HEADER = re.compile(r"[ \t]*(\[\[?)([^\n]*?)\]\]?[ \t]*(?:#.*)?$")
_KEY = re.compile(r"""[ \t]*((?:[\w-]+|"[^"\n]*"|'[^'\n]*'|[ \t]*\.[ \t]*)+?)[ \t]*=""")


def lines_of(text: str) -> dict[TomlKey, int]:
    """The line of every table and key that begins one. Of text that is valid TOML."""
    found: dict[TomlKey, int] = {}
    tables: dict[TomlKey, int] = {}  # how many an array has so far
    here: TomlKey = ()
    inside = _continued(text)
    for number, line in enumerate(text.split("\n"), 1):
        if number in inside:
            continue
        header = _HEADER.match(line)
        key = None if header else _KEY.match(line)
        if header:
            here = _resolved(_parts(header[2]), tables, header[1] == "[[")
            found.setdefault(here, number)
        elif key:
            found.setdefault((*here, *_parts(key[1])), number)
    return found


def _resolved(parts: tuple[str, ...], tables: dict[TomlKey, int], array: bool) -> TomlKey:
    """`[service.units]` is of the last `[[service]]`."""
    place: TomlKey = ()
    for position, part in enumerate(parts):
        place = (*place, part)
        if array and position == len(parts) - 1:
            tables[place] = tables.get(place, 0) + 1
        if place in tables:
            place = (*place, tables[place] - 1)
    return place


def _parts(dotted: str) -> tuple[str, ...]:
    try:
        table: object = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return (dotted,)
    parts: list[str] = []
    while isinstance(table, dict):
        ((name, table),) = table.items()  # pyright: ignore[reportUnknownVariableType]
        parts.append(str(name))  # pyright: ignore[reportUnknownArgumentType]
    return tuple(parts)


def _continued(text: str) -> set[int]:
    """Lines that begin inside an array or a text of several lines."""
    inside: set[int] = set()
    depth, opened = 0, 0
    for token in _TOKEN.finditer(text):
        shown = token[0]
        if shown in "[{":
            if depth == 0:
                opened = token.start()
            depth += 1
        elif shown in "]}":
            depth = max(0, depth - 1)
            if depth == 0:
                inside |= _after_first(text, opened, token.end())
        elif depth == 0 and shown[0] in "\"'" and "\n" in shown:
            inside |= _after_first(text, token.start(), token.end())
    return inside


def _after_first(text: str, start: int, end: int) -> set[int]:
    first = text.count("\n", 0, start) + 1
    return set(range(first + 1, first + 1 + text.count("\n", start, end)))
