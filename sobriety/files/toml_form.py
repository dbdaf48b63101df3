"""TOML files that people write, with every fault at once: table, key, line, value.

A file is taken whole or not at all. A key that nobody asks for is an error, as in the settings: one
that is silently ignored is worse than none.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text

from .faults import Fault, Place, expectation, in_both, quoted, refuse, text_in_utf8
from .toml_lines import TomlKey, lines_of

T = TypeVar("T")
HINT = Text(
    en="see every key and an example in docs/declared.md",
    fr="voyez chaque clé et un exemple dans docs/declared.md",
)


class Form:
    """A file that is being read, and its faults so far."""

    def __init__(self, path: Path, text: str, data: Mapping[str, Any]) -> None:
        self.path, self.data = path, data
        self._lines = lines_of(text)
        self._faults: list[Fault] = []

    def top(self) -> Entry:
        """The keys that stand before any table."""
        return Entry(self, (), "", self.data)

    def note(self, place: TomlKey, table: str, key: str, value: str, expected: Text) -> None:
        self._faults.append(Fault(Place(self._line(place), table, key), value, expected))

    def refuse(self) -> None:
        """Report all faults, if there are any. Raises ConfigError."""
        refuse(self.path, self._faults, HINT, "entry")

    def _line(self, place: TomlKey) -> int:
        while place and place not in self._lines:  # inside an inline table: the line of that
            place = place[:-1]
        return self._lines.get(place, 1)


class Entry:
    """A table of a form. `name` is how it is told: `site 'archives'`."""

    def __init__(self, form: Form, place: TomlKey, name: str, data: Mapping[str, Any]) -> None:
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
            self.wrong(key, expectation(error), value=self.data[key])
            return None

    def must(self, key: str, read: Callable[[object], T], instead: T) -> T:
        """The same for a key that has to be there; `instead` holds its place until `refuse`."""
        if key not in self.data:
            self._asked.append(key)
            self.wrong("", Text(en=f"has no {key}", fr=f"n’a pas de {key}"))
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
            expected = Text(
                en=f"expected a table, as in [{key}]", fr=f"une table est attendue, comme [{key}]"
            )
            self.wrong(key, expected, value=value)
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
                expected = Text(
                    en=f"expected tables, as in [[{key}]]",
                    fr=f"des tables sont attendues, comme [[{key}]]",
                )
                self.wrong(key, expected, value=row)
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
                expected = Text(
                    en="unknown key; " + (f"did you mean {near[0]!r}?" if near else f"not {known}"),
                    fr="clé inconnue\xa0; "
                    + (f"vouliez-vous dire {near[0]!r}\xa0?" if near else f"non {known}"),
                )
                self.wrong(key, expected)

    def wrong(self, key: str, expected: str | Text, *, value: object = None) -> None:
        """Note a fault of a key, or of the whole table where that is empty."""
        place = (*self.place, key) if key else self.place
        self.form.note(
            place, self.name, key, "" if value is None else quoted(value), in_both(expected)
        )

    def _below(self, key: str) -> str:
        return f"{self.name}, {key}" if self.name else key


def read_form(path: Path) -> Form:
    """A TOML file in UTF-8. Raises ConfigError."""
    return form_of(path, text_in_utf8(path, "TOML").replace("\r\n", "\n"))


def form_of(path: Path, text: str) -> Form:
    """The same of its text. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # a number of 5000 digits is one too
        raise ConfigError(
            Text(
                en=f"{path} is not valid TOML: {error}",
                fr=f"{path} n’est pas du TOML valide\xa0: {error}",
            ),
            hint=Text(
                en="see examples in docs/declared.md", fr="voyez les exemples de docs/declared.md"
            ),
        ) from None
    except RecursionError:
        raise ConfigError(
            Text(en=f"{path} is nested too deeply", fr=f"{path} est trop imbriqué"),
            hint=Text(en="write it flat", fr="écrivez-le à plat"),
        ) from None
    return Form(path, text, data)
