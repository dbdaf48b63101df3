"""Meters that settings name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sobriety.agent.checkup import examine
from sobriety.agent.meters import POWERS, configured
from sobriety.core.errors import ConfigError
from sobriety.core.host import LocalHost
from sobriety.service.needs import find_needs
from sobriety.settings import config as settings

PLUG = {"meter_url": "http://plug.example/meter/0", "meter_path": "power"}
STRIP = {"snmp_target": "pdu-3", "snmp_oid": "rPDU2OutletMeteredStatusPower.7"}


class Plug(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"power": 41.5}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Plug) as server, ExitStack() as undo:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        undo.callback(server.shutdown)
        yield f"http://127.0.0.1:{server.server_port}/meter/0"


def names(given: Mapping[str, object], *, counters: bool = True) -> list[str]:
    return [make().name for make in configured(settings.load(given), counters=counters)]


def test_those_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", "open-sesame")
    assert names({}) == []
    assert names({**PLUG}) == ["http"]
    assert names({**STRIP}) == ["snmp"]
    assert names({**PLUG, **STRIP}) == ["http", "snmp"]
    (make,) = configured(settings.load(PLUG))
    assert make() is make()


def test_a_counter_is_nothing_for_those_who_look_at_seconds() -> None:
    for unit in ("W", "kW", "mW", "J", "Wmin", "Wh", "kWh"):
        given: dict[str, object] = {**PLUG, "meter_unit": unit}
        assert names(given) == ["http"]
        assert names(given, counters=False) == (["http"] if unit in POWERS else [])


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"meter_url": "http://plug/"}, "--meter-url: meter_url is set and meter_path is not",
         "set meter_path too"),
        ({"meter_path": "power"}, "meter_path is set and meter_url is not", "set meter_url"),
        ({"meter_token_file": "/x"}, "meter_token_file is set and meter_url is not", "meter_url"),
        ({"snmp_target": "pdu"}, "snmp_target is set and snmp_oid is not", "set snmp_oid"),
        ({"snmp_keys_file": "/x"}, "snmp_keys_file is set and snmp_target is not", "snmp_target"),
        ({**PLUG, "meter_url": "plug"}, "'plug' is no address", "http://HOST/PATH"),
        ({**STRIP}, "SNMP needs a community or a user", "SOBRIETY_SNMP_COMMUNITY"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_told_at_once(
    given: dict[str, object], message: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOBRIETY_SNMP_COMMUNITY", raising=False)
    with pytest.raises(ConfigError, match=message) as refused:
        configured(settings.load(given))
    assert hint in (refused.value.hint or "")


def test_a_service_with_a_meter_may_reach_it() -> None:
    assert find_needs(settings.load()).network == "none"
    assert find_needs(settings.load(PLUG)).network == "any"
    assert find_needs(settings.load(STRIP)).network == "any"


def test_a_meter_is_asked_before_the_others(url: str) -> None:
    found = examine(LocalHost(), settings.load({**PLUG, "meter_url": url}), year=2024)
    assert found.sources[0].name == "http"


def test_collect_keeps_joules_of_the_plug(url: str, tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "SOBRIETY_HOME": str(tmp_path),
        "SOBRIETY_METER_URL": url,
        "SOBRIETY_METER_PATH": "power",
        "SOBRIETY_COLLECTORS": "cpu",
        "SOBRIETY_ROW_S": "1",
    }
    agent = subprocess.Popen(
        [sys.executable, "-m", "sobriety", "collect", "--interval", "0.2s", "--json"],
        env=environ, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert agent.stdout
    # The meter's thread takes its time to be answered; the row of a second later has its joules.
    row = next(row for row in map(json.loads, agent.stdout) if "wall" in row["observed"])
    agent.terminate()
    agent.communicate(timeout=120)
    assert agent.returncode == 0
    assert row["wall_j"] == pytest.approx(41.5 * row["duration_s"])
