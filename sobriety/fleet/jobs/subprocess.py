"""Runs a gateway job in a subprocess, so that its memory and time end with it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from sobriety.core.errors import SobrietyError


async def run(module: str, *words: str) -> str | None:
    """Run `python -m module words`; return why it failed, or None.

    The process is killed when this is cancelled."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *words,
            stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:  # none can be had now: tried again with the next one
        return f"no process can be started: {error.strerror}"
    try:
        _, told = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 0:
        return None
    return told.decode(errors="replace").strip()[-500:] or "it was ended"


def do(work: Callable[[], None], *, nice: int) -> int:
    """In that process: the exit code, and the reason on stderr. Who waits for an answer of the
    gateway comes first."""
    if hasattr(os, "nice"):
        os.nice(nice)
    try:
        work()
    except SobrietyError as error:
        sys.stderr.write(f"{error.message}; {error.hint}\n" if error.hint else f"{error.message}\n")
        return 1
    return 0
