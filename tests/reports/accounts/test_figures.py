"""Figures: parts sum to totals, nothing is invented, nothing falls back silently."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sobriety.core.errors import FactorNotFound, SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.method import STATED
from sobriety.core.period import Period, choose
from sobriety.core.usage import Usage
from sobriety.estimators import (
    FactorBook,
    amortised,
    co2e,
    embodied,
    grid_factor,
    intensity,
    lifetime,
    room_pue,
)
from sobriety.lake import Lake
from sobriety.reports import Report, ReportSettings, as_html, gather
from sobriety.reports.language.language import Language
from sobriety.reports.language.methods import method
from sobriety.reports.model.figures import Figure, Footprint, Missing, Pace

from ..conftest import LAPTOP, at, fill_laptop, usage

MONTREAL = "America/Montreal"
START = datetime(2026, 10, 1, tzinfo=ZoneInfo(MONTREAL))
QUARTER = Period(START, datetime(2027, 1, 1, tzinfo=START.tzinfo), "2026-Q4", "quarter")
NOW = QUARTER.end + timedelta(days=1)
QUEBEC = ReportSettings(zone="QC", timezone=MONTREAL, k_anonymity=1)
Fill = Callable[[Lake], object]
MakeLake = Callable[[Fill], Lake]
MakeUsage = Callable[..., list[Usage]]
Machines = dict[str, Machine]


def known(figure: Estimate | Missing) -> Estimate:
    assert isinstance(figure, Estimate)
    return figure


def bounds(figure: Figure) -> tuple[float, float, float]:
    assert isinstance(figure, Estimate)
    return figure.value, figure.low, figure.high


def values(footprint: Footprint) -> list[float]:
    figures = (
        footprint.energy_j,
        footprint.use_co2e_kg,
        footprint.embodied_share_kg,
        footprint.total_co2e_kg,
    )
    return [f.value for f in figures if isinstance(f, Estimate)]


def codes(report: Report) -> set[str]:
    return {c.code for c in report.cautions}


# Conservation


def test_parts_sum_to_the_total_in_every_dimension(report: Report) -> None:
    for parts in report.breakdown.values():
        columns = zip(*(values(p.footprint) for p in parts), strict=True)
        sums = [math.fsum(column) for column in columns]
        assert sums == pytest.approx(values(report.totals), rel=1e-9)
        assert sum(p.observed_s for p in parts) == pytest.approx(report.coverage.observed_s)
        assert sum(p.machines for p in parts) == len(report.machines) + report.devices


def test_use_and_making_sum_to_the_total(report: Report) -> None:
    totals = report.totals
    if isinstance(totals.use_co2e_kg, Estimate):
        both = totals.use_co2e_kg.value + totals.embodied_share_kg.value
        assert known(totals.total_co2e_kg).value == pytest.approx(both, rel=1e-12)
        share = totals.embodied_share_kg.value / both
        assert known(totals.embodied_ratio).value == pytest.approx(share, rel=1e-12)


def test_months_sum_to_the_quarter(lakes: dict[str, Lake], reports: dict[str, Report]) -> None:
    months = [
        gather(lakes["fleet"], QUEBEC, choose(month=f"2026-{m}", timezone=MONTREAL), now=NOW)
        for m in (10, 11)
    ]
    sums = [math.fsum(c) for c in zip(*(values(m.totals) for m in months), strict=True)]
    assert sums == pytest.approx(values(reports["fleet"].totals), rel=1e-9)


def test_a_figure_is_what_the_estimators_say(reports: dict[str, Report]) -> None:
    report = reports["laptop"]
    (laptop,) = report.machines
    seen_s = report.coverage.observed_s
    making = amortised(embodied(laptop), lifetime(laptop), seen_s)
    factor = intensity("CA-QC", 2026).estimate
    assert report.totals.embodied_share_kg.value == pytest.approx(making.value)
    assert report.totals.embodied_share_kg.high == pytest.approx(making.high)
    assert known(report.totals.use_co2e_kg) == co2e(report.totals.energy_j, factor)
    assert report.mean_power_w.value * seen_s == pytest.approx(report.totals.energy_j.value)


def test_the_chart_holds_the_joules_of_the_total(report: Report) -> None:
    """Power × time; where a fleet's hours are seen whole, as they are here."""
    if len(report.machines) == 1:
        drawn = math.fsum(p.value_w * p.duration_s for p in report.series)
        seen = report.totals.energy_j.value
        assert drawn == pytest.approx(seen, rel=0.15)
        assert all(p.low_w <= p.value_w <= p.high_w for p in report.series)
    assert 2 <= len(report.series) <= 121


busy = st.lists(st.floats(0, 1), min_size=2, max_size=200)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(busy=busy, row_s=st.sampled_from([5.0, 60.0, 600.0]))
def test_rolling_up_changes_no_figure(
    busy: list[float],
    row_s: float,
    machines: Machines,
    make_usage: MakeUsage,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    start = datetime(2026, 11, 22, 23, 17, tzinfo=NOW.tzinfo)
    period = Period(start, start + timedelta(hours=36), "a day and a half")
    rows = make_usage("portable-17", period.start_ns, busy, row_s=row_s)
    with Lake(tmp_path_factory.mktemp("lake")) as lake:
        lake.record_machine(machines["portable-17"], period.start_ns)
        lake.append(rows)
        before = gather(lake, QUEBEC, period, now=NOW)
        lake.roll_up()
        after = gather(lake, QUEBEC, period, now=NOW)
    assert values(after.totals) == pytest.approx(values(before.totals), rel=1e-9)
    assert after.coverage.observed_s == pytest.approx(before.coverage.observed_s)


# What is not known


def test_without_a_zone_carbon_of_use_is_missing_and_nothing_else(
    reports: dict[str, Report],
) -> None:
    without, with_zone = reports["no zone"], reports["fleet"]
    assert isinstance(without.totals.use_co2e_kg, Missing)
    assert isinstance(without.totals.total_co2e_kg, Missing)
    assert bounds(without.totals.energy_j) == pytest.approx(bounds(with_zone.totals.energy_j))
    making = bounds(without.totals.embodied_share_kg)
    assert making == pytest.approx(bounds(with_zone.totals.embodied_share_kg))
    assert "no_zone" in codes(without)
    assert without.factors == without.other_factors == ()


def test_an_unknown_zone_is_an_error_with_names_that_are_near(lakes: dict[str, Lake]) -> None:
    with pytest.raises(FactorNotFound, match="Quebeck"):
        gather(lakes["short"], ReportSettings(zone="Quebeck"), now=NOW)


def test_a_zone_without_this_kind_of_factor_gives_no_other_kind(lakes: dict[str, Lake]) -> None:
    report = gather(lakes["laptop"], ReportSettings(zone="DE", kind="direct"), now=NOW)
    assert isinstance(report.totals.use_co2e_kg, Missing)
    assert "no_factor" in codes(report)
    assert isinstance(report.other_use_co2e_kg, Estimate), "the other kind stands beside it"


def test_direct_and_life_cycle_stand_side_by_side(lakes: dict[str, Lake]) -> None:
    direct = gather(lakes["laptop"], QUEBEC, now=NOW)
    cycle = gather(lakes["laptop"], replace(QUEBEC, kind="life-cycle"), now=NOW)
    # Sums of several threads differ in their last digit from one asking to the next.
    assert bounds(direct.other_use_co2e_kg) == pytest.approx(bounds(cycle.totals.use_co2e_kg))
    assert bounds(cycle.other_use_co2e_kg) == pytest.approx(bounds(direct.totals.use_co2e_kg))


def test_a_contract_stands_beside_and_changes_no_total(lakes: dict[str, Lake]) -> None:
    contract = Estimate(
        "market_g_per_kwh",
        26,
        26,
        26,
        "declared",
        STATED(text="a contract"),
        ("a supplier",),
    )
    plain = gather(lakes["laptop"], QUEBEC, now=NOW)
    both = gather(lakes["laptop"], replace(QUEBEC, market=contract), now=NOW)
    assert plain.market is None and both.market is not None
    assert values(both.totals) == pytest.approx(values(plain.totals), rel=1e-12)
    assert both.breakdown.keys() == plain.breakdown.keys()
    use, by_contract = both.totals.use_co2e_kg, both.market.use_co2e_kg
    assert isinstance(use, Estimate) and isinstance(by_contract, Estimate)
    assert by_contract.sources != use.sources and "a supplier" in by_contract.sources
    assert "a supplier" not in use.sources
    factor = intensity("CA-QC", 2026).estimate.value
    assert by_contract.value / use.value == pytest.approx(26.0 / factor)
    without_zone = gather(lakes["laptop"], replace(QUEBEC, zone=None, market=contract), now=NOW)
    assert isinstance(without_zone.totals.use_co2e_kg, Missing), "a contract fills no gap"
    assert "<h3>By contract" in as_html(both, "en") and "By contract" not in as_html(plain, "en")
    assert "<h3>Selon le contrat" in as_html(both, "fr")


def test_a_report_by_an_older_edition_says_so(lakes: dict[str, Lake]) -> None:
    row = {
        "zone": "CA-QC", "year": "2025", "kind": "direct", "basis": "consumption",
        "value_g_per_kwh": "9", "low_g_per_kwh": "8", "high_g_per_kwh": "10", "status": "final",
        "source": "a study", "licence": "internal", "retrieved": "2026-03", "note": "",
    }  # fmt: skip
    book = FactorBook((grid_factor(row, own="campus"),), as_of="2026-06")
    report = gather(lakes["laptop"], replace(QUEBEC, factors=book), now=NOW)
    assert {f.own for f in report.factors} == {"campus"} == {f.own for f in report.other_factors}
    assert {"older_edition", "stale_factor"} <= set(codes(report))
    assert isinstance(report.other_use_co2e_kg, Missing), "no life-cycle factor was out"
    assert all(method(Language("fr"), f.estimate.method) for f in report.factors)
    nothing_out = replace(QUEBEC, factors=FactorBook(as_of="2020-01"))
    too_early = gather(lakes["laptop"], nothing_out, now=NOW)
    assert isinstance(too_early.totals.use_co2e_kg, Missing)
    assert "no_factor_as_of" in codes(too_early) and "older_edition" not in codes(too_early)


def test_nothing_recorded_is_an_error_and_not_a_zero(
    lakes: dict[str, Lake], tmp_path: Path
) -> None:
    before = choose(quarter="2020-Q1", timezone=MONTREAL)
    with pytest.raises(SobrietyError, match="nothing was recorded in 2020-Q1"):
        gather(lakes["short"], QUEBEC, before, now=NOW)
    with (
        Lake(tmp_path / "lake") as empty,
        pytest.raises(SobrietyError, match="nothing was recorded yet"),
    ):
        gather(empty, QUEBEC, now=NOW)


def test_only_unobserved_rows_give_no_figure(make_lake: MakeLake, machines: Machines) -> None:
    def fill(lake: Lake) -> None:
        lake.record_machine(machines["srv-1"], 0)
        lake.append([Usage("srv-1", QUARTER.start_ns, 600.0, 0.0, state="unobserved")])

    with pytest.raises(SobrietyError, match="none has what energy is computed from"):
        gather(make_lake(fill), QUEBEC, QUARTER, now=NOW)


# Coverage and cautions


def test_coverage_counts_what_was_seen_of_what_has_passed(reports: dict[str, Report]) -> None:
    laptop = reports["laptop"].coverage
    assert laptop.ratio == pytest.approx(21 / 24, abs=1e-6)
    (gap,) = laptop.gaps
    assert gap.kind == "not_recorded" and gap.duration_s == pytest.approx(10_800)
    fleet = reports["fleet"].coverage
    assert {g.kind for g in fleet.gaps} == {"not_recorded", "unobserved"}
    assert fleet.ratio == pytest.approx(fleet.observed_s / fleet.span_s)


def test_each_caution_has_its_occasion(reports: dict[str, Report]) -> None:
    assert {"short_period", "virtual_machine", "no_sensor"} <= codes(reports["short"])
    assert {"low_coverage", "no_sensor", "stale_factor"} <= codes(reports["laptop"])
    assert {"unfinished_period", "unknown_machine", "low_coverage"} <= codes(reports["fleet"])
    assert "short_period" not in codes(reports["laptop"]) | codes(reports["fleet"])
    assert "clock_jump" not in codes(reports["fleet"])


def test_two_collectors_under_one_name_are_found_out(
    make_lake: MakeLake, make_usage: MakeUsage, machines: Machines
) -> None:
    def fill(lake: Lake) -> None:
        lake.record_machine(machines["portable-17"], 0)
        for offset_ns in (0, 1_000_000_000):
            start_ns = QUARTER.start_ns + offset_ns
            lake.append(make_usage("portable-17", start_ns, [0.2] * 120))

    assert "clock_jump" in codes(gather(make_lake(fill), QUEBEC, now=NOW))


def test_an_hour_is_the_least_for_a_year(
    make_lake: MakeLake, make_usage: MakeUsage, machines: Machines
) -> None:
    def report(minutes: int) -> Report:
        def fill(lake: Lake) -> None:
            lake.record_machine(machines["portable-17"], 0)
            lake.append(make_usage("portable-17", QUARTER.start_ns, [0.2] * minutes))

        return gather(make_lake(fill), QUEBEC, now=NOW)

    assert isinstance(report(59).pace, Missing)
    hour = report(60)
    assert isinstance(hour.pace, Pace)
    year = hour.pace.footprint
    assert year.energy_j.value == pytest.approx(hour.totals.energy_j.value * 8766)
    (laptop,) = hour.machines
    per_year = embodied(laptop).value / lifetime(laptop).value
    assert year.embodied_share_kg.value == pytest.approx(per_year)


# Sensors, settings, indicators


def test_measured_joules_are_told_from_modelled_ones(reports: dict[str, Report]) -> None:
    by_host = {p.name: p for p in reports["fleet"].breakdown["host"]}
    sensed, modelled = by_host["srv-1"], by_host["srv-2"]
    assert modelled.measured_ratio == 0
    assert 0 < sensed.measured_ratio < 1
    joules = (180 + 25) * 42 * 86_400 / sensed.footprint.energy_j.value
    assert sensed.measured_ratio == pytest.approx(joules)
    assert _width(sensed.footprint.energy_j) < _width(modelled.footprint.energy_j)


def test_an_owners_facts_come_before_those_found(lakes: dict[str, Lake]) -> None:
    stated = replace(
        QUEBEC, overrides={"portable-17": {"embodied_kg": 200.0, "lifetime_years": 4.0}}
    )
    report = gather(lakes["laptop"], stated, now=NOW)
    assert isinstance(report.pace, Pace)
    assert report.pace.footprint.embodied_share_kg.value == pytest.approx(50.0)
    assert report.pace.footprint.embodied_share_kg.basis == "declared"


def test_the_rooms_overhead_is_in_carbon_and_not_in_the_machines_energy(
    lakes: dict[str, Lake], reports: dict[str, Report]
) -> None:
    plain = reports["short"].totals
    cooled = gather(lakes["short"], replace(QUEBEC, pue=1.5), now=NOW).totals
    doubtful = Estimate("pue_ratio", 1.5, 1.3, 1.8, "declared", STATED(text="d"), ("the owner",))
    unsure = gather(lakes["short"], replace(QUEBEC, pue=doubtful), now=NOW).totals
    assert bounds(cooled.energy_j) == pytest.approx(bounds(plain.energy_j))
    laptop = gather(lakes["laptop"], replace(QUEBEC, pue=1.5), now=NOW).totals
    # It stands in no such room.
    assert values(laptop) == pytest.approx(values(reports["laptop"].totals), rel=1e-12)
    for other in (cooled, unsure):
        assert known(other.use_co2e_kg).value == pytest.approx(1.5 * known(plain.use_co2e_kg).value)
    assert "PUE 1.5" in str(known(cooled.use_co2e_kg).method)
    assert _width(known(unsure.use_co2e_kg)) > _width(known(cooled.use_co2e_kg))


def test_a_model_shared_by_a_fleet_does_not_average_its_error_away(
    make_lake: MakeLake, make_usage: MakeUsage, machines: Machines
) -> None:
    def fleet(models: list[str]) -> Estimate:
        def fill(lake: Lake) -> None:
            for i, model in enumerate(models):
                host = f"h{i}"
                laptop = replace(machines["portable-17"], host=host, cpu_model=model)
                lake.record_machine(laptop, 0)
                lake.append(make_usage(host, QUARTER.start_ns, [0.2] * 60))

        return gather(make_lake(fill), QUEBEC, now=NOW).totals.energy_j

    one, same, different = fleet(["A"]), fleet(["A"] * 4), fleet(list("ABCD"))
    assert _width(same) == pytest.approx(_width(one))
    assert _width(different) == pytest.approx(_width(one) / 2, rel=0.05)


def test_indicators_are_shares_and_idle_machines_have_high_ones(
    make_lake: MakeLake, make_usage: MakeUsage, machines: Machines
) -> None:
    def shares(u: float) -> dict[str, float]:
        def fill(lake: Lake) -> None:
            lake.record_machine(machines["portable-17"], 0)
            lake.append(make_usage("portable-17", QUARTER.start_ns, [u] * 60))

        report = gather(make_lake(fill), QUEBEC, now=NOW)
        return {i.id: known(i.figure).value for i in report.indicators}

    idle, loaded = shares(0.0), shares(1.0)
    assert idle["idle_ratio"] == pytest.approx(1) and idle["quiet_ratio"] == pytest.approx(1)
    assert loaded["idle_ratio"] < 0.5 and loaded["quiet_ratio"] == 0
    assert all(0 <= x <= 1 for x in (*idle.values(), *loaded.values()))


def test_energy_spent_for_nobody_is_told_of_machines_that_know(
    make_lake: MakeLake, make_usage: MakeUsage, machines: Machines
) -> None:
    """Nobody, or hardly anybody, in two hours of four; an hour and a machine that do not know.
    Away is somebody, and so is who came for more than 1 % of an hour."""

    def watch(rows: list[Usage], **measures: float) -> list[Usage]:
        return [
            replace(r, measures=r.measures | measures, observed=(*r.observed, "presence"))
            for r in rows
        ]

    def shares(fill: Fill) -> dict[str, float]:
        report = gather(make_lake(fill), QUEBEC, now=NOW)
        return {i.id: known(i.figure).value for i in report.indicators}

    def hour(number: int, host: str = "portable-17") -> list[Usage]:
        return make_usage(host, QUARTER.start_ns + number * 3600 * 10**9, [0.2] * 60)

    def unseen(lake: Lake) -> None:
        lake.record_machine(machines["portable-17"], 0)
        lake.append(hour(0))

    def seen(lake: Lake) -> None:
        unseen(lake)
        lake.record_machine(machines["srv-1"], 0)
        lake.append(hour(0, "srv-1"))
        lake.append(watch(hour(1), present_s=0.0, away_s=0.5))
        lake.append(watch(hour(2), present_s=0.4, away_s=0.4))
        lake.append(watch(hour(3), present_s=0.0, away_s=60.0))
        lake.append(watch(hour(4), present_s=0.0, away_s=0.0))

    def attended(lake: Lake) -> None:
        unseen(lake)
        lake.append(watch(hour(1), present_s=60.0, away_s=0.0))

    assert "unattended_ratio" not in shares(unseen)
    assert shares(seen)["unattended_ratio"] == pytest.approx(0.5)
    assert shares(attended)["unattended_ratio"] == 0


def test_keeping_a_device_longer_saves_the_difference_of_two_rates(
    reports: dict[str, Report],
) -> None:
    report = reports["laptop"]
    (laptop,) = report.machines
    (keep,) = [a for a in report.actions if a.id == "keep_longer"]
    making, years = embodied(laptop).value, lifetime(laptop).value
    assert known(keep.co2e_kg).value == pytest.approx(making / years - making / (years + 2))
    assert report.actions[0] is keep, "the largest first"


def test_quiet_hours_are_told_for_laptops_and_servers_apart(reports: dict[str, Report]) -> None:
    found = {a.id: set(a.hosts) for a in reports["fleet"].actions}
    assert "srv-1" in found["consolidate_quiet"]
    assert "poste-00" in found["sleep_when_quiet"]
    assert not found["consolidate_quiet"] & found["sleep_when_quiet"]


def test_what_narrows_the_interval_most_comes_first(reports: dict[str, Report]) -> None:
    narrowings = reports["laptop"].narrowings
    ratios = [n.narrower_ratio for n in narrowings]
    assert ratios == sorted(ratios, reverse=True) and all(0 < r <= 1 for r in ratios)
    assert narrowings[0].id == "maker_footprint"
    assert {n.of for n in reports["no zone"].narrowings} == {"energy_j"}
    assert [n.id for n in reports["no zone"].narrowings] == ["meter"]


def test_measuring_costs_something_and_it_is_told(reports: dict[str, Report]) -> None:
    own = reports["laptop"].own
    assert own is not None
    assert own.cpu_s == pytest.approx(0.0003 * 21 * 3600)
    assert 0 < own.ratio.value < 0.001


def _width(estimate: Estimate) -> float:
    """Of the interval, against the value."""
    return (estimate.high - estimate.low) / estimate.value


def test_a_kind_of_room_has_a_range_and_none_is_said(lakes: dict[str, Lake]) -> None:
    plain = gather(lakes["fleet"], QUEBEC, now=NOW)
    closet = gather(lakes["fleet"], replace(QUEBEC, pue=room_pue("closet")), now=NOW)
    assert "no_overhead" in {c.code for c in plain.cautions}
    assert "no_overhead" not in {c.code for c in closet.cautions}
    one, two = known(plain.totals.use_co2e_kg), known(closet.totals.use_co2e_kg)
    slices = {s.name: s.footprint.use_co2e_kg for s in plain.breakdown["category"]}
    assert two.value == pytest.approx(one.value + known(slices["server"]).value)
    assert "typical closet" in str(two.method)
    assert two.high / two.low > one.high / one.low
    assert "no_overhead" not in {c.code for c in gather(lakes["laptop"], QUEBEC, now=NOW).cautions}


def test_networks_stand_beside_the_totals(make_lake: Callable[[Fill], Lake]) -> None:
    def fill(lake: Lake, sent_b: float) -> None:
        lake.record_machine(LAPTOP, at(2026, 11, 22, 8))
        rows = usage(LAPTOP.host, at(2026, 11, 22, 8), [0.1] * 60)
        lake.append([replace(
            row,
            measures={**row.measures, "network_received_b": 2e9, "network_sent_b": sent_b},
            observed=(*row.observed, "network"),
        ) for row in rows])  # fmt: skip

    some = gather(make_lake(lambda lake: fill(lake, 1e9)), QUEBEC, now=NOW)
    more = gather(make_lake(lambda lake: fill(lake, 4e9)), QUEBEC, now=NOW)
    assert some.network and more.network and some.totals == more.totals
    assert some.network.transferred_b == pytest.approx(60 * 3e9)
    assert more.network.energy_j.value == pytest.approx(2 * some.network.energy_j.value)
    carbon = known(some.network.co2e_kg)
    kwh = some.network.energy_j.value / 3.6e6
    assert carbon.value == pytest.approx(kwh * some.factors[0].estimate.value / 1000)
    page = as_html(some, "fr")
    assert "180" in page and "Go" in page and "aucun total" in page
    assert gather(make_lake(fill_laptop), QUEBEC, now=NOW).network is None
