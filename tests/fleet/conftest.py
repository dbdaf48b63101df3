"""Real gateways: processes on a free port, with a lake of their own."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sobriety.core.usage import Usage
from sobriety.fleet.intake import tokens
from sobriety.fleet.intake.state import open_state
from sobriety.lake import Lake

SPOOL = "0123456789abcdef"
MINUTE_NS, DAY_NS = 60_000_000_000, 86_400_000_000_000
START_NS = time.time_ns() // DAY_NS * DAY_NS - 10 * DAY_NS + 383 * MINUTE_NS
"""06:23 UTC, whenever the tests run: how many days rows reach over does not depend on it."""
Row = dict[str, Any]


def row(number: int, host: str = "web-1", **changes: Any) -> Row:
    """Row `number` of a spool: a minute each, from ten days ago on."""
    found = {
        "id": number, "host": host, "kind": "host", "name": "", "state": "on",
        "observed": ["cpu", "agent"], "start_ns": START_NS + number * MINUTE_NS,
        "duration_s": 60.0, "covered_s": 60.0, "cpu_busy_s": 30.0 + number / 1e6,
        "cpu_capacity_s": 480.0, "util_sqrt_s": 15.0, "util_s": 3.75, "util_cubed_s": 0.01,
        "agent_cpu_s": 0.01,
    }  # fmt: skip
    return {k: v for k, v in (found | changes).items() if v is not None}


def body(rows: Sequence[Row], spool: str = SPOOL, **rest: Any) -> bytes:
    return json.dumps({"spool": spool, "rows": list(rows), **rest}).encode()


def usage(number: int, host: str) -> Usage:
    """The same row as a spool's writer takes it."""
    found = row(number, host)
    measures = {
        k: v for k, v in found.items() if k.endswith("_s") and k[:3] in ("cpu", "uti", "age")
    }
    return Usage(host, found["start_ns"], 60.0, 60.0, measures, ("cpu", "agent"))


def new_token(lake: Path, *hosts: str, read: bool = False) -> str:
    with closing(open_state(lake)) as db:
        return tokens.create(db, "read" if read else "write", hosts)[1]


def rows_of(lake: Path) -> list[tuple[str, int]]:
    """Host and start of every raw row in the lake."""
    with Lake(lake) as there:
        found = there.open("raw").collect(backend="pandas").rows(named=True)
        return sorted((r["host"], r["start_ns"]) for r in found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Served:
    """A gateway that runs, and what it said."""

    lake: Path
    port: int
    options: list[str] = field(default_factory=list[str])
    process: subprocess.Popen[str] | None = None
    trusted: Path | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.trusted else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "sobriety", "serve", "--lake", str(self.lake),
                   "--listen", f"127.0.0.1:{self.port}", *self.options]  # fmt: skip
        with (self.lake.parent / "gateway.log").open("a") as log:
            self.process = subprocess.Popen(command, stderr=log, text=True)
        end_s = time.monotonic() + 120
        while self.ask("/healthz")[0] != 200:
            assert self.process.poll() is None and time.monotonic() < end_s, self.log
            time.sleep(0.05)

    @property
    def log(self) -> str:
        return (self.lake.parent / "gateway.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(300)

    def ask(
        self, path: str, data: bytes | None = None, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """The status and the body; 0 where nobody answers."""
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        if data is not None:
            headers = {"Content-Type": "application/json"} | headers
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url + path, data, headers)
        context = ssl.create_default_context(cafile=self.trusted) if self.trusted else None
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                text, status = answer.read(), answer.status
        except urllib.error.HTTPError as error:
            with error:
                text, status = error.read(), error.code
        except OSError:
            return 0, None
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text.decode()

    def post(self, rows: Sequence[Row], token: str, spool: str = SPOOL) -> tuple[int, Any]:
        return self.ask("/v1/usage", body(rows, spool), token)


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    running: list[Served] = []

    def begin(*options: str, lake: Path | None = None, trusted: Path | None = None) -> Served:
        served = Served(lake or tmp_path / "lake", free_port(), list(options), trusted=trusted)
        running.append(served)
        served.start()
        return served

    yield begin
    for served in running:
        if served.process and served.process.poll() is None:
            served.process.kill()
            served.process.wait()


@pytest.fixture
def gateway(serve: Serve) -> Served:
    """One that drains only when it stops."""
    return serve("--drain", "1h")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself; and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
         str(key), "-out", str(cert), "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key
