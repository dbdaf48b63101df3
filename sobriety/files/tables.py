"""CSV tables with any separator; errors name the line."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text

from .durable import write_whole
from .faults import text_in_utf8

Row = dict[str, str]
"""Cells by the name of their column."""


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read. `separator` is its own: the answer is written with the same.
    `numbers` are the rows' in a spreadsheet, where the header is row 1."""

    separator: str
    header: list[str]
    rows: list[list[str]]
    numbers: tuple[int, ...]

    @property
    def names(self) -> list[str]:
        """The columns as they are looked for: `Category ` is category."""
        return [name.strip().lower() for name in self.header]


def read_sheet(path: Path, needs: str | None = "category") -> Sheet:
    """A CSV in UTF-8 with comma, semicolon or tab. Raises ConfigError, with the line."""
    text = text_of(path)
    separator = separator_of(text)
    rows = list(lines_of(path, text, separator))
    if not rows:
        raise empty(path)
    sheet = Sheet(
        separator, rows[0][1], [row for _, row in rows[1:]], tuple(number for number, _ in rows[1:])
    )
    names = sheet.names
    if needs is not None and needs not in names:
        raise no_column(path, needs, names)
    twice = {name for name, times in Counter(names).items() if name and times > 1}
    if twice:
        raise column_twice(path, min(twice))
    return sheet


def empty(path: Path) -> ConfigError:
    """The error of a file without a header."""
    return ConfigError(
        Text(en=f"{path} is empty", fr=f"{path} est vide"),
        hint=Text(en="its first line names the columns", fr="sa première ligne nomme les colonnes"),
    )


def no_column(path: Path, needed: str, names: Iterable[str]) -> ConfigError:
    """The error of a table without a column that it needs."""
    others = ", ".join(names)[:200]
    return ConfigError(
        Text(
            en=f"{path} has no column {needed!r}, but {others}",
            fr=f"{path} n’a pas de colonne {needed!r}, mais {others}",
        ),
        hint=Text(
            en=f"name one column {needed}; docs/declared.md and docs/methods.md list the others",
            fr=f"nommez une colonne {needed}\xa0; les autres sont dans docs/declared.md et"
            " docs/methods.md",
        ),
    )


def column_twice(path: Path, name: str) -> ConfigError:
    """The error of a table with two columns of one name."""
    return ConfigError(
        Text(
            en=f"{path} has the column {name!r} twice",
            fr=f"{path} a deux fois la colonne {name!r}",
        ),
        hint=Text(en="rename one of them", fr="renommez l’une d’elles"),
    )


def lines_of(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything and their numbers, one after the other. Raises ConfigError."""
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    try:
        for number, row in enumerate(reader, 1):
            if any(cell.strip() for cell in row):
                yield number, row
    except csv.Error as error:
        raise ConfigError(
            Text(
                en=f"{path}, line {reader.line_num}: {error}",
                fr=f"{path}, ligne {reader.line_num}\xa0: {error}",
            ),
            hint=Text(
                en="see that every quote is closed",
                fr="vérifiez que chaque guillemet est fermé",
            ),
        ) from None


def _lines(text: str) -> Iterator[str]:
    """Line by line with their ends, in no memory of their own: StringIO takes four bytes a
    character."""
    return (found[0] for found in _LINE.finditer(text))


def separator_of(text: str) -> str:
    """The most frequent one in the first line that has anything, quoted cells left out."""
    first = next((line for line in _lines(text) if line.strip()), "")
    return max(",;\t", key=re.sub(r'"[^"]*"', "", first).count)


def text_of(path: Path) -> str:
    """The whole of a CSV in UTF-8. Raises ConfigError, with the line that is not."""
    return text_in_utf8(path, "CSV")


def folded_names(sheet: Sheet) -> list[str]:
    """Columns without case, spacing and typography: `gCO₂eq/kWh (LCA)` is `gco2eq kwh lca`."""
    plain = (unicodedata.normalize("NFKC", name).lower() for name in sheet.header)
    return [re.sub(r"[^a-z0-9]+", " ", name).strip() for name in plain]


def cells(sheet: Sheet, names: list[str]) -> Iterator[tuple[int, Row]]:
    """Each row's number and cells by name; those that are missing at its end are empty."""
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        padded = [*row, *[""] * (len(names) - len(row))]
        yield number, {name: cell.strip() for name, cell in zip(names, padded, strict=False)}


def write_sheet(out: Path, separator: str, lines: Iterable[Sequence[str]]) -> None:
    """Write it whole or not at all. Raises ConfigError."""
    rows = [list(line) for line in lines]
    # csv quotes a lone carriage return only where it is part of the line's end.
    ending = "\r\n" if any("\r" in cell for row in rows for cell in row) else "\n"
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ending).writerows(rows)
    write_whole(out, text.getvalue())
