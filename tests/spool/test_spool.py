"""The spool: what it keeps, whom it lets in, and what it says when the disk says no."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.machine import Machine
from sobriety.core.usage import COLUMNS, GROUPS, Usage
from sobriety.spool import Spool, SpoolReader
from sobriety.spool.file import SCHEMA_VERSION

MINUTE_NS = 60_000_000_000


def row(minute: int, **measures: float) -> Usage:
    return Usage("web-1", minute * MINUTE_NS, 60.0, 60.0, measures or {"util_s": 3.0}, ("cpu",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spool.sqlite3"


def read(path: Path) -> list[Usage]:
    with SpoolReader(path) as reader:
        return list(reader.rows())


def set_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.set-aside-*"))


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    observed = tuple(g.name for g in GROUPS if draw(st.booleans()))
    value = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    return Usage(
        draw(text),
        draw(st.integers(min_value=0, max_value=2**62)),
        draw(value),
        draw(value),
        {c.name: draw(value) for c in COLUMNS if c.group in observed},
        observed,
        draw(st.sampled_from(("on", "asleep", "off", "unobserved"))),
        draw(st.sampled_from(("host", "service", "container"))),
        draw(text),
    )


@given(st.lists(usages(), max_size=5))
def test_rows_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Usage]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "s.sqlite3"
    with Spool.open(path) as spool:
        spool.append(rows)
        assert read(path) == rows  # a reader beside the writer
    assert read(path) == rows


def test_numbers_go_on_and_are_never_given_twice(path: Path) -> None:
    with Spool.open(path) as spool:
        spool.append([row(1), row(2)])
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM usage")
    db.close()
    with Spool.open(path) as spool:
        spool.append([row(3)])
    with SpoolReader(path) as reader:
        assert [numbered[0] for numbered in reader.numbered()] == [3]
        assert reader.last_id == 3
        assert list(reader.numbered(after_id=3)) == []


def test_the_last_row_of_a_host_is_not_a_workloads(path: Path) -> None:
    workload = Usage("web-1", 9, 1.0, 1.0, {}, (), "on", "service", "nginx")
    with Spool.open(path) as spool:
        spool.append([row(1), row(2), workload])
    with SpoolReader(path) as reader:
        assert reader.last_row("web-1") == row(2)
        assert reader.last_row("nobody") is None


def test_a_machine_is_written_again_only_when_its_facts_change(path: Path) -> None:
    old, new = Machine("web-1", chips=1, memory_b=8e9), Machine("web-1", chips=1, memory_b=16e9)
    with Spool.open(path) as spool:
        for at_ns, machine in enumerate((old, old, new, new, old)):
            spool.record_machine(machine, at_ns)
    with Spool.open(path) as spool:
        spool.record_machine(old, 9)
    with SpoolReader(path) as reader:
        assert [known.at_ns for known in reader.machine_history()] == [0, 2, 4]
        assert reader.machines() == {"web-1": old}


def test_facts_of_a_newer_version_are_left_out(path: Path) -> None:
    Spool.open(path).close()
    with sqlite3.connect(path) as db:
        facts = '{"chips": 2, "colour": "blue"}'
        db.execute("INSERT INTO machine (host, at_ns, facts) VALUES ('a', 1, ?)", (facts,))
    db.close()
    with SpoolReader(path) as reader:
        assert reader.machines() == {"a": Machine("a", chips=2)}


def test_one_writer_at_a_time(path: Path) -> None:
    with Spool.open(path), pytest.raises(SobrietyError, match="another collector") as refused:
        Spool.open(path)
    assert refused.value.hint
    Spool.open(path).close()


def test_a_lock_with_foreign_content_still_locks(path: Path) -> None:
    path.parent.mkdir()
    path.with_name(path.name + ".lock").write_text("1234\n" * 400)
    with Spool.open(path), pytest.raises(SobrietyError, match="another collector"):
        Spool.open(path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_may_look(path: Path) -> None:
    with Spool.open(path) as spool:
        spool.append([row(1)])
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in path.parent.iterdir()}
    assert len(modes) == 4, "spool, log, index, lock"
    assert set(modes.values()) == {0o600}


def test_it_is_as_durable_as_sqlite_can_be(path: Path) -> None:
    with Spool.open(path) as spool:
        db = spool._database()  # pyright: ignore[reportPrivateUsage]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)


# What is not a spool


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.close()


def damaged_header(path: Path) -> None:
    spool_of_500(path)
    overwrite(path, 0, 16)


def damaged_page(path: Path) -> None:
    spool_of_500(path)
    overwrite(path, 4096, 8192)


def truncated(path: Path) -> None:
    spool_of_500(path)
    os.truncate(path, 9000)


def spool_of_500(path: Path) -> None:
    with Spool.open(path) as spool:
        spool.append([row(i) for i in range(500)])


def overwrite(path: Path, start: int, stop: int) -> None:
    with path.open("rb+") as file:
        file.seek(start)
        file.write(b"\xa5" * (stop - start))


def not_a_database(path: Path) -> None:
    path.write_text("dear diary\n" * 1000)


def a_few_bytes(path: Path) -> None:
    path.write_text("hi")


@pytest.mark.parametrize(
    "spoil",
    [foreign_database, damaged_header, damaged_page, truncated, not_a_database, a_few_bytes],
)
def test_what_is_not_a_spool_is_kept_aside(path: Path, spoil: Callable[[Path], None]) -> None:
    path.parent.mkdir()
    spoil(path)
    content = path.read_bytes()
    with Spool.open(path) as spool:
        (note,) = spool.notes
        spool.append([row(1)])
    (aside,) = set_aside(path)
    assert aside.read_bytes() == content
    assert aside.name in note
    assert read(path) == [row(1)]


def test_two_in_the_same_second_are_both_kept(path: Path) -> None:
    path.parent.mkdir()
    for text in ("one", "two", "three"):
        path.write_text(text)
        Spool.open(path).close()
    assert sorted(f.read_text() for f in set_aside(path)) == ["one", "three", "two"]


def test_a_log_without_its_database_is_kept_aside(path: Path) -> None:
    path.parent.mkdir()
    log = path.with_name(path.name + "-wal")
    log.write_bytes(b"rows that nobody has yet")
    with Spool.open(path) as spool:
        spool.append([row(1)])
    (aside,) = set_aside(path)
    assert aside.name.endswith("-wal")
    assert aside.read_bytes() == b"rows that nobody has yet"


def test_an_empty_file_is_simply_begun(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with Spool.open(path) as spool:
        assert spool.notes == []
    assert read(path) == []


def test_a_newer_spool_is_refused_and_left_alone(path: Path) -> None:
    Spool.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    content = path.read_bytes()
    for opening in (Spool.open, SpoolReader):
        with pytest.raises(SobrietyError, match="newer") as refused:
            opening(path)
        assert refused.value.hint
    assert path.read_bytes() == content
    assert set_aside(path) == []


def test_an_older_spool_gets_the_columns_it_lacks(path: Path) -> None:
    with Spool.open(path) as spool:
        spool.append([row(1)])
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE usage DROP COLUMN wall_j")
    db.close()
    assert read(path) == [row(1)], "a reader does not need the column"
    both = row(2, util_s=1.0, wall_j=7.0)
    with Spool.open(path) as spool:
        assert spool.notes == []
        spool.append([both])
    assert read(path) == [row(1), both]


# What goes wrong while writing


def test_damage_found_while_appending_costs_no_row(path: Path) -> None:
    machine = Machine("web-1", chips=1)
    with Spool.open(path) as spool:
        spool.record_machine(machine, 1)
        spool.append([row(i) for i in range(500)])
        db = spool._database()  # pyright: ignore[reportPrivateUsage]
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA shrink_memory")
        overwrite(path, 4096, path.stat().st_size)
        assert spool.notes == []
        spool.append([row(1000), row(1001)])
        assert len(spool.notes) == 1
        spool.append([row(1002)])
    assert read(path) == [row(1000), row(1001), row(1002)]
    with SpoolReader(path) as reader:
        assert reader.machines() == {"web-1": machine}, "rows are of no use without the facts"
    assert len(set_aside(path)) >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_spool_removed_while_open_is_begun_anew(path: Path) -> None:
    with Spool.open(path) as spool:
        spool.append([row(1)])
        for file in path.parent.iterdir():
            file.unlink()
        path.parent.rmdir()
        spool.append([row(2)])
        assert "removed" in spool.notes[0]
    assert read(path) == [row(2)]


def test_a_full_database_takes_nothing_and_later_everything(path: Path) -> None:
    with Spool.open(path) as spool:
        spool.append([row(1)])
        db = spool._database()  # pyright: ignore[reportPrivateUsage]
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")
        many = [row(i) for i in range(2, 500)]
        with pytest.raises(SobrietyError, match="no space left") as full:
            spool.append(many)
        assert full.value.hint
        assert read(path) == [row(1)]
        db.execute("PRAGMA max_page_count = 1000000")
        spool.append(many)
    assert read(path) == [row(1), *many]


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    for opening in (Spool.open, SpoolReader):
        with pytest.raises(ConfigError) as refused:
            opening(tmp_path)
        assert refused.value.hint


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SobrietyError, match="cannot be written") as refused:
        Spool.open(tmp_path / "file" / "spool.sqlite3")
    assert "SOBRIETY_HOME" in str(refused.value.hint)


def test_another_program_that_holds_the_file(path: Path) -> None:
    Spool.open(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    with Spool.open(path) as spool:
        spool._database().execute("PRAGMA busy_timeout = 0")  # pyright: ignore[reportPrivateUsage]
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SobrietyError, match="locked by another program"):
            spool.append([row(1)])
        other.close()
        spool.append([row(1)])
    assert read(path) == [row(1)]


# Readers


def test_no_spool_yet(path: Path) -> None:
    with pytest.raises(ConfigError, match="no spool") as refused:
        SpoolReader(path)
    assert "sobriety collect" in str(refused.value.hint)


def test_a_reader_does_not_touch_what_is_not_a_spool(path: Path) -> None:
    path.parent.mkdir()
    foreign_database(path)
    with pytest.raises(ConfigError, match="not a spool"):
        SpoolReader(path)
    not_a_database(path)
    with pytest.raises(SobrietyError, match="cannot be read") as refused:
        SpoolReader(path)
    assert refused.value.hint
    assert [f.name for f in path.parent.iterdir()] == [path.name]


def test_what_a_run_keeps_the_next_one_finds(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "spool.sqlite3") as spool:
        assert spool.recall("least_w a") is None
        spool.remember("least_w a", {"package_j": 9.5})
        spool.remember("least_w a", {"package_j": 8.5})
    with Spool.open(tmp_path / "spool.sqlite3") as spool:
        assert spool.recall("least_w a") == {"package_j": 8.5}
