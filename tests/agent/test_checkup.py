"""What `doctor` warns of on recorded machines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.agent.checkup import examine
from sobriety.core.machine import Machine
from sobriety.core.paper import PaperHost
from sobriety.estimators import track_record
from sobriety.settings import config as settings


@pytest.mark.parametrize(("interval_s", "too_slow"), [(5, False), (100, False), (300, True)])
def test_samples_too_far_apart_for_a_counter_are_told(
    paper: Callable[[str], PaperHost], interval_s: float, too_slow: bool
) -> None:
    """Memory's counter goes round at 65 kJ, and 500 W is more than it draws."""
    config = settings.load({"interval_s": interval_s})
    found = examine(paper("server_two_sockets"), config, year=2024)
    assert (found.too_slow_s is not None) is too_slow
    assert "package" in found.metered


@pytest.mark.parametrize(
    ("recorded", "machines"), [("server_two_sockets", 608), ("laptop_with_rapl_and_battery", 835)]
)
def test_what_such_figures_were_worth_elsewhere_is_told(
    paper: Callable[[str], PaperHost], recorded: str, machines: int
) -> None:
    found = examine(paper(recorded), settings.load({}), year=2024).tested
    assert found.machines == machines
    assert found.idle_ratio is not None and 0.05 < found.idle_ratio < 0.3
    assert (found.load_ratio is None) == (
        machines == 835
    )  # no computer's full load was ever measured


def test_where_nobody_measured_no_error_is_made_up() -> None:
    for machine in (Machine(virtual=True, threads=2), Machine(), Machine(category="printer")):
        assert track_record(machine) == (0, None, None)
