"""Every setting knows its origin; whatever is unknown or wrong is reported with its place."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.settings import config
from sobriety.settings.keys import SETTINGS, Value
from sobriety.settings.writing import as_toml, save, save_all


def write(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    path = home / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_later_sources_win_and_say_so(home: Path) -> None:
    path = write(home, '[grid]\nzone = "FR"\n[collect]\ninterval_s = 10\n[machine]\nidle_w = 40\n')
    environ = {"SOBRIETY_HOME": str(home), "SOBRIETY_INTERVAL_S": "2", "SOBRIETY_PUE": "1.5"}
    found = config.load({"pue": "1.2", "zone": None}, environ=environ)
    assert (found.text("zone"), found.origin("zone")) == ("FR", f"{path}, line 2")
    assert (found.number("interval_s"), found.origin("interval_s")) == (2, "SOBRIETY_INTERVAL_S")
    assert (found.number("pue"), found.origin("pue")) == (1.2, "--pue")
    assert (found.number("row_s"), found.origin("row_s")) == (60, "default")


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('# mine\n\n[grid]\nznoe = "QC"\n', "line 4: unknown setting 'grid.znoe'", "'grid.zone'"),
        ('# mine\n\nznoe = "QC"\n', "line 3: unknown setting 'znoe'", "'grid.zone'"),
        ("[pump]\nurl = 1\n", "line 1: unknown setting 'pump'", "sobriety config"),
        ("[collect]\ninterval_s = -1\n",
         "line 2: collect.interval_s is -1; expected a number from 0.1", None),
        ("interval_s = true\n", "collect.interval_s is True", None),
        ('[grid]\nfactor_kind = "market"\n', "expected one of direct, life-cycle", None),
        ("[machine]\nidle_w = 50\nmax_w = 40\n", "line 3: max_w is 40, below idle_w, 50", "busy"),
        ('zone = "FR"\n[grid]\nzone = "CA-QC"\n', "has grid.zone and, by its old name, zone",
         "remove zone"),
        ("push = 3\n", "line 1: push.url is 3; expected a text", None),
        ('host = "\\u001b[31m"\n', "expected a text in quotes, of printable", None),
        ("collectors = [1]\n", "expected names", None),
        ("zone = \n", "is not valid TOML", None),
    ],
)  # fmt: skip
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


def test_old_names_are_read_and_reported_once_a_file(home: Path) -> None:
    path = write(home, 'zone = "FR"\npush = "https://gateway:9846"\n')
    found = config.load(environ={"SOBRIETY_HOME": str(home)})
    assert (found.text("zone"), found.text("push")) == ("FR", "https://gateway:9846")
    (note,) = found.notes
    assert note.startswith(f"{path}: zone is now grid.zone, push is now push.url; old names are")
    write(home, '[grid]\nzone = "FR"\n')
    assert config.load(environ={"SOBRIETY_HOME": str(home)}).notes == ()


def test_set_changes_one_line_and_keeps_the_others(home: Path) -> None:
    path = write(home, '# why\n[grid]\nzone = "FR" # ours\npue = 1.4 # measured\n')
    save("grid.zone", "CA-QC", path)
    save("machine.idle_w", "41.5", path)
    save("collect.collectors", "cpu rapl", path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith('# why\n[grid]\nzone = "CA-QC" # ours\npue = 1.4 # measured\n')
    found = config.load(environ={"SOBRIETY_HOME": str(home)})
    assert found.names("collectors") == ("cpu", "rapl")
    assert (found.number("idle_w"), found.number("pue")) == (41.5, 1.4)


@pytest.mark.parametrize("name", ["zone", "grid.zone"])
def test_a_setting_at_the_top_moves_to_its_table(home: Path, name: str) -> None:
    path = write(home, '# mine\nzone = "FR"\ninterval_s = 9\n')
    assert save(name, "CA-QC", path).path == "grid.zone"
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {
        "interval_s": 9, "grid": {"zone": "CA-QC"}
    }  # fmt: skip
    assert path.read_text(encoding="utf-8").startswith("# mine\n")


FILES = (
    'grid_hours = [\n  "a.csv", # north\n  "b.csv",\n]\nzone = "FR"\n',
    '[grid]\nhours = [\n  "a.csv",\n  "b.csv",\n]\n[machine]\nhost = """\nweb-1"""\n',
    'grid = { zone = "FR", hours = ["a.csv"] }\n',
    'grid.zone = "FR"\ngrid.hours = ["a.csv"]\ncollect.interval_s = 3\n',
    '[report]\nlanguage = "fr"\n\n[grid]\n# nothing yet\n\n[push]\nurl = "https://g:1"',
    'push = "https://g:1"\npush_every_s = 60\n',
    '[grid]\r\nzone = "FR"\r\n\r\n[machine]\r\nidle_w = 40\r\n',
    "",
)


@pytest.mark.parametrize("text", FILES)
@pytest.mark.parametrize(("name", "raw"), [("grid.hours", "c.csv"), ("push.url", "https://h:2"),
                                           ("machine.idle_w", "41.5")])  # fmt: skip
def test_set_keeps_any_valid_file_valid(home: Path, text: str, name: str, raw: str) -> None:
    path = write(home, "")
    path.write_bytes(text.encode())
    before = config.load(environ={"SOBRIETY_HOME": str(home)})
    setting = save(name, raw, path)
    after = config.load(environ={"SOBRIETY_HOME": str(home)})
    assert after.value(setting.name) == setting.read(raw)
    for other in SETTINGS:
        if other != setting:
            assert after.value(other.name) == before.value(other.name), other.path


def test_removing_takes_a_setting_out_by_either_name(home: Path) -> None:
    path = write(home, "idle_w = 40\n[machine]\nmax_w = 90\n")
    save_all({"idle_w": None, "max_w": None}, path)
    found = config.load(environ={"SOBRIETY_HOME": str(home)})
    assert found.number("idle_w") is None and found.number("max_w") is None


def test_a_file_of_settings_says_what_they_are(tmp_path: Path) -> None:
    values: dict[str, Value] = {s.name: s.default for s in SETTINGS} | {
        "grid_hours": ("a.csv", 'b"c.csv'), "organisation": "Ville d’Æ \\ 1", "idle_w": 41.5,
        "push": "https://g:1",
    }  # fmt: skip
    path = tmp_path / "settings.toml"
    path.write_text(as_toml(values), encoding="utf-8")
    found = config.load(file=path, environ={})
    assert {s.name: found.value(s.name) for s in SETTINGS} == values and not found.notes


def test_set_refuses_what_load_would_refuse(home: Path) -> None:
    path = home / "config.toml"
    with pytest.raises(ConfigError, match=r"machine\.idle_w is 'lots'"):
        save("idle_w", "lots", path)
    with pytest.raises(ConfigError, match=r"unknown setting 'grid\.znoe'"):
        save("grid.znoe", "FR", path)
    assert not path.exists()


def test_every_setting_has_one_place() -> None:
    assert len({s.path for s in SETTINGS}) == len({s.name for s in SETTINGS}) == len(SETTINGS)


def test_folders_follow_the_platform(tmp_path: Path) -> None:
    xdg = {"XDG_DATA_HOME": str(tmp_path / "d"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    assert config.data_folder(xdg) == tmp_path / "d" / "sobriety"
    assert config.user_file(xdg) == tmp_path / "c" / "sobriety" / "config.toml"
    assert config.data_folder({"SOBRIETY_HOME": str(tmp_path), **xdg}) == tmp_path
