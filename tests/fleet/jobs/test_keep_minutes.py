"""Rows of old days go and their sums stay: no figure changes, whatever comes late or crashes."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from math import fsum, isclose
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.machine import Machine
from sobriety.core.usage import KEY_NAMES, MEASURE_NAMES
from sobriety.fleet.jobs import drain
from sobriety.fleet.jobs.forget import forget, known
from sobriety.lake import Lake
from sobriety.lake.engines import collect
from sobriety.spool import Spool

from ..conftest import START_NS, Serve, new_token, row, usage

DAY = datetime.fromtimestamp(START_NS / 1e9, UTC).date()
BEFORE = DAY + timedelta(days=3)
KEEPER = "fedcba9876543210"


def rows(first: int, last: int, host: str = "web-1") -> list[tuple[Any, ...]]:
    return [usage(n, host).as_row() for n in range(first, last)]


def fill(path: Path) -> Path:
    """Two days and a bit of two machines, in three files of their keeper's, summed by hour."""
    with Lake(path) as lake:
        lake.know_machines(KEEPER, [])
        lake.record_machine(Machine("web-1", "server", threads=8), 1)
        lake.record_machine(Machine("web-2", "server", threads=4), 1)
        for number in range(3):
            span = rows(number * 1_000, number * 1_000 + 1_000)
            lake.take(KEEPER, 2 * number + 1, 2 * number + 2, span + rows(7, 17, f"web-{number}"))
        lake.roll_up()
    return path


def by_hour(path: Path) -> dict[tuple[str, int], float]:
    """Busy seconds of each host and hour, as reports read them."""
    with Lake(path) as lake:
        found = collect(lake.open("hour"))
    sums: dict[tuple[str, int], float] = {}
    for one in found:
        key = one["host"], one["start_ns"]
        sums[key] = sums.get(key, 0.0) + one["cpu_busy_s"]
    return sums


def same(one: dict[tuple[str, int], float], other: dict[tuple[str, int], float]) -> bool:
    return one.keys() == other.keys() and all(
        isclose(value, other[key], rel_tol=1e-9) for key, value in one.items()
    )


def raw_days(path: Path) -> set[str]:
    return {file.parent.name for file in path.glob("usage/*/*.parquet")}


def drop(path: Path, before: date = BEFORE) -> int:
    with Lake(path) as lake:
        return lake.drop_rows(before)


def report(path: Path, *words: str) -> dict[str, Any]:
    asked = ["report", "--lake", str(path), "--zone", "CA-QC", "--from", str(DAY), "--to",
             str(BEFORE), "--format", "json", "-o", "-", *words]  # fmt: skip
    done = CliRunner().invoke(command(), asked)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    del found["made_at"]
    return found


def figures(told: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(told, dict | list):
        parts: Any = told.items() if isinstance(told, dict) else enumerate(told)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        for name, value in parts:
            yield from figures(value, f"{where}.{name}")
    else:
        yield where, told


def test_a_report_says_the_same_before_and_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_TIMEZONE", "America/Montreal")
    lake = fill(tmp_path / "lake")
    before, hours = dict(figures(report(lake))), by_hour(lake)
    assert drop(lake) == 3 and drop(lake) == 0
    assert not raw_days(lake) and same(by_hour(lake), hours)
    after = dict(figures(report(lake)))
    assert after.keys() == before.keys()
    numbers = 0
    for where, value in before.items():
        if isinstance(value, float):
            assert isclose(value, after[where], rel_tol=1e-9), where
            numbers += 1
        else:
            assert value == after[where], where
    assert numbers > 50 and before[".totals.energy_j.value"] > 0
    recorded = CliRunner().invoke(
        command(), ["report", "--lake", str(lake), "--zone", "CA-QC", "--format", "json", "-o", "-"]
    )
    found = json.loads(recorded.stdout)["totals"]["energy_j"]["value"]
    assert isclose(found, before[".totals.energy_j.value"], rel_tol=1e-9), "all that was recorded"


def test_only_what_is_summed_and_old_goes(tmp_path: Path) -> None:
    lake = fill(tmp_path / "lake")
    assert drop(lake, DAY) == 0 and len(raw_days(lake)) == 3
    with Lake(lake) as there:
        there.take(KEEPER, 9, 9, rows(3_000, 3_001))  # behind the last roll-up
    hours = by_hour(lake)
    assert drop(lake) == 2, "the day that is not summed as it is now stays"
    assert raw_days(lake) == {f"day={DAY + timedelta(days=2)}"} and same(by_hour(lake), hours)


def test_what_comes_late_is_neither_lost_nor_counted_twice(tmp_path: Path) -> None:
    lake = fill(tmp_path / "lake")
    hours = by_hour(lake)
    drop(lake)
    for number in (1, 2):  # again and again
        late = rows(100 * number, 100 * number + 30, "late")
        with Lake(lake) as there:
            assert there.take(KEEPER, 50 + number, 50 + number, late) == 30
        for one in late:
            hour_ns = one[5] // 3_600_000_000_000 * 3_600_000_000_000
            hours["late", hour_ns] = hours.get(("late", hour_ns), 0.0) + usage_busy_s(one)
        assert same(by_hour(lake), hours), "before it is summed"
        assert drop(lake) == 0, "and not let go before"
        with Lake(lake) as there:
            assert there.roll_up() == 1
        assert same(by_hour(lake), hours) and not raw_days(lake)
        with Lake(lake) as there:  # a crash before its keeper forgot them
            assert there.take(KEEPER, 50 + number, 50 + number, late) == 0
        assert same(by_hour(lake), hours)
    assert len([*lake.glob(f"hourly/day={DAY}/*")]) == 2, "one file and its names"
    for period in ({"start_ns": START_NS}, {"end_ns": START_NS + 2 * 3_600_000_000_000}):
        with Lake(lake) as there:
            assert collect(there.open("hour", **period))


def usage_busy_s(one: Sequence[Any]) -> float:
    found: float = one[(*KEY_NAMES, *MEASURE_NAMES).index("cpu_busy_s")]
    return found


def test_a_spool_is_not_taken_in_again(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "spool.sqlite3") as spool:
        spool.append([usage(n, "web-1") for n in range(100)])
    path = tmp_path / "lake"
    with Lake(path) as lake:
        assert lake.absorb(tmp_path / "spool.sqlite3") == 100
        lake.roll_up()
    hours = by_hour(path)
    drop(path)
    with Lake(path) as lake:
        assert lake.absorb(tmp_path / "spool.sqlite3") == 0
    assert same(by_hour(path), hours)


def test_a_copy_that_never_deletes_counts_nothing_twice(tmp_path: Path) -> None:
    """As of a store of objects: files come in any order, and none goes."""
    lake, copy = fill(tmp_path / "lake"), tmp_path / "copy"
    shutil.copytree(lake, copy)
    drop(lake)
    with Lake(lake) as there:
        there.take(KEEPER, 51, 51, rows(100, 130, "late"))
    shutil.copytree(lake, copy, dirs_exist_ok=True)
    assert same(by_hour(copy), by_hour(lake))
    with Lake(lake) as there:
        there.roll_up()
    shutil.copytree(lake, copy, dirs_exist_ok=True)
    assert same(by_hour(copy), by_hour(lake)) and raw_days(copy) and not raw_days(lake)


def test_a_host_is_forgotten_where_only_its_sums_are_left(tmp_path: Path) -> None:
    lake = fill(tmp_path / "lake")
    drop(lake)
    with Lake(lake) as there:
        there.take(KEEPER, 51, 51, rows(100, 130))
    hours = {key: value for key, value in by_hour(lake).items() if key[0] != "web-1"}
    there_are = known(lake, "web-1").rows
    assert there_are > 30 and forget(lake, "web-1").rows == there_are
    assert known(lake, "web-1").rows == 0 and same(by_hour(lake), hours) and hours
    with Lake(lake) as there:
        there.roll_up()
    assert same(by_hour(lake), hours)


class Crash(BaseException):
    """Nothing in the product may catch it."""


class Crashes:
    """Ends the program before the nth thing that it does to the files under a folder."""

    EVENTS = frozenset(("open", "os.rename", "os.mkdir", "os.remove"))

    def __init__(self) -> None:
        self.folder, self.left = "", -1
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.left >= 0 and event in self.EVENTS and str(arguments[0]).startswith(self.folder):
            self.left -= 1
            if self.left < 0:
                raise Crash

    @contextmanager
    def before(self, step: int, folder: Path) -> Generator[None]:
        self.folder, self.left = str(folder), step
        try:
            yield
        finally:
            self.left = -1


@pytest.fixture(scope="module")
def crashes() -> Crashes:
    return Crashes()  # a hook stays as long as the program


def test_a_crash_at_any_step_changes_no_figure(tmp_path: Path, crashes: Crashes) -> None:
    begun = tmp_path / "begun"
    with Lake(begun) as there:
        there.take(KEEPER, 1, 4, rows(1, 3) + rows(1_441, 1_443))
        there.roll_up()
        there.drop_rows(DAY + timedelta(days=1))
        there.take(KEEPER, 5, 6, rows(100, 103, "late"))
    hours = by_hour(begun)
    step = -1
    for step in itertools.count():
        folder = tmp_path / f"lake-{step}"
        shutil.copytree(begun, folder)
        try:
            with crashes.before(step, folder), Lake(folder) as lake:
                lake.roll_up()
                lake.drop_rows(BEFORE)
        except Crash:
            assert same(by_hour(folder), hours), step
        else:
            break
        with Lake(folder) as lake:
            lake.roll_up()
            lake.drop_rows(BEFORE)
        assert same(by_hour(folder), hours), step
        assert not raw_days(folder) and len([*folder.glob("hourly/*/*")]) == 4
    assert step > 15, "the crashes never came"


def test_a_gateway_keeps_minutes_as_long_as_it_is_told(serve: Serve, tmp_path: Path) -> None:
    gateway = serve("--drain", "1h", "--keep-minutes", "5d")
    token = new_token(gateway.lake)
    now = [row(1, start_ns=time.time_ns() - 3_600_000_000_000)]
    sent = [row(n) for n in range(2, 1_500)]
    assert gateway.post(now + sent, token)[0] == 200
    assert gateway.stop() == 0
    hours = by_hour(gateway.lake)
    assert isclose(fsum(hours.values()), fsum(r["cpu_busy_s"] for r in now + sent), rel_tol=1e-9)
    assert all(day > f"day={DAY + timedelta(days=4)}" for day in raw_days(gateway.lake))
    assert len([*gateway.lake.glob("hourly/*/*.names")]) == 2
    drain.drop_rows(gateway.lake, 5 * 86_400)
    assert same(by_hour(gateway.lake), hours)
