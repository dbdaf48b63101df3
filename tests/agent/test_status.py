"""`sobriety status` on an empty folder, on a real spool, and beside a writer."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from referencing import Registry, Resource

from sobriety.agent.status import is_written, status
from sobriety.cli import command
from sobriety.core.machine import Machine
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.metrics.totals import EnergyTotals
from sobriety.spool import Spool

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "status.json"


def asked() -> dict[str, object]:
    done = CliRunner().invoke(command(), ["status", "--json"], catch_exceptions=False)
    found: dict[str, object] = json.loads(done.output)
    schemas = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in SCHEMA.parent.glob("*")}
    known: Registry[Any] = Registry()
    known = known.with_resources((k, Resource.from_contents(s)) for k, s in schemas.items())
    validator: Any = jsonschema.Draft202012Validator(schemas["status.json"], registry=known)
    validator.validate(found)
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


def test_gaps_are_told_as_one_and_work_is_counted(home: Path) -> None:
    hour_ns = 3600 * NS_PER_S
    with Spool.open(home / "spool.sqlite3") as spool:
        spool.append([
            Usage("a", hour_ns - 60 * NS_PER_S, 60.0, 0.0, state="asleep"),
            Usage("a", hour_ns, 90.0, 0.0, state="asleep"),
            Usage("a", hour_ns + 90 * NS_PER_S, 60.0, 60.0, {"wall_j": 600.0}, ("wall",)),
            Usage("a", hour_ns, 60.0, 60.0, {"wall_j": 60.0}, ("wall",), "on", "service", "cron"),
        ])  # fmt: skip
    found = asked()
    assert found["gaps"] == [
        {"start_ns": hour_ns - 60 * NS_PER_S, "duration_s": 150.0, "state": "asleep"}
    ]
    assert (found["rows"], found["workload_rows"]) == (3, 1)
    said = CliRunner().invoke(command(), ["status"]).output
    assert "2 min 30 s asleep" in said


def test_energy_is_the_ledgers(home: Path) -> None:
    machine = Machine("a", "server", cpu_model="Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz")
    rows = [
        Usage("a", i * 60 * NS_PER_S, 60.0, 60.0,
              {"cpu_busy_s": u * 60, "cpu_capacity_s": 60.0, "util_sqrt_s": math.sqrt(u) * 60,
               "util_s": u * 60, "util_cubed_s": u**3 * 60}, ("cpu",))
        for i, u in enumerate((0.1, 0.7, 0.3))
    ]  # fmt: skip
    with Spool.open(home / "spool.sqlite3") as spool:
        spool.record_machine(machine, 0)
        spool.append(rows)
    ledger = EnergyTotals(machine)
    ledger.add(rows)
    found: Any = asked()
    assert found["energy_j"]["value"] == pytest.approx(ledger.whole_j, rel=1e-12)
    assert found["energy_j"]["low"] < found["energy_j"]["value"] < found["energy_j"]["high"]


def test_two_months_of_minutes_are_told_in_a_moment(home: Path) -> None:
    """Compared with nothing but patience: it was a minute when every row came into Python."""
    measures = {"util_s": 1.0, "agent_cpu_s": 0.01}
    with Spool.open(home / "spool.sqlite3") as spool:
        spool.append(
            [Usage("a", i * 60 * NS_PER_S, 60.0, 60.0, measures, ("cpu", "agent"))
             for i in range(90_000)]
        )  # fmt: skip
    begun_s = time.process_time()
    assert status(home / "spool.sqlite3").rows == 90_000
    assert time.process_time() - begun_s < 20


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="another user's file")
def test_a_lock_of_another_user_is_no_traceback() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "spool.sqlite3"
        Spool.open(path).close()
        os.seteuid(65534)
        try:
            assert is_written(path) is None
        finally:
            os.seteuid(0)
