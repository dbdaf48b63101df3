"""The bar on long work: for who looks at a terminal, once patience ends, and never in a pipe."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a pseudo-terminal")
PROGRAM = """
from cli.parts.progress import stages
now_s = 0.0
with stages(4, lambda: now_s) as moved:
    for _ in range(4):
        now_s += {pause_s}
        moved()
"""
"""On a clock of its own: stages take as long on a busy machine."""


def on_a_terminal(pause_s: float) -> str:
    """What a terminal shows of four stages that take so long each."""
    import pty

    master, slave = pty.openpty()
    program = [sys.executable, "-c", PROGRAM.format(pause_s=pause_s)]
    process = subprocess.Popen(program, stderr=slave, stdout=subprocess.DEVNULL)
    os.close(slave)
    shown = b""
    while select.select([master], [], [], 120)[0]:
        try:
            shown += os.read(master, 4096)
        except OSError:  # its end
            break
    assert process.wait(120) == 0
    os.close(master)
    return shown.decode()


def test_long_work_shows_how_far_it_is() -> None:
    shown = on_a_terminal(0.4)
    assert "100%" in shown and "75%" in shown
    assert "25%" not in shown, "that was before patience ended"


def test_short_work_does_not_flash() -> None:
    assert on_a_terminal(0.01).strip() == ""


def test_nothing_of_it_reaches_a_pipe() -> None:
    program = [sys.executable, "-c", PROGRAM.format(pause_s=0.3)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""
