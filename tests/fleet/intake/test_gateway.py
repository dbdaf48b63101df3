"""A running gateway: what it takes, once; and what it refuses, with a reason and alive."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sobriety.core.errors import ConfigError
from sobriety.fleet.serve import Listen
from sobriety.fleet.serve import serve as run

from ..conftest import SPOOL, Serve, Served, body, new_token, row, rows_of

DAY_NS = 86_400_000_000_000


def test_what_is_sent_is_in_the_lake_once(gateway: Served) -> None:
    token = new_token(gateway.lake, "web-1")
    first = [row(n) for n in range(1, 11)]
    assert gateway.post(first, token) == (200, {"spool": SPOOL, "last_id": 10, "new_rows": 10})
    again = [row(n) for n in range(6, 16)]
    assert gateway.post(again, token)[1]["new_rows"] == 5
    assert gateway.post([row(n) for n in (20, 21)], token)[1]["last_id"] == 21
    assert gateway.post([row(n) for n in range(1, 26)], token)[1]["new_rows"] == 8
    assert gateway.ask(f"/v1/usage/{SPOOL}", token=token)[1]["last_id"] == 25
    assert gateway.stop() == 0
    assert rows_of(gateway.lake) == [("web-1", row(n)["start_ns"]) for n in range(1, 26)]


def test_gzip_and_facts_are_taken(gateway: Served) -> None:
    from sobriety.lake import Lake

    token = new_token(gateway.lake)
    machine = {"host": "web-1", "at_ns": 5, "facts": {"category": "server", "threads": 8}}
    packed = gzip.compress(body([row(1)], machines=[machine]))
    assert gateway.ask("/v1/usage", packed, token, Content_Encoding="gzip")[0] == 200
    gateway.stop()
    with Lake(gateway.lake) as lake:
        assert lake.machines()["web-1"].threads == 8


BAD_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("start_ns", {"start_ns": time.time_ns() + 2 * DAY_NS}),
    ("start_ns", {"start_ns": time.time_ns() - 4 * 365 * DAY_NS}),
    ("start_ns", {"start_ns": -1}),
    ("duration_s", {"duration_s": 1e9}),
    ("covered_s", {"covered_s": 61.0}),
    ("cpu_busy_s", {"cpu_busy_s": 481.0}),
    ("cpu_busy_s", {"cpu_busy_s": -1.0}),
    ("util_s", {"util_s": 61.0}),
    ("util_s", {"util_s": None}),
    ("package_j", {"package_j": 10.0}),
    ("observed", {"observed": ["cpu", "agent", "agent"]}),
    ("observed", {"state": "asleep"}),
    ("name", {"name": "nginx"}),
    ("host", {"host": "web\x1b[2J"}),
    ("host", {"host": ""}),
    ("host", {"host": "x" * 300}),
]


@pytest.mark.parametrize(("column", "changes"), BAD_ROWS)
def test_a_row_that_breaks_a_rule_is_named_and_nothing_of_its_batch_is_taken(
    gateway_of_module: Served, column: str, changes: dict[str, Any]
) -> None:
    gateway = gateway_of_module
    token = new_token(gateway.lake)
    status, told = gateway.post([row(1), row(2, **changes), row(3)], token)
    assert (status, told["row"]) == (422, 2), told
    assert told.get("column", "").startswith(column), told
    assert gateway.ask(f"/v1/usage/{SPOOL}", token=token)[1]["last_id"] == 0


BAD_BODIES: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "cut off": (400, b"{", {}),
    "a list": (400, b"[]", {}),
    "not UTF-8": (400, b"\xff\xfe", {}),
    "brackets": (400, b"[" * 100_000, {}),
    "a path as spool": (400, body([], spool="../../etc"), {}),
    "an unknown field": (400, body([row(1)], extra=1), {}),
    "not gzip": (400, b"no gzip", {"Content_Encoding": "gzip"}),
    "gzip cut off": (400, gzip.compress(body([row(1)]))[:-9], {"Content_Encoding": "gzip"}),
    "gzip and more": (400, gzip.compress(body([])) + b"more", {"Content_Encoding": "gzip"}),
    "much in little": (413, gzip.compress(b" " * 50_000_000), {"Content_Encoding": "gzip"}),
    "too much": (413, b" " * 17_000_000, {}),
    "another coding": (415, body([row(1)]), {"Content_Encoding": "br"}),
    "another type": (415, body([row(1)]), {"Content_Type": "text/plain"}),
    "an unknown column": (400, body([row(1, colour="blue")]), {}),  # of a newer agent
    "an unknown group": (400, body([row(1, observed=["cpu", "agent", "smell"])]), {}),
    "backwards": (422, body([row(2), row(1)]), {}),
    "a number twice": (422, body([row(1), row(1)]), {}),
    "too many rows": (400, body([row(n) for n in range(1, 2_002)]), {}),
}


@pytest.mark.parametrize(("status", "data", "headers"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_bodies_are_refused_with_a_reason(
    gateway_of_module: Served, status: int, data: bytes, headers: dict[str, str]
) -> None:
    token = new_token(gateway_of_module.lake)
    found, told = gateway_of_module.ask("/v1/usage", data, token, **headers)
    assert found == status or (found == 0 and status == 413), told  # closed while we still send
    assert found == 0 or (told["error"] and told["error"][0].islower())
    assert gateway_of_module.ask("/healthz")[0] == 200


@pytest.fixture(scope="module")
def gateway_of_module(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from ..conftest import free_port

    served = Served(tmp_path_factory.mktemp("gateway") / "lake", free_port(), ["--drain", "1h"])
    served.start()
    yield served
    served.stop(signal.SIGKILL)


def test_who_has_no_right_is_refused_and_secrets_are_not_logged(gateway: Served) -> None:
    mine, other = new_token(gateway.lake, "web-1"), new_token(gateway.lake, "web-2")
    read = new_token(gateway.lake, read=True)
    assert gateway.post([row(1)], "")[0] == 401
    assert gateway.post([row(1)], mine[:-1] + ("a" if mine[-1] != "a" else "b"))[0] == 401
    assert gateway.post([row(1)], "sob_00000000_" + "a" * 43)[0] == 401
    status, told = gateway.post([row(1)], other)
    assert (status, told["row"], told["column"]) == (403, 1, "host")
    assert gateway.post([row(1)], read)[0] == 403
    assert gateway.ask("/metrics", token=mine)[0] == 403
    assert gateway.ask("/metrics")[0] == 401
    assert gateway.post([row(1)], mine)[0] == 200
    # Another host cannot take this one's numbers away by using its spool's name.
    assert gateway.post([row(2, "web-2")], other)[0] == 200
    assert gateway.post([row(2)], mine)[1]["new_rows"] == 1
    for secret in (mine, other, read):
        assert secret.rpartition("_")[2] not in gateway.log
    assert "401 POST /v1/usage from 127.0.0.1" in gateway.log


def test_a_token_is_for_the_first_host_that_uses_it(gateway: Served) -> None:
    token = new_token(gateway.lake)
    assert gateway.post([row(1, "web-1"), row(2, "web-2")], token)[0] == 403
    assert gateway.post([row(1, "web-1")], token)[0] == 200
    assert gateway.post([row(2, "web-2")], token)[0] == 403
    from contextlib import closing

    from sobriety.fleet.intake import tokens
    from sobriety.fleet.intake.state import open_state

    with closing(open_state(gateway.lake)) as db:
        (known,) = tokens.all_tokens(db)
        assert known.hosts == ("web-1",)
        tokens.allow(db, known.id, ["web-2"])
        assert gateway.post([row(2, "web-2")], token)[0] == 200
        tokens.revoke(db, known.id)
    assert gateway.post([row(3)], token)[0] == 401, "at once"


def test_weird_names_are_only_names(gateway: Served) -> None:
    names = ["../../../etc/passwd", "'; DROP TABLE batch; --", "day=2020-01-01", "été \U0001f600",
             "a/b\\c", "%00", "NULL"]  # fmt: skip
    token = new_token(gateway.lake, "x")
    for i, name in enumerate(names, start=1):
        token = new_token(gateway.lake, name)
        assert gateway.post([row(i, name)], token)[0] == 200
    assert gateway.stop() == 0
    assert {host for host, _ in rows_of(gateway.lake)} == set(names)
    outside = [p for p in gateway.lake.parent.rglob("*") if "passwd" in p.name]
    assert outside == []


def test_who_sends_headers_byte_by_byte_is_cut_off(gateway: Served) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port)) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        slow.settimeout(1.0)
        began_s = time.monotonic()
        try:
            while time.monotonic() - began_s < 60:
                slow.sendall(b"X")
                try:
                    if slow.recv(100) == b"":
                        break
                except TimeoutError:
                    assert gateway.ask("/healthz")[0] == 200
        except OSError:
            pass
    assert 8 < time.monotonic() - began_s < 60


def test_too_many_requests_with_a_token_wait(gateway: Served) -> None:
    token = new_token(gateway.lake)
    statuses: list[int] = []
    begun_s = time.monotonic()
    while 429 not in statuses and len(statuses) < 2_000:
        statuses.append(gateway.ask(f"/v1/usage/{SPOOL}", token=token)[0])
    passed_s = time.monotonic() - begun_s
    assert statuses[:60] == [200] * 60 and statuses[-1] == 429
    assert statuses.count(200) <= 60 + 5 * passed_s + 1  # the more, the slower the machine


def test_metrics_are_as_prometheus_wants_them(gateway: Served, needs: Callable[[str], str]) -> None:
    gateway.post([row(1)], new_token(gateway.lake))
    status, text = gateway.ask("/metrics", token=new_token(gateway.lake, read=True))
    assert status == 200
    check = [needs("promtool"), "check", "metrics"]
    done = subprocess.run(check, input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert "sobriety_gateway_rows_total 1.0" in text


def test_only_this_machine_comes_in_without_tls_and_tokens(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    everywhere = Listen("0.0.0.0", 1)
    with pytest.raises(ConfigError, match="no certificate"):
        run(tmp_path / "lake", everywhere, 60, print)
    with pytest.raises(ConfigError, match="no token"):
        run(tmp_path / "lake", Listen("0.0.0.0", 1, cert, key), 60, print)
    with pytest.raises(ConfigError, match="cannot be used"):
        run(tmp_path / "lake", Listen("127.0.0.1", 1, key, cert), 60, print)


def test_tls(serve: Serve, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    served = serve("--tls-cert", str(cert), "--tls-key", str(key), "--drain", "1h", trusted=cert)
    assert served.post([row(1)], new_token(served.lake))[0] == 200
    with socket.create_connection(("127.0.0.1", served.port)) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP/1.1 200")


def test_two_processes_share_a_lake(serve: Serve) -> None:
    one = serve("--drain", "300ms")
    two = serve("--drain", "300ms", lake=one.lake)
    token = new_token(one.lake)
    for n in range(1, 41):
        served = (one, two)[n % 2]
        assert served.post([row(n), row(n + 1)], token)[0] == 200
    one.stop()
    two.stop()
    assert len(rows_of(one.lake)) == len(set(rows_of(one.lake))) == 41


def test_the_description_is_openapi(gateway: Served) -> None:
    status, told = gateway.ask("/openapi.json")
    assert status == 200 and told["openapi"] == "3.1.0"
    columns = told["components"]["schemas"]["Row"]["properties"]
    usage = json.loads((Path(__file__).parents[3] / "docs/schema/usage.json").read_text())
    assert set(columns) == set(usage["properties"]) | {"id"}
