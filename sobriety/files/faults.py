"""Faults in files that people write: one form for cells of a table and entries of a TOML file.

All faults of a file are collected and raised as one error, in English and French. The same fault
in many rows is one line that names the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text, Tongue

LONGEST_VALUE = 60
FaultKind = Literal["cell", "entry"]
_SEVERAL = {
    "cell": Text("cellules erronées", "wrong cells"),
    "entry": Text("entrées erronées", "wrong entries"),
}
_ONE = {
    "cell": Text("cellule erronée", "wrong cell"),
    "entry": Text("entrée erronée", "wrong entry"),
}
_LINE = {"cell": Text("ligne", "row"), "entry": Text("ligne", "line")}


class Place(NamedTuple):
    """Where a fault is.

    line    a row as a spreadsheet numbers it, or a line of a TOML file
    table   of a TOML file; empty in a CSV
    key     a column or a key; empty for the whole table
    """

    line: int
    table: str
    key: str


class Fault(NamedTuple):
    """A value that cannot be right, and what is expected instead. `value` is quoted, or empty."""

    place: Place
    value: str
    expected: Text


class Unexpected(ValueError):
    """Raised by readers of single values: what they expect, in both languages."""

    def __init__(self, *, en: str, fr: str) -> None:
        super().__init__(en)
        self.expected = Text(en=en, fr=fr)


def expectation(error: ValueError) -> Text:
    """What the reader that raised it expects; the same in both languages where it says one."""
    return error.expected if isinstance(error, Unexpected) else in_both(str(error))


def in_both(text: str | Text) -> Text:
    return Text(text, text) if isinstance(text, str) else text


def cell_fault(row: int, column: str, value: str, expected: str | Text) -> Fault:
    """A fault of a table's cell."""
    return Fault(Place(row, "", column), quoted(value), in_both(expected))


def quoted(value: object) -> str:
    """A value as a message can hold it."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def refuse(path: Path, faults: Iterable[Fault], hint: str | Text, kind: FaultKind = "cell") -> None:
    """Report all faults of a file, if there are any. Raises ConfigError in both languages."""
    every = sorted(set(faults), key=lambda fault: (fault.place, fault.value, fault.expected.en))
    if not every:
        return
    groups: dict[tuple[str, str, str, Text], list[int]] = {}
    for (line, table, key), value, expected in every:
        groups.setdefault((table, key, value, expected), []).append(line)
    english, french = (
        "\n  ".join([_head(path, len(every), kind, tongue), *_lines(path, groups, kind, tongue)])
        for tongue in ("en", "fr")
    )
    raise ConfigError(Text(en=english, fr=french), hint=hint)


def _head(path: Path, count: int, kind: FaultKind, tongue: Tongue) -> str:
    what = (_ONE if count == 1 else _SEVERAL)[kind].of(tongue)
    if tongue == "fr":
        return f"{count} {what} dans {path}\xa0; rien n’en est retenu"
    return f"{count} {what} in {path}, of which nothing is kept"


def _lines(
    path: Path,
    groups: dict[tuple[str, str, str, Text], list[int]],
    kind: FaultKind,
    tongue: Tongue,
) -> Iterable[str]:
    for (table, key, value, expected), lines in groups.items():
        word = _LINE[kind].of(tongue) + ("s" if len(lines) > 1 else "")
        place = ", ".join(part for part in (table, key) if part)
        colon, semicolon = (":", ";") if tongue == "en" else ("\xa0:", "\xa0;")
        said = f"{value}{semicolon} {expected.of(tongue)}" if value else expected.of(tongue)
        yield f"{path}, {word} {ranges(lines)}{f', {place}' if place else ''}{colon} {said}"


def ranges(numbers: Sequence[int]) -> str:
    """`2–19, 25` for sorted numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(
        str(a) if a == b else f"{a}, {b}" if b == a + 1 else f"{a}–{b}" for a, b in runs
    )


def text_in_utf8(path: Path, kind: str) -> str:
    """The whole of a file in UTF-8, without a byte order mark. Raises ConfigError, with the line.

    `kind` is what to name instead of a folder: CSV or TOML.
    """
    import codecs

    if path.is_dir():
        raise ConfigError(
            Text(en=f"{path} is a folder", fr=f"{path} est un dossier"),
            hint=Text(en=f"name a {kind} file", fr=f"nommez un fichier {kind}"),
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            Text(
                en=f"{path} cannot be read: {error.strerror}",
                fr=f"{path} ne peut être lu\xa0: {error.strerror}",
            )
        ) from None
    hint = Text(en=f"save it as {kind} in UTF-8", fr=f"enregistrez-le en {kind} UTF-8")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(
            Text(
                en=f"{path} is in UTF-16 and not in UTF-8",
                fr=f"{path} est en UTF-16 et non en UTF-8",
            ),
            hint=hint,
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        begin = max(data.rfind(b"\n", 0, error.start) + 1, error.start - 20)
        near = data[begin : begin + 40].decode("cp1252", "replace").splitlines()[0]
        byte = f"0x{data[error.start]:02x}"
        raise ConfigError(
            Text(
                en=f"{path}, line {line}: byte {byte} is not UTF-8, near {near!r}",
                fr=f"{path}, ligne {line}\xa0: l’octet {byte} n’est pas de l’UTF-8,"
                f" près de {near!r}",
            ),
            hint=hint,
        ) from None
