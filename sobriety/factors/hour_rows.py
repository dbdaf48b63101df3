"""The rows of a file of hourly intensity, taken in one by one, then as hours of UTC."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sobriety.core.text import Text
from sobriety.core.units import NS_PER_HOUR, NS_PER_S
from sobriety.estimators import Grams, generation_intensity
from sobriety.files.faults import Fault, Unexpected, cell_fault, expectation

from .hour_formats import HourLayout

_EIA_TIME = "%m/%d/%Y %I:%M:%S %p"
_MOMENT = re.compile(
    r"(\d\d)[./](\d\d)[./](\d{4}) (\d\d):(\d\d)(?::\d\d)?(?:\s*\(([A-Z]+(?:/[A-Z]+)?)\))?"
)
_CLOCKS = {
    "UTC": "UTC", "CET": "Etc/GMT-1", "CEST": "Etc/GMT-2", "CET/CEST": "Europe/Brussels",
    "WET/WEST": "Europe/Lisbon", "EET/EEST": "Europe/Athens",
}  # fmt: skip

_NO_NUMBER = Text(en="not a number", fr="pas un nombre")


class Cells:
    """The rows of a file, taken in one by one, then as hours."""

    def __init__(self, layout: HourLayout) -> None:
        self._layout = layout
        self.steps: dict[int, tuple[float | None, ...]] = {}
        self._step_ns = NS_PER_HOUR
        self._number = 0
        self._take: Callable[[Sequence[str]], tuple[tuple[float | None, ...], list[Fault]]] = (
            self._powers if layout.generation else self._intensity
        )

    def take(self, row: Sequence[str], number: int) -> list[Fault]:
        """Take a row in, unless it has faults."""
        self._number = number
        values, wrong = self._take(row)
        kinds = self._layout.kinds
        if kinds is not None and row[kinds].strip() != self._layout.kind:
            wrong.append(
                self._of(
                    kinds,
                    row,
                    Text(en="neither direct nor life-cycle", fr="ni direct ni life-cycle"),
                )
            )
        try:
            start_ns = self._start_ns(row[self._layout.time], values)
        except ValueError as error:
            wrong.append(self._of(self._layout.time, row, expectation(error)))
        else:
            if start_ns is not None and not wrong:
                self.steps[start_ns] = values
        return wrong

    def by_hour(self, ratio: float) -> tuple[dict[int, Grams], int]:
        """Hours that are known whole, and how many others lie between the first and the last."""
        found = self._mixed() if self._layout.generation else self._plain(ratio)
        first, last = (bound(self.steps) // NS_PER_HOUR for bound in (min, max))
        return found, last - first + 1 - len(found)

    def _plain(self, ratio: float) -> dict[int, Grams]:
        found: dict[int, Grams] = {}
        for hour_ns, (value, low, high) in self.steps.items():
            if value is None:
                continue
            if low is None or high is None:
                low, high = value * (1 - ratio), value * (1 + ratio)
            found[hour_ns] = Grams(value, low, high)
        return found

    def _mixed(self) -> dict[int, Grams]:
        columns = self._layout.generation
        used = [any(v[i] is not None for v in self.steps.values()) for i in range(len(columns))]
        sums: dict[int, dict[str, float]] = {}
        seen: dict[int, int] = {}
        for start_ns, powers in self.steps.items():
            hour_ns = start_ns - start_ns % NS_PER_HOUR
            seen.setdefault(hour_ns, 0)
            if any(p is None and u for p, u in zip(powers, used, strict=True)):
                continue
            seen[hour_ns] += 1
            into = sums.setdefault(hour_ns, {})
            for (_, name), power in zip(columns, powers, strict=True):
                into[name] = into.get(name, 0.0) + (power or 0.0)
        found: dict[int, Grams] = {}
        for hour_ns, times in seen.items():
            if times * self._step_ns == NS_PER_HOUR:
                grams = generation_intensity(sums[hour_ns], self._layout.kind)
                if grams is not None:
                    found[hour_ns] = grams
        return found

    def _intensity(self, row: Sequence[str]) -> tuple[tuple[float | None, ...], list[Fault]]:
        layout = self._layout
        columns = [layout.value or 0, *(layout.bounds or ())]
        values, wrong = self._numbers(row, columns)
        if layout.bounds is None:
            return (*values, None, None), wrong
        value, low, high = values
        if not wrong and None not in values and not low <= value <= high:  # type: ignore[operator]
            wrong.append(
                self._of(
                    columns[0],
                    row,
                    Text(en=f"not within {low:g} to {high:g}", fr=f"hors de {low:g} à {high:g}"),
                )
            )
        return (value, low, high), wrong

    def _powers(self, row: Sequence[str]) -> tuple[tuple[float | None, ...], list[Fault]]:
        values, wrong = self._numbers(row, [i for i, _ in self._layout.generation])
        return tuple(values), wrong

    def _numbers(
        self, row: Sequence[str], columns: Sequence[int]
    ) -> tuple[list[float | None], list[Fault]]:
        values: list[float | None] = []
        wrong: list[Fault] = []
        for i in columns:
            text = row[i].strip()
            value: float | None = None
            if text == "n/e":  # not expected: there is no such power station
                value = 0.0
            elif text not in ("", "-", "N/A"):
                try:
                    value = float(text.replace(",", "") if self._layout.ends else text)
                except ValueError:
                    wrong.append(self._of(i, row, _NO_NUMBER))
                else:
                    if not math.isfinite(value):
                        wrong.append(self._of(i, row, _NO_NUMBER))
                    elif self._layout.ends:
                        value = max(0.0, value)  # a station that only consumed generated nothing
                    elif value < 0:
                        wrong.append(self._of(i, row, Text(en="negative", fr="négatif")))
            values.append(value)
        return values, wrong

    def _of(self, column: int, row: Sequence[str], what: Text) -> Fault:
        return cell_fault(self._number, self._layout.names[column].strip(), row[column], what)

    def _start_ns(self, text: str, values: Sequence[float | None]) -> int | None:
        """Raises ValueError, saying what the text is. None: an hour that spring leaves out."""
        if self._layout.ends:
            return self._hour_before(text)
        if self._layout.generation:
            return self._step_of(text, values)
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise Unexpected(
                en="not a time",
                fr="pas une heure",
            ) from None
        if moment.tzinfo is None:
            if self._layout.clock is None:
                raise Unexpected(
                    en="a time of no clock; write it as in 2026-01-31T13:00Z",
                    fr="une heure sans horloge\xa0; écrivez-la comme 2026-01-31T13:00Z",
                )
            moment = moment.replace(tzinfo=UTC)
        start_ns = int(moment.timestamp()) * NS_PER_S
        if start_ns % NS_PER_HOUR or moment.microsecond:
            raise Unexpected(
                en="not the start of an hour of UTC",
                fr="pas le début d’une heure UTC",
            )
        if start_ns in self.steps:
            raise Unexpected(
                en="an hour told before; where clocks go back, write UTC",
                fr="une heure déjà donnée\xa0; là où l’horloge recule, écrivez en UTC",
            )
        return start_ns

    def _hour_before(self, text: str) -> int:
        try:
            ends = datetime.strptime(text.strip(), _EIA_TIME).replace(tzinfo=UTC)
        except ValueError:
            raise Unexpected(
                en="not a time as in 01/31/2026 1:00:00 PM",
                fr="pas une heure comme 01/31/2026 1:00:00 PM",
            ) from None
        start_ns = int(ends.timestamp()) * NS_PER_S - NS_PER_HOUR
        if start_ns in self.steps:
            raise Unexpected(
                en="an hour told before",
                fr="une heure déjà donnée",
            )
        return start_ns

    def _step_of(self, text: str, values: Sequence[float | None]) -> int | None:
        found = _MOMENT.findall(text)
        if len(found) != 2:
            raise Unexpected(
                en="not a time from … to …",
                fr="pas une heure de … à …",
            )
        (*start, first), (*end, second) = found
        name = first or second or self._layout.clock
        if name not in _CLOCKS:
            raise Unexpected(
                en="a time of no clock; export it in UTC",
                fr="une heure sans horloge\xa0; exportez-la en UTC",
            )
        try:
            begins, ends = (datetime(*(int(x[i]) for i in (2, 1, 0, 3, 4))) for x in (start, end))  # type: ignore[arg-type]
        except ValueError:
            raise Unexpected(
                en="not a time",
                fr="pas une heure",
            ) from None
        if timedelta(0) < ends - begins < timedelta(hours=1):
            self._step_ns = min(self._step_ns, int((ends - begins).total_seconds()) * NS_PER_S)
        moments = _moments(begins, name)
        if not moments:
            if all(not v for v in values):
                return None
            raise Unexpected(
                en="an hour that the clock leaves out",
                fr="une heure que l’horloge saute",
            )
        free = [m for m in moments if m not in self.steps]
        if not free:
            raise Unexpected(
                en="a time told before",
                fr="une heure déjà donnée",
            )
        return free[0]


def _moments(local: datetime, clock: str) -> list[int]:
    """The moments that a clock shows so: two where it goes back, none where it leaps."""
    zone = _zone(_CLOCKS[clock])
    found: list[int] = []
    for fold in (0, 1):
        at = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        at_ns = int(at.timestamp()) * NS_PER_S
        if at.astimezone(zone).replace(tzinfo=None) == local and at_ns not in found:
            found.append(at_ns)
    return found


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
