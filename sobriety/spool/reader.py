"""Reading a spool, also while its writer writes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self, cast

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.machine import Machine
from sobriety.core.usage import COLUMN_NAMES, DURATIONS, MEASURE_NAMES, State, Usage
from sobriety.files.durable import primary_code

from .facts import Facts
from .file import (
    APPLICATION_ID,
    DAMAGED,
    FULL_OR_HELD,
    REFUSED,
    columns,
    pragma,
    refuse_newer,
)


class SpoolReader:
    """Reads a spool, also while a writer writes it.

    Raises ConfigError for a file that is missing or not a spool; SobrietyError for a damaged one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        if not self.path.is_file():
            raise ConfigError(f"no spool at {self.path}", hint="write one with: sobriety collect")
        with self._explained():
            uri = f"{self.path.as_uri()}?mode=ro"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
            with ExitStack() as undo:
                undo.callback(self._db.close)
                self._check()
                undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go. Harmless when called twice."""
        self._db.close()

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All answers to a question. Raises SobrietyError for a file that is damaged."""
        with self._explained():
            return self._db.execute(query, values).fetchall()

    @property
    def spool_id(self) -> str:
        """Sixteen hexadecimal digits, drawn when the file was begun."""
        with self._explained():
            (value,) = self._db.execute("SELECT value FROM meta WHERE key = 'spool_id'").fetchone()
        return str(value)

    @contextmanager
    def snapshot(self) -> Generator[sqlite3.Connection]:
        """Ask in SQL what all belongs to one moment."""
        with self._explained():
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.execute("COMMIT")

    @property
    def first_id(self) -> int:
        """The number of the oldest row that is there; of the next one where there is none."""
        with self._explained():
            (found,) = self._db.execute("SELECT min(id) FROM usage").fetchone()
        return self.last_id + 1 if found is None else int(found)

    @property
    def last_id(self) -> int:
        """The highest number given to a row, also when the row is no longer there; 0 for none."""
        with self._explained():
            found = self._db.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'usage'"
            ).fetchone()
        return int(found[0]) if found else 0

    def numbered(self, after_id: int = 0) -> Iterator[tuple[Any, ...]]:
        """The rows after a number, in its order: id, KEY_NAMES, MEASURE_NAMES; None is unknown."""
        with self._explained():
            found = self._db.execute(
                f"SELECT {self._select} FROM usage WHERE id > ? ORDER BY id", (after_id,)
            )
            # Not `yield from`: that would close a cursor whose file may be closed already.
            for row in found:  # noqa: UP028
                yield row

    def rows(self, after_id: int = 0) -> Iterator[Usage]:
        """The rows after a number, in the order of writing."""
        return map(_usage, self.numbered(after_id))

    def last_row(self, host: str) -> Usage | None:
        """The row of the host itself that was written last."""
        with self._explained():
            found = self._db.execute(
                f"SELECT {self._select} FROM usage WHERE host = ? AND kind = 'host'"
                " ORDER BY id DESC LIMIT 1",
                (host,),
            ).fetchone()
        return None if found is None else _usage(found)

    def machines(self) -> dict[str, Machine]:
        """The last known facts of every host."""
        return {known.host: known.machine() for known in self.machine_history()}

    def hosts(self) -> frozenset[str]:
        """Whose rows there are, of the last ones written: a machine may have had another name."""
        with self._explained():
            found = self._db.execute(
                "SELECT DISTINCT host FROM (SELECT host FROM usage ORDER BY id DESC LIMIT 10000)"
            ).fetchall()
        return frozenset(host for (host,) in found)

    def machine_history(self) -> list[Facts]:
        """Every change of facts, oldest first."""
        with self._explained():
            found = self._db.execute(
                "SELECT host, at_ns, facts FROM machine ORDER BY id"
            ).fetchall()
        return [Facts(host, at_ns, json.loads(facts)) for host, at_ns, facts in found]

    def _check(self) -> None:
        if pragma(self._db, "application_id") != APPLICATION_ID:
            raise ConfigError(f"{self.path} is not a spool of sobriety", hint="check the path")
        refuse_newer(self._db, self.path)
        there = self.column_names = columns(self._db)
        self._select = ", ".join(
            ("id", *(n if n in there else f"NULL AS {n}" for n in COLUMN_NAMES))
        )

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if primary_code(error) not in (*DAMAGED, *REFUSED, *FULL_OR_HELD):
                raise
            raise SobrietyError(
                f"{self.path} cannot be read: {error}",
                hint="run sobriety collect, which sets a damaged spool aside and begins a new one",
            ) from error


def _usage(row: tuple[Any, ...]) -> Usage:
    host, kind, name, state, observed, start_ns, duration_s, covered_s, *values = row[1:]
    measures = {
        column: value
        for column, value in zip(MEASURE_NAMES[len(DURATIONS) :], values, strict=True)
        if value is not None
    }
    return Usage(
        host, start_ns, duration_s, covered_s, measures,
        tuple(observed.split()), cast(State, state), kind, name,
    )  # fmt: skip
