"""The lake: every row once, and the same joules from hours as from minutes."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import sys
import threading
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.machine import Machine
from sobriety.core.usage import COLUMNS, GROUPS, KEY_NAMES, MEASURE_NAMES, Usage
from sobriety.lake import Lake
from sobriety.spool import Spool

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
MINUTE_NS = HOUR_NS // 60
START_NS = 20_000 * DAY_NS  # a midnight

Row = dict[str, Any]


def row(minute: float, host: str = "web-1", **measures: float) -> Usage:
    start_ns = START_NS + int(minute * MINUTE_NS)
    return Usage(host, start_ns, 60.0, 60.0, measures or {"util_s": minute % 60}, ("cpu",))


def in_one_order(row: Row) -> list[str]:
    return [str(value) for value in row.values()]


def collected(frame: nw.LazyFrame[Any]) -> list[Row]:
    """Plain rows, None where a value is unknown, in one order."""
    table = frame.collect(backend="pandas").to_native()
    assert tuple(table.columns) == KEY_NAMES + MEASURE_NAMES
    rows = [
        {name: None if value != value else value for name, value in record.items()}
        for record in table.to_dict("records")
    ]
    return sorted(rows, key=in_one_order)


def as_rows(rows: Iterable[Usage]) -> list[Row]:
    names = KEY_NAMES + MEASURE_NAMES
    plain = [dict(zip(names, r.as_row(), strict=True)) for r in rows]
    return sorted(plain, key=in_one_order)


def spool_of(path: Path, rows: list[Usage]) -> Path:
    with Spool.open(path) as spool:
        spool.append(rows)
        spool.record_machine(Machine("web-1", chips=1), 1)
    return path


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake(tmp_path / "lake") as lake:
        yield lake


def files(lake: Lake, kind: str) -> list[str]:
    folder = lake.path / kind
    return sorted(f.relative_to(folder).as_posix() for f in folder.glob("*/*"))


# What comes in


def test_rows_are_taken_once_and_named_by_day_and_number(lake: Lake, tmp_path: Path) -> None:
    # The clock is set back over midnight and on again: days alternate, numbers do not.
    minutes = (0, 1, -1, -2, 2, 1440)
    path = spool_of(tmp_path / "s.sqlite3", [row(m) for m in minutes])
    assert lake.absorb(path) == 6
    assert lake.absorb(path) == 0
    assert [f[:14] + f[31:] for f in files(lake, "usage")] == [
        "day=2024-10-03-000000000003-000000000004.parquet",
        "day=2024-10-04-000000000001-000000000002.parquet",
        "day=2024-10-04-000000000005-000000000005.parquet",
        "day=2024-10-05-000000000006-000000000006.parquet",
    ]
    spool_of(path, [row(3)])
    assert lake.absorb(path) == 1
    assert collected(lake.open("raw")) == as_rows(row(m) for m in (*minutes, 3))


def test_values_survive_to_the_last_bit(lake: Lake, tmp_path: Path) -> None:
    names = {c.name for c in COLUMNS if c.group == "cpu"}
    awkward = (0.1 + 0.2, 1e-300, 5e-324, 1.7976931348623157e308, 0.0)
    rows = [row(m, "web-1", **dict.fromkeys(names, x)) for m, x in enumerate(awkward)]
    rows.append(
        Usage("été ' \" \n \0 🌱", START_NS, 1.0, 0.0, {}, (), "unobserved", "service", "a;b")
    )
    lake.absorb(spool_of(tmp_path / "s.sqlite3", rows))
    assert collected(lake.open("raw")) == as_rows(rows)


def test_the_same_rows_without_a_spool_are_taken_once(lake: Lake) -> None:
    rows = [row(m) for m in (0, 1, 1440)]
    assert lake.append(rows) == 3
    assert lake.append(rows) == 0
    assert lake.append(rows[:2]) == 2, "another sequence is other rows"
    assert lake.append([]) == 0


def test_a_restored_spool_is_not_silently_skipped(lake: Lake, tmp_path: Path) -> None:
    path = spool_of(tmp_path / "s.sqlite3", [row(1)])
    backup = path.read_bytes()
    spool_of(path, [row(2)])
    lake.absorb(path)
    path.write_bytes(backup)
    with pytest.raises(SobrietyError, match="older than what the lake has") as refused:
        lake.absorb(path)
    assert refused.value.hint


def test_two_at_once_take_every_row_once(tmp_path: Path) -> None:
    path = spool_of(tmp_path / "s.sqlite3", [row(m) for m in range(0, 4000, 10)])
    taken: list[int] = []

    def take() -> None:
        with Lake(tmp_path / "lake") as lake:
            taken.append(lake.absorb(path))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0, 0, 400]
    with Lake(tmp_path / "lake") as lake:
        assert len(collected(lake.open("raw"))) == 400


def test_machines_are_the_last_known_ones(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    with Spool.open(path) as spool:
        spool.record_machine(Machine("web-1", chips=1, cpu_model="Élan\n"), 1)
        spool.record_machine(Machine("web-1", chips=2), 2)
    lake.absorb(path)
    lake.record_machine(Machine("nas", memory_b=8e9), 5)
    lake.record_machine(Machine("nas", memory_b=8e9), 6)
    assert lake.machines() == {
        "web-1": Machine("web-1", chips=2),
        "nas": Machine("nas", memory_b=8e9),
    }
    lines = [f.read_text("utf-8").splitlines() for f in (lake.path / "machines").iterdir()]
    assert sorted(len(text) for text in lines) == [1, 2]
    assert all(json.loads(line)["host"] for text in lines for line in text)
    lake.record_machine(Machine("web-1", chips=4), 1)
    assert lake.machines()["web-1"].chips == 2, "the later one counts, wherever it came from"


# What goes out


@pytest.mark.parametrize("grain", ["raw", "hour"])
def test_an_empty_lake_is_an_empty_frame(lake: Lake, grain: Any) -> None:
    assert collected(lake.open(grain)) == []
    assert lake.roll_up() == 0
    assert lake.machines() == {}
    lake.append([row(0)])
    assert collected(lake.open(grain, end_ns=START_NS)) == []


def test_unknown_stays_unknown(lake: Lake) -> None:
    lake.append([row(0), row(1), row(2, util_s=0.0, wall_j=0.0)])
    for _ in range(2):
        (hour,) = collected(lake.open("hour"))
        assert hour["package_j"] is None
        assert hour["wall_j"] is None, "two of three minutes are unknown, so the sum is"
        assert hour["util_s"] == 1.0
        lake.roll_up()


@pytest.mark.parametrize("rolled_up", [True, False])
def test_a_period_reads_what_starts_in_it(lake: Lake, rolled_up: bool) -> None:
    lake.append([row(m) for m in range(0, 3 * 1440, 20)])
    if rolled_up:
        assert lake.roll_up() == 3

    def minutes(grain: Any, start: float | None, end: float | None) -> float:
        bounds = [None if b is None else START_NS + int(b * MINUTE_NS) for b in (start, end)]
        seconds: list[float] = [r["duration_s"] for r in collected(lake.open(grain, *bounds))]
        return sum(seconds) / 60

    for start, end, expected in [
        (None, None, 216), (1440, 2880, 72), (1440, None, 144), (None, 1440, 72),
        (90, 150, 3), (1439, 1441, 1), (60, 120, 3), (61, 61, 0), (9999, None, 0),
    ]:  # fmt: skip
        assert minutes("raw", start, end) == expected
        assert minutes("hour", start, end) == expected


@pytest.mark.parametrize("rolled_up", [False, True])
def test_measures_are_those_that_somebody_saw(lake: Lake, rolled_up: bool) -> None:
    """A zero was seen. Hours say the same as the minutes that they were made from."""
    lake.append([row(0, util_s=1.0, wall_j=0.0), row(1, util_s=2.0)])
    lake.append([row(24 * 60, memory_used_bs=5.0)])
    if rolled_up:
        lake.roll_up()
    always = ("duration_s", "covered_s")
    day, last = (0, START_NS + DAY_NS), (START_NS + DAY_NS, None)
    # The hour of which a part is unknown is unknown: its roll-up has no plug.
    plug = () if rolled_up else ("wall_j",)
    assert lake.measures("raw", *day) == (*always, "util_s", "wall_j")
    assert lake.measures("hour", *day) == (*always, "util_s", *plug)
    assert lake.measures("hour", *last) == (*always, "memory_used_bs")
    seen = {n for r in collected(lake.open("hour")) for n in MEASURE_NAMES if r[n] is not None}
    assert seen == {*always, "util_s", "memory_used_bs"}


def test_days_outside_are_not_read(lake: Lake) -> None:
    lake.append([row(0), row(1440)])
    (first, _) = sorted((lake.path / "usage").glob("*/*"))
    first.write_bytes(b"damaged")
    assert len(collected(lake.open("raw", start_ns=START_NS + DAY_NS))) == 1
    assert len(collected(lake.open("hour", start_ns=START_NS + DAY_NS))) == 1


def test_only_changed_days_are_rolled_up_again(lake: Lake) -> None:
    lake.append([row(0), row(1440)])
    assert (lake.roll_up(), lake.roll_up()) == (2, 0)
    before = files(lake, "hourly")
    lake.append([row(1441)])
    assert lake.roll_up() == 1
    after = files(lake, "hourly")
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert len(after) == 2, "whoever reads the folder without us must see an hour once"


def test_a_reader_keeps_its_files_and_its_figures(tmp_path: Path, lake: Lake) -> None:
    lake.append([row(0)])
    lake.roll_up()
    with Lake(lake.path) as reader:
        frame = reader.open("hour")
        lake.append([row(1)])
        lake.roll_up()
        assert collected(frame)[0]["util_s"] == 0.0
        assert collected(reader.open("hour"))[0]["util_s"] == 1.0
    lake.roll_up()
    assert len(files(lake, "hourly")) == 1


def test_hours_outlive_their_raw_rows(lake: Lake) -> None:
    lake.append([row(m) for m in range(120)])
    lake.roll_up()
    for file in (lake.path / "usage").glob("*/*"):
        file.unlink()
    assert lake.roll_up() == 0
    assert sum(r["duration_s"] for r in collected(lake.open("hour"))) == 7200


def test_tables_join_with_usage(lake: Lake) -> None:
    lake.append([row(0), row(1), row(2, host="db-1")])
    sites = lake.table({"host": ["web-1", "db-1", None], "site": ["Québec", None, "x"],
                        "racks": [1, None, 3], "factor_ratio": [None, None, None]})  # fmt: skip
    joined = lake.open("raw").join(sites, on="host", how="left")
    lost = joined.with_columns(lost_j=nw.col("util_s") * nw.col("factor_ratio"))
    table = lost.select("host", "site", "racks", "lost_j").collect(backend="pandas").to_native()
    assert sorted(table["host"]) == ["db-1", "web-1", "web-1"]
    assert set(table["site"].dropna()) == {"Québec"}
    assert table["lost_j"].isna().all()


def test_older_files_lack_a_measure(lake: Lake) -> None:
    lake.append([row(0), row(1440)])
    (old, _) = sorted((lake.path / "usage").glob("*/*"))
    duckdb.execute(f"COPY (SELECT * EXCLUDE (wall_j) FROM '{old}') TO '{old}2' (FORMAT parquet)")
    Path(f"{old}2").replace(old)
    for end_ns in (None, START_NS + DAY_NS):
        for grain in ("raw", "hour"):
            rows = collected(lake.open(grain, end_ns=end_ns))
            assert all(r["wall_j"] is None for r in rows)
    assert lake.roll_up() == 2


# The promise


@st.composite
def homogeneous(draw: st.DrawFn) -> Usage:
    observed = draw(st.sampled_from([(), ("cpu",), ("cpu", "wall"), tuple(g.name for g in GROUPS)]))
    positive = st.floats(min_value=1e-3, max_value=1e12)
    return Usage(
        draw(st.sampled_from(("a", "b"))),
        START_NS + draw(st.integers(min_value=-2 * DAY_NS, max_value=2 * DAY_NS)),
        draw(positive),
        draw(positive),
        {c.name: draw(positive | st.just(0.0)) for c in COLUMNS if c.group in observed},
        observed,
        "on" if observed else "unobserved",
        draw(st.sampled_from(("host", "service"))),
    )


def power_j(curve: tuple[float, ...], of: Row) -> float:
    a_w, b_w, c_w, d_w = curve
    moments = (of["duration_s"], of["util_sqrt_s"], of["util_s"], of["util_cubed_s"])
    return sum(w * (m or 0.0) for w, m in zip((a_w, b_w, c_w, d_w), moments, strict=True))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.lists(homogeneous(), min_size=1, max_size=12), min_size=1, max_size=3),
    st.tuples(*[st.floats(min_value=0, max_value=1000)] * 4),
    st.booleans(),
)
def test_hours_give_the_joules_of_minutes(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[Usage]],
    curve: tuple[float, ...],
    rolled_up: bool,
) -> None:
    with Lake(tmp_path_factory.mktemp("lake")) as lake:
        for batch in batches:
            lake.append(batch)
        if rolled_up:
            lake.roll_up()
        raw, hourly = collected(lake.open("raw")), collected(lake.open("hour"))
    assert raw == as_rows(r for b in {repr(b): b for b in batches}.values() for r in b)
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for r in raw:
        hour_ns = r["start_ns"] // HOUR_NS * HOUR_NS
        groups[(*(r[n] for n in KEY_NAMES[:-1]), hour_ns)].append(r)
    assert {tuple(h[n] for n in KEY_NAMES) for h in hourly} == groups.keys()
    assert len(hourly) == len(groups)
    for h in hourly:
        parts = groups[tuple(h[n] for n in KEY_NAMES)]
        for name in MEASURE_NAMES:
            if h[name] is None:
                assert all(p[name] is None for p in parts)
            else:
                assert h[name] == pytest.approx(sum(p[name] for p in parts), rel=1e-9)
        assert power_j(curve, h) == pytest.approx(sum(power_j(curve, p) for p in parts), rel=1e-9)


# Crashes


class Crash(BaseException):
    """Nothing in the product may catch it."""


class Crashes:
    """Ends the program before the nth thing that it does to the files under a folder."""

    EVENTS = frozenset(("open", "os.rename", "os.mkdir", "os.remove"))

    def __init__(self) -> None:
        self.folder = ""
        self.left = -1
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


crashes = Crashes()


def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    begun, rows = [row(3)], [row(m) for m in (0, 1, -1)]
    path, expected = spool_of(tmp_path / "s.sqlite3", rows), as_rows([*begun, *rows])
    with Lake(tmp_path / "begun") as lake:
        lake.append(begun)
        lake.roll_up()
    step = -1
    for step in itertools.count():
        folder = tmp_path / f"lake-{step}"
        shutil.copytree(tmp_path / "begun", folder)
        try:
            with crashes.before(step, folder), Lake(folder) as lake:
                lake.absorb(path)
                lake.roll_up()
        except Crash:
            assert_whole(folder, path, expected)
        else:
            break
    assert step > 20, "the crashes never came"


def assert_whole(folder: Path, path: Path, expected: list[Row]) -> None:
    with Lake(folder) as lake:
        raw, hourly = collected(lake.open("raw")), collected(lake.open("hour"))
        assert all(r in expected for r in raw)
        assert sum(h["util_s"] for h in hourly) == sum(r["util_s"] for r in raw)
        lake.absorb(path)
        lake.close()  # its own reader would keep what is superseded
        lake.roll_up()
        assert collected(lake.open("raw")) == expected
        assert sum(h["util_s"] for h in collected(lake.open())) == sum(
            r["util_s"] for r in expected
        )
        assert set(lake.machines()) == {"web-1"}
        days = [f.split("/")[0] for f in files(lake, "hourly")]
        assert len(days) == len(set(days)) == 2
    assert not [f for f in folder.rglob("*") if f.name.endswith(".part")]


def test_what_a_crash_left_half_written_is_removed(lake: Lake) -> None:
    lake.append([row(0)])
    (folder,) = (lake.path / "usage").iterdir()
    leftover = folder / ".0123456789abcdef-000000000001-000000000009.parquet.part"
    leftover.write_bytes(b"PAR1")
    assert len(collected(lake.open("raw"))) == 1
    lake.append([row(1)])
    assert not leftover.exists()


# What is not a lake


def test_a_damaged_file_is_named(lake: Lake) -> None:
    lake.append([row(0)])
    lake.append([row(1)])
    (_, victim) = sorted((lake.path / "usage").glob("*/*"))
    os.truncate(victim, 500)
    for attempt in (lambda: lake.open("raw"), lambda: lake.open("hour"), lake.roll_up):
        with pytest.raises(SobrietyError, match=victim.name) as refused:
            attempt()
        assert refused.value.hint


@pytest.mark.parametrize(
    "name", ["sales.parquet", "0123456789abcdef-000000000001-000000000009.parquet"]
)
def test_a_foreign_file_is_named(lake: Lake, name: str) -> None:
    lake.append([row(0)])
    (ours,) = (lake.path / "usage").glob("*/*")
    foreign = ours.with_name(name)
    duckdb.execute(f"COPY (SELECT 42 AS price, 'x' AS host) TO '{foreign}' (FORMAT parquet)")
    with pytest.raises(SobrietyError, match=name) as refused:
        lake.open("raw")
    assert refused.value.hint
    foreign.unlink()
    assert len(collected(lake.open("raw"))) == 1


def test_a_column_of_another_type_is_foreign(lake: Lake) -> None:
    lake.append([row(0)])
    (ours,) = (lake.path / "usage").glob("*/*")
    other = ours.with_name("0" * 16 + "-000000000001-000000000001.parquet")
    query = f"SELECT * REPLACE ('much' AS wall_j) FROM '{ours}'"
    duckdb.execute(f"COPY ({query}) TO '{other}' (FORMAT parquet)")
    with pytest.raises(SobrietyError, match="wall_j"):
        lake.open("raw")


def test_other_files_are_left_alone(lake: Lake) -> None:
    lake.append([row(0)])
    (folder,) = (lake.path / "usage").iterdir()
    for stray in (folder / ".DS_Store", lake.path / "usage" / "README.txt", lake.path / "x"):
        stray.write_text("not ours")
    lake.roll_up()
    assert len(collected(lake.open("hour"))) == 1
    assert (folder / ".DS_Store").exists()


def test_facts_that_are_no_facts_are_named_by_line(lake: Lake) -> None:
    lake.record_machine(Machine("a", chips=1), 1)
    (file,) = (lake.path / "machines").iterdir()
    file.write_text(file.read_text() + "[]\n")
    with pytest.raises(SobrietyError, match="line 2"):
        lake.machines()


def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="not a folder"):
        Lake(tmp_path / "file")
    with pytest.raises(SobrietyError, match="cannot be written"):
        Lake(tmp_path / "file" / "lake").append([row(0)])


def test_a_spool_that_is_damaged_gives_what_can_be_read(lake: Lake, tmp_path: Path) -> None:
    path = spool_of(tmp_path / "s.sqlite3", [row(m) for m in range(0, 1440 * 40, 60)])
    with path.open("rb+") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xa5" * 4096)
    with pytest.raises(SobrietyError, match="cannot be read") as refused:
        lake.absorb(path)
    assert refused.value.hint
    taken = collected(lake.open("raw"))
    assert 0 < len(taken) < 960
    assert taken == as_rows(row(m * 60) for m in range(len(taken)))


def test_no_spool(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no spool"):
        lake.absorb(tmp_path / "none.sqlite3")
    assert not lake.path.exists(), "nothing is made for nothing"


def test_it_is_readable_without_us(lake: Lake) -> None:
    lake.append([row(m) for m in range(90)])
    lake.roll_up()
    for kind, count in (("usage", 90), ("hourly", 2)):
        every = f"'{lake.path}/{kind}/*/*.parquet'"
        query = f"SELECT count(*), sum(duration_s), any_value(day) FROM {every}"
        found = duckdb.execute(query).fetchone()
        assert found is not None
        assert found[:2] == (count, 5400.0)
        assert str(found[2]) == "2024-10-04"


def test_a_lock_left_by_another_is_waited_for(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sobriety.lake.folder.LOCK_WAIT_S", 0.01)
    lake.append([row(0)])
    other = sqlite3.connect(lake.path / ".lock", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SobrietyError, match="another process") as refused:
        lake.append([row(1)])
    assert refused.value.hint
    other.close()
    assert lake.append([row(1)]) == 1


def test_pages_that_rotted_are_told_and_not_a_traceback(tmp_path: Path) -> None:
    """Footers may be sound and pages not: every damage is figures, or one line."""
    from sobriety.lake.parquet import collect

    with Lake(tmp_path) as lake:
        lake.append([row(minute=i, cpu_busy_s=i * 0.37) for i in range(1400)])
    (file,) = tmp_path.glob("usage/*/*.parquet")
    sound = file.read_bytes()
    told = 0
    for place in range(4, len(sound) // 2, len(sound) // 40):
        rotten = bytearray(sound)
        for i in range(place, place + 64):
            rotten[i] ^= 0xFF
        file.write_bytes(rotten)
        with Lake(tmp_path) as lake:
            try:
                collect(lake.open("raw"))
            except SobrietyError as error:
                told += 1
                assert error.hint
    assert told
