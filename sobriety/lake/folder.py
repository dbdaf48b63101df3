"""The place of a lake's files: a folder of this machine, with its locks."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.files.durable import Busy, lock, make_folder

if TYPE_CHECKING:
    import duckdb

LOCK_WAIT_S = 60.0


class Folder:
    """A folder of files that never change. An object store is another place (`remote.Store`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pinned: sqlite3.Connection | None = None

    def check(self) -> None:
        """Raise ConfigError where something else than a folder stands there."""
        if self.path.exists() and not self.path.is_dir():
            raise ConfigError(f"{self.path} is not a folder", hint="name a folder for the lake")

    def close(self) -> None:
        """Let its readers' lock go."""
        if self._pinned is not None:
            self._pinned.close()
        self._pinned = None

    def address(self, file: Path) -> str:
        """The file as an engine names it."""
        return str(file)

    def found(self, pattern: str) -> list[Path]:
        """Files that match, in order."""
        return sorted(self.path.glob(pattern))

    def made_ns(self, file: Path) -> int:
        return file.stat().st_mtime_ns

    def text(self, file: Path) -> str:
        return file.read_text(encoding="utf-8")

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a DuckDB read this place: a folder it reads by itself."""

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        """Hold the writer's lock; what a crash left half written is removed first.

        Raises SobrietyError where another process writes, or the disk does not take it.
        """
        try:
            make_folder(self.path)
            with contextlib.closing(lock(self.path / ".lock", wait_s=LOCK_WAIT_S)):
                for leftover in self.path.glob("*/day=*/.*.part"):
                    leftover.unlink()
                yield
        except Busy:
            raise SobrietyError(
                f"{self.path} is being written by another process", hint="try again when it is done"
            ) from None
        except OSError as error:
            raise SobrietyError(
                f"{self.path} cannot be written: {(error.strerror or str(error)).lower()}",
                hint="free some space there, or choose another folder with SOBRIETY_HOME",
            ) from error

    @contextlib.contextmanager
    def without_readers(self) -> Generator[None]:
        """Keep readers out, so that a file may be replaced. Raises SobrietyError."""
        try:
            with contextlib.closing(lock(self.path / ".readers", wait_s=LOCK_WAIT_S)):
                yield
        except Busy:
            raise SobrietyError(
                f"{self.path} is being read by another process", hint="try again when it is done"
            ) from None

    def pin(self) -> None:
        """Until `close` nobody removes the hourly files that frames of this process read."""
        if self._pinned is None:
            with contextlib.suppress(OSError, sqlite3.Error, Busy):  # a lake we may only read
                self._pinned = lock(self.path / ".readers", wait_s=1.0, shared=True)

    def remove(self, files: Sequence[Path]) -> None:
        """Remove files at once, so that whoever reads the folder without us sees an hour once; but
        not from under a reader of ours: then the next roll-up does it."""
        if files:
            with (
                contextlib.suppress(Busy, PermissionError),  # Windows: somebody has it open
                contextlib.closing(lock(self.path / ".readers")),
            ):
                for file in files:
                    file.unlink(missing_ok=True)
