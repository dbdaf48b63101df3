"""The text of launchd's property list, for macOS. Never run by us.

Source: https://keith.github.io/xcode-man-pages/launchd.plist.5.html
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sobriety.settings.config import SERVICE_DATA, data_folder

from .plan import Remove, RemoveData, RunCommand, ServicePlan, Write

LABEL = "org.sobriety.collector"


def property_list(program: Sequence[str], data: Path | None) -> str:
    """Starts at boot, again after a failure, and gives way to everything else."""
    import plistlib

    wanted: dict[str, object] = {
        "Label": LABEL,
        "ProgramArguments": [*program, "collect", "--daemon"],
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Nice": 10,
        "Umask": 0o077,
    }
    if data:
        wanted["EnvironmentVariables"] = {"SOBRIETY_HOME": str(data)}
    return plistlib.dumps(wanted, sort_keys=False).decode()


@dataclass(frozen=True, slots=True)
class Launchd:
    """The machine's daemons, as root; or with `user` the agents of whoever asks."""

    user: bool = False

    @property
    def path(self) -> Path:
        library = Path.home() / "Library" / "LaunchAgents" if self.user else Path("/Library")
        return (library if self.user else library / "LaunchDaemons") / f"{LABEL}.plist"

    @property
    def data(self) -> Path:
        return data_folder() if self.user else SERVICE_DATA["darwin"]

    def text(self, program: Sequence[str]) -> str:
        return property_list(program, None if self.user else self.data)

    def install(self, program: Sequence[str]) -> ServicePlan:
        out = RunCommand(("launchctl", "bootout", f"{self._domain}/{LABEL}"), may_fail=True)
        load = RunCommand(("launchctl", "bootstrap", self._domain, str(self.path)))
        return ServicePlan((out, Write(self.path, self.text(program), is_stamped=False), load))

    def uninstall(self, *, purge: bool) -> ServicePlan:
        out = RunCommand(("launchctl", "bootout", f"{self._domain}/{LABEL}"), may_fail=True)
        return ServicePlan(
            (out, Remove(self.path), *([RemoveData(self.data, not self.user)] if purge else []))
        )

    @property
    def _domain(self) -> str:
        return f"gui/{os.getuid()}" if self.user else "system"
