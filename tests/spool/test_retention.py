"""A spool that keeps within its age and its room: the oldest rows go first, and are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from sobriety.core.units import NS_PER_S, S_PER_DAY
from sobriety.core.usage import Usage
from sobriety.lake import Lake
from sobriety.spool import Spool, SpoolReader
from sobriety.spool.retention import CHECK_ROWS, Keep
from sobriety.spool.sums import SpoolSums

NOW_NS = 4_000_000_000 * NS_PER_S
"""Later than any clock: what is old is told from the clock of this machine."""


def measured() -> dict[str, float]:
    return {"cpu_busy_s": 1.0, "cpu_capacity_s": 1.0, "util_s": 1.0, "agent_cpu_s": 1.0}


def rows(first: int, count: int, *, start_ns: int = NOW_NS) -> list[Usage]:
    return [
        Usage("machine-1", start_ns + n * 60 * NS_PER_S, 60.0, 60.0, measured(), ("cpu", "agent"))
        for n in range(first, first + count)
    ]


def size_b(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.iterdir() if not p.name.endswith("-shm"))


def kept(path: Path) -> tuple[list[int], dict[str, int]]:
    """Numbers of the rows that are there, and how many were dropped for each reason."""
    with SpoolSums(path) as reader:
        ids = [row[0] for row in reader.numbered()]
        return ids, {reason: d.rows for reason, d in reader.dropped().by_reason.items()}


@pytest.mark.parametrize("cap_b", [300_000, 1_000_000])
def test_room_is_kept_whatever_is_written_and_the_newest_stay(tmp_path: Path, cap_b: int) -> None:
    path = tmp_path / "spool.sqlite3"
    written, largest = 0, 0
    with Spool.open(path, Keep(size_b=cap_b)) as spool:
        for _ in range(120):
            spool.append(rows(written, 120))
            written += 120
            largest = max(largest, size_b(tmp_path))
        notes = list(spool.notes)
    assert largest < 1.6 * cap_b  # between two checks it may be above for a while
    ids, dropped = kept(path)
    assert ids == list(range(ids[0], written + 1))
    assert dropped == {"size": ids[0] - 1}
    assert len(ids) > 100
    assert len(notes) == 1 and "spool_max_mb" in notes[0]


def test_what_is_too_old_goes_and_what_is_not_stays(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    with Spool.open(path) as spool:
        spool.append(rows(0, 2000, start_ns=0))  # 1970
        spool.append(rows(0, CHECK_ROWS))
    with Spool.open(path, Keep(age_s=30 * S_PER_DAY)) as spool:
        spool.append(rows(CHECK_ROWS, 1))
    ids, dropped = kept(path)
    assert ids == list(range(2001, 2001 + CHECK_ROWS + 1))
    assert dropped == {"age": 2000}


def test_without_a_limit_nothing_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    with Spool.open(path) as spool:
        for number in range(5):
            spool.append(rows(number * 1000, 1000, start_ns=0))
    ids, dropped = kept(path)
    assert (len(ids), dropped) == (5000, {})


def test_a_tiny_room_keeps_the_newest_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    with Spool.open(path, Keep(size_b=1)) as spool:
        for number in range(10):
            spool.append(rows(number * 500, 500))
    ids, _ = kept(path)
    assert ids[-1] == 5000
    assert len(ids) >= 100


def test_what_was_set_aside_goes_before_any_row_and_nobody_elses_file(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    with Spool.open(path) as spool:
        spool.append(rows(0, 3000))
    data = bytearray(path.read_bytes())
    for at in range(20_000, len(data) - 4096, 4096):
        data[at : at + 64] = b"rot!" * 16
    path.write_bytes(data)
    Spool.open(path).close()
    (aside,) = tmp_path.glob("*set-aside*")
    foreign = tmp_path / "spool.sqlite3.set-aside-20200101T000000Z"
    foreign.write_bytes(b"a diary" * 10_000)
    with Spool.open(path, Keep(size_b=200_000)) as spool:
        spool.append(rows(0, CHECK_ROWS))
        assert any("was deleted" in note for note in spool.notes)
    assert not aside.exists() and foreign.exists()
    with SpoolSums(path) as reader:
        assert reader.dropped().files == 1


def test_a_lake_takes_what_is_left_and_says_what_it_missed(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    with Lake(tmp_path / "lake") as lake:
        with Spool.open(path) as spool:
            spool.append(rows(0, 300, start_ns=0))
        assert lake.absorb(path) == 300
        with Spool.open(path) as spool:
            spool.append(rows(300, 1700, start_ns=0))
        with Spool.open(path, Keep(age_s=30 * S_PER_DAY)) as spool:
            spool.append(rows(0, 5))
        assert lake.absorb(path) == 5
        assert lake.notes == [f"1700 rows of {path} were dropped there before this lake took them"]


def test_what_a_gateway_has_not_stays_however_old_it_is(tmp_path: Path) -> None:
    path, sent_id = tmp_path / "spool.sqlite3", 0
    with Spool.open(path) as spool:
        spool.append(rows(0, 2000, start_ns=0))  # 1970
    with SpoolReader(path) as reader:
        own = reader.spool_id
    keep = Keep(age_s=30 * S_PER_DAY)
    for sent_id, oldest in ((0, 1), (700, 701), (699, 701), (1990, 1991)):
        asked: list[str] = []

        def sent(spool_id: str, sent_id: int = sent_id, asked: list[str] = asked) -> int:
            asked.append(spool_id)
            return sent_id

        Spool.open(path, keep, sent).close()  # it looks when it begins
        assert kept(path)[0] == list(range(oldest, 2001))
        assert set(asked) == {own}
    assert kept(path)[1] == {"age": 1990}


def test_what_room_costs_that_was_not_sent_is_counted_apart(tmp_path: Path) -> None:
    path, sent_id = tmp_path / "spool.sqlite3", 1_000
    with Spool.open(path, Keep(size_b=300_000), lambda _: sent_id) as spool:
        for number in range(60):
            spool.append(rows(120 * number, 120))
        notes = list(spool.notes)
    ids, dropped = kept(path)
    assert ids == list(range(ids[0], 7_201))
    assert dropped == {"size": sent_id, "unsent": ids[0] - 1 - sent_id}
    assert len(notes) == 1 and "before the gateway had them" in notes[0]


def test_a_spool_begun_before_keeps_within_its_length(tmp_path: Path) -> None:
    """It has no auto_vacuum: its pages are used again."""
    import sqlite3

    path = tmp_path / "spool.sqlite3"
    with Spool.open(path) as spool:
        spool.append(rows(0, 10))
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM;")
    assert db.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    db.close()
    sizes: list[int] = []
    with Spool.open(path, Keep(size_b=400_000)) as spool:
        for number in range(60):
            spool.append(rows(10 + number * 240, 240))
            sizes.append(path.stat().st_size)
    assert max(sizes[30:]) < 1.6 * 400_000
    with SpoolReader(path) as reader:
        assert reader.last_id == 10 + 60 * 240
