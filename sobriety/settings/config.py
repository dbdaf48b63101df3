"""Reads settings from defaults, files, the environment and the command line, with their origin.

A later one in this list wins: default, /etc/sobriety/config.toml, the user's config.toml, files
that systemd hands over, environment (`SOBRIETY_ZONE`), command line. An unknown key is an error: a
setting that is silently ignored is worse than none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sobriety.core.errors import ConfigError

from .entries import old_names, read_entries
from .keys import BY_NAME, SETTINGS, Setting, Value

SERVICE_DATA = {
    "linux": Path("/var/lib/sobriety"),
    "darwin": Path("/Library/Application Support/sobriety"),
}
"""Where a service of the whole machine writes; private to it and to root."""


class Config:
    """Every setting's value and where it came from.

    notes   lines for the user: settings written in an old form, by file
    """

    def __init__(
        self,
        values: Mapping[str, Value],
        origins: Mapping[str, str],
        notes: Sequence[str] = (),
    ) -> None:
        self._values, self._origins = dict(values), dict(origins)
        self.notes = tuple(notes)

    def text(self, name: str) -> str | None:
        value = self._values[name]
        return value if isinstance(value, str) else None

    def number(self, name: str) -> float | None:
        value = self._values[name]
        return value if isinstance(value, float) else None

    def names(self, name: str) -> tuple[str, ...] | None:
        value = self._values[name]
        return value if isinstance(value, tuple) else None

    def must_number(self, name: str) -> float:
        """A number that has a default."""
        value = self.number(name)
        assert value is not None, name
        return value

    def value(self, name: str) -> Value:
        return self._values[name]

    def origin(self, name: str) -> str:
        """`default`, the environment variable, the option, or the file."""
        return self._origins[name]


def load(
    options: Mapping[str, object] | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Read every source. `options` are the command line's; those that are None were not given.

    Raises ConfigError naming the file and line, the variable or the option.
    """
    values: dict[str, Value] = {s.name: s.default for s in SETTINGS}
    origins = dict.fromkeys(values, "default")
    notes: list[str] = []
    files = [file] if file else [system_file(), user_file(environ)]
    for path in files:
        entries = read_entries(path, must_exist=file is not None)
        old = [e.setting for e in entries if e.is_old]
        if old:
            notes.append(old_names(path, old))
        for entry in entries:
            put_value(values, origins, entry.setting, entry.raw, entry.origin)
    for setting in SETTINGS:
        handed = credential(setting.name, environ)
        if handed is not None:
            put_value(values, origins, setting, str(handed), str(handed))
        variable = f"SOBRIETY_{setting.name.upper()}"
        if environ.get(variable):
            put_value(values, origins, setting, environ[variable], variable)
    for name, raw in (options or {}).items():
        if raw is not None:
            option = f"--{name.removesuffix('_s').replace('_', '-')}"
            put_value(values, origins, BY_NAME[name], raw, option)
    idle_w, max_w = values["idle_w"], values["max_w"]
    if isinstance(idle_w, float) and isinstance(max_w, float) and max_w < idle_w:
        raise ConfigError(
            f"{origins['max_w']}: max_w is {max_w:g}, below idle_w, {idle_w:g}",
            hint="read both again: a busy machine draws more than an idle one",
        )
    return Config(values, origins, notes)


def credential(name: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file of a setting that systemd hands over (LoadCredential=), to a service whose user may
    not open the one that the setting names; None where it hands over none."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder or not name.endswith("_file"):
        return None
    found = Path(folder) / name
    return found if os.path.isfile(found) else None  # noqa: PTH113  # also where it may not look


def put_value(
    values: dict[str, Value], origins: dict[str, str], setting: Setting, raw: object, origin: str
) -> None:
    """Read a raw value into `values`. Raises ConfigError that names the origin."""
    try:
        values[setting.name] = setting.read(raw)
    except ValueError as error:
        raise ConfigError(f"{origin}: {setting.path} is {raw!r}; {error}") from None
    origins[setting.name] = origin


def system_file() -> Path:
    """The operator's file, for every user of the machine."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "sobriety" / "config.toml"
    return Path("/etc/sobriety/config.toml")


def user_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's file: SOBRIETY_HOME, else XDG_CONFIG_HOME, else the platform's place."""
    return _folder(environ, "XDG_CONFIG_HOME", ".config") / "config.toml"


def calibration_file() -> Path:
    """Where this machine's readings belong: the operator's file where root writes for the service,
    which reads no user's file; else the user's."""
    of_service = not os.environ.get("SOBRIETY_HOME") and data_folder() == SERVICE_DATA.get(
        sys.platform
    )
    return system_file() if of_service else user_file()


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the spool and the lake are: SOBRIETY_HOME, else XDG_DATA_HOME, else the platform's.
    For root it is the system service's, where there is one: `sudo sobriety status` finds it."""
    service = SERVICE_DATA.get(sys.platform)
    chosen = environ.get("SOBRIETY_HOME") or environ.get("XDG_DATA_HOME")
    if service and not chosen and os.geteuid() == 0 and service.is_dir():
        return service
    return _folder(environ, "XDG_DATA_HOME", ".local/share")


def closed_service_data() -> Path | None:
    """The system service's data folder, where it exists and is not this user's to read."""
    service = SERVICE_DATA.get(sys.platform)
    if service and os.path.lexists(service) and not os.access(service, os.R_OK | os.X_OK):
        return service
    return None


def _folder(environ: Mapping[str, str], xdg: str, default: str) -> Path:
    if environ.get("SOBRIETY_HOME"):
        return Path(environ["SOBRIETY_HOME"]).expanduser()
    if environ.get(xdg):
        return Path(environ[xdg]) / "sobriety"
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "sobriety"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "sobriety"
    return home / default / "sobriety"
