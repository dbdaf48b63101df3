"""The agent's side, against a real gateway over TLS: gone, back, refused, restored."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.errors import ConfigError
from sobriety.core.machine import Machine
from sobriety.push import Pusher, Sender
from sobriety.push.pusher import Pushed, Restored
from sobriety.push.sender import NotTaken, checked
from sobriety.spool import Spool, SpoolReader

from ..conftest import Serve, Served, free_port, new_token, row, rows_of, usage

Fill = Callable[..., Path]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Rows of a spool in a data folder of its own."""

    def make(first: int, last: int, host: str = "web-1") -> Path:
        folder = tmp_path / f"agent-{host}"
        with Spool.open(folder / "spool.sqlite3") as spool:
            spool.record_machine(Machine(host, "server", threads=8), 5)
            for start in range(first, last + 1, 500):
                spool.append([usage(n, host) for n in range(start, min(start + 500, last + 1))])
        return folder

    return make


@pytest.fixture
def tls(serve: Serve, certificate: tuple[Path, Path]) -> Served:
    cert, key = certificate
    return serve("--tls-cert", str(cert), "--tls-key", str(key), "--drain", "1h", trusted=cert)


def pusher(folder: Path, gateway: Served, token: str | None = None) -> Pusher:
    sender = Sender(gateway.url, token or new_token(gateway.lake), gateway.trusted)
    return Pusher(folder, sender, every_s=0.05)


def test_all_rows_and_facts_arrive_once(tls: Served, fill: Fill) -> None:
    from sobriety.lake import Lake

    token = new_token(tls.lake)
    folder = fill(1, 4_500)
    assert pusher(folder, tls, token).all() == 4_500
    assert pusher(folder, tls, token).all() == 0
    fill(4_501, 4_600)
    assert pusher(folder, tls, token).all() == 100
    (folder / "pushed.json").unlink()  # then the gateway is asked
    assert pusher(folder, tls, token).all() == 0
    tls.stop()
    assert len(rows_of(tls.lake)) == len(set(rows_of(tls.lake))) == 4_600
    with Lake(tls.lake) as lake:
        assert lake.machines()["web-1"].threads == 8


def test_what_was_sent_and_not_answered_is_sent_again_and_taken_once(
    tls: Served, fill: Fill
) -> None:
    token, folder = new_token(tls.lake), fill(1, 100)
    first = pusher(folder, tls, token)
    first.all()
    first.pushed.last_id = 40  # as if the answer had been lost
    first.pushed.write(folder)
    assert pusher(folder, tls, token).all() == 60
    tls.stop()
    assert len(rows_of(tls.lake)) == 100


def test_an_agent_that_was_away_catches_up_by_itself(
    serve: Serve, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sobriety.push.pusher.PAUSE_S", (0.0, 0.01))
    monkeypatch.setattr("sobriety.push.pusher.FIRST_S", 0.05)
    gateway = serve("--drain", "1h")
    folder = fill(1, 10)
    told: list[str] = []
    token = new_token(gateway.lake)
    agent = Pusher(folder, Sender(gateway.url, token), every_s=0.05, say=told.append)
    agent.start()
    until(lambda: agent.pushed.last_id == 10)
    gateway.stop()
    fill(11, 9_000)
    until(lambda: agent.pushed.error is not None)
    assert agent.pushed.last_id == 10
    gateway.start()
    until(lambda: agent.pushed.last_id == 9_000)
    assert agent.pushed.error is None
    agent.stop()
    assert sum("cannot be reached" in line for line in told) == 1, "told once"
    gateway.stop()
    assert len(rows_of(gateway.lake)) == 9_000


def until(condition: Callable[[], bool], within_s: float = 120.0) -> None:
    end_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_a_spool_that_is_an_old_copy_is_not_sent(tls: Served, fill: Fill, tmp_path: Path) -> None:
    token, folder = new_token(tls.lake), fill(1, 50)
    copy = tmp_path / "backup.sqlite3"
    shutil.copy(folder / "spool.sqlite3", copy)
    fill(51, 80)
    pusher(folder, tls, token).all()
    shutil.copy(copy, folder / "spool.sqlite3")
    (folder / "pushed.json").unlink()
    with pytest.raises(Restored, match="old copy"):
        pusher(folder, tls, token).all()


def test_an_old_copy_is_known_by_the_answer(tls: Served, fill: Fill, tmp_path: Path) -> None:
    """A whole disk that was put back has its note, too."""
    token, folder = new_token(tls.lake), fill(1, 50)
    pusher(folder, tls, token).all()
    shutil.copytree(folder, tmp_path / "backup")
    fill(51, 80)
    pusher(folder, tls, token).all()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    fill(91, 100)  # with the numbers from 51 on, and other content
    with pytest.raises(Restored, match="up to 80, and the spool ends at 60"):
        pusher(folder, tls, token).all()
    assert Pushed.read(folder).last_id == 50, "nothing counts as sent"


def test_a_clock_that_is_wrong_at_the_gateway_costs_no_row(
    tls: Served, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from here it is the same when ours is wrong, and the rows are of the year 2030."""
    folder, token = fill(1, 10), new_token(tls.lake)
    with Spool.open(folder / "spool.sqlite3") as spool:
        ahead = usage(11, "web-1")
        ahead.start_ns += 4 * 365 * 86_400_000_000_000
        spool.append([ahead])
    fill(12, 15)
    agent = Pusher(folder, Sender(tls.url, token, tls.trusted))
    now_ns = time.time_ns
    monkeypatch.setattr("sobriety.push.pusher.time.time_ns", lambda: ahead.start_ns)
    with pytest.raises(NotTaken, match="clock is not this machine's") as caught:
        agent.all()
    assert caught.value.kind == "denied"
    assert (agent.pushed.last_id, agent.pushed.left_out) == (10, 0)
    monkeypatch.setattr("sobriety.push.pusher.time.time_ns", now_ns)  # ours was, and is set right
    agent.all()
    assert (agent.pushed.last_id, agent.pushed.left_out) == (15, 1)
    tls.stop()
    assert len(rows_of(tls.lake)) == 14


def test_facts_that_nobody_takes_hold_no_row_up(tls: Served, fill: Fill) -> None:
    from sobriety.lake import Lake

    folder, told = fill(1, 3), list[str]()
    with Spool.open(folder / "spool.sqlite3") as spool:
        spool.record_machine(Machine("web-1", "server", threads=9), time.time_ns() * 2)  # its clock
    agent = Pusher(folder, Sender(tls.url, new_token(tls.lake), tls.trusted), say=told.append)
    assert (agent.all(), told) == (3, [])
    fill(4, 6)
    with Spool.open(folder / "spool.sqlite3") as spool:
        spool.record_machine(Machine("web-1", "server\x00", threads=10), time.time_ns())
    assert agent.all() == 3
    assert "facts of this machine are left out" in told[0] and len(told) == 1
    fill(7, 7)
    with Spool.open(folder / "spool.sqlite3") as spool:
        spool.record_machine(Machine("web-1", "server", threads=11), time.time_ns())
    assert agent.all() == 1
    tls.stop()
    with Lake(tls.lake) as lake:
        assert lake.machines()["web-1"].threads == 11


def test_what_only_a_newer_gateway_knows_waits_for_it(tls: Served, fill: Fill) -> None:
    folder = fill(1, 3)
    with Spool.open(folder / "spool.sqlite3") as spool:
        newer = usage(4, "web-1")
        newer.observed = (*newer.observed, "smell")
        spool.append([newer])
    agent = Pusher(folder, Sender(tls.url, new_token(tls.lake), tls.trusted))
    with pytest.raises(NotTaken, match="invalid enum value 'smell'") as caught:
        agent.all()
    assert caught.value.kind == "denied" and "upgrade the gateway" in str(caught.value.hint)
    assert (agent.pushed.last_id, agent.pushed.left_out) == (0, 0)


@pytest.mark.parametrize("note", ["", "{", "[]", "null", '{"last_id": 5}', "\x00" * 100])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, note: str) -> None:
    (tmp_path / "pushed.json").write_text(note)
    assert Pushed.read(tmp_path) == Pushed()
    Pushed("https://a", "0" * 16, 7).write(tmp_path)
    whole = (tmp_path / "pushed.json").read_text()
    assert Pushed.read(tmp_path).last_id == 7
    (tmp_path / "pushed.json").write_text(whole.replace("7", '"7"'))
    assert Pushed.read(tmp_path) == Pushed()


def test_a_collector_keeps_what_its_gateway_has_not(
    gateway: Served, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of ten days ago, with a limit of a day: it goes when the gateway has it."""
    folder = fill(1, 20)
    monkeypatch.setenv("SOBRIETY_HOME", str(folder))
    monkeypatch.setenv("SOBRIETY_RETENTION_DAYS", "1")
    monkeypatch.setenv("SOBRIETY_PUSH", f"http://127.0.0.1:{gateway.port}/")
    monkeypatch.setenv("SOBRIETY_PUSH_TOKEN", new_token(gateway.lake))

    def first_id() -> int:
        done = CliRunner().invoke(command(), ["collect", "--once", "--interval", "200ms"])
        assert done.exit_code == 0, done.output
        with SpoolReader(folder / "spool.sqlite3") as spool:
            return spool.first_id

    assert first_id() == 1
    sender = Sender(gateway.url, new_token(gateway.lake, "web-1"))
    with SpoolReader(folder / "spool.sqlite3") as spool:
        spool_id = spool.spool_id
    Pushed(gateway.url, "f" * 16, 15).write(folder)
    assert first_id() == 1, "of another spool"
    Pushed("http://127.0.0.1:1", spool_id, 15).write(folder)
    assert first_id() == 1, "of another gateway"
    Pushed(sender.url, spool_id, 15).write(folder)
    assert first_id() == 16


def test_a_row_that_nobody_can_take_is_left_out_and_told(tls: Served, fill: Fill) -> None:
    folder = fill(1, 20)
    with Spool.open(folder / "spool.sqlite3") as spool:
        old = usage(1, "web-1")
        old.start_ns = 86_400_000_000_000  # 1970: its clock was wrong
        spool.append([old])
    fill(22, 30)
    told: list[str] = []
    agent = Pusher(folder, Sender(tls.url, new_token(tls.lake), tls.trusted), say=told.append)
    agent.all()
    assert agent.pushed.left_out == 1
    assert "row 21 is left out" in told[0] and "three years ago" in told[0]
    tls.stop()
    assert len(rows_of(tls.lake)) == 29


def test_rows_of_a_month_of_a_wrong_clock_cost_few_requests(tls: Served, fill: Fill) -> None:
    folder = fill(1, 20)
    with Spool.open(folder / "spool.sqlite3") as spool:
        for n in range(21, 5_021):
            late = usage(n, "web-1")
            late.start_ns = n * 60_000_000_000  # 1970
            spool.append([late])
    fill(5_021, 5_030)
    told: list[str] = []
    agent = Pusher(folder, Sender(tls.url, new_token(tls.lake), tls.trusted), say=told.append)
    assert agent.all() == 5_030
    assert (agent.pushed.left_out, len(told)) == (5_000, 3)
    assert "rows 21 to 2000 are left out" in told[0]
    tls.stop()
    assert len(rows_of(tls.lake)) == 30


def test_a_machine_that_got_another_name_waits_for_its_operator(tls: Served, fill: Fill) -> None:
    token, folder = new_token(tls.lake), fill(1, 5)
    pusher(folder, tls, token).all()
    with Spool.open(folder / "spool.sqlite3") as spool:
        spool.append([usage(6, "renamed")])
    with pytest.raises(NotTaken, match="not for 'renamed'") as caught:
        pusher(folder, tls, token).all()
    assert caught.value.kind == "denied" and "token allow" in str(caught.value.hint)
    allow = str(caught.value.hint).rpartition("sobriety ")[2].replace("HOST", "renamed").split()
    done = CliRunner().invoke(command(), [*allow, "--lake", str(tls.lake)])
    assert done.exit_code == 0, done.output
    assert pusher(folder, tls, token).all() == 1


def test_nothing_is_sent_to_who_is_not_trusted(tls: Served, fill: Fill) -> None:
    stranger = Sender(tls.url, "secret")
    with pytest.raises(NotTaken, match="not trusted") as caught:
        Pusher(fill(1, 2), stranger).all()
    assert caught.value.kind == "denied" and "push.ca_file" in str(caught.value.hint)


@pytest.mark.parametrize("url", ["http://example.org", "ftp://x", "gateway:9846", "https://", "",
                                 "https://a:b@c", "https://x?y=1", "https://x:99999"])  # fmt: skip
def test_urls_that_are_no_gateway(url: str) -> None:
    with pytest.raises(ConfigError):
        checked(url)


class _Elsewhere(BaseHTTPRequestHandler):
    """Sends whoever asks elsewhere, and notes who asked."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(302)
        self.send_header("Location", "/other")
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_redirection_is_not_followed_with_the_token(elsewhere: str, fill: Fill) -> None:
    _Elsewhere.asked.clear()
    with pytest.raises(NotTaken, match="not followed"):
        Pusher(fill(1, 2), Sender(elsewhere, "secret")).all()
    assert [path.split("/")[1] for path, _ in _Elsewhere.asked] == ["v1"]


def test_a_proxy_is_used(elsewhere: str, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    _Elsewhere.asked.clear()
    monkeypatch.setenv("http_proxy", elsewhere)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(NotTaken):
        Sender("http://127.0.0.1:1", "secret").last_id("0" * 16)
    assert _Elsewhere.asked[0][0].startswith("http://127.0.0.1:1/v1/usage/")


def test_the_token_s_file_is_the_owner_s_alone(
    gateway: Served, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(new_token(gateway.lake) + "\n")
    file.chmod(0o644)
    monkeypatch.setenv("SOBRIETY_HOME", str(fill(1, 3)))
    monkeypatch.setenv("SOBRIETY_PUSH_TOKEN_FILE", str(file))
    done = CliRunner().invoke(command(), ["push", gateway.url])
    assert done.exit_code == 1 and "0644" in done.output and f"chmod 600 {file}" in done.output
    file.chmod(0o600)
    done = CliRunner().invoke(command(), ["push", gateway.url])
    assert done.exit_code == 0 and "3 rows sent" in done.output


def test_a_collector_pushes_what_it_collects(gateway: Served, tmp_path: Path) -> None:
    home = tmp_path / "collector"
    environ = os.environ | {
        "SOBRIETY_HOME": str(home), "SOBRIETY_PUSH_TOKEN": new_token(gateway.lake),
        "SOBRIETY_PUSH": gateway.url, "SOBRIETY_ROW_S": "1", "SOBRIETY_PUSH_EVERY_S": "1",
        "SOBRIETY_HOST": "this-one",
    }  # fmt: skip
    collect = [sys.executable, "-m", "sobriety", "collect", "--interval", "500ms"]
    agent = subprocess.Popen(collect, env=environ, stderr=subprocess.PIPE, text=True)
    until(lambda: Pushed.read(home).last_id >= 2)
    agent.terminate()
    _, said = agent.communicate(timeout=120)
    assert agent.returncode == 0, said
    noted = Pushed(**json.loads((home / "pushed.json").read_text()))
    assert noted.last_id >= 2 and noted.error is None
    gateway.stop()
    with SpoolReader(home / "spool.sqlite3") as spool:
        sent = [r for r in spool.numbered() if r[0] <= noted.last_id]
    assert len(rows_of(gateway.lake)) >= len(sent)
    assert {host for host, _ in rows_of(gateway.lake)} == {"this-one"}


def test_status_says_what_a_gateway_has(
    gateway: Served, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[dict[str, object], str]:
        done = [CliRunner().invoke(command(), ["status", *w]) for w in (["--json"], [])]
        return json.loads(done[0].stdout)["push"], done[1].stdout

    folder, token = fill(1, 5), new_token(gateway.lake)
    monkeypatch.setenv("SOBRIETY_HOME", str(folder))
    assert told()[0] is None and "pushed" not in told()[1]
    monkeypatch.setenv("SOBRIETY_PUSH", gateway.url + "/")
    nothing: dict[str, object] = {"last_ns": None, "left_out_rows": 0, "error": None}
    assert told()[0] == {"url": gateway.url, "waiting_rows": 5} | nothing
    assert "nothing yet, 5 rows wait" in told()[1]
    agent = Pusher(folder, Sender(gateway.url, token))
    agent.all()
    before = told()[0]
    assert before["waiting_rows"] == 0 and before["last_ns"] == agent.pushed.at_ns
    fill(6, 8)
    gateway.stop()
    agent._turn()  # pyright: ignore[reportPrivateUsage]
    found, page = told()
    assert found["waiting_rows"] == 3 and found["last_ns"] == before["last_ns"]
    assert "cannot be reached" in str(found["error"]) and "push error" in page
    agent.pushed.left_out = 2
    agent.pushed.write(folder)
    assert "2 rows that the gateway never takes" in told()[1]
    monkeypatch.setenv("SOBRIETY_PUSH", "https://another")
    assert told()[0] == {"url": "https://another", "waiting_rows": 8} | nothing


def test_all_is_sent_again_to_a_gateway_that_was_put_back(
    serve: Serve, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = serve("--drain", "1h")
    token, folder = new_token(gateway.lake), fill(1, 3_000)
    pusher(folder, gateway, token).all()
    gateway.stop()
    shutil.copytree(gateway.lake, gateway.lake.with_name("backup"))
    gateway.start()
    fill(3_001, 3_500)
    pusher(folder, gateway, token).all()
    gateway.stop()
    shutil.rmtree(gateway.lake)
    shutil.move(gateway.lake.with_name("backup"), gateway.lake)
    gateway.start()
    fill(3_501, 3_600)
    assert pusher(folder, gateway, token).all() == 100, "an agent goes on where it was"
    monkeypatch.setenv("SOBRIETY_HOME", str(folder))
    monkeypatch.setenv("SOBRIETY_PUSH_TOKEN", token)
    done = CliRunner().invoke(command(), ["push", gateway.url, "--all"])
    assert done.exit_code == 0 and "3600 rows sent" in done.output, done.output
    gateway.stop()
    assert len(rows_of(gateway.lake)) == len(set(rows_of(gateway.lake))) == 3_600


def test_nothing_was_ever_recorded(gateway: Served, tmp_path: Path) -> None:
    assert pusher(tmp_path, gateway).all() == 0


def test_the_network_is_torn(fill: Fill) -> None:
    with pytest.raises(NotTaken, match="cannot be reached") as caught:
        Pusher(fill(1, 2), Sender(f"http://127.0.0.1:{free_port()}", "t")).all()
    assert caught.value.kind == "later"
    assert row(1)["id"] == 1
