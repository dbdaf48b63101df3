"""Reads files of /sys that hold one word or one whole number."""

from __future__ import annotations

from sobriety.core.errors import NotSupported, ReadError
from sobriety.core.host import Host, Watched

MICRO = 1e-6


def word(host: Host, path: str) -> str:
    """A file that not every driver has; empty where it is not, or does not answer."""
    try:
        return host.text(path)
    except (NotSupported, ReadError):
        return ""


def whole_number(file: Watched, path: str) -> int:
    """The number that a watched file says. Raises ReadError where it says something else."""
    data = file.read().strip()
    if not data.isdigit():
        raise ReadError(f"{path} says {data[:40]!r}")
    return int(data)
