"""Exactly once, however batches are cut, sent again and mixed up; a drain may die."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.fleet.intake import tokens, wire
from sobriety.fleet.intake.batches import Intake, Waiting
from sobriety.fleet.intake.state import open_state
from sobriety.fleet.intake.wire import Refused, Taken
from sobriety.fleet.jobs import drain as drains
from sobriety.fleet.jobs.drain import drain
from sobriety.lake import Lake
from sobriety.lake.writer import Writer
from sobriety.spool.file import transaction

from ..conftest import SPOOL, START_NS, body, new_token, row, rows_of

NOW_NS = START_NS + 10 * 86_400_000_000_000


def token_of(lake: Path, *hosts: str) -> tokens.Token:
    text = new_token(lake, *hosts)
    with closing(open_state(lake)) as db:
        found = tokens.find(db, text)
    assert found
    return found


def waiting(token: tokens.Token, numbers: Sequence[int], **changes: Any) -> Waiting:
    batch = wire.decode(body([row(n, **changes) for n in numbers]))
    return Waiting(token, batch, wire.checked(batch, NOW_NS))


def send(intake: Intake, one: Waiting) -> Taken:
    return intake.put(one).result(10)


batches = st.lists(
    st.lists(st.integers(1, 60), min_size=1, max_size=30, unique=True).map(sorted),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(sent=batches, drained_after=st.sets(st.integers(0, 11)))
def test_every_number_is_in_the_lake_once(sent: list[list[int]], drained_after: set[int]) -> None:
    with TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        token = token_of(lake, "web-1")
        intake = Intake(lake)
        seen: set[int] = set()
        try:
            for i, numbers in enumerate(sent):
                answer = send(intake, waiting(token, numbers))
                assert answer.new_rows == len(set(numbers) - seen)
                seen |= set(numbers)
                assert answer.last_id == max(seen)
                if i in drained_after:
                    drain(lake)
        finally:
            intake.close()
        drain(lake)
        assert rows_of(lake) == [("web-1", row(n)["start_ns"]) for n in sorted(seen)]


def test_batches_that_wait_together_cost_one_commit(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    done = [intake.put(waiting(token, [n])) for n in range(1, 201)]
    assert sum(d.result(10).new_rows for d in done) == 200
    assert intake.commits < 100
    intake.close()


def test_one_that_is_refused_takes_no_other_with_it(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    sent = [intake.put(waiting(token, [n], host=f"web-{1 + n % 2}")) for n in range(1, 21)]
    results = [one.exception(10) for one in sent]
    intake.close()
    assert [r is None for r in results] == [n % 2 == 0 for n in range(1, 21)]
    drain(lake)
    assert len(rows_of(lake)) == 10


def test_who_makes_up_gaps_is_stopped(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    send(intake, waiting(token, range(1, 2_001, 2), start_ns=START_NS))
    with pytest.raises(Refused, match="stretches"):
        send(intake, waiting(token, [2_003], start_ns=START_NS))
    assert send(intake, waiting(token, range(1, 2_001), start_ns=START_NS)).new_rows == 1_000
    intake.close()


def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    """A batch of two hosts whose second one is at fault once blocked everybody else's."""
    lake = tmp_path / "lake"
    token, other = token_of(lake, "a", "b"), token_of(lake, "c")
    gaps = [row(1, "a"), *(row(n, "b", start_ns=START_NS) for n in range(3, 3_999, 2))]
    batch = wire.decode(body(gaps))
    intake = Intake(lake)
    with pytest.raises(Refused, match="stretches"):
        send(intake, Waiting(token, batch, wire.checked(batch, NOW_NS)))
    assert send(intake, waiting(other, [1], host="c")).new_rows == 1
    intake.close()
    assert drain(lake) == 1
    assert rows_of(lake) == [("c", row(1)["start_ns"])]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_costs_the_batches_of_one_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    original = Intake._commit  # pyright: ignore[reportPrivateUsage]

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    for first in (1, 11, 21):
        monkeypatch.setattr(Intake, "_commit", fail)
        with pytest.raises(Refused) as caught:
            send(intake, waiting(token, range(first, first + 10)))
        assert caught.value.status == 500
        monkeypatch.setattr(Intake, "_commit", original)
        assert send(intake, waiting(token, range(first, first + 10))).new_rows == 10
    assert intake.broken is None
    intake.close()
    drain(lake)
    assert len(rows_of(lake)) == 30


def test_who_is_cut_off_takes_no_other_with_it(tmp_path: Path) -> None:
    """As a gateway that stops does with requests that last too long."""
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    with closing(open_state(lake)) as db:
        db.execute("BEGIN IMMEDIATE")  # the commit waits for it
        done = [intake.put(waiting(token, [n])) for n in range(1, 21)]
        cut_off = [one.cancel() for one in done[::2]]
        assert any(cut_off)
        db.execute("ROLLBACK")
    assert sum(one.result(10).new_rows for one in done if not one.cancelled()) >= 10
    intake.close()


class Crash(Exception):
    """A process that ends here."""


def interrupted(monkeypatch: pytest.MonkeyPatch, place: str) -> Iterator[None]:
    """A drain that dies at a place."""
    original = Writer._write_raw  # pyright: ignore[reportPrivateUsage]
    written: list[Path] = []

    def after_one_file(self: Writer, file: Path, rows: Any) -> None:
        if written:
            raise Crash
        original(self, file, rows)
        written.append(file)

    def never(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        if place == "before a file":
            patch.setattr(Writer, "_write_raw", never)
        elif place == "between two files":
            patch.setattr(Writer, "_write_raw", after_one_file)
        elif place == "before it is forgotten":
            take = Lake.take

            def crash_after(self: Lake, *words: Any) -> int:
                take(self, *words)
                raise Crash

            patch.setattr(Lake, "take", crash_after)
        elif place == "before machines":
            patch.setattr(Lake, "know_machines", never)
        yield


@pytest.mark.parametrize(
    "place",
    ["before machines", "before a file", "between two files", "before it is forgotten"],
)
def test_a_drain_that_died_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    numbers = range(1, 2_401)  # two days of UTC at least, wherever the clock is
    send(intake, waiting(token, numbers[:1_500]))
    for _ in interrupted(monkeypatch, place):
        with pytest.raises(Crash):
            drain(lake)
    send(intake, waiting(token, numbers[1_500:]))
    intake.close()
    drain(lake)
    assert drain(lake) == 0
    assert rows_of(lake) == [("web-1", row(n)["start_ns"]) for n in numbers]


def test_a_long_journal_is_drained_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "MOST_ROWS", 50)
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    for first in range(1, 400, 40):
        send(intake, waiting(token, range(first, first + 40)))
    intake.close()
    assert drain(lake) == 400
    assert len(list(lake.glob("usage/*/*.parquet"))) >= 10
    assert len(rows_of(lake)) == 400


def test_a_drain_goes_on_while_gateways_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right before each of its transactions, so that none may rest on what was read earlier."""
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    numbers = itertools.count(101)

    @contextmanager
    def after_a_commit(db: sqlite3.Connection) -> Generator[None]:
        send(intake, waiting(token, [next(numbers)]))
        with transaction(db):
            yield

    monkeypatch.setattr(drains, "MOST_ROWS", 20)
    monkeypatch.setattr(drains, "transaction", after_a_commit)
    for first in range(1, 101, 10):
        send(intake, waiting(token, range(first, first + 10)))
    assert drain(lake) == 100
    intake.close()
    monkeypatch.undo()
    assert 100 + drain(lake) == len(rows_of(lake)) == next(numbers) - 1


def test_what_comes_in_during_a_drain_waits_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    token = token_of(lake, "web-1")
    intake = Intake(lake)
    numbers = iter(range(1, 1_000))
    take = Lake.take

    def meanwhile(self: Lake, *words: Any) -> int:
        send(intake, waiting(token, [next(numbers)], start_ns=START_NS))
        return take(self, *words)

    monkeypatch.setattr(Lake, "take", meanwhile)
    send(intake, waiting(token, [next(numbers)], start_ns=START_NS))
    assert [drain(lake), drain(lake)] == [1, 1]
    intake.close()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(changes=st.dictionaries(st.sampled_from([*row(1), "package_j", "x"]), anything, max_size=3),
       rest=st.dictionaries(st.sampled_from(["spool", "machines", "rows", "y"]), anything,
                            max_size=2))  # fmt: skip
def test_no_body_does_more_than_be_refused(changes: Any, rest: Any) -> None:
    sent = {"spool": SPOOL, "rows": [row(1) | changes]} | rest
    try:
        batch = wire.decode(json.dumps(sent).encode())
        wire.checked(batch, NOW_NS)
    except Refused as refused:
        assert refused.status in (400, 422) and refused.message


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300))
def test_no_bytes_do_either(data: bytes) -> None:
    with pytest.raises(Refused):
        wire.decode(data)
