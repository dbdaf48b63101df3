"""Reads a lake in an object store, where it lies: s3://bucket/prefix. Needs the extra `s3`.

It is only read. Writing rests on locks, fsync and renames, which an object store has not; and need
not, since files never change: a gateway copies its lake there (`fleet.copy`), or any tool does, in
any order, as often as you like. What is not there yet is not seen, and nothing is seen twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import ConfigError, MissingExtra, SobrietyError

from .folder import Folder
from .lake import Lake

if TYPE_CHECKING:
    import duckdb

    from .engines import Engine


def lake_at(place: str | Path, engine: Engine | None = None) -> Lake:
    """The lake in a folder, or at an address like s3://bucket/prefix, which is only read.

    Raises ConfigError for an address that nothing reads, SobrietyError where it does not answer.
    """
    return Lake(Store(str(place)) if "://" in str(place) else place, engine)


class Store(Folder):
    """A folder in an object store, by fsspec, with the credentials and the endpoint that the
    store's own tools use. Raises ConfigError, SobrietyError."""

    def __init__(self, url: str) -> None:
        self._scheme, _, path = url.rstrip("/").partition("://")
        super().__init__(Path(path))  # relative: it has no place on this machine
        try:
            import fsspec  # pyright: ignore[reportMissingTypeStubs]

            # A new one, for it remembers what it has listed.
            stores: Any = fsspec
            self.files: Any = stores.filesystem(self._scheme, skip_instance_cache=True)
        except ImportError:
            raise MissingExtra("s3fs", "s3") from None
        except ValueError:
            raise ConfigError(
                f"{url} is no address that can be read", hint="write it as in s3://bucket/prefix"
            ) from None

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a DuckDB read by fsspec: its own extension would be downloaded."""
        connection.register_filesystem(self.files)

    def check(self) -> None:
        """Nothing is asked before something is read."""

    def pin(self) -> None:
        """Nothing of a store is removed by this machine."""

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        raise SobrietyError(
            f"{self.address(self.path)} is only read",
            hint="write a local lake, and copy it there: sobriety serve --copy-to",
        )
        yield

    def address(self, file: Path) -> str:
        return f"{self._scheme}://{file.as_posix()}"

    def write(self, pairs: Sequence[tuple[Path, Path]]) -> None:
        """Local files, and where they go: each appears whole."""
        here, there = zip(*pairs, strict=True)
        with self._answering("written"):
            self.files.put([str(file) for file in here], [file.as_posix() for file in there])

    def write_text(self, file: Path, text: str) -> None:
        with self._answering("written"):
            self.files.pipe_file(file.as_posix(), text.encode())

    def sizes(self) -> dict[Path, int]:
        """Of everything that is there, in bytes."""
        with self._answering():
            found = self.files.find(self.path.as_posix(), detail=True)
        return {Path(name): int(known["size"]) for name, known in found.items()}

    def remove(self, files: Sequence[Path]) -> None:
        with self._answering("written"):
            self.files.rm([file.as_posix() for file in files])

    def found(self, pattern: str) -> list[Path]:
        with self._answering():
            return sorted(map(Path, self.files.glob((self.path / pattern).as_posix())))

    def made_ns(self, file: Path) -> int:
        with self._answering():
            return int(self.files.modified(file.as_posix()).timestamp() * 1e9)

    def text(self, file: Path) -> str:
        with self._answering():
            return str(self.files.cat_file(file.as_posix()).decode())

    @contextlib.contextmanager
    def _answering(self, what: str = "read") -> Generator[None]:
        try:
            yield
        except _errors() as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SobrietyError(
                f"{self.address(self.path)} cannot be {what}: {said[:200]}",
                hint="check the address, the credentials and AWS_ENDPOINT_URL",
            ) from None


def _errors() -> tuple[type[Exception], ...]:
    """Python's own, and what S3's library raises of its own: no credentials, nobody there."""
    try:
        from botocore.exceptions import BotoCoreError  # pyright: ignore[reportMissingTypeStubs]
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError)
