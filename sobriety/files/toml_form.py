"""TOML files that people write: every wrong entry is told at once, with its table, key and line.

A file is taken whole or not at all. A key that nobody asks for is an error, as in the settings: one
that is silently ignored is worse than none.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from sobriety.core.errors import ConfigError

from .toml_lines import Place, lines_of

T = TypeVar("T")
_SHOWN = 60


class Wrong(NamedTuple):
    """An entry that cannot be right, and where it stands."""

    line: int
    table: str
    key: str
    said: str


class Form:
    """A file that is being read, and what is wrong in it so far."""

    def __init__(self, path: Path, text: str, data: Mapping[str, Any]) -> None:
        self.path, self.data = path, data
        self._lines = lines_of(text)
        self._wrong: list[Wrong] = []

    def top(self) -> Entry:
        """The keys that stand before any table."""
        return Entry(self, (), "", self.data)

    def note(self, place: Place, table: str, key: str, said: str) -> None:
        self._wrong.append(Wrong(self._line(place), table, key, said))

    def refuse(self) -> None:
        """Say all that is wrong, if anything is. Raises ConfigError."""
        if not self._wrong:
            return
        count = len(set(self._wrong))
        entries = "1 wrong entry" if count == 1 else f"{count} wrong entries"
        lines = [
            f"{self.path}, line {w.line}, {', '.join(p for p in (w.table, w.key) if p)}: {w.said}"
            for w in sorted(set(self._wrong))
        ]
        raise ConfigError(
            "\n  ".join([f"{entries} in {self.path}, of which nothing is kept", *lines]),
            hint="see every key and an example in docs/declared.md",
        )

    def _line(self, place: Place) -> int:
        while place and place not in self._lines:  # inside an inline table: the line of that
            place = place[:-1]
        return self._lines.get(place, 1)


class Entry:
    """A table of a form. `name` is how it is told: `site 'archives'`."""

    def __init__(self, form: Form, place: Place, name: str, data: Mapping[str, Any]) -> None:
        self.form, self.place, self.name, self.data = form, place, name, data
        self._asked: list[str] = []

    def take(self, key: str, read: Callable[[object], T]) -> T | None:
        """The key's value as `read` gives it; None where it is absent, or wrong, which is noted."""
        self._asked.append(key)
        if key not in self.data:
            return None
        try:
            return read(self.data[key])
        except ValueError as error:
            self.wrong(key, f"{shown(self.data[key])}; {error}")
            return None

    def must(self, key: str, read: Callable[[object], T], instead: T) -> T:
        """The same for a key that has to be there; `instead` holds its place until `refuse`."""
        if key not in self.data:
            self._asked.append(key)
            self.wrong("", f"has no {key}")
            return instead
        value = self.take(key, read)
        return instead if value is None else value

    def table(self, key: str) -> Entry | None:
        """A table below this one; None where it is absent."""
        self._asked.append(key)
        if key not in self.data:
            return None
        value = self.data[key]
        if not isinstance(value, dict):
            self.wrong(key, f"{shown(value)}; expected a table, as in [{key}]")
            return None
        below = cast(dict[str, Any], value)
        return Entry(self.form, (*self.place, key), self._below(key), below)

    def tables(self, key: str) -> Iterator[Entry]:
        """The tables of an array, `[[site]]`, each named by its id where it has one."""
        self._asked.append(key)
        value = self.data.get(key, [])
        rows: list[Any] = [*value] if isinstance(value, list) else [value]
        for number, row in enumerate(rows):
            if not isinstance(value, list) or not isinstance(row, dict):
                self.wrong(key, f"{shown(row)}; expected tables, as in [[{key}]]")
                continue
            one = cast(dict[str, Any], row)
            called = one.get("id")
            name = f"{key} {called!r}" if isinstance(called, str) else f"{key} {number + 1}"
            told = f"{self.name}, {name}" if self.name else name
            yield Entry(self.form, (*self.place, key, number), told, one)

    def named(self, key: str) -> Iterator[tuple[str, Entry]]:
        """The tables below a key by their names, as in `[goal.it-carbon]`."""
        holder = self.table(key)
        if holder is None:
            return
        for name in holder.data:
            below = holder.table(name)
            if below is not None:
                below.name = f"{key} {name!r}"
                yield name, below

    def close(self) -> None:
        """Note the keys that nobody asked for."""
        for key in self.data:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, n=1)
                known = ", ".join(dict.fromkeys(self._asked))
                self.wrong(
                    key, f"unknown key; {f'did you mean {near[0]!r}?' if near else f'not {known}'}"
                )

    def wrong(self, key: str, said: str) -> None:
        """Note what is wrong with a key, or with the whole table where that is empty."""
        self.form.note((*self.place, key) if key else self.place, self.name, key, said)

    def _below(self, key: str) -> str:
        return f"{self.name}, {key}" if self.name else key


def read_form(path: Path) -> Form:
    """A TOML file in UTF-8. Raises ConfigError."""
    return form_of(path, _text(path))


def form_of(path: Path, text: str) -> Form:
    """The same of its text. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # a number of 5000 digits is one too
        raise ConfigError(
            f"{path} is not valid TOML: {error}", hint="see examples in docs/declared.md"
        ) from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply", hint="write it flat") from None
    return Form(path, text, data)


def _text(path: Path) -> str:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder", hint="name a TOML file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8",
            hint="save it as UTF-8",
        ) from None


def shown(value: object) -> str:
    """A wrong value as a message can hold it."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
