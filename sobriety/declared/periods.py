"""Months, quarters and years by their names, as files write them: `2026-07`, `2026-Q3`, `2026`."""

from __future__ import annotations

import re
from datetime import datetime

from sobriety.core.period import Period
from sobriety.files.faults import Unexpected

Months = tuple[str, ...]
"""Names of months in a row: `("2026-07", "2026-08", "2026-09")`."""


def months_of(label: str) -> Months:
    """The months of a month, a quarter or a year. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2])|-?[QqTt]([1-4]))?", label.strip())
    if not found or not 1900 <= int(found[1]) <= 2199:
        raise Unexpected(
            en="expected a month, quarter or year, as in 2026-07, 2026-Q3 or 2026",
            fr="attendu\xa0: un mois, un trimestre ou une année, comme 2026-07, 2026-Q3 ou 2026",
        )
    if found[2]:
        return (f"{found[1]}-{found[2]}",)
    first, many = (3 * int(found[3]) - 2, 3) if found[3] else (1, 12)
    return tuple(f"{found[1]}-{month:02}" for month in range(first, first + many))


def name_of(months: Months) -> str | None:
    """The name of months in a row that are a month, a quarter or a year; None of others."""
    year, month = months[0].split("-")
    if len(months) == 1:
        return months[0]
    for name in (f"{year}-Q{(int(month) + 2) // 3}", year):
        if months_of(name) == months:
            return name
    return None


def months_within(period: Period | str) -> Months | None:
    """The whole months that a period consists of; None where it begins or ends within one."""
    if isinstance(period, str):
        return months_of(period)
    if not (_begins_a_month(period.start) and _begins_a_month(period.end)):
        return None
    first = period.start.year * 12 + period.start.month - 1
    after = period.end.year * 12 + period.end.month - 1
    return tuple(f"{number // 12}-{number % 12 + 1:02}" for number in range(first, after))


def span_years(label: str) -> tuple[float, float]:
    """When it begins and ends, in years: `2026-Q3` is from 2026.5 to 2026.75."""
    months = months_of(label)
    year, month = (int(part) for part in months[0].split("-"))
    begins = year + (month - 1) / 12
    return begins, begins + len(months) / 12


def _begins_a_month(moment: datetime) -> bool:
    return (moment.day, moment.hour, moment.minute, moment.second, moment.microsecond) == (
        1, 0, 0, 0, 0,
    )  # fmt: skip
