"""A lake's copy in an object store, kept up to date: what is new goes there, what is gone goes.

What was copied is noted, so that the store is seldom asked what it has. A name alone is not enough:
`forget` puts other rows under the name of a file. What is interrupted goes on where it was. Now and
then the store is asked all the same, for somebody may have emptied it, or have put back an old lake
here, whose rows come in again under other names. So that nothing of anybody else's is ever removed,
a place is a gateway's own: it bears the gateway's name.

A process of its own, which the gateway starts after a drain.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.files.durable import Busy, lock, make_private
from sobriety.lake.remote import Store
from sobriety.spool.file import transaction

from ..intake.state import explained, folder_of, open_state
from . import subprocess as aside
from .drain import journal_id

NOTES, LOCK = "copied.sqlite3", "copy.lock"
MARK = "gateway.txt"
"""In the store: whose copy it is."""
_KINDS = ("usage/*/*.parquet", "hourly/*/*.parquet", "hourly/*/*.names", "machines/*.jsonl")
"""In this order: sums are there before they stand for rows, and rows go after that."""
_FOLDERS = tuple(dict.fromkeys(kind.partition("/")[0] for kind in _KINDS))
_AT_ONCE = 32
_TABLE = """CREATE TABLE IF NOT EXISTS copied (url TEXT, name TEXT, size_b INTEGER, made_ns INTEGER,
    PRIMARY KEY (url, name)) WITHOUT ROWID"""


class Copied(NamedTuple):
    """Files that were written there, and removed from there."""

    written: int
    removed: int


class _File(NamedTuple):
    name: str
    size_b: int
    made_ns: int


def copy(lake: Path, url: str, *, look: bool = False) -> Copied:
    """Bring the copy up to date; `look` asks the store what it has, as the first time does.
    Harmless when another process does it already. Raises SobrietyError."""
    store = Store(url)
    with explained(folder_of(lake)):
        try:
            held = lock(folder_of(lake) / LOCK)
        except Busy:
            return Copied(0, 0)
        with closing(held), closing(_notes(lake)) as db:
            notes = _Notes(db, store.address(store.path))
            known, here = notes.read(), {file.name: file for file in _files(lake)}
            gone = known.keys() - here.keys()
            if look or not known:
                there = _there(store, _gateway(lake))
                lost = {name for name, file in known.items() if there.get(name) != file.size_b}
                notes.remove(lost)
                known = {name: file for name, file in known.items() if name not in lost}
                gone = (gone & there.keys()) | (there.keys() - here.keys())
            new = (file for file in here.values() if known.get(file.name) != file)
            written = 0
            while few := list(islice(new, _AT_ONCE)):
                few = _write(lake, store, few)
                notes.add(few)
                written += len(few)
            if gone:
                store.remove([store.path / name for name in sorted(gone)])
            notes.remove(known.keys() - here.keys())
    return Copied(written, len(gone))


class _Notes:
    """What was copied to one address."""

    def __init__(self, db: sqlite3.Connection, url: str) -> None:
        self._db, self._url = db, url

    def read(self) -> dict[str, _File]:
        found = self._db.execute(
            "SELECT name, size_b, made_ns FROM copied WHERE url = ?", (self._url,)
        )
        return {file.name: file for file in map(_File._make, found)}

    def add(self, files: Iterable[_File]) -> None:
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR REPLACE INTO copied VALUES (?, ?, ?, ?)",
                [(self._url, *file) for file in files],
            )

    def remove(self, names: Iterable[str]) -> None:
        with transaction(self._db):
            self._db.executemany(
                "DELETE FROM copied WHERE url = ? AND name = ?", [(self._url, n) for n in names]
            )


def _gateway(lake: Path) -> str:
    with closing(open_state(lake)) as state:
        return journal_id(state)


def _there(store: Store, gateway: str) -> Mapping[str, int]:
    """Names and sizes of a lake's files in the store. Raises SobrietyError where they are not this
    gateway's."""
    sizes = {file.relative_to(store.path).as_posix(): size for file, size in store.sizes().items()}
    there = {n: size for n, size in sizes.items() if n.partition("/")[0] in _FOLDERS}
    if MARK in sizes:
        owner = store.text(store.path / MARK).strip()
        if owner != gateway:
            raise ConfigError(
                f"{store.address(store.path)} is the copy of another lake, of the gateway {owner}",
                hint="name a place of this one's own, or remove that copy",
            )
    elif there:
        raise ConfigError(
            f"{store.address(store.path)} has a lake that no gateway copied there",
            hint="name a place that is empty: what is not in the lake is removed from its copy",
        )
    else:
        store.write_text(store.path / MARK, f"{gateway}\n")
    return there


def _notes(lake: Path) -> sqlite3.Connection:
    """Not synced: what a crash takes from it is copied again."""
    path = folder_of(lake) / NOTES
    make_private(path)
    notes = sqlite3.connect(path, isolation_level=None)
    notes.execute("PRAGMA journal_mode = WAL")
    notes.execute("PRAGMA synchronous = NORMAL")
    notes.execute(_TABLE)
    return notes


def _files(lake: Path) -> Iterator[_File]:
    for kind in _KINDS:
        for path in sorted(lake.glob(kind)):
            if path.name.startswith("."):
                continue  # half written
            try:
                found = path.stat()
            except FileNotFoundError:
                continue  # a roll-up was faster
            yield _File(path.relative_to(lake).as_posix(), found.st_size, found.st_mtime_ns)


def _write(lake: Path, store: Store, files: list[_File]) -> list[_File]:
    """Those that were still there to be copied."""
    try:
        store.write([(lake / f.name, store.path / f.name) for f in files])
    except SobrietyError:
        there = [f for f in files if (lake / f.name).exists()]
        if len(there) == len(files):
            raise
        return _write(lake, store, there) if there else []
    return files


def main(arguments: Sequence[str]) -> int:
    """`python -m sobriety.fleet.jobs.copy LAKE URL [--look]`, as the gateway starts it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lake", type=Path)
    parser.add_argument("url")
    parser.add_argument("--look", action="store_true", help="ask the store what it has")
    asked = parser.parse_args(arguments)

    def work() -> None:
        copy(asked.lake, asked.url, look=asked.look)

    return aside.do(work, nice=10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
