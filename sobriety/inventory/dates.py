"""Dates of a column, all in one form: 2024-03-01, 01/03/2024 or 03/01/2024.

Nothing is guessed: 03/04/2024 is in April or in March, and other rows have to show which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sobriety.core.text import Text
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

    def read(self, faults: list[Fault]) -> dict[str, date]:
        """Days by text; faults of the others go to `faults`."""
        iso: list[_Cell] = []
        slashed: list[_Cell] = []
        for text in self._rows:
            if match := _ISO.fullmatch(text):
                iso.append((text, (int(match[1]), int(match[2]), int(match[3]))))
            elif match := _SLASHED.fullmatch(text):
                slashed.append((text, (int(match[3]), int(match[1]), int(match[2]))))
            else:
                self._refuse(
                    faults,
                    [text],
                    Text(
                        en="no date; write it as in 2024-03-01",
                        fr="aucune date; écrivez-la comme 2024-03-01",
                    ),
                )
        if iso and slashed:
            self._refuse_fewer(faults, iso, slashed)
            return {}
        return self._days(iso or self._ordered(slashed, faults), faults)

    def _ordered(self, slashed: list[_Cell], faults: list[Fault]) -> list[_Cell]:
        """Year, month, day of those with slashes, by what other rows show."""
        day_first = [c for c in slashed if c[1][1] > 12]
        month_first = [c for c in slashed if c[1][2] > 12]
        if day_first and month_first:
            self._refuse_fewer(faults, day_first, month_first)
            return []
        if slashed and not day_first and not month_first:
            alike = [text for text, (_, first, second) in slashed if first != second]
            unclear = Text(
                en="day or month first? No row of the column says; write it as in 2024-03-01",
                fr="jour ou mois d’abord\xa0? Aucune ligne de la colonne ne le dit\xa0; écrivez-la"
                " comme 2024-03-01",
            )
            self._refuse(faults, alike, unclear)
            return [] if alike else slashed
        if month_first:
            return slashed
        return [(text, (y, second, first)) for text, (y, first, second) in slashed]

    def _days(self, cells: list[_Cell], faults: list[Fault]) -> dict[str, date]:
        days: dict[str, date] = {}
        for text, (year, month, day) in cells:
            try:
                if not 1970 <= year < 2200:
                    raise ValueError
                days[text] = date(year, month, day)
            except ValueError:
                self._refuse(
                    faults, [text], Text(en="there is no such day", fr="ce jour n’existe pas")
                )
        return days

    def _refuse_fewer(self, faults: list[Fault], one: list[_Cell], other: list[_Cell]) -> None:
        """Of two forms, the one of fewer rows; the other's first row is the example."""
        fewer, more = sorted(
            ([text for text, _ in form] for form in (one, other)),
            key=lambda texts: sum(len(self._rows[text][1]) for text in texts),
        )
        row = self._rows[more[0]][1][0]
        other_form = Text(
            en=f"a date in another form than in row {row}, {more[0]!r}",
            fr=f"une date sous une autre forme qu’à la ligne {row}, {more[0]!r}",
        )
        self._refuse(faults, fewer, other_form)

    def _refuse(self, faults: list[Fault], texts: Sequence[str], expected: Text) -> None:
        faults.extend(cell_fault(row, self.column, text, expected) for text in texts
                     for row in self._rows[text][1])  # fmt: skip
