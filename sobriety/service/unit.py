"""The text of systemd's unit, from what the sensors of this machine need.

Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
        https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .needs import Needs

GROUP = "sobriety"
"""May read the energy counters. Not the user's name: systemd refuses to invent a user beside a
static group of the same name."""

WATCHDOG_S = 120
"""A stalled disk may hold a write for a minute; a sensor that hangs for longer is killed."""

SYSUSERS = f"g {GROUP} -\n"
TMPFILES = """\
z /sys/devices/virtual/powercap/intel-rapl/intel-rapl:*/*_uj              0440 root sobriety
z /sys/devices/virtual/powercap/intel-rapl/intel-rapl:*/intel-rapl:*/*_uj 0440 root sobriety
"""

_HEAD = """\
[Unit]
Description=sobriety, what this machine consumes in joules
"""

_RUN = """
[Service]
Type=notify
ExecStart={program} collect --daemon
# Reads its settings anew, and its program after an upgrade.
ExecReload=/bin/kill -HUP $MAINPID
WatchdogSec={watchdog_s}
Restart=on-failure
RestartSec=30
# 2: a setting is wrong, which no restart mends.
RestartPreventExitStatus=2
"""

_IDENTITY = """
# A user that exists while the service runs. Its data are in /var/lib/sobriety, and root's to read.
DynamicUser=yes
User=sobriety-agent
StateDirectory=sobriety
StateDirectoryMode=0700
Environment=SOBRIETY_HOME=%S/sobriety
"""

_ENERGY = """
# The energy counters are root's since CVE-2020-8694. A group that may read these files and nothing
# else is less power than CAP_DAC_READ_SEARCH, which reads every file of the machine. Done at every
# start, since the driver may be loaded later than systemd-tmpfiles runs at boot.
SupplementaryGroups=sobriety
ExecStartPre=-+/usr/bin/systemd-tmpfiles --create sobriety.conf
"""

_POLITE = """
# The machine's own work comes first.
Nice=10
CPUWeight=20
IOSchedulingClass=idle
MemoryMax=256M
TasksMax=64
LimitCORE=0
"""

_SECCOMP = """
# No power that reading /proc and /sys does not need.
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
"""

_SANDBOX = """CapabilityBoundingSet=
AmbientCapabilities=
PrivateIPC=yes
PrivateMounts=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
# Every process counts, and the network cards of the machine: neither is hidden.
ProtectProc=default
ProcSubset=all
PrivateNetwork=no
"""


def system_unit(program: Sequence[str], needs: Needs) -> str:
    """Of the whole machine: a user of its own, in a sandbox with the doors that `needs` names."""
    return "".join(
        (
            _HEAD,
            _run(program),
            _IDENTITY,
            _files(needs),
            _ENERGY if needs.energy_group else "",
            _POLITE,
            _SECCOMP,
            _SANDBOX,
            _devices(needs),
            _network(needs),
            "\n[Install]\nWantedBy=multi-user.target\n",
        )
    )


def user_unit(program: Sequence[str], needs: Needs, home: str | None = None) -> str:
    """Of one person, as whom it runs: without what only root can set up. `home` is SOBRIETY_HOME
    where they have set it."""
    environment = f"Environment={quoted(f'SOBRIETY_HOME={home}')}\n" if home else ""
    return "".join(
        (
            _HEAD,
            _run(program),
            environment,
            _POLITE,
            _SECCOMP,
            f"RestrictAddressFamilies={_families(needs)}\n",
            "\n[Install]\nWantedBy=default.target\n",
        )
    )


def _run(program: Sequence[str]) -> str:
    words = " ".join(quoted(word) for word in program)
    return _RUN.format(program=words, watchdog_s=WATCHDOG_S)


def _files(needs: Needs) -> str:
    if not needs.files:
        return ""
    handed = "".join(
        f"LoadCredential={name}:{str(path).replace('%', '%%')}\n" for name, path in needs.files
    )
    return f"# Files of settings that stay root's: systemd hands over copies.\n{handed}"


def _devices(needs: Needs) -> str:
    if not needs.devices:
        return "PrivateDevices=yes\nDevicePolicy=closed\n"
    allowed = "".join(f"DeviceAllow={path} rw\n" for path in needs.devices)
    why = "# A sensor is read through these, so /dev cannot be private."
    return f"{why}\nDevicePolicy=closed\n{allowed}"


def _network(needs: Needs) -> str:
    allowed = "IPAddressAllow=localhost\n" if needs.network == "localhost" else ""
    denied = "" if needs.network == "any" else "IPAddressDeny=any\n"
    return f"RestrictAddressFamilies={_families(needs)}\n{denied}{allowed}"


def _families(needs: Needs) -> str:
    return "AF_UNIX" if needs.network == "none" else "AF_UNIX AF_INET AF_INET6"


def quoted(word: str) -> str:
    """As systemd reads the first word of a command and a value of Environment: % begins a
    specifier, and $ is itself."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{word}"' if re.search(r"[\s\"';]", word) else word


def argument(word: str) -> str:
    """As systemd reads the words behind the first: $ begins a variable there."""
    return quoted(word).replace("$", "$$")
