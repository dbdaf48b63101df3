"""Every setting knows its origin; everything unknown or wrong is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.settings import config


def write(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    path = home / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_later_sources_win_and_say_so(home: Path) -> None:
    path = write(home, 'zone = "FR"\ninterval_s = 10\nidle_w = 40\n')
    environ = {"SOBRIETY_HOME": str(home), "SOBRIETY_INTERVAL_S": "2", "SOBRIETY_PUE": "1.5"}
    found = config.load({"pue": "1.2", "zone": None}, environ=environ)
    assert (found.text("zone"), found.origin("zone")) == ("FR", f"{path}, line 1")
    assert (found.number("interval_s"), found.origin("interval_s")) == (2, "SOBRIETY_INTERVAL_S")
    assert (found.number("pue"), found.origin("pue")) == (1.2, "--pue")
    assert (found.number("row_s"), found.origin("row_s")) == (60, "default")


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('# mine\n\nznoe = "QC"\n', "line 3: unknown setting 'znoe'", "'zone'"),
        ("[pump]\nurl = 1\n", "line 1: unknown setting 'pump'", "sobriety config"),
        ("interval_s = -1\n", "line 1: interval_s is -1; expected a number from 0.1", None),
        ("interval_s = true\n", "interval_s is True", None),
        ('factor_kind = "market"\n', "expected one of direct, life-cycle", None),
        ("idle_w = 50\nmax_w = 40\n", "line 2: max_w is 40, below idle_w, 50", "busy"),
        ('host = "\\u001b[31m"\n', "expected a text in quotes, of printable", None),
        ("collectors = [1]\n", "expected names", None),
        ("zone = \n", "is not valid TOML", None),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    home: Path, text: str, said: str, hint: str | None
) -> None:
    path = write(home, text)
    with pytest.raises(ConfigError) as error:
        config.load(environ={"SOBRIETY_HOME": str(home)})
    assert str(path) in error.value.message
    assert said in error.value.message
    assert hint is None or hint in (error.value.hint or "")
    assert error.value.exit_code == 2


def test_a_file_in_another_encoding_is_told(home: Path) -> None:
    path = write(home, "")
    path.write_bytes('zone = "Québec"\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8: byte 0xe9"):
        config.load(environ={"SOBRIETY_HOME": str(home)})


def test_a_named_file_must_exist_and_be_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        config.load(file=tmp_path / "absent.toml", environ={})
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(file=tmp_path, environ={})


def test_set_changes_one_line_and_keeps_the_others(home: Path) -> None:
    path = write(home, '# why\nzone = "FR"\npue = 1.4 # measured\n')
    config.save("zone", "CA-QC", path)
    config.save("idle_w", "41.5", path)
    config.save("collectors", "cpu rapl", path)
    assert path.read_text(encoding="utf-8") == (
        '# why\nzone = "CA-QC"\npue = 1.4 # measured\nidle_w = 41.5\ncollectors = ["cpu", "rapl"]\n'
    )
    found = config.load(environ={"SOBRIETY_HOME": str(home)})
    assert found.names("collectors") == ("cpu", "rapl")


def test_set_refuses_what_load_would_refuse(home: Path) -> None:
    path = home / "config.toml"
    with pytest.raises(ConfigError, match="idle_w is 'lots'"):
        config.save("idle_w", "lots", path)
    assert not path.exists()


def test_folders_follow_the_platform(tmp_path: Path) -> None:
    xdg = {"XDG_DATA_HOME": str(tmp_path / "d"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    assert config.data_folder(xdg) == tmp_path / "d" / "sobriety"
    assert config.user_file(xdg) == tmp_path / "c" / "sobriety" / "config.toml"
    assert config.data_folder({"SOBRIETY_HOME": str(tmp_path), **xdg}) == tmp_path
