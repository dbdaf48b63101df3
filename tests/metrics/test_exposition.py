"""The text that a scraper reads: promtool has nothing to say of it, whatever names there are."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser as open_parser
from prometheus_client.parser import text_string_to_metric_families as parse

from sobriety.core.machine import Machine
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.metrics.exposition import MOST_WORKLOADS, Pushing, Self, text
from sobriety.metrics.totals import EnergyTotals

NOW_NS = 1_764_072_000 * NS_PER_S
OWN = Self(3, NOW_NS / NS_PER_S, {"cpu": True, "rapl": False}, 20_000_000, None,
           Pushing(12, 1, NOW_NS / NS_PER_S))  # fmt: skip
SERVER = Machine("a", "server", cpu_model="Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", threads=64)
MOMENTS = {"util_sqrt_s": 30.0, "util_s": 15.0, "util_cubed_s": 3.75}
OBSERVED = ("cpu", "package", "dram")


def ledger(*names: str) -> EnergyTotals:
    found = EnergyTotals(SERVER, zone="CA-QC")
    measures = {"cpu_busy_s": 960.0, "package_j": 9000.0, "dram_j": 900.0, **MOMENTS}
    found.add([Usage("a", NOW_NS, 60.0, 60.0, measures, OBSERVED)])
    for name in names:
        share = {k: v / len(names) / 2 for k, v in measures.items()}
        found.add([Usage("a", NOW_NS, 60.0, 60.0, share, OBSERVED, kind="process", name=name)])
    return found


def test_promtool_finds_nothing(needs: Callable[[str], str]) -> None:
    for shown in (text(ledger("nginx", 'a "b" \\ \n c', ""), OWN), text(ledger(), OWN)):
        check = [needs("promtool"), "check", "metrics"]
        done = subprocess.run(check, input=shown, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_both_formats_say_the_same() -> None:
    plain = {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in parse(text(ledger("nginx"), OWN))
        for s in family.samples
    }
    shown = text(ledger("nginx"), OWN, open_metrics=True)
    open_parse: Any = open_parser  # which has no types
    families: list[Any] = list(open_parse.text_string_to_metric_families(shown))
    opened = {
        (s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples
    }
    assert plain == opened
    assert {f.unit for f in families} >= {"joules", "grams", "seconds", "bytes"}
    scopes = [dict(k)["scope"] for n, k in plain if n == "sobriety_host_energy_joules_total"]
    assert scopes == ["machine", "package", "dram"]
    assert plain["sobriety_collector_up", (("name", "rapl"),)] == 0


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5, unique=True))
def test_a_name_may_be_anything(names: list[str]) -> None:
    shown = text(ledger(*names), OWN)
    found = {
        s.labels["name"]
        for family in parse(shown)
        if family.name == "sobriety_workload_energy_joules"
        for s in family.samples
    }
    assert len(found) == len({n.encode(errors="replace") for n in names})


def test_parts_add_up_and_ever_new_names_do_not_grow_it_for_ever() -> None:
    many = ledger(*(f"job-{i}" for i in range(3 * MOST_WORKLOADS)))
    families = {f.name: f.samples for f in parse(text(many, OWN))}
    workloads = families["sobriety_workload_energy_joules"]
    assert len(workloads) == MOST_WORKLOADS + 1
    assert workloads[-1].labels == {"kind": "other", "name": ""}
    whole = families["sobriety_host_energy_joules"][0].value
    idle = families["sobriety_idle_energy_joules"][0].value
    assert idle + sum(s.value for s in workloads) == pytest.approx(whole)
    low = families["sobriety_host_energy_low_joules"][0].value
    assert low < whole < families["sobriety_host_energy_high_joules"][0].value
