"""Actions: what could be saved, and what became of what an earlier sealed report proposed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.method import STATED
from sobriety.core.period import choose
from sobriety.estimators import typical_year
from sobriety.inventory.devices import Device, Inventory
from sobriety.lake import Lake
from sobriety.reports import Report, ReportSettings, as_html, as_json, gather
from sobriety.reports.language.language import Language
from sobriety.reports.language.methods import method
from sobriety.reports.model.declared import Declared
from sobriety.reports.model.findings import Action
from sobriety.reports.model.settings import Promise

from ..conftest import NOW, TZ, Fill, at, usage

MONTREAL = str(TZ)
FR = Language("fr")
WORKSTATION = Machine(
    "poste-cao", "workstation", "Dell Inc.", "Precision 5820", "Intel(R) Xeon(R) W-2245 CPU",
    chips=1, cores=8, threads=16, tdp_w=155.0, memory_b=64e9, disks=2, hw_year=2020,
    virtual=False, system="linux",
)  # fmt: skip


def known(figure: object) -> Estimate:
    assert isinstance(figure, Estimate)
    return figure


def of(report: Report, name: str) -> Action | None:
    return next((a for a in report.actions if a.id == name), None)


def screens(count: int, desks: int = 4) -> tuple[Device, ...]:
    bought = date(2024, 1, 15)
    return (
        Device("ecrans", "monitor", quantity=count, site="nord", acquired=bought, row=2),
        Device("postes", "desktop", quantity=desks, site="nord", acquired=bought, row=3),
    )


def settings(declared: Declared, some: tuple[Device, ...]) -> ReportSettings:
    inventory = Inventory(some, Path("inventory.csv"), "")
    return ReportSettings(
        zone="CA-QC", timezone=MONTREAL, declared=replace(declared, inventory=inventory),
        k_anonymity=1,
    )  # fmt: skip


Reported = Callable[..., Report]


@pytest.fixture
def reported(make_lake: Callable[[Fill], Lake], declared: Declared) -> Reported:
    def report(some: tuple[Device, ...], **words: object) -> Report:
        wanted = replace(settings(declared, some), **words)  # type: ignore[arg-type]
        period = choose(quarter="2026-Q4", timezone=MONTREAL)
        return gather(make_lake(lambda _: None), wanted, period, now=NOW)

    return report


def test_screens_beyond_one_for_each_computer_are_saved_whole(reported: Reported) -> None:
    action = of(reported(screens(10)), "drop_screens")
    assert action and action.machines == 6
    assert action.energy_j
    one = known(typical_year(Machine(category="monitor"), "monitor"))
    assert action.energy_j.value == pytest.approx(6 * one.value, rel=1e-6)
    assert of(reported(screens(4)), "drop_screens") is None
    assert of(reported(screens(10, desks=12)), "drop_screens") is None


def test_screens_of_a_site_without_computers_are_left_alone(reported: Reported) -> None:
    walls = (Device("affichage", "monitor", quantity=8, site="nord", row=2),)
    assert of(reported(walls), "drop_screens") is None


def test_an_idle_workstation_is_right_sized_where_electricity_weighs(
    make_lake: Callable[[Fill], Lake],
) -> None:
    def fill(busy: float) -> Fill:
        def filled(lake: Lake) -> None:
            lake.record_machine(WORKSTATION, at(2026, 10, 1))
            lake.append(usage("poste-cao", at(2026, 10, 1), [busy] * 24 * 40, row_s=3600.0))

        return filled

    def report(zone: str, busy: float) -> Report:
        wanted = ReportSettings(zone=zone, timezone=MONTREAL, k_anonymity=1)
        period = choose(quarter="2026-Q4", timezone=MONTREAL)
        return gather(make_lake(fill(busy)), wanted, period, now=NOW)

    action = of(report("CA-AB", 0.005), "right_size")
    assert action and action.hosts == ("poste-cao",)
    assert action.energy_j and action.energy_j.low >= 0
    assert known(action.co2e_kg).value > 0
    assert method(FR, action.energy_j.method), action.energy_j.method
    assert of(report("CA-AB", 0.6), "right_size") is None, "it works"


def test_what_was_promised_stands_beside_what_became_of_it(reported: Reported) -> None:
    before = of(reported(screens(10)), "drop_screens")
    assert before and before.energy_j
    promises = {"2026-Q3": (Promise("drop_screens", "", before.energy_j),)}
    report = reported(screens(6), promises=promises)
    (outcome,) = report.outcomes
    assert outcome.left_j
    assert outcome.saved_j.value == pytest.approx(before.energy_j.value * 4 / 6)
    assert outcome.left_j.value == pytest.approx(before.energy_j.value * 2 / 6)
    assert outcome.period.label == "2026-Q3"
    assert method(FR, outcome.saved_j.method)
    page = as_html(report, "fr")
    assert "Expected by the sealed report" not in page
    assert "3e trimestre 2026" in page
    assert as_json(report)["outcomes"][0]["id"] == "drop_screens"


def test_nothing_left_to_save_is_all_saved_and_more_screens_are_told(reported: Reported) -> None:
    before = of(reported(screens(10)), "drop_screens")
    assert before and before.energy_j
    promises = {"2026-Q3": (Promise("drop_screens", "", before.energy_j),)}
    (done,) = reported(screens(4), promises=promises).outcomes
    assert done.left_j is None and done.saved_j == before.energy_j
    (grown,) = reported(screens(16), promises=promises).outcomes
    assert grown.saved_j.value == pytest.approx(-before.energy_j.value)
    page = as_html(reported(screens(16), promises=promises), "en")
    assert "a year more than then" in page


def test_where_nobody_looked_nothing_became_of_it(reported: Reported) -> None:
    energy = Estimate("energy_j", 1e9, 5e8, 2e9, "modelled", STATED(text="d"), ("an inventory",))
    promises = {
        "2026-Q3": (
            Promise("switch_off_closed", "nord", energy),  # no machine of it was watched
            Promise("sleep_when_quiet", "", energy),  # nor of any other
            Promise("invented_later", "", energy),
        )
    }
    assert reported(screens(4), promises=promises).outcomes == ()


def test_a_promise_of_another_period_is_not_this_one_s(reported: Reported) -> None:
    energy = Estimate("energy_j", 1e9, 5e8, 2e9, "modelled", STATED(text="d"), ("an inventory",))
    promises = {"2026-Q1": (Promise("drop_screens", "", energy),)}
    assert reported(screens(4), promises=promises).outcomes == ()


def test_the_time_of_sealing_counts(tmp_path: Path) -> None:
    from sobriety.publishing.earlier import promises_of

    assert promises_of(tmp_path / "none", datetime.now().astimezone()) == {}
