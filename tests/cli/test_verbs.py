"""The command line, run as a user runs it: real machine, real files, real exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SESSION = "UID=1000\nUSER=marie-claude\nACTIVE=1\nSTATE=active\nREMOTE=0\nCLASS=user\n"
SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schema"


@pytest.fixture
def sobriety(tmp_path: Path) -> Any:
    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", *words],
            cwd=tmp_path,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def until_it_collects(agent: subprocess.Popen[Any]) -> None:
    """Until it handles SIGTERM: the spool is its own by then."""
    status, bit = Path(f"/proc/{agent.pid}/status"), 1 << (signal.SIGTERM - 1)
    end_s = time.monotonic() + 120
    while True:
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status.read_text(), re.MULTILINE)
        if caught and int(caught[1], 16) & bit:
            return
        assert agent.poll() is None and time.monotonic() < end_s
        time.sleep(0.02)


def validate(instance: object, name: str) -> None:
    import jsonschema
    from referencing import Registry, Resource

    schemas = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in SCHEMAS.glob("*.json")}
    registry: Any = Registry  # its own types are unknown to pyright
    known = registry().with_resources((k, Resource.from_contents(s)) for k, s in schemas.items())
    validator: Any = jsonschema.Draft202012Validator(schemas[name], registry=known)
    validator.validate(instance)


def test_version_is_told_without_importing_click(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['sobriety', '--version']; from sobriety.cli import main; main();"
        "assert 'click' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"sobriety \d+\.\d+\.\d+\n", done.stdout)


HEAVY = ("pandas", "duckdb", "narwhals", "matplotlib", "psutil", "numpy", "jinja2", "babel")


@pytest.mark.parametrize(
    "words",
    [("collect", "--once", "--interval", "100ms"), ("profile", "--zone", "CA-QC", "--", "true")],
    ids=["collect", "profile"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere psutil is the source")
def test_the_light_verbs_import_nothing_heavy(words: tuple[str, ...], tmp_path: Path) -> None:
    code = f"""
import sys
sys.argv = ['sobriety', *{words!r}]
from sobriety.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = [name for name in {HEAVY!r} if name in sys.modules]
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_collect_once_gives_a_row_of_this_machine(sobriety: Any) -> None:
    begun_s = time.monotonic()
    done = sobriety("collect", "--once", "--interval", "300ms", "--json")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    validate(row, "usage.json")
    assert row["state"] == "on"
    assert {"cpu", "memory"} <= set(row["observed"])
    assert 0.3 <= row["duration_s"] <= time.monotonic() - begun_s
    assert 0 <= row["cpu_busy_s"] <= row["cpu_capacity_s"] + 1e-6
    assert row["memory_used_bs"] > 0
    assert "package_j" in row or "package" not in row["observed"]


def test_psutil_can_be_forced(sobriety: Any) -> None:
    done = sobriety(
        "collect", "--once", "--interval", "300ms", "--json", SOBRIETY_COLLECTORS="psutil"
    )
    assert done.returncode == 0, done.stderr
    assert {"cpu", "memory", "disk", "network"} <= set(json.loads(done.stdout)["observed"])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sigterm_loses_nothing(tmp_path: Path) -> None:
    agent = subprocess.Popen(
        [sys.executable, "-m", "sobriety", "collect", "--interval", "100ms"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    until_it_collects(agent)
    time.sleep(0.5)
    agent.send_signal(signal.SIGTERM)
    _, said = agent.communicate(timeout=120)
    assert agent.returncode == 0
    assert re.search(r"\d+ rows? added to .*spool\.sqlite3", said), said


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_second_collector_is_refused(tmp_path: Path, sobriety: Any) -> None:
    first = subprocess.Popen(
        [sys.executable, "-m", "sobriety", "collect"], cwd=tmp_path, stderr=subprocess.PIPE
    )
    until_it_collects(first)
    second = sobriety("collect", "--once", "--interval", "100ms")
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=120)
    assert second.returncode == 1
    assert "another collector" in second.stderr


def test_profile_fits_its_schema_and_keeps_the_exit_code(sobriety: Any, tmp_path: Path) -> None:
    done = sobriety(
        "profile", "--zone", "Québec", "--json", "-o", "cost.json", "--",
        sys.executable, "-c", "sum(range(6_000_000)); print('mine'); raise SystemExit(5)",
    )  # fmt: skip
    assert done.returncode == 5
    assert done.stdout == "mine\n"
    figures = json.loads((tmp_path / "cost.json").read_text(encoding="utf-8"))
    validate(figures, "profile.json")
    assert figures["cpu_s"] > 0.01
    assert figures["energy_j"]["value"] > 0
    grams = figures["energy_j"]["value"] / 3.6e6 * 1000
    assert 0 < figures["co2e_kg"]["value"] < grams  # Québec is far below a kilogram a kWh


def test_profile_without_a_zone_says_that_carbon_is_unknown(sobriety: Any) -> None:
    done = sobriety("profile", "--json", "--", "true")
    figures = json.loads(done.stderr)
    validate(figures, "profile.json")
    assert figures["co2e_kg"] is None
    assert any("zone" in note for note in figures["notes"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("profile", "--", "no-such-command"), 127, "not a command that can be found"),
        (("profile", "--", "/etc"), 126, "cannot be run"),
        (("profile", "--zone", "Atlantis", "--", "true"), 1, "Atlantis"),
        (("profile", "--zone", "CA-QCC", "--", "true"), 1, "CA-QC"),
        (("collect", "--interval", "fast"), 2, "'fast' is not a duration"),
        (("collect", "--interval", "0s"), 2, "not a duration"),
        (("collect", "--once", "--root", "/nowhere"), 2, "there is no folder /nowhere"),
        (("collect", "--once", "--root", "/etc"), 1, "nothing of this machine can be read"),
        (("colect",), 2, "Did you mean 'collect'?"),
        (("config", "set", "znoe", "QC"), 2, "did you mean 'grid.zone'?"),
        (("--config",), 2, "No such option"),
        (("collect", "--once", "--config", "absent.toml"), 2, "no configuration file absent.toml"),
        (("capture", "-o", "/nowhere/at/all.txt"), 2, "cannot be written"),
        (("estimate", "absent.csv"), 2, "absent.csv"),
        (("estimate", "."), 2, "folder"),
        (("report", "--quarter", "2026-Q7"), 2, "2026-Q7"),
        (("report", "--quarter", "2026-Q1", "--year", "2026"), 2, "--year"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None,  # pyright: ignore[reportUnknownArgumentType]
)
def test_what_a_user_can_cause_is_one_line_and_the_right_code(
    sobriety: Any, words: tuple[str, ...], code: int, said: str
) -> None:
    done = sobriety(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def test_an_unwritable_data_folder_is_told(sobriety: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = sobriety("collect", "--once", SOBRIETY_HOME=str(tmp_path / "file" / "data"))
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("error: ") and "hint:" in done.stderr


def test_a_spool_that_is_something_else_is_kept_aside(sobriety: Any, home: Path) -> None:
    home.mkdir()
    (home / "spool.sqlite3").write_bytes(b"a letter to my grandmother\n" * 500)
    done = sobriety("collect", "--once", "--interval", "100ms")
    assert done.returncode == 0, done.stderr
    (aside,) = home.glob("spool.sqlite3.set-aside-*")
    assert aside.read_bytes().startswith(b"a letter")
    assert aside.name in done.stderr


def test_doctor_says_what_is_here(sobriety: Any) -> None:
    done = sobriety("doctor", "--json", "--zone", "quebec")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    validate(found, "doctor.json")
    states = {s["name"]: s["state"] for s in found["sources"]}
    assert states["cpu"] == "answers"
    assert 1 < found["intensity_g_per_kwh"]["value"] < 5
    assert found["idle_w"]["low"] < found["idle_w"]["value"] < found["idle_w"]["high"]
    page = sobriety("doctor")
    assert page.returncode == 0
    assert "sobriety config set grid.zone" in page.stdout


def test_config_shows_origins(sobriety: Any) -> None:
    assert sobriety("config", "set", "grid.zone", "CA-QC").returncode == 0
    shown = json.loads(sobriety("config", "--json", SOBRIETY_INTERVAL_S="2").stdout)
    validate(shown, "config.json")
    assert shown["grid.zone"]["value"] == "CA-QC"
    assert shown["grid.zone"]["origin"].endswith("config.toml, line 2")
    assert shown["collect.interval_s"] == {"value": 2.0, "origin": "SOBRIETY_INTERVAL_S"}
    assert "row_s" in sobriety("config").stdout


def test_capture_can_be_replayed_and_names_nobody(sobriety: Any, tmp_path: Path) -> None:
    import socket

    from sobriety.collectors import machine_facts
    from sobriety.core.paper import PaperHost

    done = sobriety("capture", "-o", "machine.txt", "--moments", "2", "--interval", "50ms")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "machine.txt").read_text(encoding="utf-8")
    facts = machine_facts(PaperHost.parse(text))
    assert facts.host == "captured-host"
    assert facts.threads == os.cpu_count()
    assert f"\n{socket.gethostname()}\n" not in text


def test_collect_then_report(sobriety: Any, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    assert sobriety("collect", "--for", "1s", "--interval", "200ms").returncode == 0
    page = sobriety("report", "--zone", "CA-QC", "--lang", "fr", "-o", "rapport.html")
    assert page.returncode == 0, page.stderr
    html = (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert '<html lang="fr' in html
    assert page.stdout.endswith("\nrapport.html\n")
    figures = sobriety("report", "--zone", "CA-QC", "--format", "json", "-o", "-")
    assert figures.returncode == 0, figures.stderr
    report = json.loads(figures.stdout)
    validate(report, "report.json")
    assert report["totals"]["energy_j"]["value"] > 0


def test_a_report_on_nothing_says_what_to_do(sobriety: Any) -> None:
    done = sobriety("report")
    assert done.returncode in (1, 2)
    assert "sobriety collect" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("setting", ["on", "off"])
def test_presence_can_be_left_out(tmp_path: Path, setting: str) -> None:
    for name in ("proc", "sys"):
        (tmp_path / name).symlink_to(f"/{name}")
    for file, text in (("seats/seat0", "IS_SEAT0=1\n"), ("sessions/2", SESSION)):
        path = tmp_path / "run/systemd" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = [sys.executable, "-m", "sobriety", "collect", "--once", "--interval", "300ms"]
    done = subprocess.run(
        [*command, "--json", "--root", str(tmp_path)], cwd=tmp_path, capture_output=True,
        text=True, env={**os.environ, "SOBRIETY_PRESENCE": setting},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert ("presence" in row["observed"]) is (setting == "on")
    assert ("present_s" in row) is (setting == "on")
    assert "marie-claude" not in done.stdout + done.stderr
