"""The text of systemd's unit for a gateway, from the words that it is served with.

Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .unit import quoted

UNIT = "sobriety-gateway.service"
FOLDER = "sobriety-gateway"
"""Below /var/lib; the lake is in it."""

_RUN = """\
[Unit]
Description=sobriety's gateway, which takes in what many machines consume
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart={words}
Restart=on-failure
RestartSec=10
# 2: a word is wrong, or there is no token yet, which no restart mends.
RestartPreventExitStatus=2
# The drain is a process of its own, and ends by itself: what was received is in the lake then.
KillMode=mixed
TimeoutStopSec=5min

# A user that exists while the service runs. The lake is in /var/lib/{folder}, and root's to read.
DynamicUser=yes
User=sobriety-gateway
StateDirectory={folder}
StateDirectoryMode=0700
Environment=SOBRIETY_HOME=%S/{folder}
"""

_CERTIFICATE = """
# Both stay root's: systemd hands over copies, and new ones at every start.
LoadCredential=cert.pem:{certificate}
LoadCredential=key.pem:{key}
"""

_SANDBOX = """
TasksMax=256
LimitNOFILE=16384
LimitCORE=0

# No power that files of its own and sockets do not need.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0077
PrivateDevices=yes
DevicePolicy=closed
PrivateIPC=yes
PrivateMounts=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
"""


def gateway_unit(
    program: Sequence[str],
    words: Sequence[str],
    certificate: Path | None,
    key: Path | None,
    *,
    local: bool,
) -> str:
    """`words` are those of `sobriety serve` but for lake and certificate. A `local` one is reached
    by this machine alone, as by a proxy before it. A certificate without a key holds both."""
    handed = ""
    if certificate is not None:
        handed = _CERTIFICATE.format(certificate=_path(certificate), key=_path(key or certificate))
        files = "${CREDENTIALS_DIRECTORY}"
        words = [*words, "--tls-cert", f"{files}/cert.pem", "--tls-key", f"{files}/key.pem"]
    line = " ".join((*map(quoted, program), "serve", *words))
    addresses = "IPAddressDeny=any\nIPAddressAllow=localhost\n" if local else ""
    return "".join(
        (
            _RUN.format(words=line, folder=FOLDER),
            handed,
            _SANDBOX,
            addresses,
            "\n[Install]\nWantedBy=multi-user.target\n",
        )
    )


def _path(path: Path) -> str:
    return str(path.absolute()).replace("%", "%%")
