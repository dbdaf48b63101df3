"""A management controller: the real ipmitool where there is none, and what makers' own say."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import BUILTIN, Ipmi
from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost
from sobriety.core.ports import Slow

DELL = """
    Instantaneous power reading:                   215 Watts
    Minimum during sampling period:                162 Watts
    Maximum during sampling period:                276 Watts
    Average power reading over sample period:      176 Watts
    IPMI timestamp:                           Wed Feb 15 12:49:51 2017
    Sampling period:                          01131466 Seconds.
    Power reading state is:                   activated


"""
"""https://github.com/lovoo/ipmi_exporter/issues/18"""

OPENBMC = DELL.replace("activated", "deactivated").replace("215 Watts", "319 Watts")
"""https://github.com/openbmc/openbmc/issues/3257"""

DEAD = OPENBMC.replace("319 Watts", "  0 Watts")
"""https://github.com/openbmc/phosphor-host-ipmid/issues/167"""

NO_DCMI = "\n    DCMI request failed because: Invalid command (c1)\n"

DELL_BEFORE_DCMI = """Ambient Temp     | 21 degrees C      | ok
Current 1        | 0.40 Amps         | ok
System Level     | 189 Watts         | ok
"""
"""https://github.com/ateodorescu/home-assistant-ipmi/issues/27"""

HPE = """Temp 30          | 58 degrees C      | ok
PS 1 Input       | 95 Watts          | ok
Power Meter      | 170 Watts         | ok
Power Meter 2    | 12 Watts          | ok
"""
LENOVO = "CPU Power        | 240 Watts         | ok\nSys Power        | 340 Watts         | ok\n"
AMI = "Total_Power      | 296 Watts         | ok\nCPU_Power        | 158 Watts         | ok\n"
SILENT = "Pwr Consumption  | no reading        | ns\nTotal_Power      | 0 Watts           | ok\n"

Tool = Callable[..., Path]


class Server(LocalHost):
    """This machine, as if it had a management controller."""

    def glob(self, pattern: str) -> list[str]:
        return [pattern] if pattern == "/dev/ipmi0" else super().glob(pattern)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """An ipmitool that prints what is recorded; found in PATH as the real one is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def write(dcmi: str = NO_DCMI, sensors: str = "", error: str = "", status: int = 0) -> Path:
        for name, text in (("dcmi", dcmi), ("sdr", sensors), ("error", error)):
            (tmp_path / name).write_text(text)
        path = folder / "ipmitool"
        path.write_text(
            "#!/bin/sh\n"
            f'echo "$LC_ALL $*" >> "{tmp_path}/asked"\n'
            f'cat "{tmp_path}/error" >&2\ncat "{tmp_path}/$1"\nexit {status}\n'
        )
        path.chmod(0o755)
        return tmp_path / "asked"

    return write


def watts() -> float:
    ipmi = Ipmi()
    ipmi.open(Server())
    (reading,) = ipmi.read()
    ipmi.close()
    assert (reading.metric, reading.kind) == ("wall_w", "gauge")
    return reading.value


def test_it_is_asked_by_a_thread_of_its_own() -> None:
    ipmi = Ipmi()
    assert isinstance(ipmi, Slow)
    assert ipmi.pace_s == 30
    names = [c.name for c in BUILTIN]
    assert names.index("rapl") < names.index("hwmon") < names.index("ipmi")


def test_what_dcmi_says(tool: Tool) -> None:
    asked = tool(DELL)
    assert watts() == 215
    assert asked.read_text() == "C dcmi power reading\n" * 2


def test_the_words_of_other_tools(tool: Tool) -> None:
    """FreeIPMI's state, and spaces before the colon."""
    said = "Instantaneous power reading              : 214      Watts\nPower Measurement : Active\n"
    tool(said)
    assert watts() == 214
    tool(said.replace("Active", "Not Available"))
    with pytest.raises(NotSupported, match="measuring is 'Not Available'"):
        watts()


@pytest.mark.parametrize(
    ("sensors", "value"), [(DELL_BEFORE_DCMI, 189), (HPE, 170), (LENOVO, 340), (AMI, 296)]
)
@pytest.mark.parametrize("dcmi", [NO_DCMI, DEAD, OPENBMC])
def test_without_dcmi_the_sensor_of_the_whole_machine(
    tool: Tool, sensors: str, value: float, dcmi: str
) -> None:
    asked = tool(dcmi, sensors)
    assert watts() == value
    assert asked.read_text().splitlines() == ["C dcmi power reading"] + ["C sdr list full"] * 2


@pytest.mark.parametrize(
    ("dcmi", "message", "hint"),
    [
        (NO_DCMI, "Invalid command", "enable power monitoring"),
        (OPENBMC, "says 319 W and that measuring is 'deactivated'", "enable power monitoring"),
        (DEAD, "says 0 W and that measuring is 'deactivated'", "enable power monitoring"),
        (DELL.replace("215", "  0"), "says 0 W while the machine runs", "firmware"),
        (DELL.replace("215", "65535"), "says 65535 W", "firmware"),
        ("", "it says nothing", "enable power monitoring"),
        ("Instantaneous power reading: ?? Watts", r"\?\? Watts", "enable power monitoring"),
    ],
)
@pytest.mark.parametrize("sensors", ["", SILENT])
def test_what_is_no_power_is_refused_and_never_zero(
    tool: Tool, dcmi: str, message: str, hint: str, sensors: str
) -> None:
    tool(dcmi, sensors)
    with pytest.raises(NotSupported, match=message) as refused:
        Ipmi().open(Server())
    assert refused.value.hint and hint in refused.value.hint


def test_a_controller_that_stops_measuring_is_a_gap(tool: Tool) -> None:
    tool(DELL)
    ipmi = Ipmi()
    ipmi.open(Server())
    tool(DEAD)
    with pytest.raises(ReadError, match="says 0 W"):
        list(ipmi.read())
    tool(DELL)
    assert [r.value for r in ipmi.read()] == [215]


def test_one_that_may_not_be_asked(tool: Tool) -> None:
    devices = "/dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0"
    tool("", error=f"Could not open device at {devices}: Permission denied\n", status=1)
    with Session(Server(), [Ipmi]) as session:
        refusal = session.refusals["ipmi"]
    assert isinstance(refusal, NotPermitted)
    assert refusal.hint == f"sudo chown {os.geteuid()} /dev/ipmi0"


def test_one_that_hangs(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(DELL)
    (tmp_path / "bin" / "ipmitool").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr("sobriety.collectors.ipmi.PATIENCE_S", 0.2)
    with pytest.raises(ReadError, match=r"has not answered for 0\.2 s"):
        Ipmi().open(Server())


def test_a_tool_that_does_not_run(tool: Tool, tmp_path: Path) -> None:
    tool(DELL)
    ipmi = Ipmi()
    ipmi.open(Server())
    (tmp_path / "bin" / "ipmitool").unlink()
    with pytest.raises(ReadError, match="ipmitool does not run: No such file"):
        list(ipmi.read())


def test_without_the_tool_the_hint_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotSupported, match="/dev/ipmi0 is there and ipmitool") as refused:
        Ipmi().open(Server())
    assert refused.value.hint == "sudo apt install ipmitool"


def test_other_machines_are_not_asked(machine: Callable[..., PaperHost], tmp_path: Path) -> None:
    with pytest.raises(NotSupported, match="only the machine that it runs on"):
        Ipmi().open(machine({"/dev/ipmi0": ""}))
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "ipmi0").touch()
    with pytest.raises(NotSupported, match="only the machine that it runs on"):
        Ipmi().open(LocalHost(str(tmp_path)))


@pytest.mark.skipif(bool(LocalHost().glob("/dev/ipmi*")), reason="this machine has a controller")
def test_the_real_tool_where_there_is_no_controller(needs: Callable[[str], str]) -> None:
    needs("ipmitool")
    with pytest.raises(NotSupported, match="there is no management controller"):
        Ipmi().open(LocalHost())
    with pytest.raises(NotSupported, match="Could not open device at /dev/ipmi0"):
        Ipmi().open(Server())
