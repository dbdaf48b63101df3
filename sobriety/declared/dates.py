"""Dates of a column, all written in one way: 2024-03-01, 01/03/2024 or 03/01/2024.

Nothing is guessed: 03/04/2024 is a day of April or of March, and other rows have to tell which.
"""

from __future__ import annotations

import re
from datetime import date

from sobriety.sheet import Wrong

_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\d{2}:\d{2}.*)?")
_SLASHED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: \d{2}:\d{2}.*)?")


class Dates:
    """The cells of a column."""

    def __init__(self, column: str) -> None:
        self.column = column
        self._iso: list[tuple[int, str, tuple[int, int, int]]] = []
        self._slashed: list[tuple[int, str, tuple[int, int, int]]] = []
        self._other: list[tuple[int, str]] = []

    def take(self, row: int, text: str) -> None:
        if found := _ISO.fullmatch(text):
            self._iso.append((row, text, (int(found[1]), int(found[2]), int(found[3]))))
        elif found := _SLASHED.fullmatch(text):
            self._slashed.append((row, text, (int(found[3]), int(found[1]), int(found[2]))))
        else:
            self._other.append((row, text))

    def read(self, wrong: list[Wrong]) -> dict[int, date]:
        """Days by row; of the others why not, into `wrong`."""
        for row, text in self._other:
            wrong.append(Wrong(row, self.column, text, "no date; write it as in 2024-03-01"))
        if self._iso and self._slashed:
            fewer, more = sorted((self._iso, self._slashed), key=len)
            said = f"a date in another form than in row {more[0][0]}, {more[0][1]!r}"
            wrong.extend(Wrong(row, self.column, text, said) for row, text, _ in fewer)
            return {}
        if self._iso:
            return self._days(self._iso, wrong)
        return self._days(self._ordered(wrong), wrong)

    def _ordered(self, wrong: list[Wrong]) -> list[tuple[int, str, tuple[int, int, int]]]:
        """Year, month, day of those with slashes, by what other rows tell."""
        day_first = [c for c in self._slashed if c[2][1] > 12]
        month_first = [c for c in self._slashed if c[2][2] > 12]
        if day_first and month_first:
            fewer, more = sorted((day_first, month_first), key=len)
            said = f"a date in another form than in row {more[0][0]}, {more[0][1]!r}"
            wrong.extend(Wrong(row, self.column, text, said) for row, text, _ in fewer)
            return []
        if self._slashed and not day_first and not month_first:
            alike = [c for c in self._slashed if c[2][1] != c[2][2]]
            said = "day or month first? No row of the column tells; write it as in 2024-03-01"
            wrong.extend(Wrong(row, self.column, text, said) for row, text, _ in alike)
            return [] if alike else self._slashed
        if month_first:
            return self._slashed
        return [(row, text, (y, second, first)) for row, text, (y, first, second) in self._slashed]

    def _days(
        self, cells: list[tuple[int, str, tuple[int, int, int]]], wrong: list[Wrong]
    ) -> dict[int, date]:
        found: dict[int, date] = {}
        for row, text, (year, month, day) in cells:
            try:
                if not 1970 <= year < 2200:
                    raise ValueError
                found[row] = date(year, month, day)
            except ValueError:
                wrong.append(Wrong(row, self.column, text, "there is no such day"))
        return found
