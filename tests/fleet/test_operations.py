"""docs/operations.md does what it says: its commands run, its proxy and its alerts are real."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from sobriety.core.machine import Machine as Described
from sobriety.metrics.exposition import Pushing, Self, text
from sobriety.metrics.totals import EnergyTotals
from sobriety.push import Sender
from sobriety.push.batch import packed
from sobriety.push.pusher import Pushed
from sobriety.push.sender import NotTaken
from sobriety.spool import SpoolReader

from .conftest import Serve, free_port, new_token, row, usage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="commands of Linux")
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
RULES = ROOT / "docs" / "prometheus" / "sobriety.rules.yml"
STAYS = ("sobriety serve", "sobriety collect")
"""Commands that run until they are stopped."""


def first_section() -> list[list[str]]:
    """Its blocks of commands."""
    section = PAGE.partition("## From nothing to a report\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"(?:^    .+\n)+", section, re.MULTILINE)
    return [[line.strip() for line in block.splitlines()] for block in blocks]


class Machine:
    """A folder in which an operator types, with data of its own."""

    def __init__(self, folder: Path, port: int, running: ExitStack) -> None:
        self.folder, self._port, self._running = folder, port, running
        self._umask = ""
        folder.mkdir()
        tools = folder / "tools"
        tools.mkdir()
        (tools / "pip").write_text("#!/bin/sh\nexit 0\n")  # it is installed
        (tools / "sobriety").write_text(f'#!/bin/sh\nexec {sys.executable} -m sobriety "$@"\n')
        for tool in tools.iterdir():
            tool.chmod(0o755)
        self._environ = os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}", "SOBRIETY_HOME": str(self.home),
            "SOBRIETY_HOST": folder.name, "SOBRIETY_ROW_S": "1", "SOBRIETY_PUSH_EVERY_S": "1",
        }  # fmt: skip

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def types(self, line: str) -> None:
        """A line of the page, bound to loopback."""
        line = line.replace("0.0.0.0:9846", f"127.0.0.1:{self._port}")
        line = line.replace("gateway.example:9846", f"localhost:{self._port}")
        line = line.replace("gateway.example", "localhost")
        if line.startswith("umask"):
            self._umask = f"{line}; "
        shell = ["sh", "-ec", self._umask + (f"exec env {line}" if is_staying(line) else line)]
        if is_staying(line):
            with (self.folder / "log").open("a") as log:
                process = subprocess.Popen(shell, cwd=self.folder, env=self._environ, stderr=log)
            self._running.callback(end, process)
            return
        done = subprocess.run(
            shell, cwd=self.folder, env=self._environ, capture_output=True, text=True
        )
        assert done.returncode == 0, (line, done.stderr)


def is_staying(line: str) -> bool:
    return any(words in line for words in STAYS)


def end(process: subprocess.Popen[Any]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(300)


def until(condition: Callable[[], bool], why: Callable[[], object]) -> None:
    end_s = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end_s, why()
        time.sleep(0.1)


def test_nine_commands_lead_to_a_report(tmp_path: Path) -> None:
    on_gateway, on_machine, at_last = first_section()
    assert len(on_gateway) + 2 * len(on_machine) + len(at_last) < 10
    with ExitStack() as running:
        port = free_port()
        gateway = Machine(tmp_path / "gateway", port, running)
        for line in on_gateway:
            gateway.types(line)
        agents = [Machine(tmp_path / name, port, running) for name in ("web-1", "web-2")]
        for agent in agents:
            for name in ("cert.pem", f"{agent.folder.name}.token"):
                shutil.copy(gateway.folder / name, agent.folder)
            for line in on_machine:
                agent.types(line.replace("web-1", agent.folder.name))

        def logs() -> list[str]:
            return [(m.folder / "log").read_text() for m in (gateway, *agents)]

        until(lambda: all(Pushed.read(agent.home).last_id > 1 for agent in agents), logs)
    # Stopped, agents first: what the gateway received is in its lake.
    for line in at_last:
        gateway.types(f"{line} --format json -o report.json")
    found = json.loads((gateway.folder / "report.json").read_text())
    assert {part["name"] for part in found["breakdown"]["host"]} == {"web-1", "web-2"}
    assert found["totals"]["energy_j"]["value"] > 0
    for agent in agents:
        with SpoolReader(agent.home / "spool.sqlite3") as spool:
            assert spool.last_id >= Pushed.read(agent.home).last_id > 1


@pytest.fixture
def programs() -> Iterator[ExitStack]:
    """Whose end is the test's."""
    with ExitStack() as running:
        yield running


def test_rows_come_in_through_nginx(
    serve: Serve, certificate: tuple[Path, Path], tmp_path: Path, needs: Callable[[str], str],
    programs: ExitStack,
) -> None:  # fmt: skip
    nginx, port = needs("nginx"), free_port()
    gateway = serve("--behind-proxy")
    (server,) = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
    for told, here in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("127.0.0.1:9846", f"127.0.0.1:{gateway.port}"),
        ("/etc/sobriety/cert.pem", str(certificate[0])),
        ("/etc/sobriety/key.pem", str(certificate[1])),
    ):
        assert told in server
        server = server.replace(told, here)
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error;\n"
        f"events {{}}\nhttp {{ access_log off; {paths} {server} }}\n"
    )
    command = [
        nginx,
        "-p",
        str(tmp_path),
        "-e",
        f"{tmp_path}/error",
        "-c",
        f"{tmp_path}/nginx.conf",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    programs.callback(end, process)
    url = f"https://127.0.0.1:{port}"
    sender = Sender(url, new_token(gateway.lake, "web-1"), certificate[0])

    def answers() -> bool:
        try:
            return sender.last_id("0" * 16) == 0
        except NotTaken:
            return False

    until(answers, (tmp_path / "error").read_text)
    batch = packed("0" * 16, [(n, *usage(n, "web-1").as_row()) for n in range(1, 2_001)], [])
    assert sender.send(batch.body) == batch.last_id == 2_000


def test_promtool_reads_the_alerts_and_the_gateway_s_metrics(
    serve: Serve, needs: Callable[[str], str], store: object
) -> None:
    promtool = needs("promtool")
    done = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stderr
    gateway = serve("--drain", "1s", "--copy-to", "s3://kwh/watched/lake")
    assert gateway.post([row(1)], new_token(gateway.lake))[0] == 200
    reader = new_token(gateway.lake, read=True)
    until(lambda: "last_copy" in gateway.ask("/metrics", token=reader)[1], lambda: gateway.log)
    shown = gateway.ask("/metrics", token=reader)[1]
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=shown, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    shown += text(
        EnergyTotals(Described("a")), Self(1, 60.0, {"cpu": True}, 1, 1, Pushing(1, 0, 60.0))
    )
    exported = set(re.findall(r"^# TYPE (\S+)", shown, re.MULTILINE))
    expressions = re.findall("expr: (.*)", RULES.read_text(encoding="utf-8"))
    asked = set(re.findall(r"\bsobriety_\w+", "".join(expressions)))
    assert len(asked) > 6 and asked <= exported, "each alert asks for what there is"


def test_a_real_prometheus_scrapes_with_a_token_over_tls(
    serve: Serve, certificate: tuple[Path, Path], tmp_path: Path, needs: Callable[[str], str],
    programs: ExitStack,
) -> None:  # fmt: skip
    cert, key = certificate
    gateway = serve("--tls-cert", str(cert), "--tls-key", str(key), "--drain", "1s", trusted=cert)
    assert gateway.post([row(n) for n in (1, 2, 3)], new_token(gateway.lake))[0] == 200
    (tmp_path / "token").write_text(new_token(gateway.lake, read=True) + "\n")
    shutil.copy(RULES, tmp_path)
    (job,) = re.findall(r"```yaml\n(scrape_configs:.*?)```", PAGE, re.DOTALL)
    for told, here in (
        ("/etc/prometheus/sobriety.token", str(tmp_path / "token")),
        ("/etc/prometheus/sobriety-ca.pem", str(cert)),
        ("gateway.example:9846", f"127.0.0.1:{gateway.port}"),
    ):
        assert told in job
        job = job.replace(told, here)
    (tmp_path / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n"
        f"rule_files: [{RULES.name}]\n{job}"
    )
    theirs = free_port()
    command = [needs("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
               f"--web.listen-address=127.0.0.1:{theirs}", "--log.level=error"]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    programs.callback(end, process)

    def value(query: str) -> float | None:
        address = f"http://127.0.0.1:{theirs}/api/v1/query?" + urlencode({"query": query})
        try:
            with urlopen(address, timeout=5) as answer:
                found: Any = json.load(answer)["data"]["result"]
        except OSError:
            return None  # it is starting
        return float(found[0]["value"][1]) if found else None

    until(lambda: value('sobriety_gateway_rows_total{job="sobriety-gateway"}') == 3, lambda: "rows")
    assert value('up{job="sobriety-gateway"}') == 1
    gateway.stop()
    down = 'ALERTS{alertname="SobrietyGatewayDown"}'
    until(lambda: value(down) == 1, lambda: "no alert is pending")
