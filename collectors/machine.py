"""Facts of the machine that estimators start from. No serial number, no person.

Source: https://docs.kernel.org/filesystems/proc.html; DMTF DSP0134, 7.4.1 (chassis types)
Reads:  /proc/cpuinfo, /proc/meminfo, /proc/sys/kernel/hostname, /sys/class/dmi/id,
        /sys/devices/system/cpu/online, /sys/block; elsewhere psutil and the platform module
Gives:  a core.machine.Machine
Doubt:  a virtual machine says what its hypervisor pleases; ARM gives no model name
"""

from __future__ import annotations

import re

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host
from sobriety.core.machine import Machine

from .disk import drives

DMI = "/sys/class/dmi/id"
_NOTEBOOK = frozenset({8, 9, 10, 14, 31, 32})
_CHASSIS = (
    dict.fromkeys(_NOTEBOOK, "notebook")
    | dict.fromkeys((3, 4, 5, 6, 7, 15, 16, 24, 35, 36), "desktop")
    | dict.fromkeys((17, 23, 25, 28, 29), "server")
    | {13: "all-in-one", 30: "tablet"}
)
_HYPERVISORS = (
    "qemu", "kvm", "vmware", "xen", "virtualbox", "innotek", "bochs", "parallels",
    "amazon ec2", "google compute", "openstack", "digitalocean", "alibaba cloud", "virtual machine",
)  # fmt: skip
_PLACEHOLDERS = frozenset(
    {
        "",
        "to be filled by o.e.m.",
        "system manufacturer",
        "system product name",
        "default string",
        "none",
    }
)


def machine_facts(host: Host) -> Machine:
    """Everything that the machine says of itself. What it does not say is None."""
    if host.system != "linux":
        return _portable_facts(host)
    cpu = _cpuinfo(_read(host, "/proc/cpuinfo") or "")
    maker = _dmi(host, "sys_vendor")
    model = _dmi(host, "product_name")
    if maker == "LENOVO":  # whose product_name is an order number: 20XW0026GE
        model = _dmi(host, "product_version") or model
    named = f"{maker or ''} {model or ''}".lower()
    virtual = "hypervisor" in cpu.get("flags", "").split() or any(h in named for h in _HYPERVISORS)
    threads = _online(_read(host, "/sys/devices/system/cpu/online")) or _number(cpu.get("threads"))
    return Machine(
        host=_read(host, "/proc/sys/kernel/hostname") or "",
        category="server" if virtual else _category(host),
        manufacturer=maker,
        model=model or _read(host, "/sys/firmware/devicetree/base/model"),
        cpu_model=cpu.get("model name"),
        chips=_number(cpu.get("chips")),
        cores=_number(cpu.get("cores")),
        threads=threads,
        memory_b=_memory_b(_read(host, "/proc/meminfo")),
        disks=len(drives(host)) or None,
        virtual=virtual,
        system=host.system,
    )


def _read(host: Host, path: str) -> str | None:
    try:
        return host.text(path).rstrip("\0") or None
    except (NotSupported, NotPermitted, ReadError):
        return None


def _dmi(host: Host, name: str) -> str | None:
    text = _read(host, f"{DMI}/{name}")
    return None if text is None or text.lower() in _PLACEHOLDERS else text


def _category(host: Host) -> str | None:
    chassis = _number(_read(host, f"{DMI}/chassis_type"))
    if chassis in _CHASSIS:
        return _CHASSIS[chassis]
    return "notebook" if host.glob("/sys/class/power_supply/BAT*") else None


def _cpuinfo(text: str) -> dict[str, str]:
    """The first processor's lines, and how many chips, cores and threads there are."""
    first: dict[str, str] = {}
    chips: set[str] = set()
    cores: set[tuple[str, str]] = set()
    threads, chip = 0, ""
    for line in text.splitlines():
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "processor":
            threads += 1
        elif key == "physical id":
            chip = value
            chips.add(value)
        elif key == "core id":
            cores.add((chip, value))
        if key:
            first.setdefault(key, value)
    counts = {"chips": len(chips), "cores": len(cores), "threads": threads}
    return first | {name: str(count) for name, count in counts.items() if count}


def _online(text: str | None) -> int | None:
    """`0-3,8` is 5 processors."""
    if not text or not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text, re.ASCII):
        return None
    ranges = [part.split("-") for part in text.split(",")]
    counts = [int(r[-1]) - int(r[0]) + 1 for r in ranges]
    return sum(counts) if min(counts) > 0 else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _memory_b(text: str | None) -> float | None:
    total_kib = re.search(r"^MemTotal:\s*(\d+) kB", text or "", re.ASCII | re.MULTILINE)
    return int(total_kib[1]) * 1024.0 if total_kib else None


def _portable_facts(host: Host) -> Machine:
    if not host.is_here:
        return Machine(system=host.system)
    import platform

    import psutil

    return Machine(
        host=platform.node(),
        category="notebook" if psutil.sensors_battery() else None,
        cpu_model=platform.processor() or None,
        cores=psutil.cpu_count(logical=False),
        threads=psutil.cpu_count(),
        memory_b=float(psutil.virtual_memory().total),
        system=host.system,
    )
