"""Collectors that fail, sleep, come back; a daemon whose disk is full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import pytest

from sobriety.agent.cadence import Cadence
from sobriety.agent.daemon import MAX_PENDING_ROWS, Daemon
from sobriety.agent.session import Session
from sobriety.agent.sources import Answers
from sobriety.core.errors import NotPermitted, NotSupported, ReadError, SobrietyError
from sobriety.core.host import Host, Instant
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.reading import Reading
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage

NOON_NS = 1_764_072_000 * NS_PER_S


def clockwork(steps: int, every_s: float = 5.0) -> PaperHost:
    """A machine of which only the clock is recorded."""
    times = [int(i * every_s * NS_PER_S) for i in range(steps)]
    return PaperHost("linux", [Moment(Instant(NOON_NS + t, t, t, "boot")) for t in times])


class Steady:
    """Half of two processors busy."""

    name: ClassVar[str] = "steady"
    systems: ClassVar[frozenset[str]] = frozenset({"linux"})

    def __init__(self) -> None:
        self.host: Host | None = None

    def open(self, host: Host) -> None:
        self.host = host

    def read(self) -> Iterable[Reading]:
        assert self.host
        now_s = self.host.now().monotonic_ns / NS_PER_S
        yield Reading("cpu_busy_s", now_s)
        yield Reading("cpu_capacity_s", 2 * now_s)

    def close(self) -> None:
        pass


class Flaky(Steady):
    """Joules that stop coming for two samples."""

    name: ClassVar[str] = "flaky"
    sample = 0

    def read(self) -> Iterable[Reading]:
        self.sample += 1
        if self.sample in (3, 4):
            raise ReadError("package_j does not answer")
        yield Reading("package_j", 10.0 * self.sample)


class Forbidden(Steady):
    name: ClassVar[str] = "forbidden"

    def open(self, host: Host) -> None:
        raise NotPermitted("it is there", hint="sudo")


class Absent(Steady):
    name: ClassVar[str] = "absent"

    def open(self, host: Host) -> None:
        raise NotSupported("not here")


class Broken(Steady):
    name: ClassVar[str] = "broken"

    def read(self) -> Iterable[Reading]:
        raise RuntimeError("a bug")


class Kept(list[Usage]):
    """A sink in memory."""

    def append(self, rows: Sequence[Usage]) -> None:  # type: ignore[override]
        self.extend(rows)


class FullDisk(Kept):
    full = True

    def append(self, rows: Sequence[Usage]) -> None:  # type: ignore[override]
        if self.full:
            raise SobrietyError("the disk is full")
        super().append(rows)


def no_trouble(error: SobrietyError) -> None:
    raise AssertionError(error)


def test_a_minute_of_steady_work() -> None:
    sink = Kept()
    with Session(clockwork(13), [Steady], name="web-1") as session:
        Daemon(session, sink, tell=no_trouble).run()
    (row,) = sink
    assert (row.host, row.state, row.start_ns, row.duration_s) == ("web-1", "on", NOON_NS, 60)
    assert row.measures == pytest.approx(
        {
            "cpu_busy_s": 60,
            "cpu_capacity_s": 120,
            "util_s": 30,
            "util_sqrt_s": 60 * 0.5**0.5,
            "util_cubed_s": 60 / 8,
        }
    )


def test_one_that_refuses_never_stops_the_others() -> None:
    told: list[str] = []
    with Session(
        clockwork(2), [Forbidden, Absent, Steady], tell=lambda name, _: told.append(name)
    ) as session:
        session.sample()
        session.host.sleep_until(0)
        session.sample()
        assert session.opened == ("steady",)
        assert set(session.refusals) == {"forbidden", "absent"}
        assert session.last_step and session.last_step.observed == ("cpu",)
    assert told == ["forbidden", "absent"]


def test_a_sensor_that_stops_is_a_gap_told_once_and_comes_back() -> None:
    told: list[type] = []
    sink = Kept()
    with Session(
        clockwork(9), [Steady, Flaky], tell=lambda _, error: told.append(type(error))
    ) as session:
        Daemon(session, sink, tell=no_trouble).run()
    assert told == [ReadError, Answers]
    assert [r.observed for r in sink] == [("cpu", "package"), ("cpu",), ("cpu", "package")]
    # samples 1-2, then 3 and 4 fail, and the step from 4 to 5 has no beginning
    assert [r.duration_s for r in sink] == [5, 15, 20]
    assert [r.measures.get("package_j") for r in sink] == [10, None, 40]
    assert sum(r.measures["cpu_busy_s"] for r in sink) == pytest.approx(40)


def test_a_bug_keeps_its_traceback() -> None:
    with Session(clockwork(2), [Broken]) as session, pytest.raises(RuntimeError):
        session.sample()


def test_rows_wait_while_the_disk_is_full_and_are_written_once_it_is_not() -> None:
    sink, told = FullDisk(), list[SobrietyError]()
    with Session(clockwork(13 * 5), [Steady]) as session:
        daemon = Daemon(
            session, sink, tell=told.append, on_sample=lambda s: setattr(sink, "full", s < 200)
        )
        daemon.run()
    assert len(told) == 1
    assert sum(r.duration_s for r in sink) == 64 * 5
    assert (daemon.rows_unwritten, daemon.rows_dropped) == (0, 0)


def test_a_disk_that_stays_full_drops_the_oldest_and_counts_them() -> None:
    sink = FullDisk()
    with Session(clockwork(MAX_PENDING_ROWS + 101, 60), [Steady]) as session:
        daemon = Daemon(session, sink, cadence=Cadence(60), tell=lambda _: None)
        daemon.run()
    assert daemon.rows_unwritten == MAX_PENDING_ROWS
    assert daemon.rows_dropped == 100


def test_a_run_of_given_length_ends() -> None:
    sink = Kept()
    with Session(clockwork(1000), [Steady]) as session:
        Daemon(session, sink, tell=no_trouble).run(for_s=90)
    assert [r.duration_s for r in sink] == [60, 30]


class SlowToBegin(Steady):
    """On a busy machine: the first time, reading takes ten seconds."""

    def read(self) -> Iterable[Reading]:
        if isinstance(self.host, PaperHost) and self.host.now().monotonic_ns == 0:
            self.host.turn()
            self.host.turn()
        return super().read()


def test_a_first_sample_that_takes_long_is_not_of_the_time_asked_for() -> None:
    sink = Kept()
    with Session(clockwork(10), [SlowToBegin], name="a") as session:
        Daemon(session, sink, tell=no_trouble).run(for_s=5)
    assert [row.duration_s for row in sink] == [5]


def test_stop_writes_the_open_row() -> None:
    sink = Kept()
    with Session(clockwork(1000), [Steady]) as session:
        daemon = Daemon(
            session, sink, tell=no_trouble, on_sample=lambda s: daemon.stop() if s >= 20 else None
        )
        daemon.run()
    assert [r.duration_s for r in sink] == [20]


def test_while_the_one_that_looks_sleeps_another_machine_is_unobserved() -> None:
    hour_ns = 3600 * NS_PER_S
    pages = [
        Moment(Instant(NOON_NS + t + slept, t, t + slept, "boot"))
        for t, slept in ((0, 0), (5 * NS_PER_S, hour_ns // 2), (10 * NS_PER_S, hour_ns // 2))
    ]
    for is_elsewhere, state in ((False, "asleep"), (True, "unobserved")):
        sink = Kept()
        host = PaperHost("linux", pages)
        with Session(host, [Steady], is_elsewhere=is_elsewhere) as session:
            Daemon(session, sink, tell=no_trouble).run()
        assert [r.duration_s for r in sink if r.state == state] == [1800]
        assert {r.state for r in sink} == {"on", state}
