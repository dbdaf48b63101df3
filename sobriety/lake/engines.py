"""Engines of the lake: DuckDB in this process, or Spark on this machine or a cluster.

Both read the same files and run the same SQL and the same narwhals pipelines. Whoever asks names
one of them when the lake is opened, and needs to know nothing more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sobriety.core.errors import ConfigError, MissingExtra

from . import parquet

if TYPE_CHECKING:
    import duckdb
    import narwhals as nw

EngineName = Literal["duckdb", "spark"]


class Engine(Protocol):
    """What the lake asks of it. Files are paths or URLs; SQL is what both understand."""

    def select(self, files: Sequence[str]) -> str:
        """SQL that reads usage from files, NULL for measures that older ones lack."""
        ...

    def frame(self, query: str) -> nw.LazyFrame[Any]:
        """The rows of a query, not computed yet."""
        ...

    def table(self, columns: Mapping[str, Sequence[Any]]) -> nw.LazyFrame[Any]:
        """Plain columns as a frame that can be joined with others. None is NULL."""
        ...


class DuckDB:
    """Every processor of this machine, and memory that spills to disk."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._tables = 0

    def select(self, files: Sequence[str]) -> str:
        """SQL that reads usage from files. Raises SobrietyError naming one that is damaged."""
        return parquet.select(self.connection, files)

    def frame(self, query: str) -> nw.LazyFrame[Any]:
        """The rows of a query, not computed yet."""
        try:
            import narwhals as nw
        except ImportError:
            raise MissingExtra("narwhals", "report") from None
        return nw.from_native(self.connection.sql(query)).lazy()

    def table(self, columns: Mapping[str, Sequence[Any]]) -> nw.LazyFrame[Any]:
        """Plain columns as a frame."""
        self._tables += 1
        name = f"table_{self._tables}"
        parquet.register(self.connection, name, columns)
        return self.frame(f"SELECT * FROM {name}")


@contextlib.contextmanager
def opened(name: EngineName, master: str | None = None) -> Generator[Engine | None]:
    """The engine of that name while the block runs; None is the lake's own DuckDB.

    `master` is Spark's: spark://host:7077, local[2]. Raises SobrietyError where there is no Java.
    """
    if name == "duckdb":
        if master is not None:
            raise ConfigError(
                f"--master {master} without Spark: DuckDB has none", hint="add --engine spark"
            )
        yield None
        return
    from .spark import Spark

    with Spark(master or "local[*]") as engine:
        yield engine


def collect(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of a frame of any engine, a dictionary each. Raises SobrietyError for damage."""
    if frame.implementation.is_pyspark():
        from . import spark

        return spark.collect(frame)
    return parquet.collect(frame)
