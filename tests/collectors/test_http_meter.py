"""A meter asked over a real connection; its answers are written down from makers' documents.

Sources: https://shelly-api-docs.shelly.cloud/gen1/#shelly-plug-plugs-meter-0,
https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Switch,
https://tasmota.github.io/docs/JSON-Status-Responses/,
https://developers.home-assistant.io/docs/api/rest/
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import BUILTIN, HttpMeter
from sobriety.core.errors import ConfigError, NotPermitted, NotSupported, ReadError
from sobriety.core.host import Instant, LocalHost
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.ports import Slow
from sobriety.core.reading import Reading

SECRET = "open-sesame"
GEN1, GEN2, TASMOTA = "/meter/0", "/rpc/Switch.GetStatus?id=0", "/cm?cmnd=Status%208"
HOME = "/api/states/sensor.plug_power"
ANSWERS: dict[str, Any] = {
    GEN1: {
        "power": 41.62,
        "overpower": 0.0,
        "is_valid": True,
        "timestamp": 1610720113,
        "counters": [41.581, 42.013, 41.308],
        "total": 58410,
    },
    GEN2: {
        "id": 0,
        "source": "init",
        "output": True,
        "apower": 58.3,
        "voltage": 232.1,
        "current": 0.31,
        "aenergy": {"total": 11.679, "by_minute": [971.5, 963.2, 970.1], "minute_ts": 1654511972},
        "temperature": {"tC": 41.9, "tF": 107.4},
    },
    TASMOTA: {
        "StatusSNS": {
            "Time": "2024-03-01T10:52:17",
            "ENERGY": {
                "TotalStartTime": "2023-01-05T08:12:41",
                "Total": 103.185,
                "Power": 67,
                "Voltage": 231,
            },
        }
    },
    HOME: {"entity_id": "sensor.plug_power", "state": "123.4"},
    "/odd": {
        "off": 0,
        "null": None,
        "minus": -3.5,
        "text": "unavailable",
        "yes": True,
        "huge": 10**400,
        "list": [{"w": 7}],
        "deep": {"a": 1},
    },
    "/nan": b'{"w": NaN, "inf": Infinity}',
    "/page": b"<html>Log in</html>",
    "/deep": b"[" * 100_000,
    "/endless": b" " * 2_000_000,
}


class Plug(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append((self.path, self.headers.get("Authorization")))
        if self.path == "/hangs":
            server.over.wait(20)
        elif self.path == "/drips":
            self._answer(200, b"", 100)
            while not server.over.wait(0.05):
                self.wfile.write(b" ")
        elif self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", GEN1)
            self.end_headers()
        elif self.path == "/locked" and self.headers.get("Authorization") is None:
            self._answer(401, b"{}")
        elif self.path in ("/403", "/404", "/500"):
            self._answer(int(self.path[1:]), b"{}")
        else:
            answer = ANSWERS[GEN1 if self.path == "/locked" else self.path]
            self._answer(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def _answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:  # who asked has had enough
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Plug)
        self.asked: list[tuple[str, str | None]] = []
        self.over = Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


@pytest.fixture(scope="module")
def plug() -> Iterator[Server]:
    with Server() as server, ExitStack() as undo:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        undo.callback(server.shutdown)
        undo.callback(server.over.set)
        yield server


def ask(url: str, path: str, unit: str = "W", **given: Any) -> Reading:
    with closing(HttpMeter(url, path, unit, **given)) as meter:
        meter.open(LocalHost())
        (reading,) = meter.read()
    meter.close()
    return reading


@pytest.mark.parametrize(
    ("question", "path", "unit", "metric", "value"),
    [
        (GEN1, "power", "W", "wall_w", 41.62),
        (GEN1, "counters.1", "W", "wall_w", 42.013),
        (GEN1, "total", "Wmin", "wall_j", 58410 * 60),
        (GEN2, "apower", "W", "wall_w", 58.3),
        (GEN2, "aenergy.total", "Wh", "wall_j", 11.679 * 3600),
        (GEN2, "aenergy.by_minute.0", "mW", "wall_w", 0.9715),
        (TASMOTA, "StatusSNS.ENERGY.Power", "W", "wall_w", 67),
        (TASMOTA, "StatusSNS.ENERGY.Total", "kWh", "wall_j", 103.185 * 3.6e6),
        (TASMOTA, "StatusSNS.ENERGY.Total", "kW", "wall_w", 103185),
        (HOME, "state", "W", "wall_w", 123.4),
        ("/odd", "off", "J", "wall_j", 0),
        ("/odd", "list.0.w", "W", "wall_w", 7),
    ],
)
def test_what_plugs_say(
    plug: Server, question: str, path: str, unit: str, metric: str, value: float
) -> None:
    reading = ask(plug.url + question, path, unit)
    assert (reading.metric, reading.source) == (metric, "http")
    assert reading.kind == ("gauge" if metric == "wall_w" else "counter")
    assert reading.value == pytest.approx(value)
    assert reading.subject == f"{plug.url}{question.partition('?')[0]} {path}"


@pytest.mark.parametrize(
    ("question", "path", "message"),
    [
        ("/odd", "watts", "/odd watts: there is no 'watts' in .*'off': 0"),
        ("/odd", "deep.a.b", "there is no 'b' in '1'"),
        ("/odd", "list.1", "there is no '1' in "),
        ("/odd", "list.w", "there is no 'w' in "),
        ("/odd", "off", "/odd off says 0 W while the machine runs"),
        ("/odd", "null", "/odd null is 'None', which is no amount"),
        ("/odd", "minus", "is '-3.5', which is no amount"),
        ("/odd", "text", "is 'unavailable', which is no amount"),
        ("/odd", "yes", "is 'True', which is no amount"),
        ("/odd", "huge", "is '1000+', which is no amount"),
        ("/odd", "deep", "is .*'a': 1.*, which is no amount"),
        ("/nan", "w", "is 'nan', which is no amount"),
        ("/nan", "inf", "is 'inf', which is no amount"),
        ("/page", "w", "/page answers b'<html>Log in</html>', which is no JSON"),
        ("/deep", "w", "which is no JSON"),
        ("/endless", "w", "/endless answers more than 1000000 B"),
        ("/404", "w", "/404 answers HTTP 404"),
        ("/500", "w", "/500 answers HTTP 500"),
        ("/moved", "power", "/moved answers HTTP 302"),
    ],
)
def test_what_is_no_power_is_unknown(plug: Server, question: str, path: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        ask(plug.url + question, path)


@pytest.mark.parametrize("question", ["/hangs", "/drips"])
def test_a_meter_that_hangs_is_left(plug: Server, question: str) -> None:
    before_s = time.monotonic()
    with pytest.raises(ReadError, match=rf"{question} has not answered for 0\.2 s"):
        ask(plug.url + question, "w", patience_s=0.2)
    assert time.monotonic() - before_s < 30  # the server itself never answers


def test_nobody_there() -> None:
    with Server() as gone:
        url = gone.url
    with pytest.raises(ReadError, match=r"/meter/0 cannot be asked: .*refused"):
        ask(url + GEN1, "power")


@pytest.mark.parametrize(
    ("secret", "header"),
    [(SECRET, f"Bearer {SECRET}"), ("admin:word", "Basic YWRtaW46d29yZA==")],
)
def test_a_secret_is_sent_to_the_meter_alone(
    plug: Server, tmp_path: Path, secret: str, header: str
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{secret}\n")
    file.chmod(0o600)
    with pytest.raises(NotPermitted, match="/locked answers HTTP 401: it wants another"):
        ask(f"{plug.url}/locked", "power")
    assert ask(f"{plug.url}/locked", "power", token_file=str(file)).value == 41.62
    assert plug.asked[-1] == ("/locked", header)
    with pytest.raises(NotPermitted, match="HTTP 403") as refused:
        ask(f"{plug.url}/403", "power", token_file=str(file))
    count = len(plug.asked)
    with pytest.raises(ReadError, match="302"):
        ask(f"{plug.url}/moved", "power", token_file=str(file))
    assert len(plug.asked) == count + 1  # where it points to was not asked
    assert secret not in "".join(traceback.format_exception(refused.value))


def test_a_secret_of_the_query_is_not_told(plug: Server) -> None:
    with pytest.raises(ReadError) as refused:
        ask(f"{plug.url}/404?password={SECRET}", "power")
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        (SECRET, 0o644, "others may read it"),
        ("", 0o600, "is no secret of one line"),
        (f"{SECRET}\nmore", 0o600, "is no secret of one line"),
        (f"{SECRET}é", 0o600, "is no secret of one line"),
        (None, 0, "cannot be read: No such file"),
    ],
)
def test_files_that_hold_no_secret(
    tmp_path: Path, text: str | None, mode: int, message: str
) -> None:
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
    with pytest.raises(ConfigError, match=message) as refused:
        HttpMeter("http://plug/", "power", token_file=str(file))
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("url", "path", "unit", "message"),
    [
        ("ftp://plug/", "power", "W", "'ftp://plug/' is no address"),
        ("file:///etc/passwd", "power", "W", "is no address"),
        ("plug/meter", "power", "W", "is no address"),
        ("http:///meter", "power", "W", "is no address"),
        ("http://plug:99999/", "power", "W", "is no address"),
        ("http://plug/a b", "power", "W", "is no address"),
        ("http://plug/\r\nX: y", "power", "W", "is no address"),
        ("http://[::1/", "power", "W", "is no address"),
        (f"http://admin:{SECRET}@plug/", "power", "W", "of plug has a user or a password"),
        (f"http://admin:{SECRET}@plug:x/", "power", "W", "is no address"),
        ("http://plug/", "", "W", "'' is no path"),
        ("http://plug/", "a..b", "W", "'a..b' is no path"),
        ("http://plug/", "power", "HP", "'HP' is no unit"),
    ],
)
def test_what_cannot_be_honoured(url: str, path: str, unit: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        HttpMeter(url, path, unit)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_certificates_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(NotSupported, match=r"ca\.pem gives no certificates"):
        ask("https://127.0.0.1/", "power", ca_file=str(file))


def test_joules_of_a_session(plug: Server) -> None:
    """Asked by its thread: the first samples come before its first answer."""
    meter = HttpMeter(plug.url + GEN1, "power", "W", pace_s=0.05)
    with Session(LocalHost(), [lambda: meter], name="web-1") as session:
        end_s = time.monotonic() + 120
        while session.last_step is None or not session.last_step.measures:
            assert time.monotonic() < end_s
            assert not session.failing
            session.sample()
        step = session.last_step
    assert step.observed == ("wall",)
    assert step.measures["wall_j"] == pytest.approx(41.62 * step.duration_s)


def test_it_is_slow_and_never_opened_unasked() -> None:
    meter = HttpMeter("http://plug/", "power")
    assert isinstance(meter, Slow)
    assert HttpMeter not in BUILTIN
    with pytest.raises(NotSupported, match="recorded"):
        meter.open(PaperHost("linux", [Moment(Instant(0, 0, 0))]))
