"""A terminal's day is the sum over its states, to the joule, computed here by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.usage import State, Usage
from sobriety.estimators import plan, state_watts
from sobriety.lake import Lake
from sobriety.reports import ReportSettings, gather
from sobriety.reports.language.language import Language
from sobriety.reports.language.methods import method

NOTEBOOK = Machine(
    "poste-1", "notebook", "Lenovo", "ThinkPad T14 Gen 3", cores=10, threads=12, tdp_w=15.0,
    memory_b=16e9, hw_year=2020, virtual=False, system="linux",
)  # fmt: skip
START_NS = 1_772_000_000 * 10**9 // 3_600_000_000_000 * 3_600_000_000_000
HOUR_S = 3600.0


def on(lit_s: float, util: float, *, watched: bool = True) -> Usage:
    """An hour that it was on: its screen lit for so long, its processor so busy."""
    measures = {
        "cpu_busy_s": util * 12 * HOUR_S, "cpu_capacity_s": 12 * HOUR_S,
        "util_sqrt_s": math.sqrt(util) * HOUR_S, "util_s": util * HOUR_S,
        "util_cubed_s": util**3 * HOUR_S,
    }  # fmt: skip
    if watched:
        measures |= {"present_s": lit_s, "away_s": HOUR_S - lit_s, "screen_on_s": lit_s}
    observed = ("cpu", "presence", "screen") if watched else ("cpu",)
    return Usage("poste-1", 0, HOUR_S, HOUR_S, measures, observed)


def still(state: State) -> Usage:
    return Usage("poste-1", 0, HOUR_S, 0.0, state=state)


# 8 h off, 5 h asleep, 2 h on in the dark, 3 h lit and idle, 6 h at work: a quarter of one of these
# hours the screen was off.
DAY = [
    *[still("off")] * 8, *[still("asleep")] * 5, *[on(0.0, 0.0)] * 2, *[on(HOUR_S, 0.0)] * 3,
    *[on(HOUR_S, 0.3)] * 5, on(0.75 * HOUR_S, 0.3),
]  # fmt: skip


def kept(lake: Lake, day: list[Usage], machine: Machine = NOTEBOOK) -> Estimate:
    lake.record_machine(machine, START_NS)
    step_ns = int(HOUR_S * 1e9)
    lake.append([replace(row, start_ns=START_NS + i * step_ns) for i, row in enumerate(day)])
    lake.roll_up()
    return gather(lake, ReportSettings(timezone="UTC")).totals.energy_j


def watts(state: str) -> float:
    found = state_watts(NOTEBOOK, state)
    assert found is not None
    return found.value_w


def test_a_day_is_seconds_times_watts_of_each_state(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Lake(tmp_path_factory.mktemp("lake")) as lake:
        day = kept(lake, DAY)
    rise_w = 15.0  # full load is short idle and the design power; a straight line
    by_hand = HOUR_S * (
        8 * watts("off")
        + 5 * watts("sleep")
        + 2.25 * watts("long_idle")
        + (3 + 5.75) * watts("short_idle")
        + 6 * 0.3 * rise_w
    )
    assert day.value == pytest.approx(by_hand, rel=1e-9)
    assert watts("long_idle") < 0.9 * watts("short_idle"), "else this could not fail"
    assert day.low <= day.value <= day.high
    for said in ("off", "sleep", "long idle while no screen is lit"):
        assert said in str(day.method)
    assert method(Language("fr"), day.method) is not None


def test_idle_is_what_both_idles_drew(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Lake(tmp_path_factory.mktemp("lake")) as lake:
        kept(lake, [on(0.0, 0.5), on(HOUR_S, 0.5)])
        report = gather(lake, ReportSettings(timezone="UTC"))
    (idle,) = (i.figure for i in report.indicators if i.id == "idle_ratio")
    idle_w = (watts("long_idle") + watts("short_idle")) / 2
    assert isinstance(idle, Estimate)
    assert idle.value == pytest.approx(idle_w / (idle_w + 0.5 * 15.0), rel=1e-9)


def test_a_screen_that_nobody_watched_is_taken_as_lit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Lake(tmp_path_factory.mktemp("lake")) as lake:
        day = kept(lake, [on(0.0, 0.0, watched=False)] * 3)
    assert day.value == pytest.approx(3 * HOUR_S * watts("short_idle"), rel=1e-9)
    assert "short idle" in str(day.method) and "no screen is lit" not in str(day.method)


def test_a_reading_at_the_plug_scales_long_idle_with_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    read = replace(NOTEBOOK, idle_w=2 * watts("short_idle"))
    with Lake(tmp_path_factory.mktemp("lake")) as lake:
        day = kept(lake, [on(0.0, 0.0), on(HOUR_S, 0.0)], read)
    expected = 2 * HOUR_S * (watts("short_idle") + watts("long_idle"))
    assert day.value == pytest.approx(expected, rel=1e-9)


def test_a_screen_changes_nothing_of_what_a_sensor_sees_or_of_a_server() -> None:
    for group in ("wall", "battery", "psys"):
        assert plan(NOTEBOOK, ("cpu", group), "on") == plan(
            NOTEBOOK, ("cpu", group, "screen"), "on"
        )
    server = replace(NOTEBOOK, category="server")
    assert plan(server, ("cpu",), "on") == plan(server, ("cpu", "screen"), "on")


def test_beside_a_package_sensor_the_rest_goes_dark_and_never_below_its_losses() -> None:
    found = plan(NOTEBOOK, ("cpu", "package", "screen"), "on")
    assert found is not None
    for bound in (found.value, found.low, found.high):
        assert bound.covered_s > 0 and bound.screen_on_s >= 0
    assert found.value.screen_on_s > 0
