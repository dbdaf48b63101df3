"""Jobs that could run at another hour, computed here by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from sobriety.core.estimate import Estimate
from sobriety.core.period import choose
from sobriety.core.units import S_PER_YEAR
from sobriety.core.usage import Usage
from sobriety.estimators import Grams
from sobriety.factors.hours import Hours
from sobriety.lake import Lake
from sobriety.reports import Report, ReportSettings, as_html, as_json, gather
from sobriety.reports.language.language import Language
from sobriety.reports.language.methods import method

from ..conftest import LAPTOP, NOW, SERVER, Fill, at, usage

DAYS = 12
PERIOD = choose(start="2026-11-02", end="2026-11-12", timezone="America/Montreal")
BACKUP = "backup.service"


def grams(hour: int) -> float:
    """Cleanest at four in the afternoon."""
    return {16: 10.0}.get(hour, 200.0 + hour)


def hours(flat: float | None = None) -> Hours:
    told = {
        at(2026, 11, 2 + day, hour): Grams(g, g, g)
        for day in range(DAYS)
        for hour in range(24)
        for g in [grams(hour) if flat is None else flat]
    }
    return Hours("CA-QC", "direct", told, ("a file of hours",))


def filled(host: str, worked: Sequence[int], days: int = DAYS) -> Fill:
    """A machine that works at these hours of each day, on the backup alone."""

    def fill(lake: Lake) -> None:
        machine = SERVER if host == SERVER.host else LAPTOP
        lake.record_machine(machine, at(2026, 11, 2))
        for day in range(days):
            busy = [0.5 if h in worked else 0.01 for h in range(24)]
            rows = usage(host, at(2026, 11, 2 + day), busy, row_s=3600.0)
            lake.append(rows)
            lake.append([_share(row) for h, row in enumerate(rows) if h in worked])
        lake.roll_up()

    return fill


def _share(row: Usage) -> Usage:
    measures = {k: v * 0.98 for k, v in row.measures.items()}
    return Usage(
        row.host, row.start_ns, row.duration_s, row.covered_s, measures, row.observed,
        kind="service", name=BACKUP,
    )  # fmt: skip


Reported = Callable[..., Report]


@pytest.fixture
def reported(make_lake: Callable[[Fill], Lake]) -> Reported:
    def report(fill: Fill, *told: Hours) -> Report:
        wanted = ReportSettings(
            zone="CA-QC", timezone="America/Montreal", hours=told, k_anonymity=1
        )
        return gather(make_lake(fill), wanted, PERIOD, now=NOW)

    return report


def moves(report: Report) -> list[tuple[str, int, int]]:
    found = [a.job for a in report.actions if a.id == "move_job"]
    return [(j.name, j.from_hour, j.to_hour) for j in found if j]


def test_a_nightly_job_is_moved_to_the_cleanest_hour(reported: Reported) -> None:
    report = reported(filled(SERVER.host, [2]), hours())
    assert moves(report) == [(BACKUP, 2, 16)]
    (action,) = [a for a in report.actions if a.id == "move_job"]
    assert report.work
    (job,) = [w for w in report.work.workloads if w.name == BACKUP]
    year = S_PER_YEAR / (11 * 86_400)
    by_hand_kg = job.energy_j.value / 3.6e6 * (202.0 - 10.0) / 1000 * year
    saved = action.co2e_kg
    assert isinstance(saved, Estimate)
    assert saved.value == pytest.approx(by_hand_kg, rel=1e-6)
    assert method(Language("fr"), saved.method), saved.method
    assert saved.low < saved.value < saved.high
    assert action.energy_j is None, "as many kilowatt-hours"
    assert "Exécuter backup.service à 16\u00a0h au lieu de 2\u00a0h" in as_html(report, "fr")
    told = next(a for a in as_json(report)["actions"] if a["id"] == "move_job")
    assert told["job"] == {"name": BACKUP, "from_hour": 2, "to_hour": 16}


def test_a_job_around_midnight_is_one(reported: Reported) -> None:
    ((_, begins, _),) = moves(reported(filled(SERVER.host, [23, 0, 1]), hours()))
    assert begins == 23


@pytest.mark.parametrize("why", ["always on", "few days", "flat grid", "no hours", "a laptop's"])
def test_what_cannot_or_need_not_move_stays(reported: Reported, why: str) -> None:
    host = LAPTOP.host if why == "a laptop's" else SERVER.host
    worked = range(24) if why == "always on" else [2]
    told = () if why == "no hours" else (hours(100.0 if why == "flat grid" else None),)
    days = 3 if why == "few days" else DAYS
    assert moves(reported(filled(host, list(worked), days), *told)) == []


def test_a_job_at_the_best_hour_stays(reported: Reported) -> None:
    assert moves(reported(filled(SERVER.host, [16]), hours())) == []
