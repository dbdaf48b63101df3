"""`sobriety status` on an empty folder, on a real spool, and beside a writer."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.spool import Spool

SCHEMA = Path(__file__).parent.parent / "docs" / "schema" / "status.json"


def asked() -> dict[str, object]:
    done = CliRunner().invoke(command(), ["status", "--json"], catch_exceptions=False)
    found: dict[str, object] = json.loads(done.output)
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return found


def test_an_empty_folder_gives_a_hint() -> None:
    assert asked()["rows"] == 0
    assert "sobriety collect" in CliRunner().invoke(command(), ["status"]).output


def test_what_was_recorded_and_by_whom(home: Path) -> None:
    seen = Usage("a", 0, 60.0, 60.0, {"agent_cpu_s": 0.6}, ("agent",))
    with Spool.open(home / "spool.sqlite3") as spool:
        spool.append([seen, Usage("a", 60 * NS_PER_S, 40.0, 0.0, state="unobserved")])
        assert asked()["running"] is True
    found = asked()
    assert found["running"] is False
    assert (found["rows"], found["first_ns"], found["last_ns"]) == (2, 0, 100 * NS_PER_S)
    assert found["by_state_s"] == {"on": 60.0, "unobserved": 40.0}
    assert found["agent_share_ratio"] == pytest.approx(0.01)
    assert "1.000% of one core" in CliRunner().invoke(command(), ["status"]).output
