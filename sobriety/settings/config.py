"""Settings: from the command line, the environment, a file, or a default; each knows its origin.

A later one in this list wins: default, /etc/sobriety/config.toml, the user's config.toml, files
that systemd hands over, environment (`SOBRIETY_ZONE`), command line. An unknown key is an error: a
setting that is silently ignored is worse than none.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sobriety.core.errors import ConfigError

from .keys import BY_NAME, SETTINGS, Value

SERVICE_DATA = {
    "linux": Path("/var/lib/sobriety"),
    "darwin": Path("/Library/Application Support/sobriety"),
}
"""Where a service of the whole machine writes; private to it and to root."""


class Config:
    """Every setting's value and where it came from."""

    def __init__(self, values: Mapping[str, Value], origins: Mapping[str, str]) -> None:
        self._values, self._origins = dict(values), dict(origins)

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
    files = [file] if file else [system_file(), user_file(environ)]
    for path in files:
        for name, raw, line in _read_file(path, must_exist=file is not None):
            _put(values, origins, name, raw, f"{path}, line {line}")
    for setting in SETTINGS:
        handed = credential(setting.name, environ)
        if handed is not None:
            _put(values, origins, setting.name, str(handed), str(handed))
        variable = f"SOBRIETY_{setting.name.upper()}"
        if environ.get(variable):
            _put(values, origins, setting.name, environ[variable], variable)
    for name, raw in (options or {}).items():
        if raw is not None:
            _put(values, origins, name, raw, f"--{name.removesuffix('_s').replace('_', '-')}")
    idle_w, max_w = values["idle_w"], values["max_w"]
    if isinstance(idle_w, float) and isinstance(max_w, float) and max_w < idle_w:
        raise ConfigError(
            f"{origins['max_w']}: max_w is {max_w:g}, below idle_w, {idle_w:g}",
            hint="read both again: a busy machine draws more than an idle one",
        )
    return Config(values, origins)


def credential(name: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file of a setting that systemd hands over (LoadCredential=), to a service whose user may
    not open the one that the setting names; None where it hands over none."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder or not name.endswith("_file"):
        return None
    found = Path(folder) / name
    return found if os.path.isfile(found) else None  # noqa: PTH113  # also where it may not look


def _put(
    values: dict[str, Value], origins: dict[str, str], name: str, raw: object, origin: str
) -> None:
    setting = BY_NAME.get(name)
    if setting is None:
        import difflib

        near = difflib.get_close_matches(name, BY_NAME, n=1)
        raise ConfigError(
            f"{origin}: unknown setting {name!r}",
            hint=f"did you mean {near[0]!r}?" if near else "list them with: sobriety config",
        )
    try:
        values[name] = setting.read(raw)
    except ValueError as error:
        raise ConfigError(f"{origin}: {name} is {raw!r}; {error}") from None
    origins[name] = origin


def _read_file(path: Path, *, must_exist: bool) -> list[tuple[str, object, int]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise ConfigError(f"no configuration file {path}") from None
        return []
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at {error.start}",
            hint="save it as UTF-8",
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    import tomllib

    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    return [(name, raw, _line_of(name, text)) for name, raw in table.items()]


def _line_of(name: str, text: str) -> int:
    found = re.search(rf'^\s*\[?\s*["\']?{re.escape(name)}\b', text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else 1


def save(name: str, raw: str, path: Path) -> None:
    """Write one setting into a TOML file, leaving every other line as it is.

    Raises ConfigError for an unknown name, a bad value, or a file that cannot be written.
    """
    save_all({name: raw}, path)


def save_all(changes: Mapping[str, str | None], path: Path) -> None:
    """Write settings into a TOML file, all or none; None takes one out. Other lines stay.

    Raises ConfigError as `save` does.
    """
    values: dict[str, Value] = {}
    for name, raw in changes.items():
        if raw is not None:
            _put(values, {}, name, raw, "sobriety config set")
    _read_file(path, must_exist=False)  # a broken file is not made worse
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for name in changes:
            text = _with_line(
                text, name, f"{name} = {_toml(values[name])}\n" if name in values else ""
            )
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}",
            hint="choose another folder with SOBRIETY_HOME",
        ) from None
    from sobriety.files.durable import write_whole

    write_whole(path, text)


def _with_line(text: str, name: str, line: str) -> str:
    pattern = re.compile(rf"^{name}\s*=.*\n?", re.MULTILINE)
    if pattern.search(text):
        return pattern.sub(lambda _: line, text, count=1)
    return text + ("" if not line or not text or text.endswith("\n") else "\n") + line


def _toml(value: Value) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_quoted(v) for v in value) + "]"
    return _quoted(value) if isinstance(value, str) else f"{value:g}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


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
