"""A controller asked over real TLS; its answers are written down after DMTF's schemas.

Sources: https://redfish.dmtf.org/schemas/v1/Chassis.v1_23_0.json,
https://redfish.dmtf.org/schemas/v1/ComputerSystem.v1_20_0.json, and those in `redfish.py`
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sobriety.agent.meters import PASSWORD
from sobriety.agent.meters import controller as controller_of
from sobriety.collectors import BUILTIN, Redfish
from sobriety.core.errors import ConfigError, NotPermitted, NotSupported, ReadError
from sobriety.core.host import Instant, LocalHost
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.ports import Slow
from sobriety.settings import config as settings

USER, SECRET = "monitor", "open-sesame"
BASIC = "Basic bW9uaXRvcjpvcGVuLXNlc2FtZQ=="
V1 = "/redfish/v1"


def link(path: str) -> dict[str, str]:
    return {"@odata.id": f"{V1}/{path}"}


def members(*paths: str) -> dict[str, Any]:
    return {"Members": [link(path) for path in paths], "Members@odata.count": len(paths)}


def power(*controls: dict[str, Any]) -> dict[str, Any]:
    return {"@odata.id": f"{V1}/Chassis/1/Power", "PowerControl": list(controls)}


WHOLE = {"Name": "Server Power Control", "PowerConsumedWatts": 344}
CPU = {"Name": "CPU Power", "PhysicalContext": "CPU", "PowerConsumedWatts": 120}
MEMORY = {"Name": "Memory Power", "PhysicalContext": "Memory", "PowerConsumedWatts": 30}
SYSTEM = {
    "Manufacturer": "HPE",
    "Model": "ProLiant DL380 Gen10 ",
    "ProcessorSummary": {
        "Count": 2,
        "CoreCount": 32,
        "LogicalProcessorCount": 64,
        "Model": "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz",
    },
    "MemorySummary": {"TotalSystemMemoryGiB": 256},
}
SERVER: dict[str, Any] = {
    "Chassis": members("Chassis/1", "Chassis/Backplane"),
    "Chassis/1": {"Power": link("Chassis/1/Power"), "Links": {"Contains": []}},
    "Chassis/1/Power": power(WHOLE, CPU, MEMORY),
    "Chassis/Backplane": {
        "Power": link("Chassis/1/Power"),
        "Links": {"ContainedBy": link("Chassis/1")},
    },
    "Systems": members("Systems/1"),
    "Systems/1": SYSTEM,
}
NEWER = {
    "Chassis/1": {
        "Power": link("Chassis/1/Power"),
        "EnvironmentMetrics": link("Chassis/1/EnvironmentMetrics"),
    },
    "Chassis/1/EnvironmentMetrics": {"PowerWatts": {"Reading": 351.5}},
}


class Door(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Controller)
        server.asked.append(self.path)
        answer = server.answers.get(self.path.removeprefix(f"{V1}/"))
        status = 200 if answer is not None else 404
        if server.slashes:
            answer = server.answers.get(self.path.removeprefix(f"{V1}/").rstrip("/"))
            status = 200 if self.path.endswith("/") else 308
        if self.headers.get("Authorization") != BASIC:
            status, answer = 401, None
        body = json.dumps(answer or {}).encode()
        self.send_response(status)
        if status == 308:
            self.send_header("Location", f"{self.path}/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Controller(ThreadingHTTPServer):
    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.answers = dict(SERVER)
        self.asked: list[str] = []
        self.slashes = False
        self.ca_file = str(certificate)
        self.url = f"https://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust it is what some tests are about."""

    def redfish(self, password: str = SECRET, ca_file: str | None = None) -> Redfish:
        trusted = self.ca_file if ca_file is None else ca_file
        return Redfish(self.url, USER, password, ca_file=trusted)

    def watts(self, **answers: Any) -> float:
        self.answers |= {name.replace("_", "/"): answer for name, answer in answers.items()}
        with closing(self.redfish()) as redfish:
            redfish.open(LocalHost())
            (reading,) = redfish.read()
        assert (reading.metric, reading.kind) == ("wall_w", "gauge")
        assert (reading.source, reading.subject) == ("redfish", self.url)
        return reading.value


@pytest.fixture
def certificate(needs: Callable[[str], str], tmp_path: Path) -> Path:
    """Signed by itself, as a controller's is when it leaves the factory."""
    file = tmp_path / "controller.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bmc"
    subprocess.run(
        [
            *(needs("openssl"), *words.split(), "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(file), "-out", str(file.with_suffix(".crt"))),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


@pytest.fixture
def controller(certificate: Path) -> Iterator[Controller]:
    with Controller(certificate) as server, ExitStack() as undo:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        undo.callback(server.shutdown)
        yield server


def test_the_power_of_the_whole_and_of_no_part_again(controller: Controller) -> None:
    assert controller.watts() == 344
    assert controller.asked.count(f"{V1}/Chassis/1/Power") == 1


def test_the_newer_resource_comes_first(controller: Controller) -> None:
    controller.answers |= NEWER
    assert controller.watts() == 351.5
    for nothing in ({}, {"PowerWatts": None}, {"PowerWatts": {"Reading": 0}}):
        assert controller.watts(Chassis_1_EnvironmentMetrics=nothing) == 344


def test_the_contexts_of_the_whole(controller: Controller) -> None:
    board = {"PhysicalContext": "SystemBoard", "PowerConsumedWatts": 300}
    chassis = {"PhysicalContext": "Chassis", "PowerConsumedWatts": 350}
    assert controller.watts(Chassis_1_Power=power(CPU, board)) == 300
    assert controller.watts(Chassis_1_Power=power(board, WHOLE, CPU)) == 344
    assert controller.watts(Chassis_1_Power=power(board, WHOLE, chassis)) == 350
    assert controller.watts(Chassis_1_Power=power(WHOLE, {"PowerConsumedWatts": 56})) == 400


def test_two_chassis_side_by_side_are_summed(controller: Controller) -> None:
    controller.answers["Chassis"] = members("Chassis/1", "Chassis/2", "Chassis/Backplane")
    controller.answers["Chassis/2/Power"] = power({"PowerConsumedWatts": 100.5})
    assert controller.watts(Chassis_2={"Power": link("Chassis/2/Power")}) == 444.5
    assert controller.watts(Chassis_2={}) == 344
    controller.answers["Chassis/2/Power"] = power({"PowerConsumedWatts": None})
    with pytest.raises(ReadError, match="Chassis/2/Power says None W"):
        controller.watts(Chassis_2={"Power": link("Chassis/2/Power")})


def test_an_enclosure_is_not_added_to_its_blades(controller: Controller) -> None:
    """Which of the two says it does not matter; without a meter of its own, its blades count."""
    blade = {"ChassisType": "Blade"}
    blades = {f"Chassis/{b}": blade | {"Power": link(f"Chassis/{b}/Power")} for b in ("a", "b")}
    watts = {f"Chassis/{b}/Power": power({"PowerConsumedWatts": 200}) for b in ("a", "b")}
    enclosure: dict[str, Any] = {"Links": {"Contains": [link("Chassis/a"), link("Chassis/b")]}}
    controller.answers |= {"Chassis": members("Chassis/a", "Chassis/e", "Chassis/b")}
    controller.answers |= {**blades, **watts, "Chassis/e": enclosure}
    assert controller.watts() == 400
    controller.answers["Chassis/e"] = enclosure | {"Power": link("Chassis/e/Power")}
    controller.answers["Chassis/e/Power"] = power({"PowerConsumedWatts": 1100})
    assert controller.watts() == 1100


def test_a_card_is_a_part_even_where_nothing_says_of_what(controller: Controller) -> None:
    controller.answers["Chassis"] = members("Chassis/1", "Chassis/gpu")
    controller.answers["Chassis/gpu"] = {"ChassisType": "Card", "Power": link("Chassis/1/Power")}
    assert controller.watts() == 344


def test_members_on_a_second_page(controller: Controller) -> None:
    controller.answers["Chassis"] = members("Chassis/1") | {
        "Members@odata.nextLink": f"{V1}/Chassis?$skip=1"
    }
    controller.answers["Chassis?$skip=1"] = members("Chassis/2") | {
        "Members@odata.nextLink": f"{V1}/Chassis"
    }
    controller.answers["Chassis/2"] = {"Power": link("Chassis/2/Power")}
    controller.answers["Chassis/2/Power"] = power({"PowerConsumedWatts": 56})
    assert controller.watts() == 400


def test_a_controller_that_wants_a_slash_is_given_it(controller: Controller) -> None:
    """As HPE's: /redfish/v1/x redirects to /redfish/v1/x/."""
    controller.slashes = True
    assert controller.watts() == 344
    assert f"{V1}/Chassis/" in controller.asked


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"Chassis_1_Power": power({"PowerConsumedWatts": 0})}, "Chassis/1/Power says 0 W"),
        ({"Chassis_1_Power": power({"PowerConsumedWatts": None})}, "says None W"),
        ({"Chassis_1_Power": power({"PowerConsumedWatts": "350"})}, "says '350' W"),
        ({"Chassis_1_Power": power({"PowerConsumedWatts": True})}, "says True W"),
        ({"Chassis_1_Power": power(CPU)}, "no chassis tells its power"),
        ({"Chassis_1_Power": {"PowerControl": "none"}}, "no chassis tells its power"),
        ({"Chassis_1_Power": [1]}, "no chassis tells its power"),
        ({"Chassis_1_Power": None}, "Chassis/1/Power answers HTTP 404"),
        ({"Chassis_1": {}}, "no chassis tells its power"),
        ({"Chassis": {"Members": []}}, "Chassis has no members"),
        ({"Chassis": {"Members": [{"Id": "1"}]}}, "links to 'None', which is no path"),
        ({"Chassis_1": {"Power": {"@odata.id": "https://else/"}}}, "links to 'https://else/'"),
        ({"Chassis_1": {"Power": {"@odata.id": "@else/"}}}, "links to '@else/'"),
    ],
)
def test_what_is_not_known(controller: Controller, answers: dict[str, Any], message: str) -> None:
    with pytest.raises(ReadError, match=message):
        controller.watts(**answers)


def test_what_the_server_is(controller: Controller) -> None:
    machine = controller.redfish().machine()
    assert (machine.host, machine.category) == ("127.0.0.1", "server")
    assert (machine.manufacturer, machine.model) == ("HPE", "ProLiant DL380 Gen10")
    assert (machine.chips, machine.cores, machine.threads) == (2, 32, 64)
    assert machine.cpu_model == "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz"
    assert machine.memory_b == 256 * 2**30
    controller.answers["Systems/1"] = {"ProcessorSummary": {"Count": 0, "Model": None}}
    bare = controller.redfish().machine()
    assert (bare.chips, bare.cores, bare.memory_b, bare.model) == (None, None, None, None)


def test_a_controller_that_nobody_vouches_for_gets_no_password(controller: Controller) -> None:
    with pytest.raises(ReadError, match=r"cannot be asked: .*self-signed"):
        controller.redfish(ca_file="").machine()
    assert controller.asked == []


def test_a_wrong_password_is_refused_and_not_told(controller: Controller) -> None:
    redfish = controller.redfish(password=f"not-{SECRET}")
    with pytest.raises(NotPermitted, match="Systems answers HTTP 401") as refused:
        redfish.machine()
    told = "".join(traceback.format_exception(refused.value)) + repr(vars(refused.value))
    assert SECRET not in told


@pytest.mark.parametrize(
    ("user", "environ", "message", "hint"),
    [
        (None, {}, "no user of the controller is named", "--redfish-user"),
        (USER, {}, "there is no password for monitor", "SOBRIETY_REDFISH_PASSWORD"),
    ],
)
def test_a_controller_needs_a_user_and_a_password(
    user: str | None, environ: dict[str, str], message: str, hint: str
) -> None:
    config = settings.load({"redfish_user": user})
    with pytest.raises(ConfigError, match=message) as refused:
        controller_of("https://bmc-3", config, environ)
    assert hint in (refused.value.hint or "")
    found, make = controller_of(
        "https://bmc-3", settings.load({"redfish_user": USER}), {PASSWORD: SECRET}
    )
    assert make() is found


@pytest.mark.parametrize(
    ("url", "user", "password", "message"),
    [
        ("http://bmc-3", USER, SECRET, "http://bmc-3 would show its password"),
        ("http://127.evil.example", USER, SECRET, "would show its password"),
        ("https://bmc-3/ui", USER, SECRET, "'/ui' is too much"),
        ("bmc-3", USER, SECRET, "'bmc-3' is no address"),
        ("https://bmc-3", "", SECRET, "'' is no user"),
        ("https://bmc-3", "a:b", SECRET, "'a:b' is no user"),
        ("https://bmc-3", USER, "", "the password of monitor is empty"),
    ],
)
def test_what_cannot_be_honoured(url: str, user: str, password: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Redfish(url, user, password)


def test_addresses() -> None:
    for url in (
        "https://bmc-3",
        "https://bmc-3/",
        "https://bmc-3/redfish/v1/",
        "http://[::1]:8000",
    ):
        assert Redfish(url, USER, SECRET).host in ("bmc-3", "::1")


def test_it_is_slow_and_never_opened_unasked() -> None:
    redfish = Redfish("https://bmc-3", USER, SECRET)
    assert isinstance(redfish, Slow)
    assert Redfish not in BUILTIN
    with pytest.raises(NotSupported, match="recorded"):
        redfish.open(PaperHost("linux", [Moment(Instant(0, 0, 0))]))


def test_a_server_without_an_agent_from_collect_to_report(
    controller: Controller, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET)
    file.chmod(0o600)
    environ = {
        **os.environ,
        "SOBRIETY_HOME": str(tmp_path / "data"),
        "SOBRIETY_REDFISH_PASSWORD_FILE": str(file),
        "SOBRIETY_REDFISH_CA_FILE": controller.ca_file,
        "SOBRIETY_ZONE": "CA-QC",
    }

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", *words], env=environ, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert SECRET not in done.stdout + done.stderr
        return done.stdout

    asked = ["--redfish", controller.url, "--redfish-user", USER]
    agent = subprocess.Popen(
        [sys.executable, "-m", "sobriety", "collect", *asked, "--interval", "0.2s", "--json"],
        env=environ | {"SOBRIETY_ROW_S": "1"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert agent.stdout  # until the controller has answered, however long that takes
    assert next(line for line in agent.stdout if '"wall"' in line)
    agent.terminate()
    said, _ = agent.communicate(timeout=120)
    assert agent.returncode == 0 and SECRET not in said
    report = json.loads(run("report", "--format", "json", "-o", "-"))
    (machine,) = report["machines"]
    assert (machine["host"], machine["manufacturer"], machine["cores"]) == ("127.0.0.1", "HPE", 32)
    totals = report["totals"]
    assert totals["energy_j"]["method"] == "measured at the plug"
    assert totals["energy_j"]["value"] == pytest.approx(344 * report["observed_s"])
    assert totals["mean_power_w"]["value"] == pytest.approx(344)
    assert totals["measured_ratio"] == 1
