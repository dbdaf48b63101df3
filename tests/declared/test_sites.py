"""Sites and their opening hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.declared.hours import MINUTES_A_DAY, OpeningHours, joined, openings
from sobriety.declared.sites import read_sites

DOCS = Path(__file__).parent.parent.parent / "docs"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sites.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_read() -> None:
    sites = read_sites(DOCS / "sites.example.toml")
    centre, north, _ = sites.values()
    assert (centre.zone, centre.pue, centre.currency) == ("CA-QC", 1.45, "CAD")
    assert centre.market is not None and centre.market.value == 0
    assert isinstance(north.pue, Estimate) and north.pue.low < north.pue.high
    assert (north.name.fr, north.name.en) == ("Bibliothèque du Nord", "North library")
    assert centre.headcount is None


def test_hours_are_on_the_sites_own_clock() -> None:
    north = read_sites(DOCS / "sites.example.toml")["bibliotheque-nord"]
    monday = datetime(2026, 7, 6, 10, 0)
    assert north.is_open(monday)
    assert north.is_open(datetime(2026, 7, 6, 14, 0, tzinfo=UTC))  # 10:00 in Montréal
    assert north.is_open(datetime(2026, 7, 6, 13, 59, tzinfo=UTC)) is False
    assert north.is_open(datetime(2026, 12, 25, 12)) is False
    assert north.is_open(datetime(2026, 6, 24, 12)) is False
    assert north.is_open(datetime(2027, 6, 24, 12)) is True


def test_hours_that_nobody_declared_are_unknown(tmp_path: Path) -> None:
    sites = read_sites(written(tmp_path, '[[site]]\nid = "a"\n[[site]]\nid = "b"\nopen = "24/7"\n'))
    assert sites["a"].is_open(datetime(2026, 1, 1)) is None
    assert sites["b"].is_open(datetime(2026, 1, 1, tzinfo=UTC)) is None  # where is it?


def test_every_wrong_entry_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """# a comment with [[site]] in it
[[site]]
id = "a"
zone = "Quebek"
name = '''
pue = 9
'''
pue = 0.5
prise_per_kwh = 2
[[site]]
id = "a"
open = [
  "Mon-Fry 07:00-18:00",
]
closed = "13-45"
price_per_kwh = 2
timezone = "Mars/Olympus"
headcount = true
[sites]
"""
    with pytest.raises(ConfigError) as told:
        read_sites(written(tmp_path, text))
    said = str(told.value)
    for line, word in (
        (4, "CA-QC"), (5, "name"), (8, "0.5"), (9, "'price_per_kwh'"), (11, "another site"),
        (12, "'fry'"), (15, "13-45"), (16, "currency"), (17, "Mars"), (18, "True"), (19, "'site'"),
    ):  # fmt: skip
        assert any(f"line {line}," in one and word in one for one in said.splitlines()), (
            line,
            word,
        )
    assert said.startswith("11 wrong entries")


@pytest.mark.parametrize("text", ["", "site = 3", "a = " + "[" * 3000, "[[site]\n", 'x = "\x00"'])
def test_what_is_no_file_of_sites_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read_sites(written(tmp_path, text))


def test_a_byte_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_bytes(b'[[site]]\nid = "\xe9"\n')
    with pytest.raises(ConfigError, match="line 2: byte 0xe9"):
        read_sites(path)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mon-Fri 07:00-18:00", 55), ("lun-ven 7h-12h, 13h-18h", 50), ("24/7", 168),
        ("Fri 22:00-02:00", 4), ("Sat-Mon 00:00-24:00", 72), ("sam., dim. 10h30-12h", 3),
        ("Monday 9:00-10:00", 1),
    ],
)  # fmt: skip
def test_ways_to_write_hours(text: str, hours: float) -> None:
    assert OpeningHours(openings(text)).hours_a_week == hours


@pytest.mark.parametrize(
    "text",
    ["", "Mon", "07:00-18:00", "Mon 25:00-26:00", "Mon 07:60-08:00", "Mon 08:00-08:00", "Mon 8"],
)
def test_what_is_no_hours(text: str) -> None:
    with pytest.raises(ValueError):
        openings(text)


def test_a_night_ends_on_the_next_day_even_where_that_is_closed() -> None:
    hours = OpeningHours(openings("Thu 22:00-02:00"), frozenset({(2026, 12, 25)}))
    assert hours.is_open(datetime(2026, 12, 25, 1, 59))  # a Friday
    assert not hours.is_open(datetime(2026, 12, 25, 2, 0))
    assert not OpeningHours(hours.openings, frozenset({(None, 12, 24)})).is_open(
        datetime(2026, 12, 25, 1)
    )


minutes = st.integers(0, MINUTES_A_DAY - 1)


@given(st.integers(0, 6), minutes, minutes, minutes)
def test_an_hour_is_open_exactly_when_it_is_written(
    weekday: int, opens: int, closes: int, at: int
) -> None:
    if opens == closes:
        return
    name = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][weekday]
    text = f"{name} {opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"
    hours = OpeningHours(joined([openings(text), openings(text)]))
    assert hours.hours_a_week * 60 == pytest.approx((closes - opens) % MINUTES_A_DAY)
    day = datetime(2026, 11, 2 + weekday, at // 60, at % 60)  # the 2nd is a Monday
    assert hours.is_open(day) == (opens <= at < (closes if closes > opens else MINUTES_A_DAY))
    after = datetime(2026, 11, 3 + weekday, at // 60, at % 60)
    assert hours.is_open(after) == (closes < opens and at < closes)
