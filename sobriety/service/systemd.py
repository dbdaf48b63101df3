"""Installing, removing and asking about the service where systemd runs the machine.

Source: https://www.freedesktop.org/software/systemd/man/latest/systemctl.html
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sobriety.core.errors import NotPermitted, NotSupported, SobrietyError
from sobriety.settings.config import SERVICE_DATA, data_folder

from .needs import Needs
from .plan import Remove, RemoveData, RunCommand, ServicePlan, ServiceStep, Write, joined, run
from .program import this_program
from .unit import SYSUSERS, TMPFILES, system_unit, user_unit

UNIT = "sobriety.service"
ETC = Path("/etc")


@dataclass(frozen=True, slots=True)
class Systemd:
    """systemd's own manager, or with `user` that of whoever asks."""

    user: bool = False
    etc: Path = ETC

    @property
    def unit_path(self) -> Path:
        if not self.user:
            return self.etc / "systemd" / "system" / UNIT
        config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        return Path(config) / "systemd" / "user" / UNIT

    @property
    def data(self) -> Path:
        """Where the service writes."""
        return data_folder() if self.user else SERVICE_DATA["linux"]

    def text(self, program: tuple[str, ...], needs: Needs) -> str:
        """The unit."""
        if self.user:
            return user_unit(program, needs, os.environ.get("SOBRIETY_HOME"))
        return system_unit(program, needs)

    def install(self, program: tuple[str, ...], needs: Needs) -> ServicePlan:
        """Write, load, enable and start it; one that runs is started anew. Raises NotSupported."""
        files: list[ServiceStep] = [Write(self.unit_path, self.text(program, needs))]
        opened: list[ServiceStep] = []
        if needs.energy_group and not self.user:
            users, files_d = self._companions()
            opened = [Write(users, SYSUSERS), RunCommand(("systemd-sysusers", str(users)))]
            opened += [Write(files_d, TMPFILES)]  # applied by the unit, at every start
        started = [
            self._systemctl("daemon-reload"),
            self._systemctl("enable", UNIT),
            self._systemctl("restart", UNIT),
        ]
        return joined(opened, files, started)

    def uninstall(self, *, purge: bool) -> ServicePlan:
        """Stop it and take away what was written, but for the data, unless `purge`."""
        steps: list[ServiceStep] = [self._systemctl("disable", "--now", UNIT, may_fail=True)]
        steps.append(Remove(self.unit_path))
        if not self.user:
            steps += [Remove(path) for path in self._companions()]
        if purge:  # not `systemctl clean`: that needs a message bus
            steps.append(RemoveData(self.data, is_whole=not self.user))
        steps.append(self._systemctl("daemon-reload"))
        return ServicePlan(tuple(steps))

    def refuse_others(self, verb: str) -> None:
        """Raises NotPermitted for a user who may not; NotSupported where systemd does not run."""
        if not self.user and os.geteuid() != 0 and self.etc == ETC:
            raise NotPermitted(
                f"{self.unit_path.parent} is root's to write",
                hint=f"sudo {' '.join(this_program())} service {verb}",
            )
        self.show("Version")

    def show(self, *properties: str, unit: str | None = None) -> dict[str, str]:
        """What systemd says, by property. Raises NotSupported where it does not run."""
        asked = [f"--property={','.join(properties)}"]
        try:
            done = run(*self._systemctl("show", *([unit] if unit else []), *asked).words)
        except SobrietyError as error:
            raise NotSupported(error.message, hint=_ELSEWHERE) from None
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["systemctl gave no answer"])[0]
            raise NotSupported(f"systemd does not answer: {said}", hint=_ELSEWHERE)
        lines = (line.partition("=") for line in done.stdout.splitlines())
        return {name: value for name, _, value in lines}

    def _systemctl(self, *words: str, may_fail: bool = False) -> RunCommand:
        whose = ("--user",) if self.user else ()
        return RunCommand(("systemctl", *whose, *words), may_fail)

    def _companions(self) -> tuple[Path, Path]:
        return self.etc / "sysusers.d" / "sobriety.conf", self.etc / "tmpfiles.d" / "sobriety.conf"


_ELSEWHERE = "without systemd, run: sobriety collect --daemon"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What is known of the service. `since` is systemd's own words; empty where it never ran."""

    path: Path
    data: Path
    installed: bool
    enabled: str
    active: str
    since: str
    restarts: str
    says: str


def service_status(manager: Systemd) -> ServiceStatus:
    """Ask systemd. Raises NotSupported where it does not run."""
    found = manager.show(
        "LoadState", "UnitFileState", "ActiveState", "SubState", "StateChangeTimestamp",
        "NRestarts", "StatusText", "FragmentPath", unit=UNIT,
    )  # fmt: skip
    return ServiceStatus(
        Path(found.get("FragmentPath") or manager.unit_path),
        manager.data,
        found.get("LoadState") == "loaded",
        found.get("UnitFileState", ""),
        f"{found.get('ActiveState', '')} ({found.get('SubState', '')})",
        found.get("StateChangeTimestamp", ""),
        found.get("NRestarts", ""),
        found.get("StatusText", ""),
    )
