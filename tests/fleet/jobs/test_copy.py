"""The lake's copy in an object store is the lake, whatever became of either since the last time."""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.files.durable import lock
from sobriety.fleet.intake.state import folder_of, open_state
from sobriety.fleet.jobs import copy as copies
from sobriety.fleet.jobs.copy import Copied, copy
from sobriety.fleet.jobs.forget import forget
from sobriety.lake import Lake
from sobriety.lake.engines import collect
from sobriety.lake.remote import Store, lake_at

from ..conftest import Serve, Served, new_token, row, rows_of, usage
from ..dashboard.test_dashboard import get, wait
from .test_keep_minutes import DAY

HOSTS = ("web-1", "web-2")


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """Two days of two machines, the first of them rolled up, as a gateway has it."""
    with closing(open_state(tmp_path / "lake")), Lake(tmp_path / "lake") as lake:
        for host in HOSTS:
            lake.append([usage(n, host) for n in range(1, 2 * 1440, 30)])
        lake.roll_up(before=DAY + timedelta(days=1))
        yield lake


@pytest.fixture
def url(store: Any, request: pytest.FixtureRequest) -> str:
    return f"s3://kwh/{request.node.name}/lake"


def found(lake: Lake) -> list[str]:
    """Every row that counts, and every sum by hour."""
    rows = [collect(lake.open(grain)) for grain in ("finest", "hour")]
    return sorted(repr(sorted(r.items())) for part in rows for r in part)


def is_the_same(lake: Lake, url: str, store: Any) -> None:
    """In what a report reads of it, and in its names, for who reads it without us."""
    with Lake(lake.path) as here, lake_at(url) as there:
        assert found(here) == found(there) != []
        assert here.machines() == there.machines()
    place = url.removeprefix("s3://")
    store.invalidate_cache()
    names = {name.removeprefix(f"{place}/") for name in store.find(place)}
    assert names - {copies.MARK} == {
        str(file.relative_to(lake.path))
        for kind in ("usage", "hourly", "machines") for file in (lake.path / kind).rglob("*.*")
    }  # fmt: skip


def test_it_follows_the_lake(lake: Lake, url: str, store: Any) -> None:
    files = len(list(lake.path.glob("*/day=*/*")))
    assert copy(lake.path, url) == Copied(files, 0)
    is_the_same(lake, url, store)
    assert copy(lake.path, url) == Copied(0, 0)
    lake.append([usage(5_000, "web-1")])
    assert copy(lake.path, url + "/") == Copied(1, 0), "and the address is the same"
    lake.roll_up()  # sums that stood for fewer files are gone
    assert copy(lake.path, url).written
    is_the_same(lake, url, store)
    lake.close()
    assert lake.drop_rows(DAY + timedelta(days=9))
    assert copy(lake.path, url).removed >= 3
    is_the_same(lake, url, store)


def test_who_is_forgotten_is_forgotten_there(lake: Lake, url: str, store: Any) -> None:
    copy(lake.path, url)
    lake.close()
    assert forget(lake.path, "web-1")
    copy(lake.path, url)
    is_the_same(lake, url, store)
    place = Path(url.removeprefix("s3://"))
    assert not any(b"web-1" in store.cat_file(name) for name in store.find(str(place)))


def test_a_store_that_was_emptied_is_filled_again(lake: Lake, url: str, store: Any) -> None:
    files = copy(lake.path, url).written
    store.rm(url.removeprefix("s3://"), recursive=True)
    assert copy(lake.path, url) == Copied(0, 0), "it is seldom asked"
    assert copy(lake.path, url, look=True) == Copied(files, 0)
    is_the_same(lake, url, store)


def test_an_old_lake_that_was_put_back_doubles_nothing(
    lake: Lake, url: str, store: Any, tmp_path: Path
) -> None:
    """What came in after the backup comes in again, under other names."""
    copy(lake.path, url)
    lake.close()
    shutil.copytree(lake.path, tmp_path / "backup")
    lake.append([usage(5_000, "web-1")])
    copy(lake.path, url)
    lake.close()
    shutil.rmtree(lake.path)
    shutil.copytree(tmp_path / "backup", lake.path)
    lake.append([usage(5_000, "web-1"), usage(5_001, "web-1")])
    assert copy(lake.path, url, look=True) == Copied(1, 1)
    is_the_same(lake, url, store)


def test_nobody_else_s_copy_is_touched(lake: Lake, url: str, store: Any, tmp_path: Path) -> None:
    copy(lake.path, url)
    with closing(open_state(tmp_path / "other")), Lake(tmp_path / "other") as other:
        other.append([usage(1, "db-1")])
    with pytest.raises(ConfigError, match="is the copy of another lake"):
        copy(tmp_path / "other", url)
    store.rm(f"{url.removeprefix('s3://')}/{copies.MARK}")
    with pytest.raises(ConfigError, match="has a lake that no gateway copied there"):
        copy(tmp_path / "other", url)
    store.pipe_file(f"{url.removeprefix('s3://')}/{copies.MARK}", b"0123456789abcdef")
    with pytest.raises(ConfigError, match="of the gateway 0123456789abcdef"):
        copy(lake.path, url, look=True)


def test_what_was_begun_goes_on(lake: Lake, url: str, store: Any) -> None:
    """Killed at any instant, again and again; then once to the end."""
    for n in range(60):
        lake.append([usage(n, f"web-{n}")])
    command = [sys.executable, "-m", "sobriety.fleet.jobs.copy", str(lake.path), url]
    noted = 0
    for delay_s in (0.8, 1.0, 1.2, 1.4, 1.6):
        process = subprocess.Popen(command)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        noted = max(noted, _noted(lake.path))
    left = copy(lake.path, url)
    assert left.written + noted >= 62
    is_the_same(lake, url, store)


def _noted(lake: Path) -> int:
    path = folder_of(lake) / copies.NOTES
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as notes:
        try:
            return int(notes.execute("SELECT count(*) FROM copied").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # killed before there was a table


def test_a_file_that_goes_meanwhile_is_not_missed(
    lake: Lake, url: str, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A roll-up runs beside the first copy of a large lake."""
    files = copies._files  # pyright: ignore[reportPrivateUsage]

    def then_one_goes(path: Path) -> Iterator[Any]:
        listed = list(files(path))
        (path / next(f.name for f in listed if f.name.startswith("hourly"))).unlink()
        yield from listed

    monkeypatch.setattr(copies, "_files", then_one_goes)
    copy(lake.path, url)
    monkeypatch.undo()
    is_the_same(lake, url, store)


def test_one_at_a_time(lake: Lake, url: str) -> None:
    with closing(lock(folder_of(lake.path) / copies.LOCK)):
        assert copy(lake.path, url) == Copied(0, 0)


def test_a_store_that_does_not_answer_is_named(
    lake: Lake, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SobrietyError, match="s3://of-nobody/lake cannot be "):
        copy(lake.path, "s3://of-nobody/lake")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SobrietyError, match="s3://kwh/x cannot be ") as caught:
        copy(lake.path, "s3://kwh/x")
    assert "AWS_ENDPOINT_URL" in str(caught.value.hint)
    assert _noted(lake.path) == 0


def metric(served: Served, reader: str, name: str) -> float:
    """A metric of the gateway; NaN where there is none, and where it asks to come later."""
    status, text = served.ask("/metrics", token=reader)[:2]
    if status == 429:
        time.sleep(1)
        return math.nan
    found = re.search(rf"^sobriety_gateway_{name} (.*)$", text, re.MULTILINE)
    return float(found[1]) if found else math.nan


def test_a_gateway_keeps_it(serve: Serve, store: Any, url: str) -> None:
    served = serve("--drain", "1s", "--copy-to", url)
    reader = new_token(served.lake, read=True)
    for number, host in enumerate(HOSTS):
        rows = [row(n, host) for n in range(1, 50)]
        served.post(rows, new_token(served.lake, host), f"{number:016x}")
    wait(lambda: metric(served, reader, "journal_rows") == 0)
    drained_s = time.time()
    wait(lambda: metric(served, reader, "last_copy_timestamp_seconds") > drained_s)
    assert metric(served, reader, "copy_failures_total") == 0
    with lake_at(url) as there:
        assert len(collect(there.open("raw"))) == 98
    assert served.stop() == 0
    assert "could not be copied" not in served.log


def test_a_copy_that_fails_is_told_and_holds_up_nothing(serve: Serve, store: Any) -> None:
    served = serve("--drain", "1s", "--copy-to", "s3://of-nobody/lake")
    reader, writer = new_token(served.lake, read=True), new_token(served.lake, "web-1")
    served.post([row(1)], writer)
    wait(lambda: "not be copied: s3://of-nobody/lake cannot be " in served.log)
    served.post([row(2)], writer)
    wait(lambda: len(rows_of(served.lake)) == 2)
    assert served.ask("/healthz")[0] == 200 and metric(served, reader, "copy_failures_total") > 0
    shown = get(f"{served.url}/?lang=fr", auth=("x", reader)).text
    assert "La copie du lac n’est pas à jour" in shown
    assert "s3cret" not in served.log + shown and os.environ["AWS_SECRET_ACCESS_KEY"] == "s3cret"


@pytest.mark.parametrize("place", ["lake", "file:///srv/lake", "s3://", "://x/y"])
def test_what_is_no_store_is_refused_before_it_begins(place: str) -> None:
    done = CliRunner().invoke(command(), ["serve", "--copy-to", place])
    assert done.exit_code == 2 and f"{place!r} is no place in an object store" in done.output


def test_a_service_of_this_machine_alone_may_copy() -> None:
    def unit(*words: str) -> str:
        return CliRunner().invoke(command(), ["serve", "--unit", *words]).stdout

    assert "IPAddressDeny=any" in unit()
    copying = unit("--copy-to", "s3://kwh/lake")
    assert "--copy-to s3://kwh/lake" in copying and "IPAddressDeny" not in copying
    assert '--copy-to "s3://kwh/50 %% of $$it"' in unit("--copy-to", "s3://kwh/50 % of $it")
    assert "--listen [fe80::1%%eth0]:9846" in unit("--listen", "[fe80::1%eth0]:9846")


def test_writing_and_removing_are_no_more_than_that(store: Any, tmp_path: Path) -> None:
    """What the copy asks of a store."""
    there = Store("s3://kwh/plain")
    (tmp_path / "a").write_bytes(b"1")
    there.write([(tmp_path / "a", there.path / "deep" / "a")])
    assert [f.name for f in there.found("*/*")] == ["a"]
    there.write_text(there.path / "b", "two")
    assert there.sizes() == {there.path / "deep" / "a": 1, there.path / "b": 3}
    there.remove([there.path / "deep" / "a"])
    assert Store("s3://kwh/plain").found("*/*") == []
