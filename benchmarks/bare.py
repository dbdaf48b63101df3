"""An environment as an agent has it: the wheel, click, psutil and tomlkit, nothing editable.

An editable install adds 10 ms to every start of Python, to ours and to the baseline alike, and
would flatter our ratio.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def environment() -> Path:
    """The bin folder of a fresh environment with the tree as it stands now."""
    venv = ROOT / ".cache" / "bench-venv"
    if not (venv / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip: list[str | Path] = [
        venv / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "click", "psutil", "tomlkit"], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", "--no-cache-dir", ROOT], check=True)
    return venv / "bin"


def cost(command: list[str]) -> tuple[float, float, int]:
    """CPU seconds, wall seconds and peak bytes of one run, its children included."""
    import time

    null = os.open(os.devnull, os.O_RDWR)
    begun = time.perf_counter()
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)],
    )
    _, status, used = os.wait4(pid, 0)
    wall_s = time.perf_counter() - begun
    os.close(null)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss * 1024
