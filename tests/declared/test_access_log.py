"""Requests counted in logs as web servers write them."""

from __future__ import annotations

import gzip
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.declared.access_log import LogFilter, count_requests

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


def line(
    day: str = "10/Oct/2026", path: str = "/pret", status: int = 200, agent: str = BROWSER
) -> str:
    return (
        f'192.0.2.7 - lise [{day}:13:55:36 -0400] "GET {path} HTTP/1.1" {status} 2326'
        f' "https://example.org/" "{agent}"\n'
    )


def whole_month() -> str:
    first = date(2026, 10, 1)
    return "".join(line(f"{first + timedelta(days=n):%d/%b/%Y}") for n in range(31))


def test_what_counts_and_what_does_not(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        line()
        + line(status=304)
        + line(status=404)
        + line(agent="Googlebot/2.1")
        + line(path="/admin")
        + '::1 - - [11/Oct/2026:00:00:00 +0000] "GET /pret HTTP/1.1" 200 -\n'  # common format
        + line(path=r"/pret/\"x\"")
        + "broken\n"
        + line(day="31/Feb/2026"),
        encoding="utf-8",
    )
    found = count_requests(str(log), LogFilter(path_prefix="/pret"))
    assert found.by_month == {"2026-10": 4}
    assert (found.lines, found.broken, found.left_out) == (9, 2, 3)
    every = count_requests(str(log), LogFilter(statuses=(2, 3, 4), bots=()))
    assert every.by_month == {"2026-10": 7}


def test_packed_files_are_read_and_a_cut_one_is_told(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "access.log.2.gz", "wt") as file:
        file.write(whole_month())
    (tmp_path / "access.log").write_text(line("01/Nov/2026"))
    found = count_requests(str(tmp_path / "access.log*"))
    assert found.by_month == {"2026-10": 31, "2026-11": 1}
    assert found.why_not_whole("2026-10") is None
    assert "does not hold all" in (found.why_not_whole("2026-11") or "")
    packed = (tmp_path / "access.log.2.gz").read_bytes()
    (tmp_path / "access.log.2.gz").write_bytes(packed[: len(packed) - 20])
    cut = count_requests(str(tmp_path / "access.log*"))
    assert len(cut.unread) == 1
    assert cut.why_not_whole("2026-10")


def test_days_that_are_missing_are_told(tmp_path: Path) -> None:
    lines = whole_month().splitlines(keepends=True)
    (tmp_path / "a.log").write_text("".join(lines[:10] + lines[14:]))
    why = count_requests(str(tmp_path / "a.log")).why_not_whole("2026-10")
    assert why and "4 days" in why


def test_one_log_twice_is_not_counted_twice(tmp_path: Path) -> None:
    (tmp_path / "access.log.1").write_text(line())
    with gzip.open(tmp_path / "access.log.1.gz", "wt") as file:
        file.write(line())
    found = count_requests(str(tmp_path / "access*"))
    assert found.by_month == {"2026-10": 1} and "twice" in found.unread[0]


def test_no_log_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no access log"):
        count_requests(str(tmp_path / "none*"))


JUNK = (
    b'a b [10/Oct/2026:13:55:36 -0400] "GET ' + b"x" * 3_000_000,
    b" " * 3_000_000,
    b"\\" * 3_000_000,
    bytes(range(256)) * 4000,
)


@pytest.mark.parametrize("junk", JUNK, ids=["endless path", "spaces", "backslashes", "bytes"])
def test_junk_of_any_length_is_broken_in_no_time(tmp_path: Path, junk: bytes) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(junk + b"\n" + line().encode())
    began_s = time.process_time()
    found = count_requests(str(log))
    assert time.process_time() - began_s < 20  # a pattern that backtracks takes hours
    assert found.by_month == {"2026-10": 1}
    assert found.broken == found.lines - 1


def test_nothing_personal_is_kept(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(line() + "lise 192.0.2.7 broken\n")
    found = count_requests(str(tmp_path / "access.log"))
    kept = repr(found)
    assert not any(secret in kept for secret in ("192.0.2.7", "lise", "Firefox", "/pret"))


def test_the_speed_is_measured(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(line() * 1000)
    begun_s = time.perf_counter()
    found = count_requests(str(tmp_path / "access.log"))
    assert 0 < found.duration_s <= time.perf_counter() - begun_s
    assert found.lines_per_s == pytest.approx(found.lines / found.duration_s)
