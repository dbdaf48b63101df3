"""Tests by the joules that they cost: `pytest --energy`, budgets, and a fixture.

Loaded with every pytest where sobriety is installed, so nothing is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sobriety.tracking.section import Section
    from sobriety.tracking.tracker import Tracker

MOST_ROWS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("sobriety").addoption(
        "--energy", action="store_true", help="show which tests cost the most energy"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", 'energy_budget(most): fail a test that uses more energy, as in "5 J"'
    )
    config.stash[_SEEN] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """The test itself, without its fixtures."""
    marker = item.get_closest_marker("energy_budget")
    if marker is None and not item.config.getoption("--energy"):
        return (yield)
    most = _budget(marker) if marker else None
    from sobriety.tracking.tracker import track

    with track(item.nodeid) as section:
        found = yield
    item.config.stash[_SEEN].append((item.nodeid, section))
    if most is not None and section.result.value > most:
        from sobriety.core.display import energy, quantity

        pytest.fail(f"used {energy(section.result)}, {quantity(most)} at most", pytrace=False)
    return found


@pytest.fixture
def energy() -> Callable[[str], Tracker]:
    """Sections of a test: `with energy("parse") as section: …`, then `section.result`."""
    from sobriety.tracking.tracker import track

    return track


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    seen = config.stash[_SEEN]
    if not config.getoption("--energy") or not seen:
        return
    from sobriety.core.display import duration, energy
    from sobriety.core.estimate import total

    seen.sort(key=lambda each: each[1].cpu_s, reverse=True)
    terminalreporter.section("energy of tests")
    for name, section in seen[:MOST_ROWS]:
        processor = duration(section.cpu_s)
        terminalreporter.write_line(f"{energy(section.result):<28} {processor:>10}  {name}")
    if len(seen) > MOST_ROWS:
        terminalreporter.write_line(f"and {len(seen) - MOST_ROWS} tests that cost less")
    whole = total("energy_j", [section.result for _, section in seen], shared_error=True)
    terminalreporter.write_line(f"together {energy(whole)}, idle apart")


_SEEN = pytest.StashKey[list[tuple[str, "Section"]]]()


def _budget(marker: pytest.Mark) -> float:
    """Joules. A budget that cannot be read fails the test that has it."""
    from sobriety.core.errors import ConfigError
    from sobriety.profiling.budget import budget

    try:
        (text,) = marker.args
        return budget("energy_j", str(text)).most
    except (ConfigError, ValueError):
        pytest.fail(f'energy_budget{marker.args!r} is no budget; write "5 J"', pytrace=False)
