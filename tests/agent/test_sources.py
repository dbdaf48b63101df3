"""Patience with a collector that fails, and threads for those that are slow."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from typing import ClassVar

import pytest

from sobriety.agent.session import Session
from sobriety.agent.sources import Answers, SlowSource, source
from sobriety.core.errors import NotPermitted, ReadError, SobrietyError
from sobriety.core.host import Host, Instant, LocalHost
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.reading import Reading
from sobriety.core.units import NS_PER_S

LINUX = frozenset({"linux"})


def clockwork(steps: int, every_s: float = 5.0) -> PaperHost:
    times = [int(i * every_s * NS_PER_S) for i in range(steps)]
    return PaperHost("linux", [Moment(Instant(t, t, t, "boot")) for t in times])


class Meter:
    """One that fails as long as `broken` is set, and counts how often it is asked."""

    name: ClassVar[str] = "meter"
    systems: ClassVar[frozenset[str]] = LINUX
    refuses = False
    broken = False

    def __init__(self) -> None:
        self.opened = self.asked = self.closed = 0

    def open(self, host: Host) -> None:
        self.opened += 1
        if self.refuses:
            raise NotPermitted("the meter is locked", hint="unlock it")

    def read(self) -> Iterable[Reading]:
        self.asked += 1
        if self.broken:
            raise ReadError("the meter is silent")
        return (Reading("wall_w", 40.0, kind="gauge"),)

    def close(self) -> None:
        self.closed += 1


class SlowMeter(Meter):
    name: ClassVar[str] = "slow"
    pace_s: float = 0.02
    holding: threading.Event

    def __init__(self) -> None:
        super().__init__()
        self.holding = threading.Event()
        self.holding.set()

    def read(self) -> Iterable[Reading]:
        self.holding.wait(10)
        return super().read()


def say_nothing(_name: str, _error: SobrietyError) -> None:
    pass


def until(what: Callable[[], bool]) -> None:
    """Wait for a thread, as long as a slow machine may take."""
    end_s = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_one_that_stays_silent_is_asked_ever_more_rarely_and_told_of_once() -> None:
    host, meter, told = clockwork(2000), Meter(), list[SobrietyError]()
    meter.broken = True
    asked_at_s: list[float] = []
    with Session(host, [lambda: meter], tell=lambda _, error: told.append(error)) as session:
        for _ in range(1900):
            before = meter.asked
            session.sample()
            if meter.asked > before:
                asked_at_s.append(host.now().monotonic_ns / NS_PER_S)
            host.turn()
        waits = [b - a for a, b in itertools.pairwise(asked_at_s)]
        assert waits[:8] == [5, 5, 10, 20, 40, 80, 160, 300]
        assert set(waits[8:]) == {300}
        assert [type(e) for e in told] == [ReadError]
        meter.broken = False
        while session.failing:
            session.sample()
            assert host.turn() or not session.failing
    assert [type(e) for e in told] == [ReadError, Answers]


def test_what_was_refused_is_asked_for_again_and_told_of_once() -> None:
    host, meter, told = clockwork(400), Meter(), list[SobrietyError]()
    meter.refuses = True
    with Session(host, [lambda: meter], tell=lambda _, error: told.append(error)) as session:
        for _ in range(300):
            session.sample()
            host.turn()
        assert meter.opened == 3  # at the start, after 600 s, after 1200 s
        assert session.opened == ()
        assert session.refusals["meter"].hint == "unlock it"
        meter.refuses = False
        while not session.opened:
            session.sample()
            assert host.turn()
        session.sample()
        assert session.last_step and session.last_step.observed == ("wall",)
    assert [type(e) for e in told] == [NotPermitted, Answers]


def test_a_session_that_cannot_be_entered_gives_back_what_was_opened() -> None:
    meter = Meter()

    class Bug(Meter):
        def open(self, host: Host) -> None:
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError), Session(clockwork(1), [lambda: meter, Bug]):
        pass
    assert meter.closed == 1


def test_a_slow_one_never_holds_up_the_others() -> None:
    meter = SlowMeter()
    meter.holding.clear()
    slow = source(meter, LocalHost(), say_nothing)
    assert isinstance(slow, SlowSource)
    slow.open()
    for _ in range(100):  # the meter answers when it is let go: a read that waited would hang
        assert list(slow.read()) == []
    meter.holding.set()
    until(lambda: bool(list(slow.read())))
    assert [r.value for r in slow.read()] == [40.0]
    slow.close()
    until(lambda: meter.closed == 1)


def test_what_a_slow_one_said_last_stands_only_for_a_while() -> None:
    meter, told = SlowMeter(), list[SobrietyError]()
    slow = source(meter, LocalHost(), lambda _, error: told.append(error))
    slow.open()
    slow.read()
    until(lambda: bool(list(slow.read())))
    meter.holding.clear()
    until(lambda: not list(slow.read()))
    assert "has not answered for" in told[0].message
    meter.broken = True
    meter.holding.set()
    until(lambda: meter.opened > 2)  # its own thread opens it anew
    meter.broken = False
    until(lambda: type(told[-1]) is Answers or not slow.read())
    slow.close()
    until(lambda: not any(t.name == "slow" for t in threading.enumerate()))


def test_one_that_was_refused_is_opened_anew_by_its_thread() -> None:
    class Clock(LocalHost):
        ahead_ns = 0

        def now(self) -> Instant:
            now = super().now()
            return now._replace(monotonic_ns=now.monotonic_ns + self.ahead_ns)

    by: list[threading.Thread] = []

    class Noting(SlowMeter):
        def open(self, host: Host) -> None:
            by.append(threading.current_thread())
            super().open(host)

    host, meter, me = Clock(), Noting(), threading.current_thread()
    meter.refuses = True
    slow = source(meter, host, say_nothing)
    slow.open()
    assert not slow.is_open
    meter.refuses = False
    for _ in range(2):  # the first asks, the second hears
        host.ahead_ns += 700 * NS_PER_S
        slow.read()
        until(lambda: meter.asked > 0)
    until(lambda: bool(slow.read()) or not slow.is_open)
    host.ahead_ns += 700 * NS_PER_S
    assert slow.read() and slow.is_open
    assert by[0] is me and me not in by[1:]
    slow.close()


def test_on_a_recorded_machine_nothing_is_slow() -> None:
    assert not isinstance(source(SlowMeter(), clockwork(1), say_nothing), SlowSource)


@pytest.mark.parametrize("make", [Meter, SlowMeter])
def test_what_fails_for_years_leaves_nothing_behind(make: type[Meter]) -> None:
    """An error that is kept holds the frames on its way, and they what was measured then."""
    host, meter = clockwork(4000), make()
    meter.refuses = True
    with Session(host, [lambda: meter], tell=say_nothing) as session:
        for _ in range(3990):
            session.sample()
            host.turn()
        refusal = session.refusals[meter.name]
    assert refusal.__traceback__ is None
    slow = SlowSource(meter, host, say_nothing, 1.0)
    slow.open()
    for _ in range(50):
        slow.read()
        slow._try_again_ns = 0  # pyright: ignore[reportPrivateUsage]
    assert slow.refusal is not None and slow.refusal.__traceback__ is None
    slow.close()
