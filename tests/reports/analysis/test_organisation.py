"""What an organisation's report must hold true, whatever it has: parts and periods add up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.estimate import Estimate
from sobriety.core.period import Period, choose
from sobriety.estimators import UG_PER_KG
from sobriety.inventory.devices import CATEGORIES, Device, Inventory
from sobriety.lake import Lake
from sobriety.reports import Report, ReportSettings, gather
from sobriety.reports.accounts.accounts import Books, books_of
from sobriety.reports.accounts.contracts import costs
from sobriety.reports.analysis.breakdown import breakdown
from sobriety.reports.model.declared import Declared

TZ = "America/Montreal"
LATER = datetime(2028, 1, 1, tzinfo=ZoneInfo(TZ))
NOW = datetime(2026, 11, 23, 14, 4, tzinfo=ZoneInfo(TZ))
days = st.dates(date(2018, 1, 1), date(2027, 12, 31))


@st.composite
def devices(draw: st.DrawFn) -> tuple[Device, ...]:
    """An inventory of chance: lives, gaps, sites and ends."""
    found: list[Device] = []
    for i in range(draw(st.integers(1, 12))):
        acquired = draw(st.none() | days)
        retired = draw(st.none() | days)
        if acquired and retired and retired < acquired:
            acquired, retired = retired, acquired
        found.append(
            Device(
                f"d{i}",
                draw(st.sampled_from(CATEGORIES)),
                quantity=draw(st.integers(1, 40)),
                site=draw(st.sampled_from([None, "salle", "nord", "ailleurs"])),
                department=draw(st.sampled_from([None, "TI", "Prêt"])),
                acquired=acquired,
                retired=retired,
                lifetime_years=draw(st.none() | st.floats(0.1, 12)),
                refurbished=draw(st.none() | st.booleans()),
                yearly_kwh=draw(st.none() | st.floats(0, 5000)),
                embodied_kg=draw(st.none() | st.floats(0, 3000)),
                end=draw(st.sampled_from([None, "donated", "scrapped"])),
                row=i + 2,
            )
        )
    return tuple(found)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("empty"))


def settings_of(declared: Declared, some: Sequence[Device]) -> ReportSettings:
    inventory = Inventory(tuple(some), Path("inventory.csv"), "")
    return ReportSettings(
        zone="CA-QC", timezone=TZ, declared=replace(declared, inventory=inventory), k_anonymity=1
    )


def period(**words: str) -> Period:
    found = choose(timezone=TZ, **words)  # type: ignore[arg-type]
    assert found
    return found


def figures(books: Books) -> tuple[float, float, float, float]:
    """Joules, kilograms of use and of making, money; of nothing, nothing."""
    if not books.hosts:
        return 0.0, 0.0, 0.0, 0.0
    footprint = books.footprint()
    use = footprint.use_co2e_kg
    assert isinstance(use, Estimate)
    money = sum(c.cost_money.value for c in costs(books.hosts, books.accounts))
    return footprint.energy_j.value, use.value, footprint.embodied_share_kg.value, money


@settings(max_examples=25, deadline=None)
@given(some=devices())
def test_months_give_the_quarter_and_quarters_the_year(
    empty: Lake, declared: Declared, some: tuple[Device, ...]
) -> None:
    wanted = settings_of(declared, some)

    def of(**words: str) -> tuple[float, ...]:
        return figures(books_of(empty, wanted, period(**words), LATER))

    year = of(year="2026")
    quarters = [of(quarter=f"2026-Q{n}") for n in (1, 2, 3, 4)]
    months = [of(month=f"2026-{n:02}") for n in (4, 5, 6)]
    for i in range(4):
        assert math.fsum(q[i] for q in quarters) == pytest.approx(year[i], rel=1e-9, abs=1e-12)
        assert math.fsum(m[i] for m in months) == pytest.approx(quarters[1][i], rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(some=devices())
def test_the_ledger_of_quarters_is_the_year_s_to_the_microgram(
    empty: Lake, declared: Declared, some: tuple[Device, ...]
) -> None:
    wanted = settings_of(declared, some)

    def charged(**words: str) -> int:
        books = books_of(empty, wanted, period(**words), LATER)
        return sum(
            h.asset.charged_ug(books.days.first, books.days.last) for h in books.holdings.held
        )

    assert charged(year="2026") == sum(charged(quarter=f"2026-Q{n}") for n in (1, 2, 3, 4))


@settings(max_examples=25, deadline=None)
@given(some=devices())
def test_every_breakdown_gives_the_total(
    empty: Lake, declared: Declared, some: tuple[Device, ...]
) -> None:
    books = books_of(empty, settings_of(declared, some), period(quarter="2026-Q2"), LATER)
    if not books.hosts:
        return
    whole = books.footprint()
    for parts in breakdown(books.hosts, books.accounts, 5).values():
        for name in ("energy_j", "use_co2e_kg", "embodied_share_kg", "total_co2e_kg"):
            total = getattr(whole, name).value
            summed = math.fsum(getattr(p.footprint, name).value for p in parts)
            assert summed == pytest.approx(total, rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(some=devices(), first=st.integers(1, 3))
def test_a_change_is_explained_to_the_microgram(
    empty: Lake, declared: Declared, some: tuple[Device, ...], first: int
) -> None:
    from sobriety.reports.analysis.comparison import change_between

    wanted = settings_of(declared, some)
    old = books_of(empty, wanted, period(quarter=f"2026-Q{first}"), LATER)
    new = books_of(empty, wanted, period(quarter=f"2026-Q{first + 1}"), LATER)
    if not old.hosts or not new.hosts:
        return
    change = change_between(old, new, None)
    assert change is not None
    assert change.before_ug + sum(change.parts.values()) == change.after_ug
    for books, ug in ((old, change.before_ug), (new, change.after_ug)):
        _, use_kg, making_kg, _ = figures(books)
        assert ug / UG_PER_KG == pytest.approx(use_kg + making_kg, rel=1e-9, abs=len(some) * 2e-9)


def test_a_laptop_kept_longer_than_its_life_is_charged_once(
    empty: Lake, declared: Declared
) -> None:
    kept = Device("a", "notebook", acquired=date(2020, 3, 1), lifetime_years=4, embodied_kg=250)
    wanted = settings_of(declared, [kept])
    charged = [
        figures(books_of(empty, wanted, period(year=str(year)), LATER))[2]
        for year in range(2020, 2027)
    ]
    assert math.fsum(charged) == pytest.approx(250, rel=1e-12)
    assert charged[-2:] == [0, 0]


def test_what_is_donated_is_passed_on_and_not_charged(empty: Lake, declared: Declared) -> None:
    from sobriety.reports.accounts.embodied import ledger_of

    given_away = Device(
        "a", "notebook", acquired=date(2024, 1, 1), retired=date(2026, 5, 5), lifetime_years=6,
        embodied_kg=300, end="donated",
    )  # fmt: skip
    books = books_of(empty, settings_of(declared, [given_away]), period(quarter="2026-Q2"), LATER)
    ledger = ledger_of(books.holdings.held, 0, books.days.first, books.days.last)
    assert ledger and ledger.passed_on_kg > 150 and ledger.written_off_kg == 0
    left = ledger.bought_kg + ledger.carried_kg - ledger.deferred_kg - ledger.passed_on_kg
    assert left == pytest.approx(ledger.charged_kg, abs=1e-9)


def test_the_report_joins_usage_with_the_inventory(reports: dict[str, Report]) -> None:
    report = reports["organisation"]
    assert len(report.machines) == 9 and report.devices == 67
    codes = {c.code for c in report.cautions}
    assert {"dark_devices", "unlisted_hosts", "undated_devices"} <= codes
    assert report.ledger and report.ledger.undated == 9
    assert {f.zone for f in report.factors} == {"CA-QC", "CA-ON"}
    assert [c.currency for c in report.costs] == ["CAD"]
    assert report.market and 0 < report.market.contract_ratio < 1


def test_it_compares_with_as_many_days_of_earlier_periods(reports: dict[str, Report]) -> None:
    before, year_earlier = reports["organisation"].comparisons
    assert (before.kind, year_earlier.kind) == ("before", "year_earlier")
    assert before.period.duration_s == pytest.approx(54 * 86_400, abs=3600)
    for comparison in (before, year_earlier):
        change = comparison.change
        assert change and change.before_ug + sum(change.parts.values()) == change.after_ug
        assert change.parts["method"] != 0  # the workstations were declared and are watched
        assert change.parts["making_bought"] > 0


def test_goals_stand_where_their_line_says(reports: dict[str, Report]) -> None:
    by_id = {s.goal.id: s for s in reports["organisation"].standings}
    assert by_id["it-carbon"].position.status == "late"
    assert by_id["it-carbon"].figure and not by_id["it-carbon"].by_pace
    assert by_id["idle"].position.status in {"late", "undecided"}
    assert "idle" in next(
        i.goals for i in reports["organisation"].indicators if i.id == "idle_ratio"
    )


def test_nobody_s_baseline_is_invented(reports: dict[str, Report]) -> None:
    assert {s.position.status for s in reports["fleet"].standings} <= {
        "no baseline set", "no target set"
    }  # fmt: skip


def test_a_service_is_scored_by_its_units(reports: dict[str, Report]) -> None:
    (service,) = reports["organisation"].services
    both, each = service.footprint.total_co2e_kg, service.sci_kg
    assert isinstance(both, Estimate) and isinstance(each, Estimate)
    assert service.units == 90_000
    assert each.value * 90_000 == pytest.approx(both.value)


def test_workstations_are_off_while_the_library_is_closed(reports: dict[str, Report]) -> None:
    report = reports["organisation"]
    (action,) = [a for a in report.actions if a.id == "switch_off_closed"]
    assert action.hosts == () and action.machines == 6
    (ratio,) = [i.figure for i in report.indicators if i.id == "closed_ratio"]
    assert isinstance(ratio, Estimate) and 0 < ratio.value < 1
    assert report.heat and len(report.heat.hours_w) == 168
    # Everybody comes at nine, on Mondays as on Saturdays.
    assert report.heat.hours_w[10] > report.heat.hours_w[3]


def test_no_name_of_a_workstation_is_told_beside_its_hours(
    reports: dict[str, Report], declared: Declared, lakes: dict[str, Lake]
) -> None:
    from sobriety.reports import as_json

    def told(report: Report) -> str:
        written = as_json(report)
        # How long a device is kept tells nobody's hours.
        written["actions"] = [a for a in written["actions"] if a["id"] != "keep_longer"]
        return str([written[k] for k in ("breakdown", "actions", "gaps", "work", "services")])

    assert "poste-" not in told(reports["organisation"])
    alone = ReportSettings(zone="CA-QC", timezone=TZ, declared=declared, k_anonymity=1)
    quarter = period(quarter="2026-Q4")
    assert "poste-0" in told(gather(lakes["organisation"], alone, quarter, now=NOW))


def test_too_few_people_have_no_hours(
    lakes: dict[str, Lake], declared: Declared, make_settings: Callable[[int], ReportSettings]
) -> None:
    report = gather(lakes["organisation"], make_settings(7), period(quarter="2026-Q4"), now=NOW)
    assert not [a for a in report.actions if a.id == "switch_off_closed"]
    assert report.heat and max(report.heat.hours_w) < 2000  # the servers' alone
    names = {p.name for p in report.breakdown["department"]}
    assert names == {"*"} or not {"Accueil", "Prêt"} & names


@pytest.fixture
def make_settings(declared: Declared) -> Callable[[int], ReportSettings]:
    def make(k: int) -> ReportSettings:
        return ReportSettings(zone="CA-QC", timezone=TZ, declared=declared, k_anonymity=k)

    return make
