"""The dashboard for Grafana asks for what the agent exports, in PromQL that Prometheus reads."""

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
from sobriety.metrics.exposition import Self, text
from sobriety.metrics.ledger import Ledger

FILE = Path(__file__).parent.parent / "docs" / "grafana" / "sobriety.json"
BOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
QUERIES: list[str] = [t["expr"] for p in BOARD["panels"] for t in p["targets"]]


@pytest.fixture(scope="module")
def exported() -> dict[str, set[str]]:
    """The labels of every metric that an agent with all of them gives, by name."""
    ledger = Ledger(Machine("a", "server", threads=8), zone="CA-QC")
    moments = {"util_sqrt_s": 30.0, "util_s": 15.0, "util_cubed_s": 3.75, "cpu_busy_s": 90.0}
    ledger.add([Usage("a", 0, 60.0, 60.0, moments, ("cpu",))])
    ledger.add([Usage("a", 0, 60.0, 60.0, moments, ("cpu",), kind="process", name="nginx")])
    shown = text(ledger, Self(1, 60.0, {"cpu": True}, 1, 1))
    samples = [sample for family in parse(shown) for sample in family.samples]
    return {one.name: set(one.labels) | {"instance"} for one in samples}


def test_every_metric_is_one_that_the_agent_exports(exported: dict[str, set[str]]) -> None:
    asked = {name for query in QUERIES for name in re.findall(r"\bsobriety_\w+", query)}
    assert asked <= exported.keys()
    assert exported.keys() <= asked, "and each of them is shown"


def test_every_label_is_one_that_its_metric_has(exported: dict[str, set[str]]) -> None:
    chosen = re.compile(r"(sobriety_\w+)\{([^}]*)\}")
    pairs = [pair for query in QUERIES for pair in chosen.findall(query)]
    assert len(pairs) > 15
    for name, matchers in pairs:
        assert set(re.findall(r"(\w+)(?:=~|!=|=)", matchers)) <= exported[name], name
    for query in QUERIES:
        for names in re.findall(r"sum by \(([^)]*)\)", query):
            (metric,) = set(re.findall(r"\bsobriety_\w+", query))
            assert {name.strip() for name in names.split(",")} <= exported[metric]


def test_prometheus_reads_every_query(needs: Callable[[str], str], tmp_path: Path) -> None:
    values = {"$__rate_interval": "5m", "$__range": "1d", "$instance": ".*"}
    rules: list[dict[str, str]] = []
    for number, query in enumerate(QUERIES):
        for name, value in values.items():
            query = query.replace(name, value)
        rules.append({"record": f"query_{number}", "expr": query})
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    done = subprocess.run(
        [needs("promtool"), "check", "rules", str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(QUERIES)} rules found" in done.stdout


def test_panels_stand_beside_each_other_and_say_what_they_are() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        assert panel["title"] and panel["description"].endswith("."), panel["id"]
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
