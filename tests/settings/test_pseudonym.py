"""A made-up name: stable, not to be undone without the key, and the key is nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from sobriety.cli import command
from sobriety.core.errors import ConfigError, NotPermitted, SobrietyError
from sobriety.core.machine import Machine
from sobriety.settings import config as settings
from sobriety.settings.pseudonym import KEY_FILE, is_wanted, key, pseudonym, pseudonymised
from sobriety.spool import SpoolReader

LAPTOP = Machine(host="ada-lovelace-laptop", category="notebook", model="ThinkPad")
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")


def named(machine: Machine, folder: Path, **given: str) -> str:
    return pseudonymised(machine, settings.load(given), folder).host


def test_a_machine_keeps_its_pseudonym_and_another_folder_gives_another(home: Path) -> None:
    first = named(LAPTOP, home)
    assert first.startswith("host-") and len(first) == 17
    assert named(LAPTOP, home) == first
    assert named(LAPTOP, home.with_name("other")) != first
    assert named(Machine(host="another-laptop"), home) != first


def test_nobody_finds_the_name_by_hashing_a_list_of_names(home: Path) -> None:
    shown = named(LAPTOP, home).removeprefix("host-")
    for algorithm in ("blake2b", "blake2s", "md5", "sha1", "sha256", "sha3_256"):
        assert shown not in hashlib.new(algorithm, LAPTOP.host.encode()).hexdigest()
    assert shown != pseudonym(LAPTOP.host, bytes(32)).removeprefix("host-")


def test_the_facts_keep_no_name_either(home: Path) -> None:
    hidden = pseudonymised(LAPTOP, settings.load(), home)
    assert "ada" not in repr(hidden)
    assert (hidden.category, hidden.model) == ("notebook", "ThinkPad")


@pytest.mark.parametrize(
    ("category", "setting", "wanted"),
    [
        ("notebook", "auto", True),
        ("desktop", "auto", True),
        ("all-in-one", "auto", True),
        ("tablet", "auto", True),
        ("workstation", "auto", True),
        (None, "auto", True),  # macOS and Windows do not say: privacy is the default
        ("server", "auto", False),
        ("storage", "auto", False),
        ("server", "on", True),
        ("notebook", "off", False),
    ],
)
def test_where_it_is_wanted(category: str | None, setting: str, wanted: bool) -> None:
    config = settings.load({"pseudonymise": setting})
    assert is_wanted(Machine(category=category), config) is wanted


def test_a_name_that_the_owner_chose_stays(home: Path) -> None:
    chosen = Machine(host="asset 4711", category="notebook")
    assert named(chosen, home, host="asset 4711", pseudonymise="on") == "asset 4711"
    assert not (home / KEY_FILE).exists()


@posix_only
def test_the_key_is_private(home: Path) -> None:
    secret = key(home)
    assert (home / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert len(secret) == 32
    assert [p.name for p in home.iterdir()] == [KEY_FILE]
    (home / KEY_FILE).chmod(0o640)
    with pytest.raises(NotPermitted, match="0640") as refused:
        key(home)
    assert refused.value.hint == f"chmod 600 {home / KEY_FILE}"


def test_a_damaged_key_is_told_and_not_replaced(home: Path) -> None:
    key(home)
    (home / KEY_FILE).write_text("somebody was here")
    with pytest.raises(ConfigError, match="64 hexadecimal digits") as refused:
        key(home)
    assert "restore it" in (refused.value.hint or "")
    assert (home / KEY_FILE).read_text() == "somebody was here"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root can become others"
)
def test_a_key_of_somebody_else_is_told_with_a_hint(home: Path) -> None:
    key(home)
    for folder in (home, *home.parents[:3]):
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(NotPermitted, match="not this user's to read") as refused:
            key(home)
    finally:
        os.seteuid(0)
    assert "SOBRIETY_HOME" in (refused.value.hint or "")


def test_a_folder_in_the_place_of_the_key_is_told(home: Path) -> None:
    (home / KEY_FILE).mkdir(parents=True)
    with pytest.raises(SobrietyError, match="cannot be used"):
        key(home)


def test_two_at_once_agree_on_one_key(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(key, [home] * 16))) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_collected_names_nobody(home: Path, tmp_path: Path) -> None:
    """Without asking, on a machine that does not say what it is."""
    proc = tmp_path / "machine" / "proc"
    (proc / "sys" / "kernel").mkdir(parents=True)
    (proc / "sys" / "kernel" / "hostname").write_text(LAPTOP.host + "\n")
    for name in ("stat", "meminfo"):
        (proc / name).symlink_to(f"/proc/{name}")
    asked = ["collect", "--once", "--interval", "200ms", "--json", "--root", str(proc.parent)]
    done = [CliRunner().invoke(command(), asked, catch_exceptions=False) for _ in range(2)]
    (name,) = {json.loads(d.stdout.splitlines()[0])["host"] for d in done}
    assert name.startswith("host-")
    with SpoolReader(home / "spool.sqlite3") as spool:
        assert set(spool.machines()) == {name}
    written = b"".join(path.read_bytes() for path in home.glob("spool*"))
    assert name.encode() in written
    assert LAPTOP.host.encode() not in written
    secret = (home / KEY_FILE).read_text().strip()
    assert secret.encode() not in written and bytes.fromhex(secret) not in written
    assert all(secret not in d.output and LAPTOP.host not in d.output for d in done)

    openly = CliRunner().invoke(command(), [*asked, "--no-pseudonymise"], catch_exceptions=False)
    assert json.loads(openly.stdout.splitlines()[0])["host"] == LAPTOP.host
