"""Dates of a column, all written in one way: 2024-03-01, 01/03/2024 or 03/01/2024.

Nothing is guessed: 03/04/2024 is a day of April or of March, and other rows have to tell which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sobriety.files.faults import Fault, cell_fault

_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\d{2}:\d{2}.*)?")
_SLASHED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: \d{2}:\d{2}.*)?")


_Cell = tuple[str, tuple[int, int, int]]
"""A text, and its three numbers with the year first."""


class Dates:
    """The cells of a column, each text once with the rows that have it."""

    def __init__(self, column: str) -> None:
        self.column = column
        self._rows: dict[str, tuple[str, list[int]]] = {}

    def take(self, row: int, text: str) -> str:
        """The text to ask the answer of `read` for: one object for all rows that have it."""
        first, rows = self._rows.setdefault(text, (text, []))
        rows.append(row)
        return first

    def read(self, wrong: list[Fault]) -> dict[str, date]:
        """Days by text; of the others why not, into `wrong`."""
        iso: list[_Cell] = []
        slashed: list[_Cell] = []
        for text in self._rows:
            if found := _ISO.fullmatch(text):
                iso.append((text, (int(found[1]), int(found[2]), int(found[3]))))
            elif found := _SLASHED.fullmatch(text):
                slashed.append((text, (int(found[3]), int(found[1]), int(found[2]))))
            else:
                self._refuse(wrong, [text], "no date; write it as in 2024-03-01")
        if iso and slashed:
            self._refuse_fewer(wrong, iso, slashed)
            return {}
        return self._days(iso or self._ordered(slashed, wrong), wrong)

    def _ordered(self, slashed: list[_Cell], wrong: list[Fault]) -> list[_Cell]:
        """Year, month, day of those with slashes, by what other rows tell."""
        day_first = [c for c in slashed if c[1][1] > 12]
        month_first = [c for c in slashed if c[1][2] > 12]
        if day_first and month_first:
            self._refuse_fewer(wrong, day_first, month_first)
            return []
        if slashed and not day_first and not month_first:
            alike = [text for text, (_, first, second) in slashed if first != second]
            said = "day or month first? No row of the column tells; write it as in 2024-03-01"
            self._refuse(wrong, alike, said)
            return [] if alike else slashed
        if month_first:
            return slashed
        return [(text, (y, second, first)) for text, (y, first, second) in slashed]

    def _days(self, cells: list[_Cell], wrong: list[Fault]) -> dict[str, date]:
        found: dict[str, date] = {}
        for text, (year, month, day) in cells:
            try:
                if not 1970 <= year < 2200:
                    raise ValueError
                found[text] = date(year, month, day)
            except ValueError:
                self._refuse(wrong, [text], "there is no such day")
        return found

    def _refuse_fewer(self, wrong: list[Fault], one: list[_Cell], other: list[_Cell]) -> None:
        """Of two forms, the one of fewer rows; the other's first row is the example."""
        fewer, more = sorted(
            ([text for text, _ in form] for form in (one, other)),
            key=lambda texts: sum(len(self._rows[text][1]) for text in texts),
        )
        said = f"a date in another form than in row {self._rows[more[0]][1][0]}, {more[0]!r}"
        self._refuse(wrong, fewer, said)

    def _refuse(self, wrong: list[Fault], texts: Sequence[str], said: str) -> None:
        wrong.extend(cell_fault(row, self.column, text, said) for text in texts
                     for row in self._rows[text][1])  # fmt: skip
