"""Sentences and doubts, of runs that are written down."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from sobriety.core.estimate import Estimate
from sobriety.core.host import LocalHost
from sobriety.core.method import STATED
from sobriety.profiling.command import Run
from sobriety.profiling.profiler import Profile
from sobriety.trials.runs import Trial
from sobriety.trials.verdict import common_error, verdicts
from sobriety.trials.warnings import doubts

HOST = LocalHost(str(Path(__file__).parent))  # no /sys in it


def seen(
    wall_s: float,
    cpu_s: float | None = None,
    *,
    others_s: float = 0.0,
    exit_code: int = 0,
    metered: bool = False,
) -> Profile:
    cpu_s = wall_s if cpu_s is None else cpu_s
    joules = 10 * cpu_s
    energy = Estimate(
        "energy_j", joules, 0.7 * joules, 1.4 * joules, "modelled", STATED(text="test"), ("test",)
    )
    run = Run(("work",), exit_code, wall_s, cpu_s, cpu_s, 0.0, 1_000_000)
    return Profile(run, energy, None, None, energy, None, (), cpu_s + others_s, metered)


def trial(walls_s: list[float], label: str = "A", **how: float) -> Trial:
    return Trial(label, "work", tuple(seen(w, **how) for w in walls_s))  # type: ignore[arg-type]


def around(length_s: float, count: int = 10, noise: float = 0.01, seed: int = 1) -> list[float]:
    random = Random(seed)
    return [length_s * (1 + random.gauss(0, noise)) for _ in range(count)]


def kinds(*trials: Trial, host: LocalHost = HOST) -> set[str]:
    return {doubt.kind for doubt in doubts(trials, host)}


def said(first: list[float], other: list[float]) -> dict[str, str]:
    found = verdicts((trial(first), trial(other, "B")))
    return {v.metric: v.sentence for v in found}


def test_less_is_a_share_and_its_interval() -> None:
    found = said(around(1.0), around(0.77, seed=2))
    assert found["energy_j"].startswith("B uses 2") and "% less energy (2" in found["energy_j"]
    assert "less time (" in found["wall_s"]
    assert "less processor time (" in found["cpu_s"]


def test_twice_and_more_is_told_as_times() -> None:
    assert "2.5 times the energy" in said(around(1.0), around(2.5, seed=2))["energy_j"]


def test_what_is_not_shown_says_what_would_show_it() -> None:
    noisy = said(around(1.0, noise=0.1), around(1.0, noise=0.1, seed=2))["energy_j"]
    assert "no difference shown in energy" in noisy
    assert "more runs of each would show 5 %" in noisy
    calm = said(around(1.0, noise=0.002), around(1.0, noise=0.002, seed=9))["energy_j"]
    assert "these runs would have shown 5 %" in calm


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert "give --runs 6 or more" in said([1.0] * 5, [2.0] * 5)["energy_j"]
    assert "a figure of 0 has no ratio" in said([0.0] * 6, [2.0] * 6)["wall_s"]
    mixed = Trial("B", "work", tuple(seen(1.0, metered=at > 2) for at in range(8)))
    first, *_ = verdicts((trial([1.0] * 8), mixed))
    assert first.ratio is None and "a sensor covered some runs and not others" in first.sentence


def test_what_cancels_is_said_of_models_and_of_sensors() -> None:
    assert "cancels in the ratio" in common_error((trial([1.0]), trial([1.0])))
    metered = Trial("A", "work", (seen(1.0, metered=True),))
    assert "does not quite" in common_error((metered, metered))


def test_clean_runs_have_no_doubt() -> None:
    assert kinds(trial(around(1.0)), trial(around(1.3, seed=2), "B")) == set()


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("first run slower", trial([2.0, *around(1.0, 9)])),
        ("outliers", trial([*around(1.0, 5), 2.0, *around(1.0, 4, seed=3)])),
        ("noisy", trial(around(1.0, noise=0.3))),
        ("too short", trial(around(0.002))),
        ("another load", trial(around(1.0), others_s=0.5)),
        ("failures", trial(around(1.0), exit_code=1)),
        ("too short for the sensor", trial(around(0.1), metered=True)),
    ],
)
def test_a_doubt_is_told_by_its_kind_alone(kind: str, found: Trial) -> None:
    assert kinds(found) == {kind}


def test_a_sensor_that_covered_some_runs_is_told() -> None:
    runs = tuple(seen(w, metered=at > 4) for at, w in enumerate(around(1.0)))
    assert kinds(Trial("A", "work", runs)) == {"too short for the sensor"}


def test_a_machine_that_slows_is_told_with_its_governor(tmp_path: Path) -> None:
    clock = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    clock.mkdir(parents=True)
    (clock / "scaling_governor").write_text("powersave\n")
    slowing = [1.0 + 0.02 * at for at in range(10)]
    (doubt,) = doubts((trial(slowing), trial(slowing, "B")), LocalHost(str(tmp_path)))
    assert doubt.kind == "frequency scaling"
    assert "10 % more" in doubt.message and "governor powersave" in doubt.message
    assert kinds(trial(slowing), trial(around(1.0), "B")) == set()  # the other did not slow


def test_short_runs_cannot_tell_another_load() -> None:
    assert kinds(trial(around(0.05), others_s=0.02)) == set()
