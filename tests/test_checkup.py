"""What `doctor` warns of on recorded machines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety import config as settings
from sobriety.checkup import examine
from sobriety.core.paper import PaperHost


@pytest.mark.parametrize(("interval_s", "too_slow"), [(5, False), (100, False), (300, True)])
def test_samples_too_far_apart_for_a_counter_are_told(
    paper: Callable[[str], PaperHost], interval_s: float, too_slow: bool
) -> None:
    """Memory's counter goes round at 65 kJ, and 500 W is more than it draws."""
    config = settings.load({"interval_s": interval_s})
    found = examine(paper("server_two_sockets"), config, year=2024)
    assert (found.too_slow_s is not None) is too_slow
    assert "package" in found.metered
