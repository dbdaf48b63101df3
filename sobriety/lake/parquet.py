"""Usage as Parquet files, written and read by DuckDB. Needs the extra `report`."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import MissingExtra, SobrietyError
from sobriety.core.units import NS_PER_HOUR
from sobriety.core.usage import COLUMN_NAMES, KEY_NAMES, KEYS, MEASURE_NAMES

if TYPE_CHECKING:
    import duckdb
    import narwhals as nw
    import numpy as np
    import numpy.typing as npt

_SQL_TYPE = {k.name: {"text": "STRING", "integer": "BIGINT"}[k.type] for k in KEYS} | dict.fromkeys(
    MEASURE_NAMES, "DOUBLE"
)
SCHEMA = ", ".join(f"{name} {sql_type}" for name, sql_type in _SQL_TYPE.items())
_FILE_TYPE = {"STRING": "BYTE_ARRAY", "BIGINT": "INT64", "DOUBLE": "DOUBLE"}
_GROUP = ", ".join(n for n in KEY_NAMES if n != "start_ns")
_HOUR = f"start_ns - (start_ns % {NS_PER_HOUR})"
# A sum over rows of which some are unknown is unknown. Homogeneous rows are all known or all not.
_SUM = "CASE WHEN count({0}) = count(*) THEN sum({0}) END AS {0}"
_MOST_FOOTERS = 1_000
"""Beyond that many files their statistics cost more than they save."""


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that downloads nothing and writes nothing beside the user's files."""
    try:
        import duckdb
    except ImportError:
        raise MissingExtra("duckdb", "report") from None
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "preserve_insertion_order": "false",
            "temp_directory": str(Path(tempfile.gettempdir()) / "sobriety.duckdb"),
        },
    )


def write_rows(db: duckdb.DuckDBPyConnection, rows: Iterable[tuple[Any, ...]], file: Path) -> None:
    """Write rows in their order, values as in `Usage.as_row`. Raises SobrietyError."""
    columns = zip(COLUMN_NAMES, zip(*rows, strict=True), strict=True)
    db.register("run", {name: _array(values, _SQL_TYPE[name]) for name, values in columns})
    try:
        _copy(db, f"SELECT {', '.join(COLUMN_NAMES)} FROM run", file)
    finally:
        db.unregister("run")


def write_hours(db: duckdb.DuckDBPyConnection, raw: Sequence[Path], file: Path) -> None:
    """Write the hourly sums of raw files. Raises SobrietyError."""
    files = [str(path) for path in raw]
    query = hours_of(select(db, files), known_measures(db, files))
    _copy(db, f"{query} ORDER BY host, kind, name, start_ns", file)


def rows_of_host(db: duckdb.DuckDBPyConnection, files: Sequence[str], host: str) -> dict[str, int]:
    """How many rows of a host are in files, for those that have any."""
    if not files:
        return {}
    found = db.execute(
        f"SELECT filename, count(*) FROM read_parquet({_list(files)}, filename = true,"
        " union_by_name = true, hive_partitioning = false) WHERE host = ? GROUP BY filename",
        [host],
    ).fetchall()
    return dict(found)


def write_without(db: duckdb.DuckDBPyConnection, file: Path, host: str, other: Path) -> None:
    """Write what a file has of all hosts but one. Raises SobrietyError."""
    query = f"{select(db, [str(file)])} WHERE host <> {_quoted(host)}"
    _copy(db, f"{query} ORDER BY host, kind, name, start_ns", other)


def _copy(db: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    import duckdb

    try:
        db.execute(f"COPY ({query}) TO {_quoted(str(file))} (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.IOException as error:
        full = "No space left" in str(error)
        reason = "no space left" if full else _first_line(error)
        raise SobrietyError(
            f"{file.parent} cannot be written: {reason}", hint="free some space there"
        ) from error


def hours_of(query: str, known: Collection[str] = MEASURE_NAMES) -> str:
    """SQL: one row per host, workload, state, groups observed and hour; every measure is a sum.

    Those that are not `known` are NULL in all rows, and cost nothing.
    """
    sums = ", ".join(
        _SUM.format(n) if n in known else f"CAST(NULL AS DOUBLE) AS {n}" for n in MEASURE_NAMES
    )
    return f"SELECT {_GROUP}, {_HOUR} AS start_ns, {sums} FROM ({query}) GROUP BY {_GROUP}, {_HOUR}"


def collect(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of a frame, a dictionary each. Raises SobrietyError for pages that cannot be read.

    Footers are checked before (`select`); what is inside of a file shows only now.
    """
    import duckdb

    try:
        return frame.collect(backend="pandas").rows(named=True)
    except duckdb.Error as error:
        # What Parquet reading raises on broken pages. Others are mistakes of ours.
        if type(error) not in (duckdb.Error, duckdb.IOException, duckdb.InvalidInputException):
            raise
        raise SobrietyError(
            f"a file of the lake is damaged: {_first_line(error)}",
            hint="move it out of the lake, and absorb its spool again if that still has the rows",
        ) from None


def nothing() -> str:
    """SQL: no rows, and the right columns."""
    columns = ", ".join(f"NULL::{_SQL_TYPE[n]} AS {n}" for n in COLUMN_NAMES)
    return f"SELECT {columns} WHERE false"


def select(db: duckdb.DuckDBPyConnection, files: Sequence[str]) -> str:
    """SQL that reads files, NULL for measures that older ones lack.

    Raises SobrietyError naming a file that is damaged or not usage.
    """
    there = _measures_there(db, files)
    everywhere = frozenset(MEASURE_NAMES).intersection(*there)
    somewhere = everywhere.union(*there)
    columns = ", ".join(
        n if n in KEY_NAMES or n in somewhere else f"NULL::DOUBLE AS {n}" for n in COLUMN_NAMES
    )
    union = "true" if everywhere != somewhere else "false"
    return (
        f"SELECT {columns} FROM read_parquet({_list(files)},"
        f" union_by_name = {union}, hive_partitioning = false)"
    )


def known_measures(db: duckdb.DuckDBPyConnection, files: Sequence[str]) -> frozenset[str]:
    """The measures that may have a value somewhere, by the statistics in the files' footers: most
    machines have few of the sensors that there are. Of very many files, all."""
    if len(files) > _MOST_FOOTERS:
        return frozenset(MEASURE_NAMES)
    found = db.execute(
        f"SELECT path_in_schema FROM parquet_metadata({_list(files)}) GROUP BY ALL"
        " HAVING NOT coalesce(bool_and(stats_null_count = num_values), false)"
        " OR count(stats_null_count) < count(*)"
    ).fetchall()
    return frozenset(MEASURE_NAMES).intersection(name for (name,) in found)


def _measures_there(db: duckdb.DuckDBPyConnection, files: Sequence[str]) -> set[frozenset[str]]:
    """The sets of measures that files have, from their footers alone."""
    import duckdb

    query = (
        "SELECT names, any_value(file_name) FROM"
        " (SELECT file_name, list_sort(list(name || ' ' || type)) AS names"
        " FROM parquet_schema({}) WHERE type IS NOT NULL GROUP BY file_name) GROUP BY names"
    )
    try:
        found = db.execute(query.format(_list(files))).fetchall()
    except duckdb.Error as error:
        for file in files if len(files) > 1 else ():
            _measures_there(db, [file])
        raise SobrietyError(
            f"{files[0]} is damaged: {_first_line(error)}",
            hint="move it out of the lake, and absorb its spool again if that still has the rows",
        ) from None
    return {_measures_of(names, file) for names, file in found}


def _measures_of(typed_names: Sequence[str], file: str) -> frozenset[str]:
    names = {name: kind for name, _, kind in (n.rpartition(" ") for n in typed_names)}
    for name, sql_type in _SQL_TYPE.items():
        kind = names.get(name, "nothing" if name in KEY_NAMES else None)
        if kind is not None and kind != _FILE_TYPE[sql_type]:
            raise SobrietyError(
                f"{file} does not hold usage: its column {name} is {kind}",
                hint="move it out of the lake",
            )
    return frozenset(MEASURE_NAMES).intersection(names)


def register(
    db: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Make a table of plain columns; None is NULL."""
    types = {column: type_of(values) for column, values in columns.items()}
    arrays = {column: _array(values, types[column]) for column, values in columns.items()}
    typed = ", ".join(f'"{column}"::{sql_type} AS "{column}"' for column, sql_type in types.items())
    db.register("columns_of_table", arrays)
    try:
        db.execute(f'CREATE TEMP TABLE "{name}" AS SELECT {typed} FROM columns_of_table')
    finally:
        db.unregister("columns_of_table")


def type_of(values: Sequence[Any]) -> str:
    """Of plain values, in SQL. Whole columns of None are numbers: an unknown factor can still be
    multiplied."""
    kinds: set[type] = {type(v) for v in values if v is not None}
    if kinds == {int}:
        return "BIGINT"
    if kinds == {bool}:
        return "BOOLEAN"
    return "DOUBLE" if kinds <= {int, float} else "STRING"


def _array(values: Sequence[Any], sql_type: str) -> npt.NDArray[Any] | np.ma.MaskedArray[Any, Any]:
    import numpy as np

    if sql_type == "DOUBLE":
        return np.array(values, dtype=np.float64)  # None becomes NaN, which DuckDB reads as NULL
    if sql_type == "BIGINT":
        plain = [0 if v is None else v for v in values]
        return np.ma.masked_array(np.array(plain, dtype=np.int64), [v is None for v in values])
    return np.array(values, dtype=object)


def _list(files: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, files))}]"


def _quoted(file: str) -> str:
    return "'" + file.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
