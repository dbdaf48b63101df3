"""Machines of a few files, where a recorded one would hide what a test is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import choose
from sobriety.core.counting.difference import Step
from sobriety.core.host import Instant
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.units import NS_PER_S

EVERY_NS = 5 * NS_PER_S


@pytest.fixture
def machine() -> Callable[..., PaperHost]:
    """A machine from its files, a dictionary for every moment, 5 s apart. A content that begins
    with `!` is a mark."""

    def write(*moments: dict[str, str]) -> PaperHost:
        return PaperHost(
            "linux",
            [
                Moment(
                    Instant(i * EVERY_NS, i * EVERY_NS, i * EVERY_NS, "boot"),
                    {path: text for path, text in files.items() if not text.startswith("!")},
                    {path: text[1:] for path, text in files.items() if text.startswith("!")},
                )
                for i, files in enumerate(moments)
            ],
        )

    return write


@pytest.fixture
def steps() -> Callable[..., list[Step]]:
    """What collectors saw between the moments of a machine."""

    def watch(host: PaperHost, *names: str) -> list[Step]:
        found: list[Step] = []
        with Session(host, choose("linux", names)) as session:
            session.sample()
            while host.turn():
                session.sample()
                assert session.last_step
                found.append(session.last_step)
        return found

    return watch
