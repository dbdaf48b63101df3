"""Forwards a spool; only what the gateway confirms as on its disk is done.

One batch is on its way at a time, with a pause after each, so that a laptop that comes back after
a month hurts nobody; and agents that start together spread over the interval. What fails is tried
again after a time of chance that doubles, up to an hour.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from itertools import islice, takewhile
from pathlib import Path

from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import KEY_NAMES
from sobriety.files.durable import write_whole
from sobriety.spool import Facts, SpoolReader

from .batch import Numbered, packed
from .limits import MOST_AHEAD_S, MOST_PAST_S, MOST_ROWS
from .sender import NotTaken, Sender

EVERY_S = 300.0
PAUSE_S = (1.0, 2.0)
FIRST_S = 30.0
LONGEST_S = 3600.0
FILE = "pushed.json"
_START = 1 + KEY_NAMES.index("start_ns")  # behind the number


@dataclass(slots=True)
class Pushed:
    """What is known to be on the gateway's disk.

    last_id    the highest number of the spool's
    left_out   rows that the gateway will never take
    error      why the last attempt failed; None where it did not
    """

    url: str = ""
    spool: str = ""
    last_id: int = 0
    at_ns: int = 0
    left_out: int = 0
    error: str | None = None

    @classmethod
    def read(cls, folder: Path) -> Pushed:
        """As it was noted; nothing where there is no note, or none that can be read."""
        try:
            found = json.loads((folder / FILE).read_text(encoding="utf-8"))
            noted = cls(**{f.name: found[f.name] for f in fields(cls)})
            return noted if type(noted.last_id) is type(noted.left_out) is int else cls()
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, folder: Path) -> None:
        write_whole(folder / FILE, json.dumps(asdict(self), indent=1) + "\n")


class Restored(SobrietyError):
    """The gateway has rows that the spool has not: it is an old copy."""


class Pusher:
    """Forwards the spool of a data folder. `say` tells what an operator should know, once."""

    def __init__(
        self,
        folder: Path,
        sender: Sender,
        *,
        every_s: float = EVERY_S,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._sender = sender
        self._every_s = every_s
        self._say = say
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._machines: dict[str, Facts] = {}
        self._most = MOST_ROWS
        self._failures = 0
        self._unnoted: str | None = None
        self.pushed = Pushed.read(folder)

    # Beside a collector

    def start(self) -> None:
        """Push in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """What is on its way is not waited for: it is sent again, and taken once."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self) -> None:
        known = self.pushed.spool and self.pushed.url == self._sender.url
        wait_s = random.uniform(0, self._every_s if known else min(10.0, self._every_s))
        while not self._stop.wait(wait_s):
            wait_s = self._turn()

    def _turn(self) -> float:
        """Send one batch; seconds to wait for the next."""
        try:
            more = self.step()
        except NotTaken as error:
            self._failures += 1
            self._fail(error)
            first_s = min(FIRST_S, self._every_s)  # who sends every second does not wait for one
            longest_s = min(LONGEST_S, first_s * 2 ** min(self._failures, 10))
            wait_s = random.uniform(longest_s / 2, longest_s)
            if error.kind == "denied":
                wait_s = max(wait_s, LONGEST_S / 4)
            return max(wait_s, min(error.retry_s or 0.0, LONGEST_S))
        except SobrietyError as error:  # the disk, or a spool that is no longer the gateway's
            self._fail(error)
            return LONGEST_S / 4
        self._failures = 0
        return random.uniform(*PAUSE_S) if more else self._every_s * random.uniform(0.9, 1.1)

    def _fail(self, error: SobrietyError) -> None:
        if error.message != self.pushed.error:
            self._say(f"push: {error.message}" + (f" ({error.hint})" if error.hint else ""))
        self.pushed.error = error.message
        self._note()

    def _note(self) -> None:
        try:
            self.pushed.write(self._folder)
            self._unnoted = None
        except ConfigError as error:  # the gateway knows: what is sent again is taken once
            if error.message != self._unnoted:
                self._say(f"push: {error.message}")
            self._unnoted = error.message

    # One batch

    def begin_again(self) -> None:
        """Send every row of the spool, whatever was sent: a gateway takes what it has not."""
        self._last_id()
        self.pushed.last_id = 0

    def all(self, moved: Callable[[int, int], None] = lambda _, __: None) -> int:
        """Send everything that waits; the number of rows. `moved` is told how many were sent and
        how many wait. Raises NotTaken, SobrietyError."""
        first = self._last_id()
        more = True
        while more:
            more = self.step()
            if not self.pushed.spool:
                return 0  # nothing was ever recorded
            with SpoolReader(self._folder / "spool.sqlite3") as spool:
                moved(self.pushed.last_id - first, spool.last_id - self.pushed.last_id)
        return self.pushed.last_id - first

    def step(self) -> bool:
        """Send one batch, if anything waits; whether more does. Raises NotTaken, SobrietyError."""
        path = self._folder / "spool.sqlite3"
        if not path.is_file():
            return False  # nothing was ever recorded
        with SpoolReader(path) as spool:
            last_id = self._last_id(spool)
            _check(last_id, spool)
            rows = list(islice(spool.numbered(last_id), self._most))
            machines = self._new_machines(spool) if rows else []
        if not rows:
            self._done(last_id)
            return False
        batch = packed(self.pushed.spool, rows, machines)
        try:
            there_id = self._sender.send(batch.body)
        except NotTaken as error:
            if error.kind == "too long" and batch.rows > 1:
                self._most = max(1, batch.rows // 2)
                return True
            if error.kind == "bad facts" and machines:
                self._say(f"push: facts of this machine are left out, {error.message}")
                self._machines |= {m.host: m for m in machines}
                return True
            if error.kind not in ("bad row", "too long"):
                raise
            return self._leave_out(error, rows)
        if there_id > batch.last_id:
            with SpoolReader(path) as spool:  # now: somebody else may have sent newer ones
                _check(there_id, spool)
        self._machines |= {m.host: m for m in machines}
        self._most = min(MOST_ROWS, self._most * 2)
        self._done(batch.last_id)
        return batch.rows < len(rows) or len(rows) == self._most or len(rows) == MOST_ROWS

    def _leave_out(self, error: NotTaken, rows: list[Numbered]) -> bool:
        """Send those before it, then go on behind it. It stays in the spool."""
        first = error.row or rows[0][0]
        before = [r for r in rows if r[0] < first]
        if before:
            batch = packed(self.pushed.spool, before, [])
            self._sender.send(batch.body)
            self._done(batch.last_id)
            if batch.rows < len(before):
                return True
        named = [r for r in rows if first <= r[0] <= (error.last_row or first)] or rows[:1]
        if error.column == "start_ns":
            named = list(takewhile(lambda r: not _is_of_its_time(r), named))
        if not named:  # one of two clocks is wrong, and it need not be the one here
            raise NotTaken(
                "denied",
                f"the gateway's clock is not this machine's: {error.message}",
                hint="set the one that is wrong; rows wait until then",
            )
        bad = [r[0] for r in named]
        self.pushed.left_out += len(bad)
        which = f"row {bad[0]} is" if len(bad) == 1 else f"rows {bad[0]} to {bad[-1]} are"
        self._say(f"push: {which} left out, {error.message}")
        self._done(bad[-1])
        return True

    def _done(self, last_id: int) -> None:
        self.pushed.last_id, self.pushed.at_ns = last_id, time.time_ns()
        self.pushed.error = None
        self._note()

    def _last_id(self, spool: SpoolReader | None = None) -> int:
        """From the note, or the gateway's own word where there is none of this spool."""
        if spool is None:
            path = self._folder / "spool.sqlite3"
            if not path.is_file():
                return 0
            with SpoolReader(path) as opened:
                return self._last_id(opened)
        if (self.pushed.url, self.pushed.spool) != (self._sender.url, spool.spool_id):
            last_id = self._sender.last_id(spool.spool_id)
            self.pushed = Pushed(self._sender.url, spool.spool_id, last_id, time.time_ns())
        return self.pushed.last_id

    def _new_machines(self, spool: SpoolReader) -> list[Facts]:
        """The last facts of each machine that this process did not send yet."""
        latest = {facts.host: facts for facts in spool.machine_history()}
        hosts = spool.hosts()
        return [f for h, f in latest.items() if h in hosts and self._machines.get(h) != f][-10:]


def _check(there_id: int, spool: SpoolReader) -> None:
    """Raises Restored. Numbers of an old copy are given twice, to rows that are not the same; the
    gateway would take them for those that it has."""
    if there_id > spool.last_id:
        raise Restored(
            f"the gateway has rows of {spool.path} up to {there_id}, and the spool ends at"
            f" {spool.last_id}: it is an old copy",
            hint="move it away, so that sobriety collect begins a new one",
        )


def _is_of_its_time(row: Numbered) -> bool:
    """Whether a gateway would take its time, by the clock here."""
    ahead_s: float = (row[_START] - time.time_ns()) / NS_PER_S
    return -MOST_PAST_S < ahead_s < MOST_AHEAD_S
