"""Power by SNMP, asked of net-snmp's real agent, which plays the boxes that we do not have."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import BUILTIN, Snmp
from sobriety.core.errors import ConfigError, NotSupported, ReadError
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost
from sobriety.core.ports import Slow

COMMUNITY = "open-sesame"
USER, SIGNS, ENCRYPTS = "meter", "signs every word", "hides every word"
APC = "1.3.6.1.4.1.318.1.1.26"
RARITAN = "1.3.6.1.4.1.13742.6"
SENTRY = "1.3.6.1.4.1.1718.4.1"
ENTITY = "1.3.6.1.2.1.99.1.1.1"
VALUES = {
    f"{APC}.4.3.1.5.1": "integer 43",
    f"{APC}.6.3.1.7.1": "integer 21",
    f"{APC}.9.4.3.1.7.1": "integer 180",
    f"{APC}.9.4.3.1.7.2": "integer 20",
    f"{APC}.9.4.3.1.7.3": "integer -1",
    f"{APC}.9.4.3.1.7.4": "integer 0",
    f"{RARITAN}.5.4.3.1.4.1.3.5": "uinteger 1234",
    f"{RARITAN}.3.5.4.1.6.1.3.5": "integer 3",
    f"{RARITAN}.3.5.4.1.7.1.3.5": "uinteger 1",
    f"{RARITAN}.5.4.3.1.4.1.3.4": "uinteger 230",
    f"{RARITAN}.3.5.4.1.6.1.3.4": "integer 1",
    f"{RARITAN}.3.5.4.1.7.1.3.4": "uinteger 0",
    f"{RARITAN}.5.2.3.1.4.1.1.5": "uinteger 900",
    f"{RARITAN}.3.3.4.1.6.1.1.5": "integer 3",
    f"{RARITAN}.3.3.4.1.7.1.1.5": "uinteger 0",
    f"{SENTRY}.3.3.1.3.1.1": "integer 888",
    f"{SENTRY}.8.3.1.9.1.1.7": "integer 64",
    "1.3.6.1.2.1.33.1.4.4.1.4.1": "integer 350",
    "1.3.6.1.2.1.105.1.3.1.1.4.1": "uinteger 97",
    **{f"{ENTITY}.{n + 1}.7": f"integer {v}" for n, v in enumerate((6, 8, 1, 415_000, 1))},
    **{f"{ENTITY}.{n + 1}.8": f"integer {v}" for n, v in enumerate((6, 10, 2, 123, 1))},
    **{f"{ENTITY}.{n + 1}.9": f"integer {v}" for n, v in enumerate((4, 9, 0, 230, 1))},
    **{f"{ENTITY}.{n + 1}.10": f"integer {v}" for n, v in enumerate((6, 9, 0, 80, 2))},
    **{f"{ENTITY}.{n + 1}.11": f"integer {v}" for n, v in enumerate((6, 9, 99, 80, 1))},
    "1.3.6.1.4.1.8072.9999.1": "octet_str 12.5",
    "1.3.6.1.4.1.8072.9999.2": "octet_str offline",
    "1.3.6.1.4.1.8072.9999.3": "counter 7000",
}


class Agent:
    """snmpd on a free port of 127.0.0.1; a process of this user that can be ended and begun."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self._running: subprocess.Popen[str] | None = None

    def begin(self, values: dict[str, str], also: str = "") -> None:
        settings = self._folder / "snmpd.conf"
        lines = [
            f"agentAddress udp:{self.target}{also}",
            f"rocommunity {COMMUNITY} 127.0.0.1",
            f"rocommunity6 {COMMUNITY} ::1",
            f'createUser {USER} SHA-256 "{SIGNS}" AES "{ENCRYPTS}"',
            f"rouser {USER} priv",
            *(f"override {oid} {value}" for oid, value in values.items()),
        ]
        settings.write_text("\n".join(lines) + "\n")
        self._running = subprocess.Popen(
            [self._program, "-f", "-Lo", "-C", "-c", str(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"SNMP_PERSISTENT_DIR": str(self._folder), "MIBS": ""},
        )
        assert self._running.stdout
        said: list[str] = []
        for line in self._running.stdout:
            said.append(line)
            if line.startswith("NET-SNMP version"):  # it listens from here on
                return
        pytest.fail(f"snmpd ended: {''.join(said)}")

    def end(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.communicate()
            self._running = None


@pytest.fixture
def dead_agent(needs: Callable[[str], str], tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(needs("snmpd"), tmp_path)
    with ExitStack() as undo:
        undo.callback(agent.end)
        yield agent


@pytest.fixture
def agent(dead_agent: Agent, monkeypatch: pytest.MonkeyPatch) -> Agent:
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", COMMUNITY)
    dead_agent.begin(VALUES)
    return dead_agent


@pytest.fixture(params=["2c", "3"])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment's keys, for either version."""
    given = {"COMMUNITY": COMMUNITY}
    if request.param == "3":
        given = {"USER": USER, "AUTHENTICATION": SIGNS, "PRIVACY": ENCRYPTS}
        given["AUTHENTICATION_BY"] = "sha256"
        monkeypatch.delenv("SOBRIETY_SNMP_COMMUNITY", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(f"SOBRIETY_SNMP_{name}", value)
    return str(request.param)


def ask(
    target: str, oid: str, unit_w: float = 1.0, *, keys_file: str = "", patience_s: float = 1.0
) -> float:
    snmp = Snmp(target, oid, unit_w, keys_file=keys_file, patience_s=patience_s)
    snmp.open(LocalHost())
    try:
        (reading,) = snmp.read()
    finally:
        snmp.close()
        snmp.close()
    assert (reading.metric, reading.kind) == ("wall_w", "gauge")
    return reading.value


def test_every_known_name_in_watts(agent: Agent) -> None:
    known = {
        "rPDU2DeviceStatusPower.1": 430,
        "rPDU2PhaseStatusPower.1": 210,
        "rPDU2OutletMeteredStatusPower.1": 180,
        "measurementsInletSensorValue.1.1.5": 900,
        "measurementsOutletSensorValue.1.3.5": 123.4,
        "st4InputCordActivePower.1.1": 888,
        "st4OutletActivePower.1.1.7": 64,
        "upsOutputPower.1": 350,
        "pethMainPseConsumptionPower.1": 97,
        "entPhySensorValue.7": 41.5,  # 415,000 with one decimal, in milliwatts
        "entPhySensorValue.8": 1230,  # 1.23 kW
    }
    for name, watts in known.items():
        assert ask(agent.target, name) == pytest.approx(watts), name


def test_numbers_and_their_unit(agent: Agent) -> None:
    assert ask(agent.target, f".{APC}.4.3.1.5.1", 10) == 430
    assert ask(agent.target, "1.3.6.1.4.1.8072.9999.1") == 12.5


def test_two_supplies_are_summed_and_one_that_is_off_is_no_doubt(agent: Agent) -> None:
    outlet = "rPDU2OutletMeteredStatusPower"
    assert ask(agent.target, f"{outlet}.1, {outlet}.2") == 200
    assert ask(agent.target, f"{outlet}.1+{outlet}.4") == 180


@pytest.mark.parametrize(
    ("oid", "message"),
    [
        ("rPDU2OutletMeteredStatusPower.9", rf"{APC}\.9\.4\.3\.1\.7\.9 is not there"),
        ("rPDU2OutletMeteredStatusPower.3", r"rPDU2OutletMeteredStatusPower\.3 says -1"),
        ("rPDU2OutletMeteredStatusPower.4", r"says 0 W for rPDU2OutletMeteredStatusPower\.4"),
        ("measurementsOutletSensorValue.1.3.4", "is not in watts: active power has the index 5"),
        ("entPhySensorValue.9", "is not in watts"),
        ("entPhySensorValue.10", "does not work"),
        ("entPhySensorValue.11", "has 99 decimals"),
        ("1.3.6.1.4.1.8072.9999.2", "says b'offline', which is no number"),
        ("1.3.6.1.4.1.8072.9999.3", "is a Counter32, which is no power"),
    ],
)
def test_what_is_no_power_makes_the_sum_unknown(agent: Agent, oid: str, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        ask(agent.target, oid)
    if "says 0 W" not in message:
        with pytest.raises(ReadError, match=message):
            ask(agent.target, f"upsOutputPower.1 {oid}")


def secrets_of(error: BaseException) -> list[str]:
    told = (
        "".join(traceback.format_exception(error)) + repr(error) + str(getattr(error, "hint", ""))
    )
    return [word for word in (COMMUNITY, "shut-sesame", SIGNS, ENCRYPTS) if word in told]


def test_a_wrong_community_is_silence_and_is_not_told(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", "shut-sesame")
    with pytest.raises(ReadError, match="has not answered for 1 s") as silent:
        ask(agent.target, "upsOutputPower.1")
    assert silent.value.hint and "community" in silent.value.hint
    assert not secrets_of(silent.value)


def test_version_3_signed_and_encrypted(agent: Agent, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"

    def write(authentication: str = SIGNS, by: str = "sha256", user: str = USER) -> None:
        file.write_text(
            f'user = "{user}"\nauthentication = "{authentication}"\nprivacy = "{ENCRYPTS}"\n'
            f'authentication_by = "{by}"\n'
        )
        file.chmod(0o600)

    write()
    assert ask(agent.target, "upsOutputPower.1", keys_file=str(file)) == 350
    for wrong, reason in (
        ({"authentication": "signs no word"}, "refuses: .* authentication protocol and secret"),
        ({"by": "sha512"}, "refuses: .* authentication protocol and secret"),
        ({"user": "nobody"}, "refuses: .* does not recognize user"),
    ):
        write(**wrong)
        with pytest.raises(ReadError, match=reason) as refused:
            ask(agent.target, "upsOutputPower.1", keys_file=str(file), patience_s=0.3)
        assert not secrets_of(refused.value)


def test_an_agent_that_dies_and_comes_back(agent: Agent, version: str) -> None:
    """With v3 its clock begins anew, which the two must agree on."""
    snmp = Snmp(agent.target, "upsOutputPower.1", patience_s=0.5)
    snmp.open(LocalHost())
    assert [r.value for r in snmp.read()] == [350]
    agent.end()
    with pytest.raises(ReadError, match=r"has not answered for 0\.5 s"):
        list(snmp.read())
    agent.begin({"1.3.6.1.2.1.33.1.4.4.1.4.1": "integer 360"})
    assert [r.value for r in snmp.read()] == [360]
    snmp.close()
    snmp.open(LocalHost())  # as its thread does after a failure
    assert [r.value for r in snmp.read()] == [360]
    snmp.close()


def test_the_newer_internet_protocol(dead_agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", COMMUNITY)
    target = f"[::1]:{dead_agent.port}"
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as free:
            free.bind(("::1", dead_agent.port))
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    dead_agent.begin(VALUES, also=f",udp6:{target}")
    assert ask(target, "upsOutputPower.1") == 350


def test_joules_of_a_session(agent: Agent) -> None:
    """Asked by its thread: the first samples come before its first answer."""
    with Session(
        LocalHost(), [lambda: Snmp(agent.target, "upsOutputPower.1", pace_s=0.05)], name="web-1"
    ) as session:
        end_s = time.monotonic() + 120
        while session.last_step is None or not session.last_step.measures:
            assert time.monotonic() < end_s
            assert not session.failing
            session.sample()
        step = session.last_step
    assert step.observed == ("wall",)
    assert step.measures["wall_j"] == pytest.approx(350 * step.duration_s)


def test_nothing_stays_open(agent: Agent, version: str) -> None:
    ask(agent.target, "upsOutputPower.1")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        ask(agent.target, "upsOutputPower.1")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_can_be_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("snmp")
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", COMMUNITY)
    for target in ("a" * 80, "[fe80::1%nowhere]"):
        with pytest.raises(ReadError, match="cannot be asked") as lost:
            ask(target, "upsOutputPower.1")
        assert not secrets_of(lost.value)


@pytest.mark.parametrize("oid", ["1.3.6.1.99999999999", "2.999.1", "1.50.1", "1.3" + ".1" * 200])
def test_numbers_that_no_agent_has(agent: Agent, oid: str) -> None:
    with pytest.raises(ReadError, match=r"cannot be asked|is not there|refuses"):
        ask(agent.target, oid, patience_s=0.3)


@pytest.mark.parametrize(
    ("target", "name", "port"),
    [
        ("pdu-3", "pdu-3", 161),
        ("10.0.0.7:1161", "10.0.0.7", 1161),
        ("2001:db8::7", "2001:db8::7", 161),
        ("[2001:db8::7]:1161", "2001:db8::7", 1161),
    ],
)
def test_addresses(target: str, name: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom it looks up, without a network."""
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", COMMUNITY)
    asked: list[tuple[str, int]] = []

    def look_up(name: str, port: int, **_: object) -> list[object]:
        asked.append((name, port))
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(ReadError, match="cannot be asked: Name or service not known"):
        ask(target, "upsOutputPower.1")
    assert asked == [(name, port)]


@pytest.mark.parametrize(
    ("target", "oid", "unit_w", "message", "hint"),
    [
        ("pdu", "", 1, "the OID is empty", "name one"),
        ("pdu", "upsOutputPower", 1, "names no row", "add its index, as in upsOutputPower.1"),
        ("pdu", "upsOutputPowr.1", 1, "there is no OID 'upsOutputPowr.1'", "'upsOutputPower'"),
        ("pdu", "watts", 1, "there is no OID 'watts'", "give its number"),
        ("pdu", "1.3.6.1 .1.3.6.1", 1, "name the same twice", "once"),
        ("pdu", "upsOutputPower.1", 0, "the unit 0 W", ""),
        ("pdu", "upsOutputPower.1", float("nan"), "the unit nan W", ""),
        ("a b", "upsOutputPower.1", 1, "'a b' is no address", "HOST"),
        ("pdu:99999", "upsOutputPower.1", 1, "no port 99999", "65535"),
    ],
)
def test_what_cannot_be_honoured(
    target: str, oid: str, unit_w: float, message: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", COMMUNITY)
    with pytest.raises(ConfigError, match=message) as wrong:
        Snmp(target, oid, unit_w)
    assert hint in (wrong.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs a community or a user"),
        (f'community = "{COMMUNITY}"\nuser = "{USER}"', "not both"),
        (f'user = "{USER}"\nauthentication = "{SIGNS}"', "privacy password has fewer than 8"),
        (f"community = {COMMUNITY}", "is not TOML"),
        (f'comunity = "{COMMUNITY}"', "'comunity' is no key of SNMP"),
        ("community = 1", "'community' is no key of SNMP, or no text"),
        (
            f'user = "{USER}"\nauthentication = "{SIGNS}"\nprivacy = "{ENCRYPTS}"\n'
            'privacy_by = "rot13"',
            "knows no 'rot13'",
        ),
    ],
)
def test_a_file_of_keys_that_opens_nothing(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match=message) as wrong:
        Snmp("pdu", "upsOutputPower.1", keys_file=str(file))
    told = f"{wrong.value} {wrong.value.hint} {wrong.value.__cause__}"
    assert not [secret for secret in (COMMUNITY, SIGNS, ENCRYPTS) if secret in told]


def test_a_file_of_keys_that_others_may_read(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(f'community = "{COMMUNITY}"')
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read it") as wrong:
        Snmp("pdu", "upsOutputPower.1", keys_file=str(file))
    assert wrong.value.hint == f"chmod 600 {file}"
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        Snmp("pdu", "upsOutputPower.1", keys_file=str(tmp_path / "none.toml"))
    file.chmod(0o600)
    assert COMMUNITY not in repr(vars(Snmp("pdu", "upsOutputPower.1", keys_file=str(file))))


def test_where_it_is_opened(
    machine: Callable[..., PaperHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_SNMP_COMMUNITY", COMMUNITY)
    snmp = Snmp("pdu", "upsOutputPower.1", pace_s=60)
    assert isinstance(snmp, Slow)
    assert snmp.pace_s == 60
    assert "snmp" not in [c.name for c in BUILTIN]
    with pytest.raises(NotSupported, match="a recorded machine has no network"):
        snmp.open(machine({}))
    monkeypatch.setitem(sys.modules, "snmp", None)
    with pytest.raises(NotSupported, match="needs snmp") as refused:
        snmp.open(LocalHost())
    assert refused.value.hint == "pip install 'sobriety[meters]'"
