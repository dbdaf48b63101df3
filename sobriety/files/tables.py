"""Tables that people keep: CSV with any separator, and errors that name the line."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import ConfigError

from .durable import write_whole

Row = dict[str, str]
"""Cells by the name of their column."""


MOST_TOLD = 200
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Wrong(NamedTuple):
    """A cell that cannot be right; `row` as a spreadsheet numbers it."""

    row: int
    column: str
    value: str
    said: str


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
        raise ConfigError(f"{path} is empty", hint="its first line names the columns")
    sheet = Sheet(
        separator, rows[0][1], [row for _, row in rows[1:]], tuple(number for number, _ in rows[1:])
    )
    names = sheet.names
    if needs is not None and needs not in names:
        raise ConfigError(
            f"{path} has no column {needs!r}, but {', '.join(names)[:200]}",
            hint=f"name one column {needs}; docs/methods.md lists the others",
        )
    twice = {name for name, times in Counter(names).items() if name and times > 1}
    if twice:
        raise ConfigError(f"{path} has the column {min(twice)!r} twice", hint="rename one of them")
    return sheet


def lines_of(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything and their numbers, one after the other. Raises ConfigError."""
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    try:
        for number, row in enumerate(reader, 1):
            if any(cell.strip() for cell in row):
                yield number, row
    except csv.Error as error:
        raise ConfigError(
            f"{path}, line {reader.line_num}: {error}", hint="see that every quote is closed"
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
    """The whole of a file in UTF-8. Raises ConfigError, with the line that is not."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder", hint="name a CSV file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(f"{path} is in UTF-16 and not in UTF-8", hint="save it as CSV UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        begin = max(data.rfind(b"\n", 0, error.start) + 1, error.start - 20)
        near = data[begin : begin + 40].decode("cp1252", "replace").splitlines()[0]
        raise ConfigError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8, near {near!r}",
            hint="save it as CSV UTF-8",
        ) from None


def folded_names(sheet: Sheet) -> list[str]:
    """Columns without case, spacing and typography: `gCO₂eq/kWh (LCA)` is `gco2eq kwh lca`."""
    plain = (unicodedata.normalize("NFKC", name).lower() for name in sheet.header)
    return [re.sub(r"[^a-z0-9]+", " ", name).strip() for name in plain]


def cells(sheet: Sheet, names: list[str]) -> Iterator[tuple[int, Row]]:
    """Each row's number and cells by name; those that are missing at its end are empty."""
    for number, row in zip(sheet.numbers, sheet.rows, strict=True):
        padded = [*row, *[""] * (len(names) - len(row))]
        yield number, {name: cell.strip() for name, cell in zip(names, padded, strict=False)}


def refuse(path: Path, wrong: Sequence[Wrong], hint: str) -> None:
    """Say all that is wrong, if anything is; nobody reads beyond 200. Raises ConfigError."""
    if not wrong:
        return
    cells = "1 wrong cell" if len(wrong) == 1 else f"{len(wrong)} wrong cells"
    told = sorted(wrong)[:MOST_TOLD]
    lines = [f"{path}, row {w.row}, {w.column}: {w.value[:60]!r}; {w.said}" for w in told]
    if len(told) < len(wrong):
        lines.append(f"and {len(wrong) - len(told)} more")
    raise ConfigError(
        "\n  ".join([f"{cells} in {path}, of which nothing is kept", *lines]), hint=hint
    )


def write_sheet(out: Path, separator: str, lines: Iterable[Sequence[str]]) -> None:
    """Write it whole or not at all. Raises ConfigError."""
    rows = [list(line) for line in lines]
    # csv quotes a lone carriage return only where it is part of the line's end.
    ending = "\r\n" if any("\r" in cell for row in rows for cell in row) else "\n"
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ending).writerows(rows)
    write_whole(out, text.getvalue())
