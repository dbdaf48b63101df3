"""A baseline: kept whole, read with suspicion, and a regression only beyond doubt."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.trials.baseline import SavedBaseline, as_text, changes, differences, read
from sobriety.trials.statistics import unpaired_ratio

ROOT = Path(__file__).parent.parent.parent
BURN = "import sys, time\nend = float(sys.argv[1])\nwhile time.process_time() < end: pass\n"


def runs(middle: float, count: int = 10, spread: float = 0.01, seed: int = 0) -> tuple[float, ...]:
    draw = random.Random(seed)
    return tuple(middle * draw.lognormvariate(0, spread) for _ in range(count))


def baseline(middle: float, seed: int = 0, count: int = 10) -> SavedBaseline:
    values = {
        m: runs(middle, count, seed=seed + i) for i, m in enumerate(("energy_j", "wall_s", "cpu_s"))
    }
    return SavedBaseline("python bench.py", "2026-11-01T00:00:00Z", "a processor", 8, False, values)


def test_what_is_written_is_read_and_is_as_the_schema_says(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    path = tmp_path / "b.json"
    path.write_text(as_text(baseline(10.0)), encoding="utf-8")
    assert read(path) == baseline(10.0)
    schema = json.loads((ROOT / "docs" / "schema" / "baseline.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema)


CHANGES: list[tuple[Callable[[Any], object], str]] = [
    (lambda d: d.update(schema_version=2), "of version 2"),
    (lambda d: d.pop("runs"), "no baseline: keyerror 'runs'"),
    (lambda d: d["runs"].update(cpu_s=[1, 2]), "2 runs"),
    (lambda d: d["runs"].update(cpu_s=["x"] * 10), "no baseline"),
    (lambda d: d["runs"].update(cpu_s=[-1] * 10), "no baseline"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_was_changed_by_hand_is_refused(
    tmp_path: Path, change: Callable[[Any], object], said: str
) -> None:
    kept = json.loads(as_text(baseline(10.0)))
    change(kept)
    path = tmp_path / "b.json"
    path.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        read(path)


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_is_a_baseline_or_an_error(text: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "b.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError):
            read(path)


def test_a_regression_is_one_only_beyond_its_interval() -> None:
    before = baseline(10.0)
    energy, *_ = changes(before, baseline(11.5, seed=9))
    assert energy.is_regression(0.1) and "% more energy" in energy.sentence
    assert not energy.is_regression(0.15)
    same, *_ = changes(before, baseline(10.0, seed=9))
    assert not same.is_regression(0.0) and "no difference shown" in same.sentence
    better, *_ = changes(before, baseline(8.0, seed=9))
    assert not better.is_regression(0.0) and "less energy" in better.sentence


def test_what_cannot_be_compared_is_said() -> None:
    before = baseline(10.0)
    other = replace(before, cpu_model="another", command="python other.py", is_metered=True)
    assert len(differences(before, other)) == 2 and differences(before, before) == []
    energy, time_, _ = changes(before, other)
    assert energy.ratio is None and "nothing can be said" in energy.sentence
    assert time_.ratio is not None
    nothing = replace(before, values=dict.fromkeys(before.values, (0.0,) * 10))
    assert all(c.ratio is None for c in changes(before, nothing))


def test_intervals_of_two_days_hold_nineteen_times_in_twenty() -> None:
    draw, held, trials = random.Random(5), 0, 300
    for trial in range(trials):
        a = [draw.lognormvariate(0, 0.05) for _ in range(10)]
        b = [1.1 * draw.lognormvariate(0, 0.05) for _ in range(10)]
        ratio = unpaired_ratio(a, b, resamples=400, seed=trial)
        assert ratio is not None
        held += ratio.low <= 1.1 <= ratio.high
    assert 0.92 <= held / trials <= 0.995


def test_the_verb_saves_shows_and_compares(tmp_path: Path) -> None:
    (tmp_path / "burn.py").write_text(BURN)

    def ran(*words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", "baseline", *words],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    burn = [sys.executable, "burn.py"]
    assert ran("save", "b.json", "--runs", "6", "--", *burn, "0.2").returncode == 0
    shown = ran("show", "b.json")
    assert "burn.py" in shown.stdout and "6 runs" in shown.stdout
    worse = ran("compare", "b.json", "--runs", "6", "--max-regression", "10%", "--", *burn, "0.6")
    assert worse.returncode == 3 and "energy" in worse.stdout and "a regression" in worse.stderr
    assert "of another command" in worse.stderr
    better = ran("compare", "b.json", "--runs", "6", "--max-regression", "10%", "--", *burn, "0.02")
    assert better.returncode == 0 and "less processor time" in better.stdout
    missing = ran("compare", "none.json", "--", "true")
    assert missing.returncode == 2 and "sobriety baseline save none.json" in missing.stderr
    few = ran("save", "few.json", "--runs", "2", "--", "true")
    assert few.returncode == 2 and not (tmp_path / "few.json").exists()
