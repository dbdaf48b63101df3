"""The dashboards for Grafana ask for what agent and gateway export, in PromQL that Prometheus
reads."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from sobriety.core.machine import Machine
from sobriety.core.usage import Usage
from sobriety.fleet import metrics as gateway_metrics
from sobriety.fleet.intake.gateway import opened
from sobriety.metrics.exposition import Pushing, Self, text
from sobriety.metrics.totals import EnergyTotals

FOLDER = Path(__file__).parents[2] / "docs" / "grafana"


class Board:
    """A dashboard, and the labels of every metric that it may ask for, by name."""

    def __init__(self, name: str, shown: str) -> None:
        self.board: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        self.queries: list[str] = [t["expr"] for p in self.board["panels"] for t in p["targets"]]
        samples = [sample for family in parse(shown) for sample in family.samples]
        self.exported = {one.name: set(one.labels) | {"instance"} for one in samples}


def of_agent() -> str:
    """All that an agent gives."""
    ledger = EnergyTotals(Machine("a", "server", threads=8), zone="CA-QC")
    moments = {"util_sqrt_s": 30.0, "util_s": 15.0, "util_cubed_s": 3.75, "cpu_busy_s": 90.0}
    ledger.add([Usage("a", 0, 60.0, 60.0, moments, ("cpu",))])
    ledger.add([Usage("a", 0, 60.0, 60.0, moments, ("cpu",), kind="process", name="nginx")])
    return text(ledger, Self(1, 60.0, {"cpu": True}, 1, 1, Pushing(1, 0, 60.0)))


def of_gateway(lake: Path) -> str:
    gateway = opened(lake, print)
    gateway.answered[200] += 1
    gateway.drained_s = gateway.copied_s = 60.0
    gateway.is_copied = True
    shown = gateway_metrics.text(gateway)
    gateway.close()
    return shown


@pytest.fixture(scope="module", params=["sobriety.json", "gateway.json"])
def board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Board:
    is_agent = request.param == "sobriety.json"
    lake = tmp_path_factory.mktemp("board") / "lake"
    return Board(request.param, of_agent() if is_agent else of_gateway(lake))


def test_every_metric_is_one_that_is_exported(board: Board) -> None:
    asked = {name for query in board.queries for name in re.findall(r"\bsobriety_\w+", query)}
    assert asked <= board.exported.keys()
    assert board.exported.keys() <= asked, "and each of them is shown"


def test_every_label_is_one_that_its_metric_has(board: Board) -> None:
    chosen = re.compile(r"(sobriety_\w+)\{([^}]*)\}")
    pairs = [pair for query in board.queries for pair in chosen.findall(query)]
    assert len(pairs) > 12
    for name, matchers in pairs:
        assert set(re.findall(r"(\w+)(?:=~|!=|=)", matchers)) <= board.exported[name], name
    for query in board.queries:
        for names in re.findall(r"sum by \(([^)]*)\)", query):
            (metric,) = set(re.findall(r"\bsobriety_\w+", query))
            assert {name.strip() for name in names.split(",")} <= board.exported[metric]


def test_prometheus_reads_every_query(
    board: Board, needs: Callable[[str], str], tmp_path: Path
) -> None:
    values = {"$__rate_interval": "5m", "$__range": "1d", "$instance": ".*"}
    rules: list[dict[str, str]] = []
    for number, query in enumerate(board.queries):
        for name, value in values.items():
            query = query.replace(name, value)
        rules.append({"record": f"query_{number}", "expr": query})
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    done = subprocess.run(
        [needs("promtool"), "check", "rules", str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(board.queries)} rules found" in done.stdout


def test_panels_stand_beside_each_other_and_say_what_they_are(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board.board["panels"]:
        assert panel["title"] and panel["description"].endswith("."), panel["id"]
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in board.board["panels"]}) == len(board.board["panels"])
