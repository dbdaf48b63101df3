"""Slower where it costs little, and never so slow that a counter wraps unseen."""

from __future__ import annotations

from sobriety.agent.cadence import Cadence
from sobriety.core.counting.difference import Step
from sobriety.core.host import Instant

NOW = Instant(0, 0, 0, "boot")


def step(u: float, *more: str) -> Step:
    return Step(NOW, NOW, 5.0, 0.0, ("cpu", *more), {"util_s": u * 5})


def after(cadence: Cadence, *steps: Step | None) -> tuple[float, float]:
    for each in steps:
        cadence.note(each)
    return cadence.interval_s(), cadence.work_s


def test_a_minute_of_idling_is_looked_at_half_as_often_and_work_at_once_again() -> None:
    cadence = Cadence(adaptive=True)
    assert after(cadence, *[step(0.01)] * 11) == (5, 30)
    assert after(cadence, step(0.01)) == (10, 60)
    assert after(cadence, step(0.2)) == (5, 30)


def test_on_battery_half_as_often_and_idle_on_battery_a_quarter() -> None:
    cadence = Cadence(adaptive=True)
    assert after(cadence, step(0.5, "battery")) == (10, 60)
    assert after(cadence, *[step(0.0, "battery")] * 12) == (20, 120)
    assert after(cadence, step(0.0)) == (10, 60)


def test_what_is_not_known_is_looked_at_as_asked() -> None:
    cadence = Cadence(adaptive=True)
    after(cadence, *[step(0.0)] * 20)
    assert after(cadence, None) == (5, 30)
    assert after(cadence, Step(NOW, NOW, 5.0, 0.0, (), {})) == (5, 30)


def test_one_who_asks_for_a_pace_gets_it() -> None:
    assert after(Cadence(1.0, 7.0), *[step(0.0, "battery")] * 100) == (1, 7)


def test_no_slowing_down_lets_a_counter_wrap_unseen() -> None:
    cadence = Cadence(adaptive=True)
    after(cadence, *[step(0.0, "battery")] * 12)
    assert cadence.interval_s(None) == cadence.interval_s(262.0) == 20
    assert cadence.interval_s(16.0) == 5  # psys of some machines
