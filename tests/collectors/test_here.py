"""The real machine, by our own collectors and by psutil."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import pytest

from sobriety.agent.recording_host import CapturingHost
from sobriety.agent.session import Session
from sobriety.collectors import BUILTIN, choose
from sobriety.core.counting.difference import METRICS
from sobriety.core.errors import ConfigError, Unavailable
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_ours_and_psutil_see_the_same_work() -> None:
    with (
        Session(LocalHost(), choose("linux", ["cpu", "memory"])) as ours,
        Session(LocalHost(), choose("linux", ["psutil"])) as theirs,
    ):
        ours.sample()
        theirs.sample()
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            sum(range(10_000))
        ours.sample()
        theirs.sample()
    assert ours.last_step and theirs.last_step
    mine, other = ours.last_step.measures, theirs.last_step.measures
    assert mine["cpu_busy_s"] >= 0.2
    assert mine["cpu_busy_s"] == pytest.approx(other["cpu_busy_s"], abs=0.06)
    assert mine["cpu_capacity_s"] == pytest.approx(other["cpu_capacity_s"], abs=0.06)
    assert mine["memory_used_bs"] == pytest.approx(other["memory_used_bs"], rel=0.05)


@linux
def test_every_reading_of_this_machine_has_a_column() -> None:
    host = LocalHost()
    for make in choose("linux", None):
        collector = make()
        with contextlib.suppress(Unavailable):
            collector.open(host)
            for reading in collector.read():
                assert reading.metric in METRICS, collector.name
                assert reading.value >= 0
        collector.close()


@linux
def test_what_was_captured_reads_as_it_was() -> None:
    witness = CapturingHost(LocalHost())
    witness.begin_moment()
    names = ["cpu", "memory", "disk", "network"]
    with Session(witness, choose("linux", names)) as live:
        live.sample()
        witness.sleep_until(witness.now().monotonic_ns + 100_000_000)
        live.sample()
    text = witness.page().dump("a test")
    again = PaperHost.parse(text)
    assert again.dump("a test") == text
    with Session(again, choose("linux", names)) as replayed:
        replayed.sample()
        again.turn()
        replayed.sample()
    assert live.last_step and replayed.last_step
    assert replayed.last_step.measures.keys() == live.last_step.measures.keys()
    for name in ("cpu_busy_s", "disk_read_b", "network_sent_b"):
        if name in live.last_step.measures:
            assert replayed.last_step.measures[name] == live.last_step.measures[name]


def test_a_machine_mounted_elsewhere(tmp_path: Path) -> None:
    """As a container sees its host below --root."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "stat").write_text("cpu  100 0 0 300 0 0 0 0 0 0\ncpu0 100 0 0 300\n")
    host = LocalHost(str(tmp_path))
    assert not host.is_here
    with Session(host, choose("linux", None)) as session:
        session.sample()
        (tmp_path / "proc" / "stat").write_text("cpu  150 0 0 350 0 0 0 0 0 0\ncpu0 150 0 0 350\n")
        session.sample()
        assert session.opened == ("cpu",)
    assert session.last_step
    assert session.last_step.measures["cpu_busy_s"] == 0.5
    assert session.last_step.measures["cpu_capacity_s"] == 1.0


def test_a_file_that_is_no_statistic_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "stat").write_text("nonsense\n")
    with Session(LocalHost(str(tmp_path)), choose("linux", ["cpu"])) as session:
        session.sample()
        assert "nonsense" in session.failing["cpu"].message


def test_choosing() -> None:
    assert [c.name for c in choose("darwin", None)] == ["psutil", "agent"]
    assert "psutil" not in [c.name for c in choose("linux", None)]
    assert [c.name for c in choose("linux", ["rapl", "cpu"])] == ["rapl", "cpu"]
    with pytest.raises(ConfigError) as error:
        choose("linux", ["rpal"])
    assert "'rpal'" in error.value.message
    assert error.value.hint == "did you mean 'rapl'?"


def test_names_are_unique() -> None:
    names = [c.name for c in BUILTIN]
    assert len(set(names)) == len(names)
