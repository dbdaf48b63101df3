"""Who is in front, idle or locked: over a real bus, from a logind of our own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import Logind, choose
from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Facts = dict[str, str | bool]

SEAT_FILE = {"/run/systemd/seats/seat0": "# This is private data. Do not parse.\nIS_SEAT0=1\n"}
WHO = ("marie-claude", "203.0.113.7", "tty7", "4242")
"""A name, an address, a terminal, a number: none of it may leave the collector."""

CONFIGURATION = """<busconfig><type>custom</type><listen>unix:path={path}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
HERE: Facts = {
    "Class": "user", "State": "active", "Remote": False, "Active": True, "IdleHint": False,
    "LockedHint": False,
}  # fmt: skip
AFAR = HERE | {"Remote": True}
GONE: Facts = {}


class FakeLogind:
    """Answers as logind does, with whatever `sessions` says at that moment."""

    def __init__(self, jeepney: Any, blocking: Any) -> None:
        self.sessions: list[Facts] = []
        self.is_stuck = False
        self._jeepney = jeepney
        self._connection = blocking.open_dbus_connection("SYSTEM")
        claim = jeepney.message_bus.RequestName("org.freedesktop.login1")
        self._connection.send_and_get_reply(claim, timeout=5)
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def wait(self) -> None:
        """Until the bus has gone."""
        self._thread.join(10)
        self._connection.close()

    def _answer(self) -> None:
        fields, calls = self._jeepney.HeaderFields, self._jeepney.MessageType.method_call
        while True:
            try:
                message = self._connection.receive()
            except OSError:
                return
            if message.header.message_type is not calls or self.is_stuck:
                continue
            asked = message.header.fields[fields.member]
            reply = self._list if asked == "ListSessions" else self._get_all
            self._connection.send(reply(message, message.header.fields[fields.path]))

    def _list(self, message: Any, _path: str) -> Any:
        name, _, _, uid = WHO
        rows = [(str(i), int(uid), name, "seat0", _path_of(i)) for i in range(len(self.sessions))]
        return self._jeepney.new_method_return(message, "a(susso)", (rows,))

    def _get_all(self, message: Any, path: str) -> Any:
        facts = self.sessions[int(path.rpartition("_")[2])]
        if facts is GONE:
            error = "org.freedesktop.DBus.Error.UnknownObject"
            return self._jeepney.new_error(message, error, "s", ("Unknown object",))
        name, address, terminal, _ = WHO
        every = facts | {"Name": name, "RemoteHost": address, "TTY": terminal}
        typed = {k: ("b" if isinstance(v, bool) else "s", v) for k, v in every.items()}
        return self._jeepney.new_method_return(message, "a{sv}", (typed,))


def _path_of(number: int) -> str:
    return f"/org/freedesktop/login1/session/_{number}"


@pytest.fixture
def bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needs: Callable[[str], str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A bus of our own, in the place of the system's."""
    pytest.importorskip("jeepney")
    settings = tmp_path / "bus.conf"
    settings.write_text(CONFIGURATION.format(path=tmp_path / "bus"))
    command = [needs("dbus-daemon"), "--nofork", "--nopidfile", "--print-address"]
    with subprocess.Popen([*command, f"--config-file={settings}"], stdout=subprocess.PIPE) as run:
        try:
            assert run.stdout
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", run.stdout.readline().decode().strip())
            yield run
        finally:
            run.terminate()


@pytest.fixture
def logind(bus: subprocess.Popen[bytes]) -> Iterator[FakeLogind]:
    import importlib

    service = FakeLogind(
        importlib.import_module("jeepney"), importlib.import_module("jeepney.io.blocking")
    )
    yield service
    bus.terminate()
    service.wait()


@pytest.fixture
def here(machine: Write) -> PaperHost:
    """The machine that we run on, with a logind."""
    host = machine(SEAT_FILE)
    host.is_here = True
    return host


@pytest.mark.parametrize(
    ("sessions", "present", "away"),
    [
        ([], 0, 0),
        ([HERE], 1, 0),
        ([HERE | {"LockedHint": True}], 0, 1),
        ([HERE | {"IdleHint": True}], 0, 1),
        ([HERE | {"Active": False, "State": "online"}], 0, 1),
        ([HERE | {"LockedHint": True}, AFAR], 1, 0),
        ([AFAR | {"IdleHint": True}], 0, 1),
        ([HERE | {"Class": "greeter"}], 0, 0),
        ([HERE | {"State": "closing"}], 0, 0),
        ([GONE, AFAR], 1, 0),
    ],
)
def test_the_bus_tells_who_is_in_front_and_who_is_away(
    logind: FakeLogind, here: PaperHost, sessions: list[Facts], present: float, away: float
) -> None:
    logind.sessions = sessions
    collector = Logind()
    collector.open(here)
    readings = list(collector.read())
    assert {r.metric: r.value for r in readings} == {"present_ratio": present, "away_ratio": away}
    assert not any(secret in repr(readings) for secret in WHO)
    collector.close()
    collector.close()


def test_it_counts_before_what_the_files_say(logind: FakeLogind, here: PaperHost) -> None:
    """They know of no lock: both tell of the same people, and are never added."""
    logind.sessions = [HERE | {"LockedHint": True}]
    here.moments[0].files["/run/systemd/sessions/2"] = "CLASS=user\nSTATE=active\nACTIVE=1\n"
    with Session(here, choose("linux", ["logind", "presence"])) as session:
        session.sample()
        here.turn()
        session.sample()
        step = session.last_step
    assert step and step.measures["away_s"] == step.duration_s
    assert step.measures["present_s"] == 0


def test_a_bus_that_dies_is_told_and_found_again(
    bus: subprocess.Popen[bytes], logind: FakeLogind, here: PaperHost
) -> None:
    logind.sessions = [HERE]
    collector = Logind()
    collector.open(here)
    assert list(collector.read())
    bus.terminate()
    bus.wait(10)
    with pytest.raises(ReadError, match="cannot be asked over the system bus"):
        collector.read()
    collector.close()
    collector.open(here)
    with pytest.raises(ReadError, match="the system bus cannot be asked"):
        collector.read()


def test_a_logind_that_hangs_is_waited_for_and_not_for_ever(
    logind: FakeLogind, here: PaperHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sobriety.collectors.logind._PATIENCE_S", 0.05)
    logind.is_stuck = True
    collector = Logind()
    collector.open(here)
    with pytest.raises(ReadError, match=r"over the system bus: no answer in 0\.05 s"):
        collector.read()
    collector.close()


def test_a_logind_that_is_not_there_is_a_gap_and_is_not_started(
    bus: subprocess.Popen[bytes], here: PaperHost
) -> None:
    assert bus.poll() is None
    collector = Logind()
    collector.open(here)
    with pytest.raises(ReadError, match=r"does not answer .*: org\.freedesktop\.DBus\.Error\."):
        collector.read()
    collector.close()


def test_a_property_that_lacks_is_told(logind: FakeLogind, here: PaperHost) -> None:
    logind.sessions = [{k: v for k, v in HERE.items() if k != "LockedHint"}]
    collector = Logind()
    collector.open(here)
    with pytest.raises(ReadError, match="logind says no LockedHint"):
        collector.read()
    collector.close()


@pytest.mark.parametrize("address", ["tcp:host=127.0.0.1,port=1", "nonsense"])
def test_an_address_that_cannot_be_used_is_a_gap(
    here: PaperHost, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    collector = Logind()
    collector.open(here)
    with pytest.raises(ReadError, match="the system bus cannot be asked"):
        collector.read()


def test_elsewhere_and_without_the_library_it_is_not_supported(
    here: PaperHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jeepney", None)
    with pytest.raises(NotSupported, match="needs jeepney"):
        Logind().open(here)
    here.is_here = False
    with pytest.raises(NotSupported, match="does not run here"):
        Logind().open(here)
