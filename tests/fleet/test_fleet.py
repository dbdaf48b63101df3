"""The whole of it: what two machines recorded is what a report on their lake says, to 1e-9."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from math import fsum, isclose
from pathlib import Path
from typing import Any

import pytest

from sobriety.lake import Lake
from sobriety.lake.engines import collect
from sobriety.push.pusher import Pushed
from sobriety.spool import SpoolReader

from .apart import AGENTS, Loopback, Namespaces, Network, may_have_namespaces, network
from .conftest import new_token

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")
PROGRAM = (sys.executable, "-m", "sobriety")


@dataclass
class Fleet:
    """A gateway and two agents that really collect."""

    network: Network
    folder: Path
    certificate: tuple[Path, Path]
    running: ExitStack

    @property
    def lake(self) -> Path:
        return self.folder / "gateway" / "lake"

    def home(self, agent: str) -> Path:
        return self.folder / agent

    def environ(self, agent: str) -> dict[str, str]:
        return os.environ | {
            "SOBRIETY_HOME": str(self.home(agent)), "SOBRIETY_HOST": agent,
            "SOBRIETY_ROW_S": "1", "SOBRIETY_WORK_S": "1",
            "SOBRIETY_PUSH": self.network.url(agent), "SOBRIETY_PUSH_EVERY_S": "1",
            "SOBRIETY_PUSH_TOKEN_FILE": str(self.home(agent) / "token"),
            "SOBRIETY_PUSH_CA_FILE": str(self.certificate[0]),
        }  # fmt: skip

    def start(self, who: str, *words: str, **environ: str) -> subprocess.Popen[bytes]:
        command = [*self.network.within(who), *PROGRAM, *words]
        with (self.folder / f"{who}.log").open("ab") as log:
            process = subprocess.Popen(command, env=os.environ | environ, stderr=log)
        self.running.callback(end, process)
        return process

    def serve(self) -> subprocess.Popen[bytes]:
        cert, key = self.certificate
        return self.start(
            "gateway", "serve", "--lake", str(self.lake), "--tls-cert", str(cert), "--tls-key",
            str(key), "--listen", f"{self.network.address}:{self.network.port}", "--drain", "2s",
        )  # fmt: skip

    def collect(self, agent: str) -> subprocess.Popen[bytes]:
        token = self.home(agent) / "token"
        token.parent.mkdir()
        token.touch(mode=0o600)
        token.write_text(new_token(self.lake, agent))
        return self.start(agent, "collect", "--interval", "250ms", **self.environ(agent))

    def push(self, agent: str) -> None:
        """What the collector had not sent when it ended."""
        command = [*self.network.within(agent), *PROGRAM, "push"]
        done = subprocess.run(command, env=self.environ(agent), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def pushed(self, agent: str) -> Pushed:
        return Pushed.read(self.home(agent))

    def recorded(self, agent: str) -> int:
        with SpoolReader(self.home(agent) / "spool.sqlite3") as spool:
            return spool.last_id

    def rows(self, agent: str) -> list[tuple[Any, ...]]:
        with SpoolReader(self.home(agent) / "spool.sqlite3") as spool:
            return [row[1:] for row in spool.numbered()]

    def log(self, who: str) -> str:
        return (self.folder / f"{who}.log").read_text()


def end(process: subprocess.Popen[bytes]) -> int:
    if process.poll() is None:
        process.terminate()
    return process.wait(300)


def told(*words: str, **environ: str) -> Any:
    """The JSON that a command prints."""
    done = subprocess.run(
        [*PROGRAM, *words], env=os.environ | environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def until(condition: Callable[[], bool], fleet: Fleet) -> None:
    """A request that was on its way when its wire was cut waits for a minute."""
    end_s = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end_s, {who: fleet.log(who) for who in ("gateway", *AGENTS)}
        time.sleep(0.1)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of the gateway's address in either network."""
    folder = tmp_path_factory.mktemp("tls-of-a-fleet")
    cert, key = folder / "cert.pem", folder / "key.pem"
    names = f"subjectAltName=IP:{Namespaces.address},IP:{Loopback.address}"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
         str(key), "-out", str(cert), "-subj", "/CN=gateway", "-addext", names],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture(
    params=[
        pytest.param(Namespaces, id="in-network-namespaces"),
        pytest.param(Loopback, id="in-processes-on-loopback"),
    ]
)
def fleet(
    request: pytest.FixtureRequest, tmp_path: Path, certificate: tuple[Path, Path]
) -> Iterator[Fleet]:
    if request.param is Namespaces and not may_have_namespaces():
        pytest.skip("this user may not make network namespaces here")
    with network(request.param) as between, ExitStack() as running:
        yield Fleet(between, tmp_path, certificate, running)


def test_a_report_on_the_lake_says_what_both_spools_recorded(fleet: Fleet) -> None:
    new_token(fleet.lake, read=True)  # a gateway that others reach wants one to be there
    gateway = fleet.serve()
    agents = {name: fleet.collect(name) for name in AGENTS}
    until(lambda: all(fleet.pushed(a).last_id for a in AGENTS), fleet)

    lost, other = AGENTS
    fleet.network.cut(lost)
    until(lambda: fleet.pushed(lost).error is not None, fleet)
    at_cut, of_other = fleet.pushed(lost).last_id, fleet.pushed(other).last_id
    until(lambda: fleet.recorded(lost) >= at_cut + 4, fleet)
    until(lambda: fleet.pushed(other).last_id > of_other, fleet)
    assert fleet.pushed(lost).last_id == at_cut, "cut off, and it collects on"
    fleet.network.mend(lost)
    until(lambda: fleet.pushed(lost).last_id >= at_cut + 4, fleet)

    for name, agent in agents.items():
        assert end(agent) == 0, fleet.log(name)
        fleet.push(name)
        assert fleet.pushed(name).last_id == fleet.recorded(name)
    assert end(gateway) == 0, fleet.log("gateway")
    assert "cannot be reached" in fleet.log(lost)
    rows_are_those_of_the_spools(fleet)
    energy_is_that_of_the_spools(fleet)


def rows_are_those_of_the_spools(fleet: Fleet) -> None:
    with Lake(fleet.lake) as lake:
        there = collect(lake.open("raw"))
    here = [row for agent in AGENTS for row in fleet.rows(agent)]
    assert {row[0] for row in here} == set(AGENTS)
    assert sorted((r["host"], r["kind"], r["name"], r["start_ns"]) for r in there) == sorted(
        (host, kind, name, start_ns) for host, kind, name, _, _, start_ns, *_ in here
    )


def energy_is_that_of_the_spools(fleet: Fleet) -> None:
    said = [told("status", "--json", SOBRIETY_HOME=str(fleet.home(a))) for a in AGENTS]
    recorded_j = fsum(each["energy_j"]["value"] for each in said)
    assert recorded_j > 0
    asked = ("report", "--lake", str(fleet.lake), "--zone", "CA-QC", "--format", "json", "-o", "-")
    for words in engines(fleet):
        found = told(*asked, *words)
        energy_j = found["totals"]["energy_j"]["value"]
        assert isclose(energy_j, recorded_j, rel_tol=1e-9), words
        assert {part["name"] for part in found["breakdown"]["host"]} == set(AGENTS)


def engines(fleet: Fleet) -> list[tuple[str, ...]]:
    """DuckDB, and Spark where there is a Java: once, for it takes most of the test's time."""
    first = isinstance(fleet.network, Namespaces) or not may_have_namespaces()
    has_java = shutil.which("java") is not None
    assert has_java or os.environ.get("CI") != "true", "java is not installed; run: make deps"
    if not first or not has_java:
        return [()]
    return [(), ("--engine", "spark", "--master", "local[2]")]
