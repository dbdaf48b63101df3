"""Which program the service runs, and whether a service could see it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from sobriety.core.errors import ConfigError

UNSEEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")
"""What ProtectHome and PrivateTmp hide; the homes on Debian are closed to other users anyway."""

INSTALL_HINT = (
    "install it where a service can see it: sudo python3 -m venv /opt/sobriety"
    " && sudo /opt/sobriety/bin/pip install sobriety"
)


def this_program() -> tuple[str, ...]:
    """The words that start this sobriety again, the first of them absolute."""
    script = Path(sys.executable).with_name("sobriety.exe" if os.name == "nt" else "sobriety")
    return (str(script),) if script.exists() else (sys.executable, "-m", "sobriety")


def chosen_program(path: str | None) -> tuple[str, ...]:
    """The operator's choice, else this one. Raises ConfigError for a path that is not absolute."""
    if path is None:
        return this_program()
    if not Path(path).is_absolute():
        raise ConfigError(f"{path} is not an absolute path", hint="begin it with a slash")
    return (path,)


def refuse_unseen(program: tuple[str, ...]) -> None:
    """Raises ConfigError for a program that the sandbox of a system's service would hide."""
    if re.search(r"[\"'\\]", program[0]):
        raise ConfigError(f"systemd runs no {program[0]}: it has a quote", hint="rename its folder")
    places = [Path(program[0])]
    if program == this_program():
        # The interpreter of a venv and an editable install may be elsewhere than the command.
        places += [Path(sys.base_prefix), Path(__file__)]
    for place in (seen for path in places for seen in (path, path.resolve())):
        hidden = next((u for u in UNSEEN if place.is_relative_to(u)), None)
        if hidden:
            raise ConfigError(
                f"a service cannot see {place}: {hidden} is hidden", hint=INSTALL_HINT
            )
    if not os.access(program[0], os.X_OK):
        raise ConfigError(f"{program[0]} is not a program that can be run", hint=INSTALL_HINT)
