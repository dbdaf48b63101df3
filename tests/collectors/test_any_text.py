"""Whatever a kernel, a driver or a bug report says, a collector reads it or tells what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.collectors import choose, machine_facts
from sobriety.core.counting.difference import METRICS
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Instant
from sobriety.core.paper import Moment, PaperHost

ENERGY = "/sys/class/powercap/intel-rapl:0"
SUPPLY = "/sys/class/power_supply"
METER = "/sys/class/hwmon/hwmon0"
FILES = {
    "cpu": {"/proc/stat": "cpu  616 0 544 54003 62 0 7 6 0 0\ncpu0 616 0 544 54003 62 0 7 6 0 0\n"},
    "memory": {"/proc/meminfo": "MemTotal: 2000 kB\nMemFree: 1 kB\nMemAvailable: 1000 kB\n"},
    "disk": {
        "/proc/diskstats": " 8 0 sda 1 0 2 5 1 0 3 9 0 4 14 0 0 0 0 0 0\n",
        "/sys/block/sda/device": "",
    },
    "network": {
        "/proc/net/dev": "Inter-|\n face |bytes\n  eth0: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n",
        "/sys/class/net/eth0/device": "",
    },
    "rapl": {
        f"{ENERGY}/name": "package-0",
        f"{ENERGY}/max_energy_range_uj": "262143328850",
        f"{ENERGY}/energy_uj": "12",
    },
    "hwmon": {
        f"{METER}/name": "power_meter",
        f"{METER}/power1_average": "400000000",
        f"{METER}/power1_is_battery": "0",
        f"{METER}/measures/LNXSYBUS:00": "",
    },
    "gpu": {
        f"{METER}/name": "amdgpu",
        f"{METER}/power1_average": "200000000",
        f"{METER}/device/mem_info_vram_vendor": "samsung",
        f"{METER}/device/uevent": "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n",
        f"{METER}/device/gpu_busy_percent": "80",
        f"{METER}/device/power/runtime_status": "active",
        "/sys/class/hwmon/hwmon1/name": "xe",
        "/sys/class/hwmon/hwmon1/energy1_label": "card",
        "/sys/class/hwmon/hwmon1/energy1_input": "1000000",
    },
    "battery": {
        f"{SUPPLY}/BAT0/type": "Battery",
        f"{SUPPLY}/BAT0/status": "Discharging",
        f"{SUPPLY}/BAT0/power_now": "5000000",
        f"{SUPPLY}/AC/type": "Mains",
        f"{SUPPLY}/AC/online": "0",
    },
    "frequency": {
        "/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "2400000",
        "/sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq": "3600000",
        "/sys/devices/system/cpu/cpufreq/policy0/affected_cpus": "0 1",
    },
    "presence": {
        "/run/systemd/seats/seat0": "IS_SEAT0=1\n",
        "/run/systemd/sessions/2": "UID=1000\nACTIVE=1\nSTATE=active\nREMOTE=0\nCLASS=user\n",
        "/sys/class/drm/card0-eDP-1/status": "connected\n",
        "/sys/class/drm/card0-eDP-1/dpms": "On\n",
        "/proc/acpi/button/lid/LID0/state": "state:      open\n",
    },
}
FACTS = {
    "/proc/cpuinfo": "processor\t: 0\nmodel name\t: A\nphysical id\t: 0\ncore id\t\t: 0\n",
    "/proc/meminfo": "MemTotal: 2000 kB",
    "/sys/devices/system/cpu/online": "0-3,8",
    "/sys/class/dmi/id/chassis_type": "10",
    "/sys/class/dmi/id/sys_vendor": "LENOVO",
    "/sys/class/dmi/id/product_version": "ThinkPad T14",
}

small = st.text(st.sampled_from("0123456789-.,: \n\0²٣éMBcpukethsda"), max_size=12)


@st.composite
def spoiled(draw: st.DrawFn, files: dict[str, str]) -> dict[str, str]:
    """A machine of which one file says something else: cut, spliced, or any text."""
    path = draw(st.sampled_from(sorted(files)))
    text = files[path]
    cut = draw(st.integers(0, len(text)))
    end = draw(st.integers(cut, len(text)))
    anything = draw(st.one_of(small, st.text(max_size=20)))
    return files | {path: text[:cut] + anything + text[end:]}


def host(files: dict[str, str]) -> PaperHost:
    return PaperHost("linux", [Moment(Instant(0, 0, 0), files)])


@pytest.mark.parametrize("name", FILES)
def test_as_it_should_be_it_is_read(name: str) -> None:
    (make,) = choose("linux", [name])
    collector = make()
    collector.open(host(FILES[name]))
    assert list(collector.read())


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_a_collector_reads_it_or_tells_what_is_wrong(name: str, data: st.DataObject) -> None:
    (make,) = choose("linux", [name])
    collector = make()
    try:
        collector.open(host(data.draw(spoiled(FILES[name]))))
        readings = list(collector.read())
    except SobrietyError as error:
        assert error.message
    else:
        assert all(r.metric in METRICS and isinstance(r.value, int | float) for r in readings)
    finally:
        collector.close()


@given(spoiled(FACTS))
def test_facts_are_known_or_none(files: dict[str, str]) -> None:
    facts = machine_facts(host(files))
    assert facts.system == "linux"
    assert facts.threads is None or facts.threads >= 0
