"""The stretch of time that a report is about: a quarter, a month, a year, two dates, or all of it.

Half-open, so that quarters tile a year: the end is the first instant that is not in it. Days begin
at midnight where the reader lives, summer time included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sobriety.core.errors import ConfigError
from sobriety.core.units import NS_PER_S

PeriodKind = Literal["quarter", "month", "year", "range", "recorded"]

_YEARS = range(1970, 2200)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to and without `end`, both aware. `label` as it was asked for: `2026-Q4`."""

    start: datetime
    end: datetime
    label: str
    kind: PeriodKind = "range"

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"{self.label}: a period needs a time zone")
        if self.start >= self.end:
            raise ValueError(f"{self.label}: ends before it begins")

    @property
    def start_ns(self) -> int:
        return to_ns(self.start)

    @property
    def end_ns(self) -> int:
        return to_ns(self.end)

    @property
    def duration_s(self) -> float:
        return (self.end_ns - self.start_ns) / NS_PER_S

    @property
    def years(self) -> tuple[Period, ...]:
        """It, cut at each New Year: grid factors are yearly."""
        pieces: list[Period] = []
        start = self.start
        while start < self.end:
            new_year = _midnight(date(start.year + 1, 1, 1), start.tzinfo)
            end = min(self.end, new_year)
            pieces.append(Period(start, end, str(start.year), "year"))
            start = end
        return tuple(pieces)


def choose(
    *,
    quarter: str | None = None,
    month: str | None = None,
    year: str | None = None,
    start: str | None = None,
    end: str | None = None,
    timezone: str | None = None,
    now: datetime | None = None,
) -> Period | None:
    """The period that the options name; None, everything recorded, when they name none.

    start, end   ISO dates or times. A bare date for `end` is included, as people mean it.
                 Without `end` the period goes up to `now`.
    timezone     as in America/Montreal; this machine's when not given

    Raises ConfigError naming the option, the value and an example.
    """
    zone = zone_of(timezone)
    given = {"--quarter": quarter, "--month": month, "--year": year, "--from": start, "--to": end}
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1 and set(named) != {"--from", "--to"}:
        raise ConfigError(
            f"{' and '.join(named)} contradict each other",
            hint="give one of --quarter, --month, --year, or --from with --to",
        )
    if quarter is not None:
        return _quarter(quarter, zone)
    if month is not None:
        return _month(month, zone)
    if year is not None:
        return _year(year, zone)
    if start is not None:
        return _range(start, end, zone, now)
    if end is not None:
        raise ConfigError(
            f"--to {end} has no beginning", hint="add one, for example --from 2026-10-01"
        )
    return None


def before(period: Period) -> Period | None:
    """The period of its kind that ends where it begins; None for dates that somebody chose."""
    zone = _zone_of(period)
    year = period.start.year
    if period.kind == "quarter":
        quarter = (period.start.month - 1) // 3
        label = f"{year}-Q{quarter}" if quarter else f"{year - 1}-Q4"
        return _quarter(label, zone)
    if period.kind == "month":
        month = period.start.month - 1
        return _month(f"{year}-{month:02}" if month else f"{year - 1}-12", zone)
    return _year(str(year - 1), zone) if period.kind == "year" else None


def year_earlier(period: Period) -> Period | None:
    """The same quarter or month a year earlier; None for a year, which comes before, and for dates
    that somebody chose."""
    year, _, rest = period.label.partition("-")
    label = f"{int(year) - 1}-{rest}" if period.kind in {"quarter", "month"} else ""
    if period.kind == "quarter":
        return _quarter(label, _zone_of(period))
    return _month(label, _zone_of(period)) if period.kind == "month" else None


def cut(period: Period, duration: timedelta) -> Period:
    """Its first days, as many as another one has had so far."""
    end = _midnight((period.start + duration).date(), _zone_of(period))
    if not period.start < end < period.end:
        return period
    return Period(period.start, end, f"{period.start.date()}/{end.date() - timedelta(days=1)}")


def year_to(period: Period) -> Period:
    """The year that ends where the period ends."""
    last = period.end - timedelta(microseconds=1)
    first = date(last.year - 1, last.month, min(last.day, 28 if last.month == 2 else last.day))
    if period.kind in {"quarter", "month", "year"}:
        first = date(period.end.year - 1, period.end.month, 1)
        return _between(first, period.end.date(), f"{first}/{last.date()}", "range",
                        _zone_of(period))  # fmt: skip
    start = _midnight(first + timedelta(days=1), period.start.tzinfo)
    return Period(min(start, period.start), period.end, f"{first}/{last.date()}")


def _zone_of(period: Period) -> ZoneInfo | None:
    zone = period.start.tzinfo
    return zone if isinstance(zone, ZoneInfo) else None


def recorded(start_ns: int, end_ns: int, timezone: str | None = None) -> Period:
    """Everything recorded, from the first row's start to the last row's end."""
    zone = zone_of(timezone)
    return Period(from_ns(start_ns, zone), from_ns(end_ns, zone), "recorded", "recorded")


def to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970 UTC; exact, since a float would lose microseconds."""
    since = moment - datetime.fromtimestamp(0, tz=ZoneInfo("UTC"))
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def from_ns(moment_ns: int, zone: ZoneInfo | None = None) -> datetime:
    """The moment on the clock of `zone`, this machine's when None; below a microsecond is cut."""
    seconds, rest_ns = divmod(moment_ns, NS_PER_S)
    moment = datetime.fromtimestamp(seconds, tz=zone or ZoneInfo("UTC"))
    moment = moment.replace(microsecond=rest_ns // 1000)
    return moment if zone else moment.astimezone()


def zone_of(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"unknown time zone {name!r}", hint="name one as in America/Montreal"
        ) from None


def _midnight(day: date, zone: object) -> datetime:
    midnight = datetime.combine(day, time())
    # astimezone() on a naive time asks this machine's rules for that very day, so that a quarter
    # that begins in summer time and ends without it has both of its midnights right.
    return midnight.replace(tzinfo=zone) if isinstance(zone, ZoneInfo) else midnight.astimezone()


def _between(
    first: date, after: date, label: str, kind: PeriodKind, zone: ZoneInfo | None
) -> Period:
    return Period(_midnight(first, zone), _midnight(after, zone), label, kind)


def _month_after(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _quarter(text: str, zone: ZoneInfo | None) -> Period:
    found = re.fullmatch(r"(\d{4})-?[QqTt]([1-4])", text.strip())
    if not found or int(found[1]) not in _YEARS:
        raise ConfigError(f"--quarter {text!r} is no quarter", hint="write it as in 2026-Q4")
    year, last = int(found[1]), 3 * int(found[2])
    label = f"{year}-Q{found[2]}"
    return _between(date(year, last - 2, 1), _month_after(year, last), label, "quarter", zone)


def _month(text: str, zone: ZoneInfo | None) -> Period:
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text.strip())
    if not found or int(found[1]) not in _YEARS:
        raise ConfigError(f"--month {text!r} is no month", hint="write it as in 2026-11")
    year, month = int(found[1]), int(found[2])
    return _between(date(year, month, 1), _month_after(year, month), text.strip(), "month", zone)


def _year(text: str, zone: ZoneInfo | None) -> Period:
    if not re.fullmatch(r"\d{4}", text.strip()) or int(text) not in _YEARS:
        raise ConfigError(f"--year {text!r} is no year", hint="write it as in 2026")
    year = int(text)
    return _between(date(year, 1, 1), date(year + 1, 1, 1), str(year), "year", zone)


def _range(start: str, end: str | None, zone: ZoneInfo | None, now: datetime | None) -> Period:
    first = _moment(start, "--from", zone)
    if end is None:
        last = now or datetime.now().astimezone()
        if zone:
            last = last.astimezone(zone)
    else:
        last = _moment(end, "--to", zone, whole_day=True)
    if first >= last:
        asked = f"--to {end}" if end is not None else "now"
        raise ConfigError(f"--from {start} is not before {asked}", hint="exchange the two")
    return Period(first, last, f"{start}/{end or '..'}")


def _moment(text: str, option: str, zone: ZoneInfo | None, *, whole_day: bool = False) -> datetime:
    try:
        if len(text.strip()) <= len("2026-10-01"):
            day = date.fromisoformat(text.strip())
            if day.year not in _YEARS:
                raise ValueError
            return _midnight(day + timedelta(days=1) if whole_day else day, zone)
        moment = datetime.fromisoformat(text.strip())
        if moment.year not in _YEARS:
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"{option} {text!r} is no date", hint=f"write it as in {option} 2026-10-01"
        ) from None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone) if zone else moment.astimezone()
    return moment.astimezone(zone)
