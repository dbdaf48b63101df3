"""Opens a file of /proc once, keeps it open, and reads it from its start each time."""

from __future__ import annotations

from typing import ClassVar

from sobriety.core.host import Host, Watched


class ProcFile:
    """The open and close of a collector whose counters stand in `path`."""

    path: ClassVar[str]

    def __init__(self) -> None:
        self._file: Watched | None = None

    def open(self, host: Host) -> None:
        self._file = host.watch(self.path)

    def data(self) -> bytes:
        """The file now. Raises ReadError."""
        assert self._file, "read before open"
        return self._file.read()

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
