"""Machines with the same facts share an answer; one that differs in any fact has its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sobriety.core.errors import FactorNotFound
from sobriety.core.machine import Machine
from sobriety.estimators import embodied, lifetime, plan, power_model

RACK = Machine("rack-01", "server", cores=32, threads=64, tdp_w=150.0, memory_b=64e9, hw_year=2020)


def test_a_name_changes_nothing_and_a_fact_does() -> None:
    same, other = replace(RACK, host="rack-02"), replace(RACK, cores=64, lifetime_years=9.0)
    for answer in (power_model, embodied, lifetime):
        assert answer(same) is answer(RACK)
    assert plan(same, ["cpu"], "on") is plan(RACK, ["cpu"], "on")
    assert plan(same, ["cpu", "package"], "on") != plan(RACK, ["cpu"], "on")
    assert power_model(other) != power_model(RACK)
    assert lifetime(other) != lifetime(RACK)


def test_what_cannot_be_said_is_refused_each_time() -> None:
    for host in ("a", "b", "a"):
        with pytest.raises(FactorNotFound):
            power_model(Machine(host, "printer"))
