"""Somebody is there, somebody went away, or nobody is logged in; and never who."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.agent.capture import capture
from sobriety.agent.session import Session
from sobriety.collectors import choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]
RUN = "/run/systemd/sessions"
SEAT = {"/run/systemd/seats/seat0": "IS_SEAT0=1\n"}
EMPTY = SEAT | {RUN: "!folder"}
SCREEN = "/sys/class/drm/card0-eDP-1"
LID = "/proc/acpi/button/lid/LID0/state"


def _quietly(*_: object) -> None:
    pass


def session(number: str = "2", **lines: str) -> dict[str, str]:
    """A file of a session as logind writes it, names and all."""
    said = {"UID": "1000", "USER": "ada", "ACTIVE": "1", "STATE": "active", "REMOTE": "0"}
    said |= {"TYPE": "wayland", "CLASS": "user", "TTY": "tty2"} | lines
    text = "# This is private data. Do not parse.\n"
    return SEAT | {f"{RUN}/{number}": text + "".join(f"{k}={v}\n" for k, v in said.items())}


def screen(power: str, status: str = "connected", path: str = SCREEN) -> dict[str, str]:
    return {f"{path}/status": f"{status}\n", f"{path}/dpms": f"{power}\n"}


def lid(state: str) -> dict[str, str]:
    return {LID: f"state:      {state}\n"}


def seen(steps: list[Step], *columns: str) -> list[tuple[float | None, ...]]:
    return [tuple(step.measures.get(c) for c in columns) for step in steps]


def presence(steps: list[Step]) -> list[tuple[float | None, ...]]:
    return seen(steps, "present_s", "away_s")


def test_in_use_then_behind_the_login_screen_then_logged_out(machine: Write, steps: Watch) -> None:
    greeter = session("c3", CLASS="greeter", USER="lightdm")
    left = session(ACTIVE="0", STATE="online") | greeter
    gone = {f"{RUN}/2": "!gone"}
    host = machine(session(), {}, left, {}, gone, {})
    assert presence(steps(host, "presence")) == [(5, 0), (2.5, 2.5), (0, 5), (0, 2.5), (0, 0)]


@pytest.mark.parametrize(
    "kind", ["greeter", "lock-screen", "background", "background-light", "manager", "manager-early"]
)
def test_only_people_are_somebody(machine: Write, steps: Watch, kind: str) -> None:
    assert presence(steps(machine(session(CLASS=kind), {}), "presence")) == [(0, 0)]


@pytest.mark.parametrize("kind", ["user", "user-early", "user-light", "user-early-light"])
def test_every_kind_of_people_is(machine: Write, steps: Watch, kind: str) -> None:
    assert presence(steps(machine(session(CLASS=kind), {}), "presence")) == [(5, 0)]


def test_who_is_connected_from_elsewhere_uses_the_machine(machine: Write, steps: Watch) -> None:
    remote = session("9", REMOTE="1", TYPE="tty", REMOTE_HOST="192.0.2.7")
    host = machine(session(ACTIVE="0", STATE="online") | remote, {})
    assert presence(steps(host, "presence")) == [(5, 0)]


def test_who_left_processes_behind_is_logged_out(machine: Write, steps: Watch) -> None:
    host = machine(session(STATE="closing"), {})
    assert presence(steps(host, "presence")) == [(0, 0)]


def test_nobody_is_nobody_and_not_unknown(machine: Write, steps: Watch) -> None:
    assert presence(steps(machine(EMPTY, {}), "presence")) == [(0, 0)]


def test_the_screen_goes_off_and_the_lid_is_closed(machine: Write, steps: Watch) -> None:
    start = EMPTY | screen("On") | lid("open")
    host = machine(start, {}, screen("Off"), lid("closed"), {})
    found = seen(steps(host, "presence"), "screen_on_s", "lid_closed_s")
    assert found == [(5, 0), (2.5, 0), (0, 2.5), (0, 5)]


def test_one_lit_screen_of_several_is_enough(machine: Write, steps: Watch) -> None:
    other = screen("On", path="/sys/class/drm/card1-HDMI-A-1")
    host = machine(EMPTY | screen("Off") | other, {})
    assert seen(steps(host, "presence"), "screen_on_s") == [(5,)]


def test_an_unplugged_screen_is_not_lit_and_none_at_the_start_is_unknown(
    machine: Write, steps: Watch
) -> None:
    unplugged = screen("On", "disconnected")
    host = machine(EMPTY | screen("On"), unplugged, {})
    assert seen(steps(host, "presence"), "screen_on_s") == [(2.5,), (0,)]
    host = machine(EMPTY | unplugged, screen("On"), {})
    assert [s.observed for s in steps(host, "presence")] == [("presence",), ("presence",)]


def test_a_lid_that_says_nothing_is_none(machine: Write, steps: Watch) -> None:
    assert steps(machine(EMPTY | lid("unsupported"), {}), "presence")[0].observed == ("presence",)


@pytest.mark.parametrize(
    "files",
    [{}, {RUN: "!folder"}, {RUN: "!folder", "/run/systemd/seats": "!folder"}, screen("On")],
)
def test_where_logind_does_not_run_nobody_looks(machine: Write, files: dict[str, str]) -> None:
    with Session(machine(files), choose("linux", ["presence"])) as session_:
        assert isinstance(session_.refusals["presence"], NotSupported)


@pytest.mark.parametrize(
    "broken",
    [
        {f"{RUN}/2": "USER=ada\nCLASS=user\nSTATE=active\n"},
        session(ACTIVE="perhaps"),
        {f"{RUN}/2": "ada"},
        {f"{RUN}/2": "!broken"},
        {f"{RUN}/2": "!forbidden"},
        {RUN: "!gone"},
        lid("ajar"),
        {LID: "!gone"},
    ],
)
def test_what_is_not_understood_is_a_gap_that_names_nobody(
    machine: Write, broken: dict[str, str]
) -> None:
    host = machine(EMPTY | lid("open"), broken)
    with Session(host, choose("linux", ["presence"])) as session_:
        session_.sample()
        assert not session_.failing
        host.turn()
        session_.sample()
        assert isinstance(session_.failing["presence"], ReadError)
        assert "ada" not in session_.failing["presence"].message
        assert f"{RUN}/" not in session_.failing["presence"].message


def test_readings_are_about_nobody_in_particular(machine: Write) -> None:
    (make,) = choose("linux", ["presence"])
    collector = make()
    collector.open(machine(session() | screen("On") | lid("open")))
    readings = list(collector.read())
    assert len(readings) == 4
    assert not any(r.subject for r in readings)


def test_a_capture_holds_no_session(machine: Write) -> None:
    host = machine(session(REMOTE_HOST="192.0.2.7"), {})
    page = capture(host, moments=2, interval_s=5, keep_name=False, tell=_quietly).dump()
    assert "ada" not in page
    assert RUN not in page


def test_a_sessions_pipe_is_never_waited_for(tmp_path: Path) -> None:
    """Before systemd 258 a pipe lay beside each file; opening it for reading blocks."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names on this system")
    for path, text in session().items():
        file = tmp_path / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    os.mkfifo(tmp_path / RUN[1:] / "2.ref")
    (make,) = choose("linux", ["presence"])
    collector = make()
    collector.open(LocalHost(str(tmp_path)))
    found: list[float] = []
    thread = threading.Thread(
        target=lambda: found.extend(r.value for r in collector.read()), daemon=True
    )
    thread.start()
    thread.join(60)  # where it is waited for, for ever
    assert found == [1.0, 0.0]
