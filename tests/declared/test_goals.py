"""Goals, those that come with the toolkit, and where one is on the line to them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.core.method import STATED
from sobriety.core.text import Text
from sobriety.declared.goal import Baseline, Goal, Target
from sobriety.declared.goals import BUILT_INS, built_in, read_goals
from sobriety.declared.indicators import INDICATORS
from sobriety.declared.trajectory import line_of, trajectory, value_at

DOCS = Path(__file__).parent.parent.parent / "docs"


def goal(
    start: float | None = 100,
    end: float | None = 50,
    years: tuple[int, int] = (2020, 2030),
    milestones: tuple[Target, ...] = (),
    direction: str = "decrease",
) -> Goal:
    assert direction in ("decrease", "increase")
    return Goal(
        "g", Text("g", "g"), "total_co2e_kg", direction,  # type: ignore[arg-type]
        None if start is None else Baseline(str(years[0]), start, "kg", "us"),
        None if end is None else Target(years[1], end, "kg"),
        milestones, None, None,
    )  # fmt: skip


def figure(value: float, low: float, high: float) -> Estimate:
    return Estimate("total_co2e_kg", value, low, high, "modelled", STATED(text="m"), ("s",))


MIDDLE = date(2025, 7, 2)


def test_built_ins_say_what_was_published_and_no_baseline() -> None:
    for name in BUILT_INS:
        whole = built_in(name)
        for one in whole.goals.values():
            assert one.text.fr and one.text.en and one.framework in whole.frameworks
            assert one.baseline is None or one.baseline.value is None
    city = built_in("montreal-2030")
    community = city.goals["community-2030"]
    assert community.baseline and community.baseline.period == "1990"
    assert community.target == Target(2030, None, None, 0.55)
    assert len(city.frameworks["montreal-2030"].parts) == 4
    assert len(city.frameworks["charte-donnees"].parts) == 13
    sector = built_in("itu-l1470").goals["ict-2030"]
    assert sector.baseline and sector.baseline.period == "2020"
    assert sector.target == Target(2030, None, None, 0.45)
    with pytest.raises(ConfigError, match="montreal-2031"):
        built_in("montreal-2031")


def test_a_file_tells_a_built_in_goal_further() -> None:
    goals = read_goals(DOCS / "goals.example.toml").goals
    carbon = goals["it-carbon"]
    assert carbon.baseline and carbon.baseline.value == pytest.approx(5_900)  # kg
    assert carbon.text.fr.startswith("Moins d’émissions du parc")
    sector = goals["ict-2030"]
    assert sector.baseline and (sector.baseline.period, sector.baseline.value) == ("2020", 7_400)
    night = goals["sleep-at-night"]
    assert night.baseline and night.baseline.value == pytest.approx(0.34)


def test_every_indicator_of_a_report_can_have_a_goal() -> None:
    from sobriety.reports.model.findings import IndicatorFigure

    ids = get_args(IndicatorFigure.__dataclass_fields__["id"].type) or get_args(
        __import__("typing").get_type_hints(IndicatorFigure)["id"]
    )
    assert ids and set(ids) <= set(INDICATORS)


def test_every_wrong_entry_of_goals_is_told(tmp_path: Path) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(
        """extends = "montreal-2031"
[goal.a]
text = "a"
indicator = "total_co2"
baseline = { value = 3, unit = "t", year = 2024 }
[goal.b]
text = "b"
indicator = "total_co2e_kg"
serves = ["c"]
framework = "x"
baseline = { value = 3, unit = "t", year = 2024, source = "s" }
target = { value = 4, unit = "t", year = 2020 }
[goal.c]
indicator = "idle_ratio"
direction = "increase"
target = { reduction_ratio = 1.5, year = 2030, value = 2, unit = "kg" }
[[goal.c.milestone]]
yeer = 2029
value = nan
""",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as told:
        read_goals(path)
    said = str(told.value).splitlines()
    for line, word in (
        (1, "montreal-2031"), (4, "total_co2"), (5, "source"), (10, "'x'"), (12, "no decrease"),
        (6, "2020 does not come after 2024"), (13, "no text"), (16, "1.5"), (16, "one of value"),
        (16, "'kg'"), (18, "'year'"), (19, "nan"),
    ):  # fmt: skip
        assert any(f"line {line}," in one and word in one for one in said), (line, word, said)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (75.0, "on track"), (75.1, "late"), (0.0, "on track"), (None, "not measured"),
        (figure(70, 60, 74), "on track"), (figure(70, 60, 80), "undecided"),
        (figure(80, 70, 90), "undecided"), (figure(80, 76, 90), "late"),
    ],
)  # fmt: skip
def test_the_status_keeps_the_doubt(now: Estimate | float | None, status: str) -> None:
    found = trajectory(goal(), now, MIDDLE)
    assert found.status == status
    assert found.expected == pytest.approx(75, abs=0.01)


def test_late_is_told_as_a_value_and_months() -> None:
    found = trajectory(goal(), 85, MIDDLE)
    assert found.late_by == pytest.approx(10, abs=0.01)
    assert found.late_months == 24  # the line had 85 in the middle of 2023
    never = trajectory(goal(), 120, MIDDLE)
    assert (never.status, never.late_months) == ("late", None)
    after = trajectory(goal(), 55, date(2031, 7, 2))
    assert (after.status, after.expected, after.late_months) == ("late", 50, 24)
    more = trajectory(goal(20, 60, direction="increase"), 30, MIDDLE)
    assert (more.status, more.late_months) == ("late", 30)
    assert more.late_by == pytest.approx(10, abs=0.01)


def test_what_cannot_be_said_is_not_said() -> None:
    assert trajectory(goal(start=None), 3, MIDDLE).status == "no baseline set"
    assert trajectory(goal(end=None), 3, MIDDLE).status == "no target set"
    assert trajectory(goal(), 3, date(2019, 12, 31)).status == "not begun"
    assert trajectory(goal(), 3, date(2020, 1, 1)).status == "on track"
    with pytest.raises(ValueError, match="energy_j"):
        trajectory(
            goal(), Estimate("energy_j", 1, 1, 1, "measured", STATED(text="m"), ("s",)), MIDDLE
        )


def test_the_line_goes_through_milestones_and_its_ends_may_meet() -> None:
    bent = goal(milestones=(Target(2025, 90.0, "kg"),))
    assert trajectory(bent, 90, date(2025, 8, 1)).expected == pytest.approx(89.3, abs=0.1)
    once = goal(years=(2025, 2025))
    assert trajectory(once, 60, date(2026, 1, 1)).expected == 50
    nothing = goal(0, 0)
    assert trajectory(nothing, 0, MIDDLE).status == "on track"
    assert trajectory(nothing, 1, MIDDLE).status == "late"


amounts = st.floats(0, 1e9)
days = st.dates(date(1950, 1, 1), date(2100, 1, 1))


@given(amounts, st.floats(0, 1), st.integers(2000, 2040), st.integers(0, 40), days, amounts)
def test_the_line_stays_between_its_ends_and_never_rises(
    start: float, ratio: float, year: int, length: int, day: date, now: float
) -> None:
    end = start * (1 - ratio)
    one = goal(start, end, (year, year + length))
    line = line_of(one)
    assert line is not None
    found = trajectory(one, now, day)
    assert found.expected is not None
    assert end * (1 - 1e-9) <= found.expected <= start * (1 + 1e-9)
    later = trajectory(one, now, day + timedelta(days=40))
    assert later.expected is not None and later.expected <= found.expected * (1 + 1e-9)
    assert value_at(line, line[-1][0]) == end
    if day.year >= year:
        assert (found.status == "on track") == (now <= found.expected)
        assert (found.late_by is not None) == (found.status == "late")


@given(amounts, amounts, amounts, days)
def test_one_status_holds_and_mirrored_goals_agree(a: float, b: float, c: float, day: date) -> None:
    low, value, high = sorted((a, b, c))
    status = trajectory(goal(5e8, 1e8), figure(value, low, high), day).status
    line = trajectory(goal(5e8, 1e8), None, day).expected
    assert line is not None
    if day.year >= 2020:
        expected = "on track" if high <= line else "undecided" if low <= line else "late"
        assert status == expected
