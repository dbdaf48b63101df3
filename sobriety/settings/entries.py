"""Reads the settings of one TOML file: in tables, or at its top by their old names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from sobriety.core.errors import ConfigError

from .keys import BY_NAME, BY_PATH, OLD_NAMES_UNTIL, SETTINGS, TABLES, Setting


class SettingEntry(NamedTuple):
    """A setting of a file. `is_old`: at the top, by the name that it had before 0.2."""

    setting: Setting
    raw: object
    origin: str
    is_old: bool


def read_entries(path: Path, *, must_exist: bool) -> list[SettingEntry]:
    """Read the settings of a file. Raises ConfigError, which names the line."""
    text = text_of(path)
    if text is None:
        if must_exist:
            raise ConfigError(f"no configuration file {path}")
        return []
    import tomllib

    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    lines: dict[tuple[str | int, ...], int] = {}

    def origin(*place: str) -> str:
        if not lines:  # a file is hardly ever asked for them
            from sobriety.files.toml_lines import lines_of

            lines.update(lines_of(text))
        return f"{path}, line {lines.get(place, 1)}"

    entries: list[SettingEntry] = []
    for name, raw in content.items():
        if name in TABLES and isinstance(raw, dict):
            table = cast("dict[str, object]", raw)
            for key, value in table.items():
                setting = BY_PATH.get(f"{name}.{key}")
                if setting is None:
                    raise unknown_setting(origin(name, key), f"{name}.{key}")
                entries.append(SettingEntry(setting, value, origin(name, key), False))
        elif name in BY_NAME:
            entries.append(SettingEntry(BY_NAME[name], raw, origin(name), True))
        else:
            raise unknown_setting(origin(name), name)
    _refuse_both(path, entries)
    return entries


def text_of(path: Path) -> str | None:
    """None where there is no such file. Raises ConfigError for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at {error.start}",
            hint="save it as UTF-8",
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None


def _refuse_both(path: Path, entries: Sequence[SettingEntry]) -> None:
    """One setting in both forms may have two values, and nobody knows which is meant."""
    old = {e.setting.name for e in entries if e.is_old}
    for entry in entries:
        if not entry.is_old and entry.setting.name in old:
            name, setting = entry.setting.name, entry.setting.path
            raise ConfigError(
                f"{path} has {setting} and, by its old name, {name}", hint=f"remove {name}"
            )


def old_names(path: Path, old: Sequence[Setting]) -> str:
    """A line for the user about settings in their old form."""
    pairs = ", ".join(f"{s.name} is now {s.path}" for s in old)
    return f"{path}: {pairs}; old names are read until {OLD_NAMES_UNTIL}"


def unknown_setting(origin: str, name: str) -> ConfigError:
    """The error for a name that no setting has."""
    import difflib

    paths = {**{s.path: s.path for s in SETTINGS}, **{s.name: s.path for s in SETTINGS}}
    near = difflib.get_close_matches(name, paths, n=1)
    hint = f"did you mean {paths[near[0]]!r}?" if near else "list them with: sobriety config"
    return ConfigError(f"{origin}: unknown setting {name!r}", hint=hint)
