"""Whose energy it was: parts that add up to their machines' energy, whatever is asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from sobriety.core.machine import Machine
from sobriety.core.usage import Usage
from sobriety.lake import Lake
from sobriety.reports import Report, ReportSettings, as_html, gather
from sobriety.reports.language.language import Language
from sobriety.reports.views.tables import work_table

Fill = Callable[[Lake], object]


def parts_j(report: Report) -> float:
    assert report.work
    rest = [e.value for e in (report.work.unattributed, report.work.idle) if e]
    return math.fsum([w.energy_j.value for w in report.work.workloads] + rest)


def test_workloads_what_nobody_did_and_idle_are_the_machines_energy(
    reports: dict[str, Report],
) -> None:
    report = reports["worked"]
    assert report.work
    assert parts_j(report) == pytest.approx(report.totals.energy_j.value, rel=1e-12)
    names = [(w.kind, w.name, w.hosts, w.cpu_s) for w in report.work.workloads]
    assert names == [
        ("service", "nginx.service", 2, 36 * 3600.0),
        ("process", "python3.11", 2, 36 * 900.0),
        ("process", "cron", 2, 36 * 9.0),
    ]
    assert report.work.idle and report.work.unattributed
    assert report.work.idle.value > 0 < report.work.unattributed.value


def test_a_share_of_a_sensors_joules_is_above_the_least_draw(reports: dict[str, Report]) -> None:
    report = reports["worked"]
    assert report.work
    nginx = report.work.workloads[0].energy_j
    # An eighth of a share on a day of (180 - 20) + (25 - 20) W, and the model's part outside.
    busy_s = 0.25 * 8 * 3600
    assert nginx.value > 3600 / busy_s * 165 * 86_400
    assert nginx.basis == "mixed"
    assert nginx.low < nginx.value < nginx.high


def test_what_was_done_before_anybody_looked_is_nobodys(lakes: dict[str, Lake]) -> None:
    """The virtual machine told who works in the second half of its day only."""
    alone = gather(lakes["worked"], ReportSettings(timezone="America/Montreal"))
    assert alone.work and alone.work.unattributed
    assert parts_j(alone) == pytest.approx(alone.totals.energy_j.value, rel=1e-12)


def test_rows_that_are_not_written_yet_leave_idle_as_it_is(
    make_lake: Callable[[Fill], Lake], make_usage: Callable[..., list[Usage]]
) -> None:
    """A workload that does little has its row at the end of the hour: until then what it did is
    nobody's, and idle is what it always was."""
    machine = Machine(
        "a", "server", cpu_model="Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", threads=8
    )

    def fill(shares: float) -> Fill:
        def into(lake: Lake) -> None:
            lake.record_machine(machine, 0)
            rows = make_usage("a", 0, [0.1, 0.6, 0.3])
            lake.append(rows)
            lake.append([
                replace(r, kind="service", name="nginx", measures={
                    k: v * shares for k, v in r.measures.items() if k.startswith("util")
                } | {"cpu_busy_s": r.measures["cpu_busy_s"] * shares})
                for r in rows
            ])  # fmt: skip

        return into

    half, most = (
        gather(make_lake(fill(x)), ReportSettings(timezone="UTC")).work for x in (0.5, 0.9)
    )
    assert half and most and half.idle and most.idle
    assert half.idle.value == pytest.approx(most.idle.value, rel=1e-12)
    assert half.unattributed and most.unattributed
    assert half.unattributed.value == pytest.approx(5 * most.unattributed.value)


def test_idle_divided_adds_up_too_and_says_so(lakes: dict[str, Lake]) -> None:
    wanted = ReportSettings(zone="Québec", timezone="America/Montreal", idle="share")
    report = gather(lakes["worked"], wanted)
    assert report.work and report.work.idle is None
    assert parts_j(report) == pytest.approx(report.totals.energy_j.value, rel=1e-12)
    assert all("share of idle" in str(w.energy_j.method) for w in report.work.workloads)
    assert "idle divided by processor time" in as_html(report, "en")
    assert "le repos étant réparti" in as_html(report, "fr")


def test_idle_divided_by_memory_goes_to_who_holds_most(lakes: dict[str, Lake]) -> None:
    separate, reserve = (
        gather(lakes["worked"], ReportSettings(timezone="America/Montreal", idle=idle)).work
        for idle in ("separate", "reserve")
    )
    assert separate and reserve and separate.idle and reserve.idle is None
    whole = sum(w.energy_j.value for w in separate.workloads) + separate.idle.value
    assert sum(w.energy_j.value for w in reserve.workloads) == pytest.approx(whole, rel=1e-12)
    before = {w.name: w.energy_j.value for w in separate.workloads}
    given = {w.name: w.energy_j.value - before[w.name] for w in reserve.workloads}
    assert given["cron"] == pytest.approx(0.8 * separate.idle.value)
    assert all("memory held" in str(w.energy_j.method) for w in reserve.workloads)


def test_machines_that_tell_nothing_have_no_such_table(reports: dict[str, Report]) -> None:
    assert reports["laptop"].work is None
    assert "Workloads" not in as_html(reports["laptop"], "en")


def test_who_did_nothing_is_not_in_the_printed_table(reports: dict[str, Report]) -> None:
    report = reports["worked"]
    assert report.work
    first = report.work.workloads[0]
    asleep = replace(first, name="asleep", energy_j=first.energy_j.scaled(0))
    table = work_table(
        Language("en"), replace(report.work, workloads=(*report.work.workloads, asleep)), most=20
    )
    assert "asleep" not in {row[0].text for row in table.rows}


def test_the_printed_table_adds_up_and_the_small_are_one(reports: dict[str, Report]) -> None:
    report = reports["worked"]
    assert report.work
    many = replace(report.work, workloads=report.work.workloads * 9)
    table = work_table(Language("en"), many, most=5)
    assert len(table.rows) == 5 + 1 + 2
    assert table.rows[5][0].text == "22 others"
    printed = [float(row[2].text.replace(",", "").replace("<\u00a0", "")) for row in table.rows]
    assert math.fsum(printed) == pytest.approx(float(table.total[2].text.replace(",", "")))
