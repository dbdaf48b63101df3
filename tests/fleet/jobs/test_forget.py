"""Forgetting a host: nothing of it is left on the disk, and all of the others is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sobriety.cli import command
from sobriety.core.errors import SobrietyError
from sobriety.fleet.intake.state import open_state
from sobriety.fleet.jobs.drain import drain, roll_up
from sobriety.fleet.jobs.forget import forget
from sobriety.lake import Lake
from sobriety.lake.writer import Writer

from ..conftest import SPOOL, Served, body, new_token, row, rows_of


def invoke(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(command(), ["forget", *words], input=answer)


def everything(lake: Path) -> bytes:
    """All bytes of a lake's files, Parquet's strings among them: names are short, and stored as
    they are in dictionaries' pages unless these are compressed."""
    return b"".join(file.read_bytes() for file in lake.rglob("*") if file.is_file())


def sums(lake: Path) -> dict[str, float]:
    """Busy seconds of each host by hour's sums, as reports read them."""
    with Lake(lake) as there:
        rows = there.open("hour").collect(backend="pandas").rows(named=True)
    found: dict[str, float] = {}
    for one in rows:
        found[one["host"]] = found.get(one["host"], 0.0) + one["cpu_busy_s"]
    return found


def test_a_host_is_gone_from_the_lake_and_its_gateway(gateway: Served) -> None:
    lake = gateway.lake
    leaving, staying = new_token(lake, "web-leaving"), new_token(lake, "web-staying")
    machines = [{"host": "web-leaving", "at_ns": 5, "facts": {"threads": 8}}]
    sent = [row(n, "web-leaving") for n in range(1, 1_501)]
    assert gateway.ask("/v1/usage", body(sent, machines=machines), leaving)[0] == 200
    for first in (1, 2_001):
        rows = [row(n, "web-staying") for n in range(first, first + 1_500)]
        assert gateway.post(rows, staying)[0] == 200
    drain(lake)
    roll_up(lake)
    kept, names = sums(lake)["web-staying"], {f.name for f in lake.glob("usage/*/*")}
    assert gateway.post([row(4_001, "web-leaving")], leaving)[0] == 200  # waits for the drain

    assert invoke("web-leaving", "--lake", str(lake), answer="n\n").exit_code == 1
    assert len(rows_of(lake)) == 4_500, "nothing happens before yes"
    done = invoke("web-leaving", "--lake", str(lake), answer="y\n")
    assert done.exit_code == 0, done.output
    assert "1501 rows of web-leaving are gone" in done.output and "is revoked" in done.output

    assert gateway.post([row(4_002, "web-leaving")], leaving)[0] == 401
    assert gateway.post([row(4_000, "web-staying")], staying)[0] == 200
    assert gateway.stop() == 0
    assert {host for host, _ in rows_of(lake)} == {"web-staying"}
    assert sums(lake)["web-staying"] == pytest.approx(kept + row(4_000)["cpu_busy_s"])
    assert {f.name for f in lake.glob("usage/*/*")} > names, "no file lost its name"
    with Lake(lake) as there:
        assert "web-leaving" not in there.machines()
    assert b"web-leaving" not in everything(lake)


def test_a_host_alone_in_a_file_leaves_an_empty_one(tmp_path: Path) -> None:
    from sobriety.spool import Spool

    from ..conftest import usage

    lake, spool = tmp_path / "lake", tmp_path / "spool.sqlite3"
    with Spool.open(spool) as opened:
        opened.append([usage(n, "only") for n in range(1, 20)])
    with Lake(lake) as there:
        assert there.absorb(spool) == 19
    assert forget(lake, "only").rows == 19
    with Lake(lake) as there:
        assert there.absorb(spool) == 0, "it does not come back"
    assert rows_of(lake) == [] and sums(lake) == {}


def test_sums_whose_rows_are_gone_are_rewritten(gateway: Served) -> None:
    token = new_token(gateway.lake, "a", "b")
    rows = [row(1, "a"), row(2, "b")]
    assert gateway.post(rows, token)[0] == 200
    drain(gateway.lake)
    roll_up(gateway.lake)
    for file in gateway.lake.glob("usage/*/*.parquet"):
        file.unlink()  # an operator keeps sums alone
    done = forget(gateway.lake, "a")
    assert (done.tokens, set(sums(gateway.lake))) == ((), {"b"})
    assert gateway.post([row(3, "b")], token)[0] == 200, "the token still writes for b"
    assert gateway.post([row(4, "a")], token)[0] == 403


def test_a_deletion_that_was_cut_off_is_done_again(
    gateway: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = new_token(gateway.lake, "a", "b")
    rows = [row(n, "ab"[n % 2]) for n in range(1, 2_001)]
    assert gateway.post(rows, token)[0] == 200
    drain(gateway.lake)
    roll_up(gateway.lake)

    class Crash(Exception): ...

    original, written = Writer._write_without, list[Path]()  # pyright: ignore[reportPrivateUsage]

    def once(self: Writer, file: Path, host: str) -> None:
        if written:
            raise Crash
        original(self, file, host)
        written.append(file)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_write_without", once)
        with pytest.raises(Crash):
            forget(gateway.lake, "a")
    assert forget(gateway.lake, "a").rows > 0
    assert set(sums(gateway.lake)) == {"b"}


def test_nobody_of_that_name(gateway: Served) -> None:
    done = invoke("nobody", "--lake", str(gateway.lake), "--yes")
    assert done.exit_code == 2 and "has nothing of 'nobody'" in done.output


def test_not_from_under_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sobriety.lake.folder.LOCK_WAIT_S", 0.1)
    from ..conftest import usage

    with Lake(tmp_path) as there:
        there.append([usage(1, "a")])
        there.open()
        with pytest.raises(SobrietyError, match="is being read"):
            forget(tmp_path, "a")
    assert forget(tmp_path, "a").rows == 1
    assert SPOOL


def test_a_batch_that_came_in_before_the_revocation_is_refused(tmp_path: Path) -> None:
    from sobriety.fleet.intake.batches import Intake
    from sobriety.fleet.intake.wire import Refused

    from ..intake.test_batches import send, token_of, waiting

    token = token_of(tmp_path, "web-1")
    intake = Intake(tmp_path)
    late = waiting(token, [1, 2])
    assert send(intake, waiting(token, [3])).new_rows == 1
    forget(tmp_path, "web-1")
    with pytest.raises(Refused, match="revoked"):
        send(intake, late)
    intake.close()
    with closing(open_state(tmp_path)) as db:
        assert db.execute("SELECT count(*) FROM batch").fetchone() == (0,)
