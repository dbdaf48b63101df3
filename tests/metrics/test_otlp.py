"""Pushed by the real SDK to a real receiver, which takes the protobuf apart."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sobriety.core.errors import MissingExtra
from sobriety.core.machine import Machine
from sobriety.core.usage import Usage
from sobriety.metrics.otlp import OtlpPush
from sobriety.metrics.totals import EnergyTotals

pytest.importorskip("opentelemetry.sdk")
SERVER = Machine("secret-name", "server", cpu_model="Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz")
MEASURES = {"cpu_busy_s": 30.0, "util_sqrt_s": 30.0, "util_s": 15.0, "util_cubed_s": 3.75}
OBSERVED = ("cpu", "package")

Points = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Receiver(HTTPServer):
    """Keeps the last value of every series."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.points: Points = {}
        self.resource: dict[str, str] = {}
        self.requests = 0
        self.url = f"http://127.0.0.1:{self.server_port}/v1/metrics"


class _Post(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

        asked: Any = service.ExportMetricsServiceRequest()  # pyright: ignore[reportUnknownVariableType,reportUnknownMemberType,reportAttributeAccessIssue]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        asked.ParseFromString(body)
        receiver: Any = self.server
        for resource in asked.resource_metrics:
            receiver.resource = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    kind = getattr(metric, metric.WhichOneof("data"))
                    for point in kind.data_points:
                        labels = sorted((a.key, a.value.string_value) for a in point.attributes)
                        receiver.points[metric.name, tuple(labels)] = point.as_double
        receiver.requests += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def until(what: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def row(start_s: float, kind: str = "host", name: str = "") -> Usage:
    half = 1.0 if kind == "host" else 0.5
    measures = {k: v * half for k, v in {**MEASURES, "package_j": 3000.0}.items()}
    start_ns = 1_764_072_000 * 10**9 + int(start_s * 1e9)
    return Usage("secret-name", start_ns, 60.0, 60.0, measures, OBSERVED, "on", kind, name)


def test_what_is_received_is_the_ledgers(receiver: Receiver) -> None:
    ledger = EnergyTotals(SERVER, zone="CA-QC")
    push = OtlpPush(receiver.url, 3600, pytest.fail)
    push.open()
    push.show(ledger)
    ledger.add([row(0), row(0, "service", "nginx.service")])
    push.show(ledger)
    push.close()
    push.close()
    points = receiver.points
    host = (("hw.id", "host"), ("hw.name", "machine"))
    assert points["hw.host.energy", host] == pytest.approx(ledger.whole_j)
    assert points["hw.host.power", host] == pytest.approx(ledger.whole_j / 60)
    package = (("hw.id", "package"), ("hw.name", "package"), ("hw.type", "cpu"))
    assert points["hw.energy", package] == 3000.0
    workload = (("kind", "service"), ("name", "nginx.service"))
    found = points["sobriety.workload.energy", workload]
    assert found + points["sobriety.idle.energy", ()] == pytest.approx(ledger.whole_j)
    assert points["sobriety.co2e", (("phase", "embodied"),)] == pytest.approx(ledger.embodied_g)
    assert ("sobriety.co2e", (("phase", "use"),)) in points
    assert receiver.resource["service.name"] == "sobriety"
    assert "secret-name" not in repr((points, receiver.resource))


def test_a_receiver_that_is_not_there_is_told_of_once_and_holds_up_nothing() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{door.getsockname()[1]}/v1/metrics"  # nobody listens
        said: list[str] = []
        push = OtlpPush(url, 1, said.append)
        push.open()
        begun_s = time.monotonic()
        for number in range(200):
            push.show(EnergyTotals(SERVER))
            assert time.monotonic() - begun_s < 20, number
        until(lambda: bool(said))
        push.close()
    assert len(said) == 1 and url in said[0]


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.metrics", None)
    with pytest.raises(MissingExtra, match="opentelemetry-sdk"):
        OtlpPush("http://127.0.0.1:1", 60, pytest.fail).open()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_real_daemon_pushes(receiver: Receiver, tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "SOBRIETY_OTLP_ENDPOINT": receiver.url,
        "SOBRIETY_OTLP_INTERVAL_S": "1",
        "SOBRIETY_ROW_S": "1",
        "SOBRIETY_WORK_S": "1",
    }
    command = [sys.executable, "-m", "sobriety", "collect", "--daemon", "--interval", "500ms"]
    agent = subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE)
    try:
        until(lambda: any(name == "hw.host.energy" for name, _ in receiver.points))
    finally:
        agent.terminate()
        _, said = agent.communicate(timeout=120)
    assert agent.returncode == 0, said
    assert b"Traceback" not in said
