"""`sobriety top` in a pipe, as JSON, and on a terminal."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
TOP = [sys.executable, "-m", "sobriety", "top", "--interval", "300ms"]
SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schema"


def test_a_look_as_json_fits_its_schema_and_adds_up(tmp_path: Path) -> None:
    import jsonschema
    from referencing import Registry, Resource

    command = [*TOP, "--count", "2", "--by", "program", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    schemas = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in SCHEMAS.glob("*.json")}
    contents = {name: Resource.from_contents(s) for name, s in schemas.items()}
    registry: Registry[Any] = Registry()
    validator: Any = jsonschema.Draft202012Validator(
        schemas["top.json"], registry=registry.with_resources(contents.items())
    )
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(looks) == 2
    for look in looks:
        validator.validate(look)
        loads_w = [load["power_w"]["value"] for load in look["loads"]]
        parts_w = math.fsum([look["idle_w"], look["unattributed_w"], *loads_w])
        assert parts_w == pytest.approx(look["power_w"]["value"], rel=1e-9)


def test_in_a_pipe_it_is_a_plain_table(tmp_path: Path) -> None:
    command = [*TOP, "--count", "1", "--lines", "3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    head, columns, *rows = done.stdout.strip().splitlines()
    assert re.search(r"\d W, 90 % within .* to .* W", head)
    assert columns.split() == ["watts", "share", "cpu", "memory", "kind", "name"]
    assert rows[-1].endswith("idle")
    assert "\x1b" not in done.stdout


def test_on_a_terminal_it_is_redrawn_and_ctrl_c_leaves_it_as_it_was(tmp_path: Path) -> None:
    import pty

    pytest.importorskip("rich")
    master, slave = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    program = subprocess.Popen(TOP, cwd=tmp_path, stdout=slave, stderr=slave, env=environ)
    os.close(slave)
    seen, until_s = b"", time.monotonic() + 120
    while b"idle" not in seen and time.monotonic() < until_s:
        seen += os.read(master, 65_536)
    program.send_signal(signal.SIGINT)
    try:
        while more := os.read(master, 65_536):
            seen += more
    except OSError:
        pass  # the other end is closed
    assert program.wait(120) == 0
    os.close(master)
    assert b"idle" in seen and b"\x1b[?1049h" in seen
    assert seen.rstrip().endswith(b"\x1b[?25h") or b"\x1b[?1049l" in seen
    assert b"Traceback" not in seen
