"""Writes settings into TOML files that people edit too: all or none, and nothing else moves."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import ConfigError

from .config import put_value
from .entries import read_entries, text_of, unknown_setting
from .keys import SETTINGS, Setting, Value, setting_of

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def save(name: str, raw: str, path: Path) -> Setting:
    """Write one setting, named by its path or its old name; return it.

    Raises ConfigError for an unknown name, a bad value, or a file that cannot be written.
    """
    setting = setting_of(name)
    if setting is None:
        raise unknown_setting("sobriety config set", name)
    save_all({setting.name: raw}, path)
    return setting


def save_all(changes: Mapping[str, str | None], path: Path) -> None:
    """Write settings by their names in the code, all or none; None removes one.

    A setting that stands at the file's top by its old name moves to its table. Comments, order and
    every other line stay. Raises ConfigError as `save` does.
    """
    values: dict[str, Value] = {}
    settings = {s.name: s for s in SETTINGS if s.name in changes}
    for name, raw in changes.items():
        if raw is not None:
            put_value(values, {}, settings[name], raw, "sobriety config set")
    read_entries(path, must_exist=False)  # a broken file is not made worse
    document = _parse(text_of(path) or "")
    for name, setting in settings.items():
        _write(document, setting, values.get(name))
    _replace(path, document.as_string(), settings, values)


def as_toml(values: Mapping[str, Value]) -> str:
    """A file of settings, by their names in the code; those that are None are left out."""
    document = _parse("")
    for setting in SETTINGS:
        if values.get(setting.name) is not None:
            _write(document, setting, values[setting.name])
    return document.as_string()


def _parse(text: str) -> TOMLDocument:
    import tomlkit  # here alone: an agent that only reads its settings does not load it

    return tomlkit.parse(text)


def _write(document: TOMLDocument, setting: Setting, value: Value) -> None:
    import tomlkit

    content: Any = document
    old = content.get(setting.name)
    if old is not None and not isinstance(old, dict):  # `push` is a table now, and was a text
        document.remove(setting.name)
    table = content.get(setting.table)
    if value is None:
        if table is not None:
            table.pop(setting.key, None)
            if not table and not table.as_string().strip():  # nothing is left of it, nor said in it
                document.remove(setting.table)
        return
    if table is None:
        table = document[setting.table] = tomlkit.table()
        table = document[setting.table]
    table[setting.key] = _plain(value)


def _plain(value: Value) -> object:
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _replace(
    path: Path, text: str, settings: Mapping[str, Setting], values: Mapping[str, Value]
) -> None:
    """Write the file, once what it would say is what was meant."""
    from sobriety.files.durable import write_whole

    content = tomllib.loads(text)
    for name, setting in settings.items():
        raw = content.get(setting.table, {}).get(setting.key)
        written = None if raw is None else setting.read(raw)
        assert written == values.get(name), (setting.path, raw)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}",
            hint="choose another folder with SOBRIETY_HOME",
        ) from None
    write_whole(path, text)
