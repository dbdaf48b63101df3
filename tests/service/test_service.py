"""The service: systemd's own verdict on the unit, and every step against a systemctl that records.

Where systemd-analyze is missing those tests skip; `make deps` brings it on Debian.
"""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sobriety.cli import command
from sobriety.core.errors import ConfigError, NotPermitted, SobrietyError
from sobriety.service.launchd import Launchd, property_list
from sobriety.service.needs import NETWORK_OF_SETTING, Needs, NetworkNeed, find_needs
from sobriety.service.plan import ServicePlan, Write, stamped
from sobriety.service.program import refuse_unseen, this_program
from sobriety.service.schtasks import create_command
from sobriety.service.systemd import Systemd
from sobriety.service.unit import SYSUSERS, TMPFILES, system_unit, user_unit
from sobriety.settings import config as settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="services of other systems")

PROGRAM = ("/usr/bin/env", "sobriety")
PLAIN = Needs()
PUSHES = Needs(network="any", files=(("push_token_file", Path("/etc/sobriety/a 100% token")),))
WORST = Needs(("/dev/ipmi0", "/dev/nvidia0", "/dev/nvidiactl"), True, "any")
DOCS = Path(__file__).parents[2] / "docs"


def lines(unit: str) -> list[str]:
    return [line for line in unit.splitlines() if line and not line.startswith("#")]


# The unit


@pytest.mark.parametrize("wanted", [PLAIN, WORST, PUSHES], ids=["plain", "worst", "pushes"])
@pytest.mark.parametrize("make", [system_unit, user_unit])
def test_systemd_finds_no_fault_with_the_unit(
    make: Callable[..., str], wanted: Needs, tmp_path: Path, needs: Callable[[str], str]
) -> None:
    path = tmp_path / "sobriety.service"
    path.write_text(stamped(make(PROGRAM, wanted)))
    tool = needs("systemd-analyze")
    whose = ["--user"] if make is user_unit else []
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        [tool, *whose, "verify", path], capture_output=True, text=True, env=environ
    )
    assert (done.returncode, done.stderr) == (0, "")


def documented(words: str) -> float:
    page = (DOCS / "agent.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {words} \| (\d+\.\d) \|", page, re.MULTILINE)
    assert found, words
    return float(found[1])


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("processors, memory, disks, network", PLAIN),
        ("and RAPL", Needs((), True)),
        ("and a gateway to push to", PUSHES),
        ("and NVIDIA, IPMI, any network", WORST),
    ],
)
def test_the_exposure_is_no_more_than_is_documented(
    words: str, wanted: Needs, tmp_path: Path, needs: Callable[[str], str]
) -> None:
    path = tmp_path / "sobriety.service"
    path.write_text(system_unit(PROGRAM, wanted))
    done = subprocess.run(
        [needs("systemd-analyze"), "security", "--offline=true", "--no-pager", path],
        capture_output=True,
        text=True,
    )
    score = re.search(r"Overall exposure level for .*: (\d+\.\d)", done.stdout)
    assert score, done.stderr
    assert float(score[1]) <= documented(words)


def test_the_service_gets_what_the_sensors_need_and_no_more() -> None:
    plain, worst = lines(system_unit(PROGRAM, PLAIN)), lines(system_unit(PROGRAM, WORST))
    assert {"PrivateDevices=yes", "IPAddressDeny=any", "RestrictAddressFamilies=AF_UNIX"} <= {
        *plain
    }
    assert not any(line.startswith(("SupplementaryGroups", "DeviceAllow")) for line in plain)
    assert {"SupplementaryGroups=sobriety", "DeviceAllow=/dev/nvidiactl rw"} <= {*worst}
    assert not {"PrivateDevices=yes", "IPAddressDeny=any"} & {*worst}
    local = lines(system_unit(PROGRAM, Needs(network="localhost")))
    assert {"IPAddressDeny=any", "IPAddressAllow=localhost"} <= {*local}
    for unit in (plain, worst, local):
        assert {"CapabilityBoundingSet=", "AmbientCapabilities=", "ProtectProc=default"} <= {*unit}


def test_no_user_is_invented_beside_a_group_of_the_same_name() -> None:
    """systemd refuses that, with status 217/USER; tried on a real one."""
    (group,) = re.findall(r"g (\S+) -", SYSUSERS)
    unit = system_unit(PROGRAM, WORST)
    assert f"SupplementaryGroups={group}\n" in unit and f"User={group}\n" not in unit


def test_a_path_with_spaces_and_signs_survives(needs: Callable[[str], str], tmp_path: Path) -> None:
    program = tmp_path / "a 100% $free tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = tmp_path / "sobriety.service"
    path.write_text(system_unit((str(program),), PLAIN))
    done = subprocess.run(
        [needs("systemd-analyze"), "verify", path], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    program.rename(tmp_path / "gone")
    gone = subprocess.run(
        [needs("systemd-analyze"), "verify", path], capture_output=True, text=True
    )
    assert str(program) in gone.stderr


def test_the_lines_for_tmpfiles_are_those_of_the_documents() -> None:
    page = (DOCS / "collectors.md").read_text(encoding="utf-8")
    told = [line.strip() for line in page.splitlines() if line.startswith("    z /sys/")]
    assert told == TMPFILES.splitlines()


# What the machine needs


def test_closed_energy_counters_and_devices_are_found(tmp_path: Path) -> None:
    config = settings.load()
    assert find_needs(config, root=tmp_path) == PLAIN
    zone = tmp_path / "sys" / "class" / "powercap" / "intel-rapl:0"
    zone.mkdir(parents=True)
    (zone / "energy_uj").write_text("1")
    (zone / "energy_uj").chmod(0o444)
    assert find_needs(config, root=tmp_path) == PLAIN
    for mode in (0o400, 0o440):  # as the kernel has it, and as the group may
        (zone / "energy_uj").chmod(mode)
        assert find_needs(config, root=tmp_path).energy_group
    (tmp_path / "dev").mkdir()
    for name in ("nvidiactl", "nvidia0", "nvidia-uvm", "ipmi0", "sda"):
        (tmp_path / "dev" / name).touch()
    assert find_needs(config, root=tmp_path).devices == WORST.devices


def test_a_setting_that_needs_a_network_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, NetworkNeed] = {"zone": "localhost", "cpu_model": "any"}
    for name, network in asked.items():
        monkeypatch.setitem(NETWORK_OF_SETTING, name, network)
    assert find_needs(settings.load()).network == "none"
    assert find_needs(settings.load({"zone": "FR"})).network == "localhost"
    assert find_needs(settings.load({"zone": "FR", "cpu_model": "x"})).network == "any"
    assert find_needs(settings.load({"zone": "FR"}), "none").network == "none"


@pytest.mark.parametrize("hidden", ["/home/ada/venv/bin/sobriety", "/root/x", "/tmp/venv/sobriety"])
def test_a_program_that_the_sandbox_hides_is_refused(hidden: str) -> None:
    with pytest.raises(ConfigError, match="cannot see") as refused:
        refuse_unseen((hidden,))
    assert "/opt/sobriety" in (refused.value.hint or "")


def test_a_program_that_is_a_link_into_a_home_is_refused(tmp_path: Path) -> None:
    link = Path("/var/lib/no-such/../../..") / str(tmp_path)[1:] / "sobriety"
    with pytest.raises(ConfigError, match="cannot see /tmp"):
        refuse_unseen((str(link),))
    with pytest.raises(ConfigError, match="not a program"):
        refuse_unseen(("/opt/no/such/sobriety",))
    with pytest.raises(ConfigError, match="quote"):
        refuse_unseen(("/opt/ada's/sobriety",))
    refuse_unseen(("/usr/bin/env",))


def test_this_program_starts_sobriety(tmp_path: Path) -> None:
    done = subprocess.run([*this_program(), "--version"], cwd=tmp_path, capture_output=True)
    assert done.stdout.startswith(b"sobriety ")


def test_who_pushes_gets_a_network_and_its_files(tmp_path: Path) -> None:
    token, ca_file = tmp_path / "token", tmp_path / "ca.pem"
    told = {"push": "https://gateway:9846", "push_token_file": str(token)}
    with pytest.raises(ConfigError, match=r"push_token_file is .* which no service would find"):
        find_needs(settings.load(told))
    token.touch()
    ca_file.touch()
    found = find_needs(settings.load(told | {"push_ca_file": str(ca_file)}))
    assert found.network == "any"
    assert found.files == (("push_token_file", token), ("push_ca_file", ca_file))
    unit = lines(system_unit(PROGRAM, found))
    assert f"LoadCredential=push_token_file:{token}" in unit and "IPAddressDeny=any" not in unit
    assert not any(line.startswith("LoadCredential") for line in lines(user_unit(PROGRAM, found)))
    alone = settings.load({"push_token_file": str(token)})
    assert find_needs(alone, root=tmp_path) == PLAIN, "nothing is pushed"
    with pytest.raises(ConfigError, match="no service would find"):
        find_needs(settings.load(told | {"push_token_file": "token"}))


def test_what_systemd_hands_over_is_read_in_place_of_what_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sobriety.push import sender_of

    handed = tmp_path / "push_token_file"
    handed.write_text("sob_x_handed\n")
    handed.chmod(0o440)  # as a list of rights makes it look
    config = tmp_path / "config.toml"
    config.write_text('push = "http://127.0.0.1:1"\npush_token_file = "/etc/sobriety/token"\n')
    with pytest.raises(ConfigError, match="/etc/sobriety/token cannot be read"):
        sender_of(settings.load(file=config))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    found = settings.load(file=config)
    assert found.text("push_token_file") == found.origin("push_token_file") == str(handed)
    sender_of(found)
    monkeypatch.setenv("SOBRIETY_PUSH_TOKEN_FILE", "/elsewhere")
    assert settings.load(file=config).text("push_token_file") == "/elsewhere"


# The gateway's unit


def served(*words: str) -> str:
    done = CliRunner().invoke(command(), ["serve", *words, "--unit"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


TLS = ("--listen", "0.0.0.0:9846", "--tls-cert", "/etc/a 100% b/cert.pem", "--tls-key", "/k.pem")


@pytest.mark.parametrize(
    ("words", "exposure"),
    [(TLS, 1.3), (("--listen", "127.0.0.1:9846", "--behind-proxy"), 1.1)],
    ids=["tls", "behind-proxy"],
)
def test_the_gateway_s_unit_is_sound_and_exposes_little(
    words: tuple[str, ...], exposure: float, tmp_path: Path, needs: Callable[[str], str]
) -> None:
    tool = needs("systemd-analyze")
    path = tmp_path / "sobriety-gateway.service"
    path.write_text(served(*words))
    done = subprocess.run([tool, "verify", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    asked = [tool, "security", "--offline=true", "--no-pager", str(path)]
    said = subprocess.run(asked, capture_output=True, text=True)
    score = re.search(r"Overall exposure level for .*: (\d+\.\d)", said.stdout)
    assert score and float(score[1]) <= exposure, said.stdout


def test_the_gateway_s_unit_serves_as_the_command_would() -> None:
    unit = lines(served(*TLS, "--drain", "1m"))
    assert "LoadCredential=cert.pem:/etc/a 100%% b/cert.pem" in unit
    (start,) = [line for line in unit if line.startswith("ExecStart=")]
    assert start.endswith(
        " serve --listen 0.0.0.0:9846 --drain 60s --tls-cert ${CREDENTIALS_DIRECTORY}/cert.pem"
        " --tls-key ${CREDENTIALS_DIRECTORY}/key.pem"
    )
    local = lines(served("--listen", "[::1]:9846"))
    assert {"IPAddressDeny=any", "IPAddressAllow=localhost"} <= {*local}
    assert not any(line.startswith("LoadCredential") for line in local)
    elsewhere = CliRunner().invoke(command(), ["serve", "--lake", "/srv/lake", "--unit"])
    assert elsewhere.exit_code == 2 and "/var/lib/sobriety-gateway/lake" in elsewhere.output


# Steps, against a systemctl that writes down how it was called


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl on PATH. Gives the log of what was called. Commands are run with --user here: the
    tests must never write into this machine's /etc."""
    log, tools = tmp_path / "called", tmp_path / "tools"
    tools.mkdir()
    for name in ("systemctl", "systemd-sysusers"):
        (tools / name).write_text(
            f'#!/bin/sh\necho "{name} $*" >> {log}\n'
            'case "$FAILS $*" in "1 "*restart*) echo "Job failed." >&2; exit 1;; esac\n'
            f'[ -e {tmp_path}/answer ] && case "$*" in *show*) cat {tmp_path}/answer;; esac\n'
            "exit 0\n"
        )
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return log


def sobriety(*words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(command(), ["service", *words], input=text, catch_exceptions=False)


def called(log: Path) -> list[str]:
    found = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line for line in found if " show " not in line]


def test_install_writes_loads_enables_and_starts(machine: Path, tmp_path: Path) -> None:
    manager = Systemd(etc=tmp_path / "etc")
    manager.install(PROGRAM, Needs(energy_group=True)).do()
    assert called(machine) == [
        f"systemd-sysusers {tmp_path}/etc/sysusers.d/sobriety.conf",
        "systemctl daemon-reload",
        "systemctl enable sobriety.service",
        "systemctl restart sobriety.service",
    ]
    assert manager.unit_path == tmp_path / "etc/systemd/system/sobriety.service"
    assert manager.unit_path.read_text().endswith(system_unit(PROGRAM, Needs(energy_group=True)))
    assert TMPFILES in (tmp_path / "etc/tmpfiles.d/sobriety.conf").read_text()
    manager.uninstall(purge=False).do()
    assert called(machine)[0] == "systemctl disable --now sobriety.service"
    assert not [p for p in (tmp_path / "etc").rglob("*") if p.is_file()]


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_for_one_user_by_the_command(machine: Path, tmp_path: Path) -> None:
    done = sobriety("install", "--user", "--program", "/usr/bin/env")
    assert done.exit_code == 0, done.output
    unit = tmp_path / "config" / "systemd" / "user" / "sobriety.service"
    assert "ExecStart=/usr/bin/env collect --daemon\n" in unit.read_text()
    assert "DynamicUser" not in unit.read_text()
    assert called(machine) == [
        "systemctl --user daemon-reload",
        "systemctl --user enable sobriety.service",
        "systemctl --user restart sobriety.service",
    ]
    assert sobriety("install", "--user", "--program", "/usr/bin/true").exit_code == 0  # an upgrade
    assert "ExecStart=/usr/bin/true" in unit.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_an_edited_unit_is_kept_without_force(machine: Path, tmp_path: Path) -> None:
    assert sobriety("install", "--user").exit_code == 0
    unit = tmp_path / "config" / "systemd" / "user" / "sobriety.service"
    edited = unit.read_text().replace("Nice=10", "Nice=19")
    unit.write_text(edited)
    called(machine)
    refused = sobriety("install", "--user")
    assert refused.exit_code == 2
    assert "-Nice=19" in refused.stderr and "+Nice=10" in refused.stderr
    assert "--force" in refused.stderr
    assert unit.read_text() == edited and called(machine) == []
    assert sobriety("install", "--user", "--force").exit_code == 0
    assert "Nice=10" in unit.read_text()


def test_what_was_written_by_hand_after_the_documents_is_taken_over(
    machine: Path, tmp_path: Path
) -> None:
    manager = Systemd(etc=tmp_path / "etc")
    by_hand = tmp_path / "etc" / "tmpfiles.d" / "sobriety.conf"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_text(TMPFILES)
    plan = manager.install(PROGRAM, Needs(energy_group=True))
    assert plan.edits() == []
    by_hand.write_text(TMPFILES.replace("0440", "0444"))
    assert any("0444" in line for line in plan.edits())


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_print_and_dry_run_change_nothing(machine: Path, tmp_path: Path) -> None:
    printed = sobriety("install", "--print", "--program", "/usr/bin/env")
    assert printed.stdout == system_unit(("/usr/bin/env",), find_needs(settings.load()))
    told = sobriety("install", "--user", "--dry-run")
    assert "would run systemctl --user enable sobriety.service" in told.stderr
    assert "would" in sobriety("uninstall", "--user", "--purge-data", "--dry-run").stderr
    assert not machine.exists() and not (tmp_path / "config").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_a_step_that_fails_is_told(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "1")
    done = sobriety("install", "--user", "--program", "/usr/bin/env")
    assert done.exit_code == 1
    assert "systemctl --user restart sobriety.service: Job failed." in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_data_are_kept_unless_purged_and_confirmed(machine: Path, home: Path) -> None:
    (home / "lake" / "day").mkdir(parents=True)
    for name in ("spool.sqlite3", "spool.sqlite3-wal", "pseudonym.key", "config.toml", "letter"):
        (home / name).touch()
    assert sobriety("uninstall", "--user").exit_code == 0
    assert sobriety("uninstall", "--user", "--purge-data", text="n\n").exit_code == 1
    assert len(list(home.iterdir())) == 6
    assert sobriety("uninstall", "--user", "--purge-data", text="y\n").exit_code == 0
    assert {p.name for p in home.iterdir()} == {"config.toml", "letter"}


def test_the_folder_of_a_user_that_comes_and_goes_is_purged(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, link = tmp_path / "private" / "sobriety", tmp_path / "sobriety"
    private.mkdir(parents=True)
    (private / "spool.sqlite3").touch()
    link.symlink_to(private)
    monkeypatch.setitem(settings.SERVICE_DATA, "linux", link)
    Systemd(etc=tmp_path / "etc").uninstall(purge=True).do()
    assert not private.exists() and not link.is_symlink()


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_status_in_the_words_of_systemd(machine: Path, tmp_path: Path, home: Path) -> None:
    (tmp_path / "answer").write_text("LoadState=not-found\nActiveState=inactive\n")
    assert "not installed" in sobriety("status").stdout
    (tmp_path / "answer").write_text(
        "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nSubState=running\n"
        "StateChangeTimestamp=Mon 2026-11-23 08:54:57 UTC\nNRestarts=2\n"
        "StatusText=watching every 5 s: cpu\nFragmentPath=/etc/systemd/system/sobriety.service\n"
    )
    told = sobriety("status", "--user").stdout
    for part in ("enabled", "active (running) since Mon 2026-11-23", "restarts   2", str(home)):
        assert part in told


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
@pytest.mark.parametrize("verb", ["install", "status", "uninstall"])
def test_without_systemd_it_is_told(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    done = sobriety(verb, "--user")
    assert done.exit_code == 1
    assert "systemctl is not on this machine" in done.stderr
    assert "sobriety collect --daemon" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_who_is_not_root_gets_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotPermitted) as refused:
        Systemd().refuse_others("install")
    assert refused.value.hint == f"sudo {' '.join(this_program())} service install"


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SobrietyError, match="cannot write"):
        ServicePlan((Write(tmp_path / "file" / "unit", ""),)).do()


# Other systems


def test_the_property_list_is_one() -> None:
    found = plistlib.loads(property_list(("/opt/a b/sobriety",), Path("/Library/x")).encode())
    assert found["ProgramArguments"] == ["/opt/a b/sobriety", "collect", "--daemon"]
    assert found["EnvironmentVariables"] == {"SOBRIETY_HOME": "/Library/x"}
    assert found["KeepAlive"] == {"SuccessfulExit": False} and found["Umask"] == 0o077
    printed = sobriety("install", "--print", "--for", "launchd", "--program", "/opt/sobriety")
    assert plistlib.loads(printed.stdout.encode())["Label"] == Launchd().path.stem


def test_windows_gets_a_command_to_run() -> None:
    assert create_command((r"C:\Program Files\sobriety.exe",)).endswith(
        r'/TR "\"C:\Program Files\sobriety.exe\" collect --daemon"'
    )
    assert sobriety("install", "--for", "schtasks").stdout.startswith("schtasks /Create")


# Reload, and where root finds the data


@pytest.mark.skipif(sys.platform != "linux", reason="systemd's")
def test_a_hangup_reloads_settings_in_the_same_process(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("interval_s = 0.2\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)

        def heard(word: str) -> str:
            while word not in (said := manager.recv(1000).decode()):
                pass
            return said

        agent = subprocess.Popen(
            [sys.executable, "-m", "sobriety", "collect", "--daemon", "--config", str(file)],
            cwd=tmp_path,
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert "every 0.2 s" in heard("READY=1")
        file.write_text("interval_s = 0.3\n")
        agent.send_signal(signal.SIGHUP)
        heard("RELOADING=1")
        assert "every 0.3 s" in heard("READY=1")
        file.write_text("intervall = 1\n")
        agent.send_signal(signal.SIGHUP)
        assert agent.stderr
        while "not reloaded" not in (line := agent.stderr.readline()):
            assert line, "it ended"
        assert "unknown setting 'intervall'" in line
        agent.send_signal(signal.SIGTERM)
        heard("STOPPING=1")
        agent.communicate(timeout=10)
    assert agent.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is Linux's")
def test_root_finds_the_data_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.SERVICE_DATA, "linux", tmp_path / "sobriety")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    environ = {"HOME": str(tmp_path)}
    own = tmp_path / ".local" / "share" / "sobriety"
    assert settings.data_folder(environ) == own
    (tmp_path / "sobriety").mkdir()
    assert settings.data_folder(environ) == tmp_path / "sobriety"
    assert settings.data_folder({**environ, "SOBRIETY_HOME": "/x"}) == Path("/x")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert settings.data_folder(environ) == own


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is Linux's")
def test_others_are_told_where_the_data_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sobriety").symlink_to(tmp_path / "private" / "sobriety")  # as seen from outside
    monkeypatch.setitem(settings.SERVICE_DATA, "linux", tmp_path / "sobriety")
    told = CliRunner().invoke(command(), ["status"], catch_exceptions=False)
    assert "sudo sobriety status" in told.stdout


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root gives files away")
def test_what_root_makes_in_the_services_folder_is_the_services(tmp_path: Path) -> None:
    from sobriety.files.durable import make_folder, make_private

    os.chown(tmp_path, 4321, 4321)
    make_folder(tmp_path / "lake" / "day")
    make_private(tmp_path / "lake" / "day" / "file")
    for name in ("lake", "lake/day", "lake/day/file"):
        found = (tmp_path / name).stat()
        assert (found.st_uid, found.st_gid) == (4321, 4321)
    (tmp_path / "old").touch()
    make_private(tmp_path / "old")
    assert (tmp_path / "old").stat().st_uid == 0
    shutil.rmtree(tmp_path / "lake")
