"""/metrics on loopback: what is answered, to whom, and that nobody can hold it up."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.metrics.endpoint import PATIENCE_S, Endpoint, address


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint("127.0.0.1:0")
    found.open()
    found.show("plain 1\n", "open 1\n# EOF\n")
    yield found
    found.close()
    found.close()


def ask(endpoint: Endpoint, path: str = "/metrics", **headers: str) -> tuple[int, str, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{endpoint.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, "", error.read().decode()


def raw(endpoint: Endpoint, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        found = b""
        while more := client.recv(65_536):
            found += more
        return found


def test_each_gets_the_format_that_it_asks_for(endpoint: Endpoint) -> None:
    assert ask(endpoint) == (200, "text/plain; version=0.0.4; charset=utf-8", "plain 1\n")
    status, kind, body = ask(endpoint, Accept="application/openmetrics-text;version=1.0.0")
    assert (status, body) == (200, "open 1\n# EOF\n")
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert ask(endpoint, "/metrics?x=1")[0] == 200


def test_nothing_else_is_there(endpoint: Endpoint) -> None:
    assert ask(endpoint, "/")[0] == 404
    assert ask(endpoint, "/metrics/../etc/passwd")[0] == 404
    assert raw(endpoint, b"POST /metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 405")
    assert raw(endpoint, b"\x00\xff\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw(endpoint, b"").startswith(b"HTTP/1.1 400")
    head = raw(endpoint, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and head.endswith(b"\r\n\r\n")
    with suppress(OSError):  # it hangs up on who talks too much
        raw(endpoint, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n")
    assert ask(endpoint)[0] == 200


def test_who_sends_letter_by_letter_is_not_waited_for(endpoint: Endpoint) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port)) as slow:
        slow.sendall(b"GET /met")
        begun_s = time.monotonic()
        assert ask(endpoint)[0] == 200
        assert time.monotonic() - begun_s < PATIENCE_S + 30


def test_an_address_that_is_taken_is_told(endpoint: Endpoint) -> None:
    with pytest.raises(SobrietyError, match=f"cannot listen on 127.0.0.1:{endpoint.port}"):
        Endpoint(f"127.0.0.1:{endpoint.port}").open()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9845", ("127.0.0.1", 9845)),
        (":1", ("127.0.0.1", 1)),
        ("localhost", ("localhost", 9845)),
        ("[::1]:7", ("::1", 7)),
        ("[::1]", ("::1", 9845)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert address(text) == expected


@pytest.mark.parametrize("text", ["a:b", "127.0.0.1:70000", "1:-2"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        address(text)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_real_prometheus_scrapes_a_real_daemon(
    tmp_path: Path, needs: Callable[[str], str]
) -> None:
    prometheus = needs("prometheus")
    port, theirs = free_port(), free_port()
    environ = {**os.environ, "SOBRIETY_ROW_S": "1", "SOBRIETY_WORK_S": "1"}
    collect = [sys.executable, "-m", "sobriety", "collect", "--daemon", "--interval", "500ms"]
    agent = subprocess.Popen(
        [*collect, "--metrics", f"127.0.0.1:{port}"],
        cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    scrape = {"job_name": "s", "scrape_interval": "1s",
              "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}  # fmt: skip
    (tmp_path / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    server = subprocess.Popen(
        [prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=data",
         f"--web.listen-address=127.0.0.1:{theirs}", "--log.level=error"],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        found = until_scraped(theirs, 'sobriety_host_energy_joules_total{scope="machine"}')
        assert found > 0
        # Several questions at several moments: asked until the answers are of one scrape.
        query = (
            'sobriety_host_energy_joules_total{scope="machine"} - on() group_left()'
            " (sum(sobriety_workload_energy_joules_total) + on() sobriety_idle_energy_joules_total)"
        )
        assert until_scraped(theirs, query) == pytest.approx(0, abs=1e-6)
        assert until_scraped(theirs, 'up{job="s"}') == 1
    finally:
        for program in (agent, server):
            program.terminate()
            program.wait(120)


def until_scraped(port: int, query: str) -> float:
    """The value of a query, once there is one."""
    until_s = time.monotonic() + 120
    address = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                found: Any = json.load(answer)["data"]["result"]
            if found:
                return float(found[0]["value"][1])
        except OSError:
            pass  # it is starting
        assert time.monotonic() < until_s, query
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port
