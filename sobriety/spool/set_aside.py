"""Files that the spool set aside: which there are, and which of them are surely our own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sobriety.spool.file import APPLICATION_ID

_LOG_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # https://sqlite.org/fileformat.html
_OURS = b"CREATE TABLE usage (id INTEGER PRIMARY KEY AUTOINCREMENT"
_FIRST_B = 4096


class Aside(NamedTuple):
    """A database that was set aside, with its companions."""

    name: str
    files: tuple[Path, ...]
    size_b: int

    def delete(self) -> None:
        """Raises OSError."""
        for file in self.files:
            file.unlink(missing_ok=True)


def found(path: Path) -> list[Aside]:
    """What was set aside of the spool at `path`, oldest first."""
    together: dict[str, list[Path]] = {}
    for file in path.parent.glob(f"{path.name}.set-aside-*"):
        together.setdefault(re.sub(r"-(wal|shm)$", "", file.name), []).append(file)
    return [
        Aside(name, tuple(files), sum(f.stat().st_size for f in files))
        for name, files in sorted(together.items(), key=lambda item: _order(item[0]))
    ]


def ours(path: Path) -> list[Aside]:
    """Those that are surely spools. Another program's file that stood in the way, or one of which
    nothing can be told, is left for ever."""
    return [aside for aside in found(path) if _is_ours(path.with_name(aside.name))]


def _is_ours(database: Path) -> bool:
    if not database.exists():
        log = database.with_name(database.name + "-wal")
        return log.exists() and _start(log)[:4] in _LOG_MAGIC
    start = _start(database)
    return start[68:72] == APPLICATION_ID.to_bytes(4, "big") or _OURS in start


def _start(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_FIRST_B)


def _order(name: str) -> tuple[str, int]:
    """Several in one second are numbered from the second one on."""
    stamp, _, count = name.rpartition("set-aside-")[2].partition("-")
    return stamp, int(count) if count.isdecimal() else 1
