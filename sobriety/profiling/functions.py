"""Breaks a command's joules down by Python function.

py-spy looks at the stacks of the command and its children a hundred times a second, from outside;
what is shared out by its samples is the energy that was measured, so that functions add up to it.

Source: https://github.com/benfred/py-spy
Doubt:  a sample says where a thread was, not what that instruction drew. While it is read a
        thread stands still: about 1 % of the run. Threads that wait are left out, as far as the
        system tells
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sobriety.core.errors import MissingExtra, NotPermitted, NotSupported
from sobriety.core.estimate import Estimate

RATE_HZ = 100
_NO_PYTHON = (
    "No python processes",
    "Failed to find python",
    "Failed to get process executable",  # it ended before py-spy began
)
SAMPLER_PATIENCE_S = 10.0
"""To end and to write down what it saw; then it is ended."""


class Frame(NamedTuple):
    """A function. `line` is where it begins; 0 where it has no file."""

    name: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.name} ({self.file}:{self.line})" if self.file else self.name


OUTSIDE = Frame("outside of Python")
"""Other programs, the interpreter's start, and what was too short to be seen."""

Stack = tuple[Frame, ...]
"""Outermost first."""


class FunctionCost(NamedTuple):
    """`own` is while it ran itself, `total` with all that it called; shares are of the whole."""

    frame: Frame
    own: Estimate
    total: Estimate
    own_ratio: float
    total_ratio: float


class FunctionSampler:
    """Watches a run by py-spy. Raises MissingExtra where that is not installed."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self._program = _py_spy()
        self._rate_hz = rate_hz
        self._folder: TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[str] | None = None
        self.stacks: dict[Stack, int] = {}

    def begin(self, pid: int) -> None:
        self._folder = TemporaryDirectory(prefix="sobriety-")
        # --function: by where a function begins, not by the line that it was at.
        self._process = subprocess.Popen(
            [
                self._program, "record", "--pid", str(pid), "--subprocesses", "--function",
                "--rate", str(self._rate_hz), "--format", "speedscope", "--output",
                str(self._file),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip

    def look(self, series: object) -> None:
        pass  # it looks by itself

    def end(self) -> None:
        """Read what was seen. Raises NotPermitted and NotSupported where nothing was."""
        process, folder = self._process, self._folder
        if process is None or folder is None:
            return
        self._process = None
        with folder:
            said = _ended(process)
            try:
                text = self._file.read_text(encoding="utf-8")
            except OSError:
                raise refusal(said) from None
        self.stacks = stacks_of(json.loads(text))
        if not self.stacks:
            raise refusal("No python processes")

    def weighed(self, cpu_s: float) -> dict[Stack, float]:
        return weighed(self.stacks, self._rate_hz, cpu_s)

    @property
    def _file(self) -> Path:
        assert self._folder
        return Path(self._folder.name) / "stacks.json"


def weighed(stacks: Mapping[Stack, int], rate_hz: float, cpu_s: float) -> dict[Stack, float]:
    """Each stack's share of a run of `cpu_s`: they add up to 1. Empty where nothing was seen."""
    seen = sum(stacks.values())
    if not seen:
        return {}
    # Fewer samples than processor time: the rest was somewhere else. More: threads that waited
    # for a processor were taken for busy, all alike.
    inside = min(1.0, seen / rate_hz / cpu_s) if cpu_s else 1.0
    shares = {stack: inside * times / seen for stack, times in stacks.items()}
    if inside < 1:
        shares[(OUTSIDE,)] = 1 - inside
    return shares


def by_function(shares: Mapping[Stack, float], energy: Estimate) -> tuple[FunctionCost, ...]:
    """The costliest first; their own joules add up to the energy."""
    own: dict[Frame, float] = {}
    total: dict[Frame, float] = {}
    for stack, share in shares.items():
        own[stack[-1]] = own.get(stack[-1], 0.0) + share
        for frame in set(stack):  # once, however often it called itself
            total[frame] = total.get(frame, 0.0) + share
    return tuple(
        FunctionCost(
            frame, energy.scaled(own.get(frame, 0.0)), energy.scaled(total[frame]),
            own.get(frame, 0.0), total[frame],
        )
        for frame in sorted(total, key=lambda f: (-own.get(f, 0.0), -total[f], f))
    )  # fmt: skip


def stacks_of(found: Mapping[str, Any]) -> dict[Stack, int]:
    """Stacks and how often each was seen, of speedscope's format; processes and threads together.

    Source: https://www.speedscope.app/file-format-schema.json
    """
    frames = [
        Frame(f["name"], _short(f.get("file") or ""), f.get("line") or 0)
        for f in found["shared"]["frames"]
    ]
    stacks: dict[Stack, int] = {}
    for thread in found["profiles"]:
        samples: list[list[int]] = thread["samples"]
        for sample in samples:
            stack: Stack = tuple(frames[i] for i in sample if not _is_process(frames[i]))
            if stack:
                stacks[stack] = stacks.get(stack, 0) + 1
    return stacks


def _is_process(frame: Frame) -> bool:
    """py-spy puts the command lines of children in, which may hold anything."""
    return not frame.file and frame.name.startswith("process ")


def _short(path: str) -> str:
    """Below the folder where packages are, or where we are."""
    file = Path(path)
    for folder in _folders():
        if file.is_relative_to(folder):
            return str(file.relative_to(folder))
    return file.name if file.is_absolute() else path


def _folders() -> Iterator[Path]:
    yield Path.cwd()
    yield from (Path(p) for p in sorted(sys.path, key=len, reverse=True) if p)


def _py_spy() -> str:
    beside = Path(sys.executable).with_name("py-spy")
    found = str(beside) if beside.exists() else which("py-spy")
    if found is None:
        raise MissingExtra("py-spy", "profile")
    return found


def _ended(process: subprocess.Popen[str]) -> str:
    """Its last words. It ends with the command; where it does not, it is made to."""
    for number in (None, signal.SIGINT):
        if number is not None:
            process.send_signal(number)
        try:
            return process.communicate(timeout=SAMPLER_PATIENCE_S)[1]
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()
    return ""


def refusal(said: str) -> NotPermitted | NotSupported:
    """What py-spy's last words mean to who asked for functions."""
    if "ermission" in said:
        return NotPermitted(
            "py-spy may not look at the command's functions",
            hint="run as root, or: sudo sysctl kernel.yama.ptrace_scope=0",
        )
    if any(words in said for words in _NO_PYTHON):
        return NotSupported("no function was seen: no Python ran, or not for long enough")
    first = next((line for line in said.splitlines() if line.startswith("Error")), "no reason")
    return NotSupported(f"py-spy saw no function: {first.removeprefix('Error: ')}")
