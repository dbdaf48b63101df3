"""Spark as an engine of the lake. Needs the extra `spark`, and Java 17 or later.

A cluster's machines read the files themselves, so the lake must lie where all of them see it under
the same path: a shared folder or an object store.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import ConfigError, MissingExtra, SobrietyError
from sobriety.core.usage import COLUMN_NAMES

from . import parquet

if TYPE_CHECKING:
    import narwhals as nw

_MASTER = re.compile(
    r"local(\[(\*|\d+)(,\d+)?\])?|local-cluster\[\d+,\d+,\d+\]|yarn|(spark|k8s)://[^\s]+"
)
_LOG4J = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = spark: %m%n
"""


class Spark:
    """A session of Spark's: its page is off, and on one machine it listens on 127.0.0.1 alone.

    Raises ConfigError for a master that is none, SobrietyError where it does not start.
    """

    def __init__(self, master: str) -> None:
        if _MASTER.fullmatch(master) is None:
            raise ConfigError(
                f"{master!r} is no master of Spark's",
                hint="write spark://host:7077, local[2] or local-cluster[2,1,1024]",
            )
        self._folder = tempfile.TemporaryDirectory(prefix="sobriety-spark-")
        self._session: Any = None
        with contextlib.ExitStack() as undo, warnings.catch_warnings():
            # Its pandas API is not for the newest pandas; nothing here uses it.
            warnings.filterwarnings("ignore", "PySpark does not yet", FutureWarning)
            undo.callback(self._folder.cleanup)
            self._session = _start(master, Path(self._folder.name))
            undo.pop_all()
        self._views = 0

    def __enter__(self) -> Spark:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let its processes go; frames cannot be collected any more."""
        self._session.stop()
        self._folder.cleanup()

    def select(self, files: Sequence[str]) -> str:
        """SQL that reads usage from files. What is damaged shows when rows are collected."""
        self._views += 1
        name = f"files_{self._views}"
        rows = self._session.read.schema(parquet.SCHEMA).parquet(*map(_url, files))
        rows.createOrReplaceTempView(name)
        return f"SELECT {', '.join(COLUMN_NAMES)} FROM {name}"

    def frame(self, query: str) -> nw.LazyFrame[Any]:
        """The rows of a query, not computed yet."""
        import narwhals as nw

        rows: nw.LazyFrame[Any] = nw.from_native(self._session.sql(query)).lazy()
        return rows

    def table(self, columns: Mapping[str, Sequence[Any]]) -> nw.LazyFrame[Any]:
        """Plain columns as a frame, sent to the cluster with the query."""
        import narwhals as nw

        types = {name: parquet.type_of(values) for name, values in columns.items()}
        schema = ", ".join(f"`{name}` {sql_type}" for name, sql_type in types.items())
        told = [
            _doubles(values) if types[name] == "DOUBLE" else values
            for name, values in columns.items()
        ]
        values = list(zip(*told, strict=True))
        made = self._session.createDataFrame(values, schema)
        frame: nw.LazyFrame[Any] = nw.from_native(made).lazy()
        return frame


def collect(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of one of Spark's frames. Raises SobrietyError for files that cannot be read."""
    from py4j.protocol import Py4JJavaError  # pyright: ignore[reportMissingTypeStubs]
    from pyspark.errors import PySparkException

    try:
        return [row.asDict() for row in frame.to_native().collect()]
    except (PySparkException, Py4JJavaError) as error:
        said = str(getattr(error, "java_exception", error)).strip().splitlines()[0]
        # Others are mistakes of ours.
        if not re.search(r"FAILED_READ_FILE|PATH_NOT_FOUND|FileNotFound|parquet", said):
            raise
        raise SobrietyError(
            f"Spark cannot read a file of the lake: {said}",
            hint="let every machine of the cluster see the lake's folder under the same path, and"
            " move a damaged file out of it",
        ) from None


def _start(master: str, folder: Path) -> Any:
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError:
        raise MissingExtra("pyspark", "spark") from None
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise SobrietyError(
            "Spark needs Java, and there is none on this machine",
            hint="install it: sudo apt install openjdk-17-jre-headless",
        )
    logs = folder / "log4j2.properties"
    logs.write_text(_LOG4J, encoding="utf-8")
    builder: Any = SparkSession.builder
    options = {
        "spark.app.name": "sobriety",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={logs.as_uri()}",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    if master.startswith("local"):
        # A machine of a cluster must reach the driver; on one machine nobody else may.
        options |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(folder),
            "spark.sql.shuffle.partitions": "8",
        }
    for name, value in options.items():
        builder = builder.config(name, value)
    try:
        return builder.master(master).getOrCreate()
    except PySparkRuntimeError as error:
        raise SobrietyError(
            f"Spark does not start: {str(error).splitlines()[0]}",
            hint="see that `java -version` says 17 or later",
        ) from None


def _url(file: str) -> str:
    """As Hadoop takes it: with a scheme of its own, and what would be a pattern escaped."""
    file = re.sub(r"^s3://", "s3a://", file)
    url = file if "://" in file else f"file://{file}"
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", url)


def _doubles(values: Sequence[Any]) -> list[float | None]:
    return [None if value is None else float(value) for value in values]
