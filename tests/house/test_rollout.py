"""The Ansible role: read by Ansible, and its settings checked by the program they are for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sobriety.settings.keys import BY_PATH

ROOT = Path(__file__).parents[2]
ROLE = ROOT / "packaging" / "ansible" / "roles" / "sobriety"


@pytest.fixture(scope="module")
def playbook() -> str:
    """The program of Ansible, of the system or of this environment."""
    places = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    found = shutil.which("ansible-playbook", path=places)
    if found is None:
        message = "ansible-playbook is not installed; run: make deps"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def run(playbook: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "ANSIBLE_HOME": str(folder / "ansible"), "HOME": str(folder),
               "ANSIBLE_ROLES_PATH": str(ROLE.parent), "ANSIBLE_NOCOLOR": "1",
               "ANSIBLE_LOCAL_TEMP": str(folder / "here"), "LC_ALL": "C.UTF-8",
               "ANSIBLE_REMOTE_TEMP": str(folder / "there")}  # fmt: skip
    command = [playbook, "-i", "localhost,", "-c", "local", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)


def test_ansible_reads_it(playbook: str, tmp_path: Path) -> None:
    done = run(playbook, tmp_path, "--syntax-check", str(ROOT / "packaging/ansible/site.yml"))
    assert done.returncode == 0, done.stderr


def test_settings_are_written_when_the_program_takes_them(playbook: str, tmp_path: Path) -> None:
    config = tmp_path / "etc" / "config.toml"
    variables = {
        "sobriety_prefix": str(Path(sys.executable).parent.parent),
        "sobriety_config": str(config),
        "sobriety_service": False,
        "ansible_python_interpreter": sys.executable,
    }
    book = [{"hosts": "all", "gather_facts": False, "roles": [{"role": "sobriety"}]}]
    (tmp_path / "book.yml").write_text(json.dumps(book))  # JSON is YAML

    def apply(**settings: object) -> subprocess.CompletedProcess[str]:
        told = json.dumps(variables | {"sobriety_settings": settings})
        return run(playbook, tmp_path, "--skip-tags", "install", "-e", told, "book.yml")

    done = apply(grid={"zone": "CA-QC"}, collect={"interval_s": 10, "collectors": ["cpu", "rapl"]})
    assert done.returncode == 0, done.stdout + done.stderr
    written = config.read_text(encoding="utf-8")
    assert 'zone = "CA-QC"\n' in written and 'collectors = ["cpu", "rapl"]\n' in written
    assert apply(collect={"interval_s": "often"}).returncode != 0
    assert config.read_text(encoding="utf-8") == written, "the old ones are still there"


def test_a_host_gets_its_own_token_and_nobody_sees_it(playbook: str, tmp_path: Path) -> None:
    config = tmp_path / "etc" / "config.toml"
    variables: dict[str, object] = {
        "sobriety_prefix": str(Path(sys.executable).parent.parent),
        "sobriety_config": str(config),
        "sobriety_service": False,
        "sobriety_settings": {"grid": {"zone": "CA-QC"}},
        "sobriety_push_url": "https://gateway.example:9846",
        "ansible_python_interpreter": sys.executable,
    }
    book = [{"hosts": "all", "gather_facts": False, "roles": [{"role": "sobriety"}]}]
    (tmp_path / "book.yml").write_text(json.dumps(book))

    def apply(**more: str) -> subprocess.CompletedProcess[str]:
        told = json.dumps(variables | more)
        return run(playbook, tmp_path, "--skip-tags", "install", "-e", told, "--diff", "-vv",
                   "book.yml")  # fmt: skip

    assert apply().returncode != 0 and not config.exists(), "no token"
    token, ca = "sob_0123abcd_s3cret", "-----BEGIN CERTIFICATE-----"
    done = apply(sobriety_push_token=token, sobriety_push_ca=ca)
    assert done.returncode == 0, done.stdout + done.stderr
    assert token not in done.stdout + done.stderr
    written = tomllib.loads(config.read_text())["push"]
    assert written["url"] == "https://gateway.example:9846"
    for name, mode in (("token_file", 0o600), ("ca_file", 0o644)):
        file = Path(written[name])
        assert file.read_text().strip() == (token if mode == 0o600 else ca)
        assert file.stat().st_mode & 0o777 == mode


def test_its_example_names_settings_that_there_are() -> None:
    text = (ROOT / "packaging/ansible/site.yml").read_text(encoding="utf-8")
    _, _, settings = text.partition("sobriety_settings:\n")
    pairs = re.findall(r"^          (?:  (\w+): |(\w+):$)", settings, re.M)
    table, paths = "", set[str]()
    for key, header in pairs:
        table = header or table
        paths |= {f"{table}.{key}"} if key else set()
    assert paths and paths <= BY_PATH.keys()


def test_its_defaults_are_documented() -> None:
    text = (ROOT / "docs" / "rollout.md").read_text(encoding="utf-8")
    defaults = (ROLE / "defaults" / "main.yml").read_text(encoding="utf-8")
    for name in re.findall(r"^(sobriety_\w+):", defaults, re.M):
        assert f"`{name}`" in text
