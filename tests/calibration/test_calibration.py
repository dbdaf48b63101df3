"""Readings are tried before they are kept; what a meter recorded gives them, too."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.calibration import readings as calibration
from sobriety.calibration.history import Observation, fitted, from_history, load_at
from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.machine import Machine, readings_of
from sobriety.core.usage import Usage
from sobriety.estimators import Curve, power_model, power_w
from sobriety.settings.writing import save_all
from sobriety.spool import Spool

SERVER = Machine(host="web-1", category="server", chips=1, cores=16, threads=32)
MODEL = power_model(SERVER).curve
HOUR_NS = 3_600_000_000_000
LOADS = st.floats(0, 1)


def rise(u: float) -> float:
    return (power_w(MODEL, u) - power_w(MODEL, 0)) / (power_w(MODEL, 1) - power_w(MODEL, 0))


def real_w(u: float, idle_w: float = 60, full_w: float = 240) -> float:
    """A machine of the model's shape whose ends are its own."""
    return idle_w + (full_w - idle_w) * rise(u)


def seen(loads: list[float], step_s: float = 1800) -> list[Observation]:
    return [Observation(step_s, rise(u), real_w(u)) for u in loads]


def row(number: int, u: float, watts: float, **more: float) -> Usage:
    measures = {
        "util_sqrt_s": 3600 * math.sqrt(u), "util_s": 3600 * u, "util_cubed_s": 3600 * u**3,
        "wall_j": 3600 * watts, **more,
    }  # fmt: skip
    groups = ("cpu", "wall", *(n.removesuffix("_j") for n in more))
    return Usage("web-1", number * HOUR_NS, 3600.0, 3600.0, measures, groups)


def spool_of(path: Path, rows: list[Usage]) -> Path:
    with Spool.open(path) as spool:
        spool.append(rows)
    return path


@given(st.dictionaries(st.integers(0, 100), st.floats(0.1, 1e4), max_size=5))
def test_readings_survive_being_text(points: dict[int, float]) -> None:
    text = calibration.as_text({u / 100: watts for u, watts in points.items()})
    again = dict(readings_of(text))
    assert again.keys() == {u / 100 for u in points}
    for u, watts in points.items():
        assert again[u / 100] == pytest.approx(watts, rel=1e-5)


@given(LOADS)
def test_a_load_is_found_by_its_share_of_the_rise(u: float) -> None:
    assert rise(load_at(MODEL, rise(u))) == pytest.approx(rise(u), abs=1e-9)


def test_one_reading_moves_both_ends_and_narrows_the_one_read() -> None:
    before = calibration.outlook(SERVER)
    idle_w = 1.4 * before.idle.value
    after = calibration.outlook(calibration.merged(SERVER, {0.0: idle_w}, None))
    assert after.idle.value == pytest.approx(idle_w, rel=1e-3)
    assert after.idle.high - after.idle.low == pytest.approx(0.04 * idle_w, rel=0.05)
    # Errors at full load go with those at idle, but are not theirs.
    assert 1.05 * before.full.value < after.full.value < 1.35 * before.full.value


def test_a_reading_is_added_to_those_that_are_there_or_replaces_its_own() -> None:
    first = calibration.merged(SERVER, {0.0: 60.0, 0.5: 120.0}, 0.01)
    second = calibration.merged(first, {1.0: 200.0, 0.5: 125.0}, None)
    assert second.points() == ((0.0, 60.0), (0.5, 125.0), (1.0, 200.0))
    assert second.meter_ratio == 0.01
    assert calibration.bare(second) == SERVER


@pytest.mark.parametrize("watts", [0.5, 50_000.0])
def test_a_slip_of_the_comma_is_refused_unless_forced(watts: float) -> None:
    machine = calibration.merged(SERVER, {0.0: watts}, None)
    with pytest.raises(ConfigError, match="not within 10 times") as error:
        calibration.check(machine)
    assert "--force" in (error.value.hint or "")
    calibration.check(machine, force=True)


@pytest.mark.parametrize("force", [False, True])
def test_what_no_machine_has_is_refused_also_by_force(force: bool) -> None:
    for at in ({0.0: 90.0, 1.0: 80.0}, {0.0: -5.0}, {1.0: math.inf}, {0.5: math.nan}):
        with pytest.raises(ConfigError):
            calibration.check(calibration.merged(SERVER, at, None), force=force)
    with pytest.raises(ConfigError, match="no plug"):
        calibration.check(Machine(virtual=True, threads=4, idle_w=3.0), force=force)


@pytest.mark.parametrize("text", ["50", "=5", "x=5", "50=-1", "120=5", "50=1 60=2"])
def test_a_reading_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="--at"):
        calibration.load_and_watts(text)


@settings(deadline=None)
@given(st.lists(LOADS, min_size=16, max_size=60))
def test_a_history_of_any_load_gives_a_curve_through_it(loads: list[float]) -> None:
    found = fitted(seen(loads), MODEL)
    model = power_model(calibration.merged(SERVER, dict(readings_of(found.readings)), None))
    told_w = sum(power_w(model.curve, u) for u in loads)
    assert told_w == pytest.approx(sum(map(real_w, loads)), rel=0.03 if found.with_slope else 0.2)
    if found.with_slope:
        assert power_w(model.curve, 0) == pytest.approx(60, rel=0.15)
        assert power_w(model.curve, 1) == pytest.approx(240, rel=0.15)
        assert found.drift_ratio < 1e-9


def test_a_load_that_hardly_varied_tells_no_slope() -> None:
    found = fitted(seen([0.3, 0.31] * 10), MODEL)
    assert not found.with_slope and len(readings_of(found.readings)) == 1
    assert fitted(seen([0.05, 0.9] * 10), MODEL).with_slope


def test_too_little_is_refused_with_what_there_is() -> None:
    with pytest.raises(SobrietyError, match=r"5\.5 hours in 11 rows"):
        fitted(seen([0.2] * 11), MODEL)
    with pytest.raises(SobrietyError, match=r"0\.0 hours in 0 rows"):
        fitted([], MODEL)


def test_two_halves_that_contradict_each_other_are_refused() -> None:
    rows = [Observation(3600, 0.2, 50.0)] * 12 + [Observation(3600, 0.2, 150.0)] * 12
    with pytest.raises(SobrietyError, match="50 % off"):
        fitted(rows, MODEL)


def test_a_flat_curve_has_no_slope_to_tell() -> None:
    assert from_rows(Curve(40, 0, 10, 0), 45.0) == pytest.approx(45.0)


def from_rows(curve: Curve, watts: float) -> float:
    found = fitted([Observation(3600, 0.5, watts)] * 12, curve)
    ((_, told_w),) = readings_of(found.readings)
    return told_w


def test_the_spool_gives_its_rows_less_accelerators_and_batteries(tmp_path: Path) -> None:
    loads = [0.02, 0.1, 0.5, 0.95] * 5
    rows = [row(i, u, real_w(u)) for i, u in enumerate(loads)]
    rows += [row(100 + i, u, real_w(u) + 300, gpu_j=3600 * 300.0) for i, u in enumerate(loads)]
    rows += [row(200 + i, u, 1.0, battery_j=9e4) for i, u in enumerate(loads)]
    rows += [Usage("web-1", 300 * HOUR_NS, 3600.0, 3600.0, {"wall_j": 9e9}, ("wall",))]
    path = spool_of(tmp_path / "spool.sqlite3", rows)
    found = from_history(path, SERVER)
    assert found.duration_s == 40 * 3600 and found.with_slope
    machine = calibration.merged(SERVER, dict(readings_of(found.readings)), None)
    for u in (0.0, 0.5, 1.0):
        assert power_w(power_model(machine).curve, u) == pytest.approx(real_w(u), rel=0.05)
    with pytest.raises(SobrietyError, match="0 rows"):
        from_history(path, Machine(host="web-2", category="server"))


def test_many_settings_are_written_at_once_and_others_stay(home: Path) -> None:
    home.mkdir()
    path = home / "config.toml"
    path.write_text(
        '# why\n[grid]\nzone = "FR"\npue = 1.4 # measured\n[machine]\nmax_w = 99 # old\n'
    )
    save_all({"idle_w": "41.5", "max_w": None, "readings": "50=88"}, path)
    text = path.read_text()
    assert text == (
        '# why\n[grid]\nzone = "FR"\npue = 1.4 # measured\n'
        '[machine]\nidle_w = 41.5\nreadings = "50=88"\n'
    )
    before: Any = text
    with pytest.raises(ConfigError, match="readings"):
        save_all({"idle_w": "50", "readings": "half=88"}, path)
    assert path.read_text() == before
