"""Periods: what people write, and that pieces tile the whole."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.core.period import Period, choose, from_ns, recorded, to_ns

MONTREAL = "America/Montreal"
TZ = ZoneInfo(MONTREAL)


def test_a_quarter_begins_and_ends_at_local_midnight_across_summer_time() -> None:
    period = choose(quarter="2026-Q4", timezone=MONTREAL)
    assert period is not None
    assert period.start.isoformat() == "2026-10-01T00:00:00-04:00"
    assert period.end.isoformat() == "2027-01-01T00:00:00-05:00"
    assert period.label == "2026-Q4"
    assert period.duration_s == (92 * 24 + 1) * 3600


def test_this_machines_own_zone_knows_summer_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", MONTREAL)
    time.tzset()
    try:
        period = choose(quarter="2026-Q4")
        assert period is not None
        assert period.start.isoformat() == "2026-10-01T00:00:00-04:00"
        assert period.end.isoformat() == "2027-01-01T00:00:00-05:00"
        assert [p.start for p in period.years] == [period.start]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("written", ["2026-Q4", "2026-q4", "2026Q4", "2026-T4", " 2026-Q4 "])
def test_ways_to_write_a_quarter(written: str) -> None:
    period = choose(quarter=written, timezone=MONTREAL)
    assert period is not None and period.label == "2026-Q4"


@given(st.integers(1970, 2199))
def test_quarters_and_months_tile_the_year(year: int) -> None:
    whole = choose(year=str(year), timezone=MONTREAL)
    quarters = [choose(quarter=f"{year}-Q{q}", timezone=MONTREAL) for q in range(1, 5)]
    months = [choose(month=f"{year}-{m:02d}", timezone=MONTREAL) for m in range(1, 13)]
    assert whole is not None
    for pieces in (quarters, months):
        edges = [(p.start_ns, p.end_ns) for p in pieces if p is not None]
        assert edges[0][0] == whole.start_ns and edges[-1][1] == whole.end_ns
        assert all(a[1] == b[0] for a, b in pairwise(edges))


def test_the_last_day_is_in_the_range() -> None:
    period = choose(start="2026-10-01", end="2026-10-15", timezone=MONTREAL)
    assert period is not None
    assert period.end == datetime(2026, 10, 16, tzinfo=TZ)
    assert period.label == "2026-10-01/2026-10-15"


def test_a_time_of_day_is_exact_and_its_own_zone_counts() -> None:
    period = choose(start="2026-10-01T08:30", end="2026-10-01T16:00+00:00", timezone=MONTREAL)
    assert period is not None
    assert period.start == datetime(2026, 10, 1, 8, 30, tzinfo=TZ)
    assert period.end == datetime(2026, 10, 1, 16, tzinfo=UTC)


def test_without_an_end_it_goes_up_to_now() -> None:
    now = datetime(2026, 11, 23, 14, tzinfo=UTC)
    period = choose(start="2026-10-01", timezone=MONTREAL, now=now)
    assert period is not None and period.end == now


def test_nothing_named_is_everything_recorded() -> None:
    assert choose(timezone=MONTREAL) is None


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        ({"quarter": "2026-Q5"}, "--quarter '2026-Q5'", "2026-Q4"),
        ({"quarter": "0026-Q1"}, "--quarter '0026-Q1'", "2026-Q4"),
        ({"month": "2026-13"}, "--month '2026-13'", "2026-11"),
        ({"year": "26"}, "--year '26'", "2026"),
        ({"start": "01/10/2026"}, "--from '01/10/2026'", "2026-10-01"),
        ({"start": "2026-02-30"}, "--from '2026-02-30'", "2026-10-01"),
        ({"start": "2026-10-01", "end": "soon"}, "--to 'soon'", "2026-10-01"),
        ({"start": "2026-10-02", "end": "2026-10-01"}, "--from 2026-10-02", "exchange"),
        ({"end": "2026-10-01"}, "--to 2026-10-01", "--from"),
        ({"quarter": "2026-Q4", "year": "2026"}, "--quarter and --year contradict", "one of"),
        ({"month": "2026-10", "start": "2026-10-01"}, "--month and --from contradict", "one of"),
        ({"year": "2026", "timezone": "Montreal"}, "time zone 'Montreal'", "America/Montreal"),
        ({"year": "2026", "timezone": "../etc/passwd"}, "time zone", "America/Montreal"),
    ],
)
def test_bad_input_is_named_with_an_example(options: dict[str, str], said: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose(**options)  # type: ignore[arg-type]  # none of them is `now`
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_period_is_cut_at_new_year() -> None:
    period = choose(start="2025-12-31", end="2027-01-01", timezone=MONTREAL)
    assert period is not None
    pieces = period.years
    assert [p.label for p in pieces] == ["2025", "2026", "2027"]
    assert pieces[0].start == period.start and pieces[-1].end == period.end
    assert sum(p.duration_s for p in pieces) == period.duration_s


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1), timezones=st.just(TZ)))
def test_nanoseconds_are_exact_both_ways(moment: datetime) -> None:
    assert from_ns(to_ns(moment), TZ).timestamp() == moment.timestamp()
    assert to_ns(from_ns(to_ns(moment), TZ)) == to_ns(moment)


def test_everything_recorded_is_told_on_the_readers_clock() -> None:
    period = recorded(0, 3_600_000_000_000, MONTREAL)
    assert period.start.isoformat() == "1969-12-31T19:00:00-05:00"
    assert period.duration_s == 3600


def test_a_period_without_zone_or_length_cannot_be() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="before it begins"):
        Period(start, start, "x")
    with pytest.raises(ValueError, match="time zone"):
        Period(datetime(2026, 1, 1), start + timedelta(days=9), "x")
