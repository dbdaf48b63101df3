"""node_exporter's history from a real Prometheus and a real VictoriaMetrics, both filled with a
known past."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import socket
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from sobriety.cli import command
from sobriety.lake import Lake
from sobriety.lake.engines import collect

START_S = int(time.time()) // 3600 * 3600 - 30 * 3600
"""Of the past: 27 hours of it. Prometheus keeps 15 days."""

HOURS = 6
REBOOT_S = START_S + 3 * 3600 + 1800
AWAY_S = range(START_S + 2 * 3600, START_S + 2 * 3600 + 1200)
"""web-1 is not scraped for twenty minutes, and starts anew an hour and ten minutes later."""

PAST = [
    ("node_cpu_seconds_total", {"cpu": str(c), "mode": mode}, rate)
    for c in range(2)
    for mode, rate in (("user", 0.2), ("system", 0.05), ("idle", 0.7), ("iowait", 0.05))
] + [
    ("node_disk_read_bytes_total", {"device": "sda"}, 1000.0),
    ("node_disk_written_bytes_total", {"device": "sda"}, 500.0),
    ("node_disk_read_bytes_total", {"device": "dm-0"}, 1000.0),
    ("node_disk_written_bytes_total", {"device": "dm-0"}, 500.0),
    ("node_network_receive_bytes_total", {"device": "eth0"}, 70.0),
    ("node_network_transmit_bytes_total", {"device": "eth0"}, 30.0),
    ("node_network_receive_bytes_total", {"device": "docker0"}, 70.0),
    ("node_network_transmit_bytes_total", {"device": "docker0"}, 30.0),
]
Fact = tuple[str, dict[str, str], float]
NONE: dict[str, str] = {}
FACTS: list[Fact] = [
    ("node_memory_MemTotal_bytes", NONE, 8e9),
    ("node_memory_MemAvailable_bytes", NONE, 5e9),
    ("node_dmi_info", {"system_vendor": "Dell Inc.", "product_name": "PowerEdge R750"}, 1.0),
    ("node_uname_info", {"nodename": "whatever", "sysname": "Linux"}, 1.0),
] + [
    ("node_cpu_info", {"cpu": str(c), "package": "0", "model_name": "Xeon Gold 6338"}, 1.0)
    for c in range(2)
]


def past() -> str:
    """web-1 with all of it, and db-1 with sensors and processors alone, every 30 s."""
    lines: dict[str, list[str]] = {}

    def tell(name: str, labels: dict[str, str], value: float, at_s: int) -> None:
        inside = ",".join(f'{k}="{v}"' for k, v in labels.items())
        lines.setdefault(name, []).append(f"{name}{{{inside}}} {value!r} {at_s}")

    for at_s in range(START_S + 7, START_S + HOURS * 3600, 30):
        for instance in ("web-1:9100", "db-1:9100"):
            one = {"job": "node", "instance": instance}
            if instance == "db-1:9100":
                joules = 100.0 * (at_s - START_S) % 65_532
                tell("node_rapl_package_joules_total", {**one, "index": "0"}, joules, at_s)
            elif at_s in AWAY_S:
                continue
            since_s = at_s - (REBOOT_S if at_s >= REBOOT_S and "web" in instance else START_S)
            for name, labels, rate in PAST if "web" in instance else PAST[:8]:
                tell(name, {**one, **labels}, rate * since_s, at_s)
            for name, labels, value in FACTS if "web" in instance else ():
                tell(name, {**one, **labels}, value, at_s)
    types = {n: "counter" if n.endswith("_total") else "gauge" for n in lines}
    text = ""
    for name, told in lines.items():
        text += f"# TYPE {name.removesuffix('_total')} {types[name]}\n" + "\n".join(told) + "\n"
    return text + "# EOF\n"


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Filled = tuple[subprocess.Popen[bytes], str]


def prometheus(folder: Path) -> Filled:
    (folder / "past.txt").write_text(past())
    fill = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "past.txt", "data"]
    subprocess.run(fill, cwd=folder, check=True, capture_output=True)
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": []}))
    url = f"127.0.0.1:{free_port()}"
    running = subprocess.Popen(
        ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
         f"--web.listen-address={url}", "--log.level=error"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return running, f"http://{url}"


def victoria(folder: Path) -> Filled:
    """VictoriaMetrics, filled through its own door."""
    url = f"http://127.0.0.1:{free_port()}"
    running = subprocess.Popen(
        ["victoria-metrics", f"-httpListenAddr={url[7:]}", f"-storageDataPath={folder / 'data'}",
         "-retentionPeriod=1y", "-loggerLevel=ERROR", "-memory.allowedBytes=64MB"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until_ready(f"{url}/health")
    lines = (line.rpartition(" ") for line in past().splitlines() if not line.startswith("#"))
    body = "".join(f"{rest} {at_s}000\n" for rest, _, at_s in lines).encode()
    urllib.request.urlopen(f"{url}/api/v1/import/prometheus", body, timeout=30).close()
    urllib.request.urlopen(f"{url}/internal/force_flush", timeout=30).close()
    return running, url


@pytest.fixture(scope="module", params=[prometheus, victoria], ids=lambda f: f.__name__)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    programs = {prometheus: ("prometheus", "promtool"), victoria: ("victoria-metrics",)}
    missing = [p for p in programs[request.param] if shutil.which(p) is None]
    if missing:
        message = f"{' and '.join(missing)} not installed; run: make deps"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    running, url = request.param(tmp_path_factory.mktemp("server"))
    try:
        until_ready(f"{url}/-/ready")
        yield url
    finally:
        running.terminate()
        running.wait(120)


def until_ready(url: str) -> None:
    until_s = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < until_s, f"{url} never answered"
            time.sleep(0.05)


@pytest.fixture
def take(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path))

    def run(first: int, last: int, *words: str) -> Result:
        clock = [time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(s)) for s in (first, last)]
        asked = ["import", "prometheus", server, "--from", clock[0], "--to", clock[1], *words]
        return CliRunner().invoke(command(), asked)

    return run


Rows = list[dict[str, object]]


def held(folder: Path) -> Rows:
    with Lake(folder / "lake") as lake:
        rows = collect(lake.open("raw"))
    return sorted(rows, key=lambda r: (r["host"], r["start_ns"]))


def total(rows: Rows, column: str, **of: str) -> float:
    values = [r[column] for r in rows if all(r[k] == v for k, v in of.items())]
    return sum(v for v in values if isinstance(v, float) and v == v)


END_S = START_S + HOURS * 3600


def test_what_was_counted_is_what_is_kept(take: Callable[..., Result], tmp_path: Path) -> None:
    done = take(START_S, END_S, "--category", "server")
    assert done.exit_code == 0 and "2 machines" in done.output, done.output
    rows = held(tmp_path)
    web = [r for r in rows if r["host"] == "web-1"]
    on_s, covered_s = total(web, "duration_s", state="on"), total(web, "covered_s")
    assert total(web, "cpu_capacity_s") == pytest.approx(2 * covered_s, rel=1e-6)
    assert total(web, "cpu_busy_s") == pytest.approx(0.5 * covered_s, rel=1e-6)
    assert total(web, "util_cubed_s") == pytest.approx(0.25**3 * covered_s, rel=1e-6)
    assert total(web, "memory_used_bs") == pytest.approx(3e9 * on_s, rel=1e-6)
    with_disks = sum(
        float(str(r["duration_s"])) for r in web if "disk" in str(r["observed"]).split()
    )
    assert total(web, "disk_read_b") == pytest.approx(1000 * with_disks, rel=1e-6), "sda alone"
    assert total(web, "network_sent_b") == pytest.approx(30 * with_disks, rel=1e-6), "eth0 alone"
    assert HOURS * 3600 - on_s == pytest.approx(1200, abs=120), "the scrapes that were missed"
    assert on_s - covered_s == pytest.approx(60, abs=1), "the step of the restart, and no more"
    ends = [int(str(r["start_ns"])) + round(float(str(r["duration_s"])) * 1e9) for r in web]
    assert all(int(str(b["start_ns"])) >= e for e, b in zip(ends, web[1:], strict=False))


def test_joules_go_on_behind_a_counter_that_turned_over(
    take: Callable[..., Result], tmp_path: Path
) -> None:
    assert take(START_S, END_S).exit_code == 0
    rows = [r for r in held(tmp_path) if r["host"] == "db-1"]
    seen_s = sum(float(str(r["duration_s"])) for r in rows if "package" in str(r["observed"]))
    assert total(rows, "package_j") == pytest.approx(100 * seen_s, rel=1e-6)
    turns = HOURS * 3600 * 100 // 65_532
    assert HOURS * 3600 - seen_s == pytest.approx(60 * turns, abs=90)
    assert total(rows, "covered_s") == pytest.approx(HOURS * 3600, abs=90)


def test_the_machines_are_known(take: Callable[..., Result], tmp_path: Path) -> None:
    assert take(START_S, END_S).exit_code == 0
    with Lake(tmp_path / "lake") as lake:
        known = lake.machines()
    web = known["web-1"]
    assert (web.cpu_model, web.threads, web.chips) == ("Xeon Gold 6338", 2, 1)
    assert (web.manufacturer, web.model, web.virtual) == ("Dell Inc.", "PowerEdge R750", False)
    assert web.memory_b == 8e9 and web.system == "linux"
    assert known["db-1"].threads == 2 and known["db-1"].cpu_model is None


def test_an_hour_is_taken_once_however_it_is_asked_for(
    take: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert take(START_S, END_S).exit_code == 0
    whole = held(tmp_path)
    assert "0 are new" in take(START_S, END_S, "--step", "30s").output
    assert repr(held(tmp_path)) == repr(whole)
    parts = tmp_path / "parts"
    monkeypatch.setenv("SOBRIETY_HOME", str(parts))
    for hour in (2, 1, 4, 0, 3, 5):
        first_s = START_S + hour * 3600
        assert take(first_s, first_s + 3600).exit_code == 0
    for one, other in zip(held(parts), whole, strict=True):
        for column, value in one.items():
            if isinstance(value, float):  # the last bit is a server's own
                value = pytest.approx(value, rel=1e-12, nan_ok=True)
            assert other[column] == value, column


def test_a_report_on_day_one(take: Callable[..., Result], tmp_path: Path) -> None:
    assert take(START_S, END_S, "--category", "server").exit_code == 0
    page = tmp_path / "report.json"
    done = CliRunner().invoke(command(), ["report", "--zone", "CA-QC", "-o", str(page)])
    assert done.exit_code == 0, done.output
    told = json.loads(page.read_text())
    assert told["totals"]["energy_j"]["value"] > 100.0 * HOURS * 3600 * 0.8


def test_what_cannot_be_asked(take: Callable[..., Result], server: str, tmp_path: Path) -> None:
    wrong = take(START_S, END_S, "--match", 'job="node')
    assert wrong.exit_code == 1
    assert "HTTP 400" in wrong.output or "HTTP 422" in wrong.output, "the one's, the other's"
    assert take(START_S, END_S, "--step", "7s").exit_code == 2
    assert "no label" in take(START_S, END_S, "--label", "a b").output
    elsewhere = CliRunner().invoke(command(), ["import", "prometheus", f"{server}/elsewhere"])
    assert elsewhere.exit_code == 1
    assert "HTTP 404" in elsewhere.output or "HTTP 400" in elsewhere.output
    nobody = take(START_S, END_S, "--match", 'job="nobody"')
    assert nobody.exit_code == 0 and "0 machines, 0 rows" in nobody.output


def test_the_token_is_sent_and_never_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization"))
            self.send_error(401)

        def log_message(self, format: str, *args: object) -> None:
            pass

    door = HTTPServer(("127.0.0.1", 0), Door)
    Thread(target=door.serve_forever, daemon=True).start()
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path))
    token = tmp_path / "token"
    token.write_text("s3cret-and-long\n")
    token.chmod(0o600)
    url = f"http://127.0.0.1:{door.server_port}"
    words = ["import", "prometheus", url, "--token-file", str(token)]
    done = CliRunner().invoke(command(), words)
    door.shutdown()
    door.server_close()
    assert done.exit_code == 1 and "HTTP 401" in done.output and "s3cret" not in done.output
    assert asked == ["Bearer s3cret-and-long"]
