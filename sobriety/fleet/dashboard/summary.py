"""Writes what the dashboard shows: reports of today and of the quarter, printed.

A process of its own, which the gateway starts after a drain: a report of a large fleet takes
seconds and hundreds of megabytes, and with its end they are free.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sobriety.core.period import Period, choose, to_ns, zone_of
from sobriety.core.text import Tongue
from sobriety.lake import Lake
from sobriety.publishing.settings import report_settings
from sobriety.reports import NothingRecorded, Report, ReportSettings, gather
from sobriety.reports.language.language import Language
from sobriety.reports.model.warnings import Unfinished
from sobriety.reports.views import organisation
from sobriety.reports.views import sentences as say
from sobriety.reports.views.actions import action_items
from sobriety.reports.views.blocks import Item, Items
from sobriety.reports.views.changes import comparisons
from sobriety.reports.views.goals import WAITING, goal_items
from sobriety.reports.views.opening import fact, lead, weight_facts
from sobriety.reports.views.power import power_chart
from sobriety.reports.views.tables import breakdown_tables
from sobriety.settings import config as settings
from sobriety.settings.config import Config

from ..jobs import subprocess as aside
from .views import DashboardSummary, PeriodView, write

TONGUES: tuple[Tongue, ...] = ("en", "fr")
_MOST_ROWS = 12
_MOST_ACTIONS = 5


def summarise(
    lake: Path, config: Config, k_anonymity: int, now: datetime | None = None
) -> DashboardSummary:
    """Today, and the quarter that it is in, by the settings' clock. Raises SobrietyError."""
    wanted = report_settings(config, k_anonymity=k_anonymity)
    now = now or datetime.now().astimezone(zone_of(wanted.timezone))
    # A day stands against no goal; to ask for that would read the year twice.
    of_a_day = replace(wanted, declared=replace(wanted.declared, goals=None))
    with Lake(lake) as there:
        return DashboardSummary(
            to_ns(now),
            wanted.timezone,
            _printed(there, of_a_day, today(now, wanted.timezone), now),
            _printed(there, wanted, quarter(now, wanted.timezone), now),
        )


def today(now: datetime, timezone: str | None) -> Period:
    """As `sobriety report --from DAY --to DAY` has it."""
    day = f"{now:%Y-%m-%d}"
    found = choose(start=day, end=day, timezone=timezone)
    assert found
    return found


def quarter(now: datetime, timezone: str | None) -> Period:
    """As `sobriety report --quarter` has it."""
    found = choose(quarter=f"{now.year}-Q{(now.month + 2) // 3}", timezone=timezone)
    assert found
    return found


def _printed(
    lake: Lake, wanted: ReportSettings, period: Period, now: datetime
) -> dict[Tongue, PeriodView]:
    try:
        report = gather(lake, wanted, period, now=now)
    except NothingRecorded:
        return {}
    return {tongue: span(Language(tongue), report) for tongue in TONGUES}


def span(words: Language, report: Report) -> PeriodView:
    """The report's figures as a page of the dashboard prints them."""
    coverage = report.coverage
    tables = {t.id: t for t in breakdown_tables(words, report, most=_MOST_ROWS)}
    table = tables.get("site") or tables.get("category")
    goals = goal_items(words, report)
    measured = [g for g in goals if g.code not in WAITING]
    energy = words.say("Energy")
    power = words.say("Power drawn, on average")
    return PeriodView(
        title=say.title(words, report),
        period=say.period(words, report.period),
        lead=lead(words, report),
        machines=len(report.machines),
        power=fact(words, power, report.mean_power_w),
        energy=fact(words, energy, report.totals.energy_j),
        weights=tuple(weight_facts(words, report.totals)),
        coverage=words.share(int(coverage.ratio * 100 + 1e-9) / 100) if coverage.span_s else "",
        measured=words.share(report.measured_ratio),
        chart=power_chart(words, report),
        tables=(table,) if table else (),
        since=tuple((c.says, c.title) for c in comparisons(words, report)),
        goals=Items(tuple(measured), "goals"),
        waiting=len(goals) - len(measured),
        actions=Items(tuple(action_items(words, report))[:_MOST_ACTIONS]),
        costs=tuple(organisation.cost_facts(words, report)),
        # That a quarter is not over needs no warning where it is shown day by day.
        warnings=Items(
            tuple(
                Item(w.title(words), w.what(words), next=w.hint(words), code=w.code)
                for w in report.cautions
                if not isinstance(w, Unfinished)
            ),
            "warnings",
        ),
    )


def main(arguments: Sequence[str]) -> int:
    """`python -m sobriety.fleet.dashboard.summary LAKE K [CONFIG]`, as the gateway starts it."""
    lake, k_anonymity, *files = arguments

    def work() -> None:
        config = settings.load(file=Path(files[0]) if files else None)
        write(Path(lake), summarise(Path(lake), config, int(k_anonymity)))

    return aside.do(work, nice=10)  # behind the drain


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
